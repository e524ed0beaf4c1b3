import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../app/queries";
import { href } from "../app/routes";
import { ITEM, moveInList } from "./arrows";
import classes from "./LatestDeployments.module.css";
import { Empty, LoadingRows } from "./Page";
import { Problem } from "./Problem";
import { ResultMark } from "./state";
import { Time, Took } from "./Time";
import { title } from "./words";

/** How many of the newest deployments are shown. */
const LATEST = 8;

interface Props {
  project: string;
  /** Only of this environment. */
  environment?: string;
}

/** The newest deployments; History has all. */
export function LatestDeployments({ project, environment }: Props) {
  const ask = useQueries();
  const history = useQuery(
    ask.history(project, {
      environment: environment ?? null,
      result: null,
      text: null,
      offset: 0,
      limit: LATEST,
    }),
  );
  return (
    <section className={classes.latest} aria-labelledby="latest">
      <header className={classes.head}>
        <h2 id="latest">Latest deployments</h2>
        <a href={href({ page: "history", project, environment })}>
          All deployments{environment && ` to ${environment}`}
        </a>
      </header>
      {history.isPending && <LoadingRows rows={4} />}
      {history.error && (
        <Problem
          failure={history.error}
          reading
          onRetry={() => history.refetch()}
          doing="Reading the history"
        />
      )}
      {history.data?.deployments.length === 0 && (
        <Empty title="Nothing was deployed yet">
          Look at a plan first: it says what a deployment would do and changes nothing.
        </Empty>
      )}
      <ul onKeyDown={moveInList}>
        {history.data?.deployments.map((deployment) => (
          <li key={deployment.number}>
            <a
              {...ITEM}
              className={classes.deployment}
              href={href({ page: "deployment", project, number: deployment.number })}
              aria-label={`Deployment #${deployment.number}`}
            >
              <span className={classes.number}>#{deployment.number}</span>
              <ResultMark result={deployment.result} />
              <span className={classes.what}>{title(deployment)}</span>
              <span className={classes.summary}>{deployment.summary}</span>
              <span className={classes.by}>{deployment.by}</span>
              <span className={classes.took}>
                <Took deployment={deployment} />
              </span>
              <span className={classes.when}>
                <Time at={deployment.started} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

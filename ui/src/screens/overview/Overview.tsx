import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { href } from "../../app/routes";
import type { ProjectView } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { ResultMark } from "../../components/state";
import { Elapsed, Time } from "../../components/Time";
import { title } from "../../components/words";
import { EnvironmentColumn } from "./EnvironmentColumn";
import classes from "./Overview.module.css";

/** How many of the newest deployments stand below the environments. */
const LATEST = 8;

/** One column per environment: what runs, how it is, what waits. Deploying starts here. */
export function Overview({ project }: { project: ProjectView }) {
  const ask = useQueries();
  const status = useQuery(ask.status(project.path));
  return (
    <Page title="Overview" name="Overview" about={<span title={project.path}>{project.name}</span>}>
      <div className={classes.page}>
        {status.error && (
          <Problem
            failure={status.error}
            onRetry={() => status.refetch()}
            doing="Looking at the environments"
          />
        )}
        {project.environments.length === 0 && (
          <Empty title="No environments yet">
            Name one below `environments:` in this project's sternway.yaml.
          </Empty>
        )}
        <div className={classes.columns}>
          {project.environments.map((environment) => (
            <EnvironmentColumn
              key={environment.name}
              project={project.path}
              environment={environment}
              status={status.data?.environments.find(({ name }) => name === environment.name)}
              onRetry={() => status.refetch()}
            />
          ))}
        </div>
        <Latest project={project.path} />
      </div>
    </Page>
  );
}

function Latest({ project }: { project: string }) {
  const ask = useQueries();
  const history = useQuery(
    ask.history(project, { environment: null, result: null, text: null, offset: 0, limit: LATEST }),
  );
  return (
    <section className={classes.latest} aria-labelledby="latest">
      <header className={classes.latestHead}>
        <h2 id="latest">Latest deployments</h2>
        <a href={href({ page: "history", project })}>All deployments</a>
      </header>
      {history.isPending && <LoadingRows rows={4} />}
      {history.error && (
        <Problem failure={history.error} onRetry={() => history.refetch()} doing="Reading the history" />
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
                <Elapsed started={deployment.started} ended={deployment.ended} />
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

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import { href } from "../../app/routes";
import { LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { origin } from "../versions/changes";
import { RestoreDialog } from "../versions/RestoreDialog";
import classes from "./Inspector.module.css";

/** So many of the newest versions are shown; Versions has all. */
const SHOWN = 5;

interface Props {
  project: string;
  environment: string;
  name: string;
}

/** Who gave a variable its values, when, where it first ran, and the way back to one of them. */
export function ValueHistory({ project, environment, name }: Props) {
  const ask = useQueries();
  const versions = useQuery(ask.versions(project, { environment, key: name, offset: 0, limit: SHOWN }));
  const blame = useQuery(ask.blame(project, environment));
  const [back, setBack] = useState<number>();
  const line = blame.data?.variables.find(({ key }) => key === name);
  const list = versions.data?.versions ?? [];
  const [newest] = list;
  return (
    <section className={classes.part} aria-label={`History of ${name}`}>
      <h2 className={classes.heading}>History</h2>
      {versions.isPending && <LoadingRows rows={2} dense />}
      {versions.error && (
        <Problem failure={versions.error} reading onRetry={() => versions.refetch()} compact />
      )}
      {line?.first_ran != null ? (
        <p className={classes.hint}>
          First ran in{" "}
          <a href={href({ page: "deployment", project, number: line.first_ran })}>
            deployment #{line.first_ran}
          </a>
          .
        </p>
      ) : (
        line && (
          <p className={classes.hint}>
            {line.version
              ? `Nothing was deployed to ${environment} since version ${line.version.number} set it.`
              : `It has not run in ${environment} yet.`}
          </p>
        )
      )}
      {versions.data && list.length === 0 && (
        <p className={classes.hint}>It was never changed with Sternway.</p>
      )}
      <ol className={classes.history}>
        {list.map((version) => {
          const change = version.changes.find(({ key }) => key === name) ?? version.changes[0];
          return (
            <li key={version.number}>
              <a href={href({ page: "versions", project, key: name, version: version.number })}>
                version {version.number}
              </a>
              <span className={classes.by} title={version.note ?? undefined}>
                {origin(version)} <Time at={version.created} />
              </span>
              {version !== newest && (
                <Button
                  variant="subtle"
                  size="compact-xs"
                  aria-label={`Bring ${name} back to version ${version.number}`}
                  onClick={() => setBack(version.number)}
                >
                  Bring back
                </Button>
              )}
              {change && (change.before != null || change.after != null) && (
                <span className={classes.values}>
                  {change.before != null && <del>{change.before}</del>}
                  {change.before != null && change.after != null && " → "}
                  {change.after != null && <ins>{change.after}</ins>}
                </span>
              )}
            </li>
          );
        })}
      </ol>
      {versions.data && versions.data.total > list.length && (
        <a href={href({ page: "versions", project, key: name })}>All {versions.data.total} versions</a>
      )}
      {back !== undefined && (
        <RestoreDialog
          project={project}
          version={back}
          scope={{ environment, file: null, key: name }}
          onClose={() => setBack(undefined)}
        />
      )}
    </section>
  );
}

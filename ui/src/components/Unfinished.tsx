import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../app/queries";
import { go } from "../app/routes";
import { useTask } from "../app/task";
import { type Deployment, useBackend } from "../backend";
import { ConfirmName } from "./ConfirmName";
import { caseOf, hasWayBack } from "./halfway";
import { Notice, Problem } from "./Problem";
import { apart } from "./reason";
import { useResume } from "./resume";
import { changedNothing } from "./steps";
import classes from "./Unfinished.module.css";
import { title } from "./words";

interface Props {
  project: string;
  /** The newest deployment of its environment. */
  deployment: Deployment;
  /** The release that ran before. */
  release: number | null;
  guarded: boolean;
}

/** A newest deployment that did not succeed: what happened, and what to do now. */
export default function Unfinished({ project, deployment, release, guarded }: Props) {
  const { number, environment, result } = deployment;
  const backend = useBackend();
  const refresh = useRefresh();
  const resume = useResume(project, deployment, guarded);
  const [asking, setAsking] = useState(false);
  const unlock = useTask(async () => {
    await backend.unlock(project, environment);
    refresh.deployment(project);
    setAsking(false);
  });
  const found = caseOf(result);
  const ask = useQueries();
  const view = useQuery({
    ...ask.deployment(project, number),
    enabled: found?.back === "if it changed something",
  });
  if (!found) return null;
  const { severity, words, halfway } = found;
  const changed = view.data ? !changedNothing(view.data.steps) : view.isError;
  const problem = resume.problem ?? unlock.problem;
  const { first, more, state } = apart(deployment.message ?? `${title(deployment)} did not end.`);
  return (
    <Notice severity={severity} title={`#${number} ${words}`}>
      <p className={`${classes.words} ${classes.some}`}>{more ? `${first}\n${more}` : first}</p>
      {state && <p className={classes.words}>{state}</p>}
      {problem && <Problem failure={problem} compact />}
      <div className={classes.buttons}>
        {halfway && resume.button}
        {release && hasWayBack(found, changed) && (
          <Button onClick={() => go({ page: "rollback", project, environment, to: release })}>
            Go back to #{release}
          </Button>
        )}
        <Button onClick={() => go({ page: "deployment", project, number })}>Look at #{number}</Button>
        {result === "interrupted" && (
          <Button
            variant="subtle"
            onClick={() => (guarded ? setAsking(true) : void unlock.start())}
            loading={unlock.busy}
          >
            Unlock {environment}
          </Button>
        )}
      </div>
      {asking && (
        <ConfirmName
          verb={`Unlock ${environment}`}
          name={environment}
          busy={unlock.busy}
          onConfirm={() => void unlock.start()}
          onClose={() => setAsking(false)}
        />
      )}
    </Notice>
  );
}

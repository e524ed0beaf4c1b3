import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLiveDeployments } from "../app/live";
import { useQueries, useRefresh } from "../app/queries";
import { go } from "../app/routes";
import { useTask } from "../app/task";
import { type Deployment, type Outcome, useBackend } from "../backend";
import type { Severity } from "../errors";
import { ConfirmName } from "./ConfirmName";
import { Notice, Problem } from "./Problem";
import { apart } from "./reason";
import { changedNothing } from "./steps";
import classes from "./Unfinished.module.css";
import { title } from "./words";

interface Case {
  severity: Severity;
  /** What happened to it, after its number. */
  words: string;
  /** It stopped halfway, so that the same thing can be gone on with. */
  halfway: boolean;
  /** Whether there is something to go back from. */
  back: "yes" | "no" | "if it changed something";
}

const CASES: Record<Exclude<Outcome, "succeeded">, Case> = {
  interrupted: { severity: "warning", words: "was interrupted", halfway: true, back: "yes" },
  cancelled: { severity: "warning", words: "was cancelled", halfway: true, back: "if it changed something" },
  unknown: { severity: "warning", words: "ended, nobody knows how", halfway: true, back: "yes" },
  failed: { severity: "error", words: "failed", halfway: false, back: "if it changed something" },
  went_back: { severity: "warning", words: "failed and was taken back", halfway: false, back: "no" },
};

interface Props {
  project: string;
  /** The newest deployment of its environment. */
  deployment: Deployment;
  /** The release that ran before. */
  release: number | null;
  guarded: boolean;
}

type Choice = "resume" | "unlock";

/** A newest deployment that did not succeed: what happened, and what to do now. */
export default function Unfinished({ project, deployment, release, guarded }: Props) {
  const { number, environment, result } = deployment;
  const backend = useBackend();
  const live = useLiveDeployments();
  const refresh = useRefresh();
  const [asking, setAsking] = useState<Choice>();
  const act = useTask(async (choice: Choice, typed: string | null) => {
    if (choice === "resume") {
      const resumed = await live.resume(project, environment, typed);
      go({ page: "deployment", project, number: resumed });
    } else {
      await backend.unlock(project, environment);
      refresh.deployment(project);
    }
    setAsking(undefined);
  });
  const found = result === null || result === "succeeded" ? undefined : CASES[result];
  const ask = useQueries();
  const view = useQuery({
    ...ask.deployment(project, number),
    enabled: found?.back === "if it changed something",
  });
  if (!found) return null;
  const { severity, words, halfway, back } = found;
  const changed = view.data ? !changedNothing(view.data.steps) : view.isError;
  const backFrom = back === "yes" || (back !== "no" && changed);
  const { first, more, state } = apart(deployment.message ?? `${title(deployment)} did not end.`);
  const choose = (choice: Choice) => (guarded ? setAsking(choice) : void act.start(choice, null));
  return (
    <Notice severity={severity} title={`#${number} ${words}`}>
      <p className={classes.words}>{first}</p>
      {more && <pre className={classes.more}>{more}</pre>}
      {state && <p className={classes.words}>{state}</p>}
      {act.problem && <Problem failure={act.problem} compact />}
      <div className={classes.buttons}>
        {halfway && (
          <Button onClick={() => choose("resume")} loading={act.busy}>
            Resume #{number}
          </Button>
        )}
        {release && backFrom && (
          <Button onClick={() => go({ page: "rollback", project, environment, to: release })}>
            Go back to #{release}
          </Button>
        )}
        <Button onClick={() => go({ page: "deployment", project, number })}>Look at #{number}</Button>
        {result === "interrupted" && (
          <Button variant="subtle" onClick={() => choose("unlock")}>
            Unlock {environment}
          </Button>
        )}
      </div>
      {asking && (
        <ConfirmName
          verb={asking === "resume" ? `Resume #${number}` : `Unlock ${environment}`}
          name={environment}
          busy={act.busy}
          onConfirm={(typed) => act.start(asking, typed)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </Notice>
  );
}

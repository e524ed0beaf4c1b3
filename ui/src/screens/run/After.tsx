import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { DeploymentView } from "../../backend";
import { caseOf, hasWayBack } from "../../components/halfway";
import { changedNothing } from "../../components/steps";
import classes from "./After.module.css";

interface Props {
  project: string;
  view: DeploymentView;
  guarded: boolean;
  /** The button that goes on with it, for one that stopped halfway. */
  resume: ReactNode;
}

/** What can be done with a deployment that is over: compare it, go on with it, go back to it, or go back behind it. */
export function After({ project, view, guarded, resume }: Props) {
  const { deployment, reachable, steps } = view;
  const { number, environment, result } = deployment;
  const ask = useQueries();
  const releases = useQuery(ask.releases(project, environment));
  const status = useQuery(ask.status(project));
  const now = status.data?.environments.find(({ name }) => name === environment);
  const newest = (now?.deployment ?? now?.last)?.number === number;
  const unfinished = caseOf(result);
  const behind = newest && unfinished && hasWayBack(unfinished, !changedNothing(steps)) ? now?.release : null;
  const before = releases.data?.deployments.find((other) => other.release !== null && other.number < number);
  const to = reachable?.current ? before?.release : (deployment.release ?? behind);
  const impossible = reachable && !reachable.current && !reachable.possible;
  return (
    <>
      {before && deployment.release !== null && (
        <Button onClick={() => go({ page: "compare", project, a: before.number, b: number })}>
          Compare with #{before.number}
        </Button>
      )}
      {newest && unfinished?.halfway && resume}
      {to && (
        <Button
          leftSection={<IconArrowBackUp className={classes.icon} aria-hidden />}
          color={guarded ? "protected" : undefined}
          variant={guarded ? "light" : "default"}
          title={impossible ? reachable.reasons.join("\n") : undefined}
          data-disabled={impossible || undefined}
          aria-disabled={impossible || undefined}
          onClick={() => !impossible && go({ page: "rollback", project, environment, to })}
        >
          Go back to #{to}
        </Button>
      )}
      {/* What was interrupted keeps its environment locked. */}
      {unfinished && !(newest && result === "interrupted") && (
        <Button onClick={() => go({ page: "plan", project, environment })}>Plan again</Button>
      )}
    </>
  );
}

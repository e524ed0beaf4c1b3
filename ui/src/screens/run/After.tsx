import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { DeploymentView } from "../../backend";
import classes from "./After.module.css";

/** How far back the release before is looked for. */
const LOOK_BACK = 20;

interface Props {
  project: string;
  view: DeploymentView;
  guarded: boolean;
}

/** What can be done with a deployment that is over: compare it, go back to it, or go back behind it. */
export function After({ project, view, guarded }: Props) {
  const { deployment, reachable } = view;
  const { number, environment } = deployment;
  const ask = useQueries();
  const releases = useQuery(
    ask.history(project, { environment, result: "succeeded", text: null, offset: 0, limit: LOOK_BACK }),
  );
  const before = releases.data?.deployments.find((other) => other.release !== null && other.number < number);
  const to = reachable?.current ? before?.release : deployment.release;
  const impossible = reachable && !reachable.current && !reachable.possible;
  return (
    <>
      {before && deployment.release !== null && (
        <Button onClick={() => go({ page: "compare", project, a: before.number, b: number })}>
          Compare with #{before.number}
        </Button>
      )}
      {to ? (
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
      ) : (
        deployment.result !== "succeeded" &&
        (deployment.result === "interrupted" ? (
          <Button onClick={() => go({ page: "overview", project })}>Resume or go back</Button>
        ) : (
          <Button onClick={() => go({ page: "plan", project, environment })}>Plan again</Button>
        ))
      )}
    </>
  );
}

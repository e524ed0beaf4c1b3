import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useLiveDeployments } from "../app/live";
import { go } from "../app/routes";
import { useTask } from "../app/task";
import type { Deployment, Failure } from "../backend";
import { ConfirmName } from "./ConfirmName";
import { Problem } from "./Problem";

interface Resume {
  button: ReactNode;
  /** Why it could not be gone on with; a dialog that stands says so itself. */
  problem: Failure | undefined;
}

/** Goes on with a deployment that stopped halfway; in a protected environment once its name was typed. */
export function useResume(project: string, { number, environment }: Deployment, guarded: boolean): Resume {
  const live = useLiveDeployments();
  const [asking, setAsking] = useState(false);
  const resume = useTask(async (typed: string | null) => {
    const resumed = await live.resume(project, environment, typed);
    setAsking(false);
    go({ page: "deployment", project, number: resumed });
  });
  const button = (
    <>
      <Button onClick={() => (guarded ? setAsking(true) : void resume.start(null))} loading={resume.busy}>
        Resume #{number}
      </Button>
      {asking && (
        <ConfirmName
          verb={`Resume #${number}`}
          name={environment}
          busy={resume.busy}
          onConfirm={(typed) => void resume.start(typed)}
          onClose={() => {
            resume.clear();
            setAsking(false);
          }}
        >
          {resume.problem && <Problem failure={resume.problem} doing="Resuming" compact />}
        </ConfirmName>
      )}
    </>
  );
  return { button, problem: asking ? undefined : resume.problem };
}

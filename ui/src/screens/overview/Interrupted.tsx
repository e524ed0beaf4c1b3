import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLiveDeployments } from "../../app/live";
import { useRefresh } from "../../app/queries";
import { go } from "../../app/routes";
import { useTask } from "../../app/task";
import { type Deployment, useBackend } from "../../backend";
import { Notice, Problem } from "../../components/Problem";
import { title } from "../../components/words";
import classes from "./Interrupted.module.css";

interface Props {
  project: string;
  deployment: Deployment;
  /** The release that ran before. */
  release: number | null;
  guarded: boolean;
}

type Choice = "resume" | "unlock";

/** A deployment whose program is gone: finish it, go back, or release the lock. */
export default function Interrupted({ project, deployment, release, guarded }: Props) {
  const { number, environment } = deployment;
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
  const choose = (choice: Choice) => (guarded ? setAsking(choice) : void act.start(choice, null));
  return (
    <Notice severity="warning" title={`#${number} was interrupted`}>
      <p>{deployment.message ?? `${title(deployment)} did not end. Finish it, or go back.`}</p>
      {act.problem && <Problem failure={act.problem} compact />}
      <div className={classes.buttons}>
        <Button onClick={() => choose("resume")} loading={act.busy}>
          Resume #{number}
        </Button>
        {release && (
          <Button onClick={() => go({ page: "rollback", project, environment, to: release })}>
            Go back to #{release}
          </Button>
        )}
        <Button variant="subtle" onClick={() => choose("unlock")}>
          Unlock {environment}
        </Button>
      </div>
      {asking && (
        <Confirm
          environment={environment}
          verb={asking === "resume" ? `Resume #${number}` : `Unlock ${environment}`}
          busy={act.busy}
          onConfirm={(typed) => act.start(asking, typed)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </Notice>
  );
}

interface ConfirmProps {
  environment: string;
  verb: string;
  busy: boolean;
  onConfirm: (typed: string) => void;
  onClose: () => void;
}

function Confirm({ environment, verb, busy, onConfirm, onClose }: ConfirmProps) {
  const [typed, setTyped] = useState("");
  return (
    <Modal opened onClose={onClose} title={verb} closeButtonProps={{ "aria-label": "Close" }}>
      <form
        className={classes.confirm}
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === environment) onConfirm(typed);
        }}
      >
        <TextInput
          label={`Type ${environment} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            color="protected"
            disabled={typed !== environment}
            loading={busy}
          >
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

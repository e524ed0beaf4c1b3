import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../app/queries";
import { useTask } from "../app/task";
import { type ProjectCommand, type TrustView, useBackend } from "../backend";
import { Notice, Problem } from "./Problem";
import { STAGES } from "./stages";
import { Time } from "./Time";
import classes from "./Trust.module.css";
import { visible } from "./visible";
import { count } from "./words";

/** A project whose commands may not run here yet: says so, and leads to them. Nothing where there are none, or a person trusts them. */
export function Untrusted({ project }: { project: string }) {
  const ask = useQueries();
  const trust = useQuery(ask.trust(project));
  const [open, setOpen] = useState(false);
  if (!trust.data || trust.data.at !== null || trust.data.commands.length === 0) return null;
  return (
    <Notice severity="info" title="New to this machine">
      <p>Until you trust it, its commands are not run.</p>
      <div className={classes.buttons}>
        <Button onClick={() => setOpen(true)}>Look at {count(trust.data.commands.length, "command")}…</Button>
      </div>
      {open && <TrustDialog project={project} trust={trust.data} onClose={() => setOpen(false)} />}
    </Notice>
  );
}

interface DialogProps {
  project: string;
  trust: TrustView;
  onClose: () => void;
}

/** What would run on this machine, and the button that lets it. */
function TrustDialog({ project, trust, onClose }: DialogProps) {
  const backend = useBackend();
  const refresh = useRefresh();
  const task = useTask(async () => {
    await backend.trustProject(project);
    refresh.trust(project);
    onClose();
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Trust ${trust.project}?`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className={classes.dialog}>
        <p>
          With its deployments these commands run on this machine, with your rights. What is changed in them
          later runs, too.
        </p>
        <Commands commands={trust.commands} />
        {task.problem && <Problem failure={task.problem} doing="Trusting the project" compact />}
        <div className={classes.answer}>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="filled" onClick={() => task.start()} loading={task.busy}>
            Trust this project
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Commands by stage, in the order in which they run. */
function Commands({ commands }: { commands: ProjectCommand[] }) {
  const stages = [...new Set(commands.map(({ stage }) => stage))];
  return (
    <dl className={classes.commands}>
      {stages.map((stage) => (
        <div key={stage}>
          <dt>{STAGES[stage]}</dt>
          {commands
            .filter((command) => command.stage === stage)
            .map(({ name, line }, at) => (
              <dd key={at}>
                {name !== line && <span>{visible(name)}</span>}
                <code>{visible(line)}</code>
              </dd>
            ))}
        </div>
      ))}
    </dl>
  );
}

/** Whether the commands of the project that is open may run here, and the way to take that back. */
export function TrustState({ project }: { project: string }) {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const trust = useQuery(ask.trust(project));
  const revoke = useTask(async () => {
    await backend.revokeTrust(project);
    refresh.trust(project);
  });
  if (trust.error) return <Problem failure={trust.error} reading doing="Looking at the project" />;
  if (!trust.data) return null;
  const { project: name, at, by, commands } = trust.data;
  if (at === null) {
    if (commands.length > 0) return <Untrusted project={project} />;
    return <p>{name} has no commands that would run on this machine.</p>;
  }
  return (
    <div className={classes.state}>
      <p>
        {name} is trusted by {by} since <Time at={at} />: its {count(commands.length, "command")} may run on
        this machine.
      </p>
      {revoke.problem && <Problem failure={revoke.problem} compact />}
      <Button onClick={() => revoke.start()} loading={revoke.busy}>
        Take it back
      </Button>
    </div>
  );
}

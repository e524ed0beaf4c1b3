import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import type { EnvironmentHead } from "../../backend";
import { TypedName } from "../../components/ConfirmName";
import { Empty } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { CommandMark } from "../../components/state";
import { count } from "../../components/words";
import { useCommand } from "./command";
import { Lines } from "./Lines";
import classes from "./RunCommand.module.css";

interface Props {
  project: string;
  environment: EnvironmentHead;
  service: string;
  onClose: () => void;
}

/** Runs commands in a service's container and shows what they print, with secrets taken out, and how they end. */
export function RunCommand({ project, environment, service, onClose }: Props) {
  const [line, setLine] = useState("");
  const [typed, setTyped] = useState("");
  const { state, lines, run, stop } = useCommand(project, environment.name, service);
  const busy = state.is === "running" || state.is === "stopping";
  const ready = line.trim() !== "" && (!environment.protected || typed === environment.name);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`Run a command in ${service} of ${environment.name}`}
      // What runs ends with the dialog; that should not come of a click beside it.
      closeOnClickOutside={!busy}
      closeOnEscape={!busy}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) run(line, environment.protected ? typed : null);
        }}
      >
        <TextInput
          label="Command line"
          description={`For sh in the first container of ${service} that runs. It gets no terminal and no input.`}
          value={line}
          onChange={(event) => setLine(event.currentTarget.value)}
          classNames={{ input: classes.code }}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        {environment.protected && <TypedName name={environment.name} typed={typed} onType={setTyped} />}
        {state.is === "broken" && (
          <Problem failure={state.problem} doing={`Running it in ${service}`} compact />
        )}
        {state.is !== "new" && (state.is !== "broken" || lines.length > 0) && (
          <section aria-label="What it printed">
            <Lines
              lines={lines}
              empty={<Empty title={busy ? "Nothing was printed yet" : "Nothing was printed"} />}
            />
          </section>
        )}
        <div className={classes.foot}>
          <span className={classes.state} role="status">
            {busy && <CommandMark state={state.is} />}
            {state.is === "ended" && <CommandMark code={state.code} stopped={state.stopped} />}
          </span>
          {lines.length > 0 && <span className={classes.count}>{count(lines.length, "line")}</span>}
          {busy && (
            <Button onClick={stop} loading={state.is === "stopping"}>
              Stop
            </Button>
          )}
          <Button
            type="submit"
            variant="filled"
            color={environment.protected ? "protected" : undefined}
            disabled={!ready || busy}
          >
            Run in {service}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

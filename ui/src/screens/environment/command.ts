/** A command in a service's container, from its start to its end. */
import { useEffect, useRef, useState } from "react";
import {
  type CommandEvent,
  type CommandLine,
  type Failure,
  type Followings,
  failure,
  useBackend,
} from "../../backend";
import { withMore } from "./Lines";

type State =
  | { is: "new" }
  | { is: "running" }
  | { is: "stopping" }
  | { is: "ended"; code: number; stopped: boolean }
  | { is: "broken"; problem: Failure };

export interface Command {
  state: State;
  lines: readonly CommandLine[];
  /** Runs a line. Nothing is done while another runs. */
  run: (line: string, typedName: string | null) => void;
  /** Ends what runs; it is told here when that has come to pass. */
  stop: () => void;
}

/** Runs commands in a service, one at a time. One that still runs when the component goes is ended. */
export function useCommand(project: string, environment: string, service: string): Command {
  const backend = useBackend();
  const [state, setState] = useState<State>({ is: "new" });
  const [lines, setLines] = useState<readonly CommandLine[]>([]);
  // The command that runs: the number to end it by, once that is known, and whether it is to be ended.
  const running = useRef<{ number?: number; unwanted: boolean }>(undefined);

  const end = () => {
    const now = running.current;
    if (!now || now.unwanted) return;
    now.unwanted = true;
    if (now.number !== undefined) void backend.stopFollowing(now.number);
  };
  const latest = useRef(end);
  latest.current = end;
  useEffect(() => () => latest.current(), []);

  const run = (line: string, typedName: string | null) => {
    if (running.current) return;
    const here: { number?: number; unwanted: boolean } = { unwanted: false };
    const over = (last: State) => {
      running.current = undefined;
      setState(last);
    };
    const listener = (message: Followings<CommandEvent>) => {
      if (message === "ended") return;
      if (message.broken) return over({ is: "broken", problem: message.broken });
      const printed = message.items.flatMap((item) => (item.line ? [item.line] : []));
      if (printed.length > 0) setLines((before) => withMore(before, printed));
      const code = message.items.at(-1)?.ended;
      if (code !== undefined) over({ is: "ended", code, stopped: here.unwanted });
    };
    running.current = here;
    setLines([]);
    setState({ is: "running" });
    backend.runInService(project, environment, service, line, typedName, listener).then(
      (number) => {
        here.number = number;
        if (here.unwanted) void backend.stopFollowing(number);
      },
      (thrown) => over({ is: "broken", problem: failure(thrown) }),
    );
  };
  const stop = () => {
    end();
    setState((now) => (now.is === "running" ? { is: "stopping" } : now));
  };
  return { state, lines, run, stop };
}

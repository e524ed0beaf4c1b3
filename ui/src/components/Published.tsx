import { UnstyledButton } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useTask } from "../app/task";
import { type ServiceStatus, useBackend } from "../backend";
import classes from "./Published.module.css";
import { publishedPorts } from "./words";

interface Props {
  project: string;
  environment: string;
  service: ServiceStatus;
}

/** States in which nothing answers. */
const STOPPED: ReadonlySet<string> = new Set(["created", "exited", "dead", "missing", "done"]);

/** Where a service answers: a click opens it in the browser. */
export function Published({ project, environment, service }: Props) {
  const backend = useBackend();
  const open = useTask((port: number) => backend.openPublished(project, environment, port));
  const stopped = STOPPED.has(service.state);
  return (
    <>
      {publishedPorts(service.ports).map(({ port, text, opens }) =>
        opens && !stopped ? (
          <UnstyledButton
            key={text}
            className={classes.port}
            onClick={() => open.start(port)}
            title={open.problem?.message ?? `Open port ${port} in the browser`}
            data-failed={open.problem !== undefined}
            aria-label={`Open ${service.name} of ${environment} on port ${port}`}
          >
            {text}
            <IconExternalLink className={classes.icon} aria-hidden />
          </UnstyledButton>
        ) : (
          <span
            key={text}
            className={classes.plain}
            data-stopped={stopped}
            title={stopped ? `Nothing answers: ${service.name} does not run` : undefined}
          >
            {text}
          </span>
        ),
      )}
    </>
  );
}

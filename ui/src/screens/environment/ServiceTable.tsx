import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type EnvironmentHead, type ServiceView, useBackend } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { Problem } from "../../components/Problem";
import { Published } from "../../components/Published";
import { HealthMark } from "../../components/state";
import { Time } from "../../components/Time";
import table from "../../components/table.module.css";
import { bytes, count, exact } from "../../components/words";
import { RunCommand } from "./RunCommand";
import classes from "./ServiceTable.module.css";
import { useUsage } from "./usage";

interface Props {
  project: string;
  environment: EnvironmentHead;
  services: ServiceView[];
  /** Shows what a service prints. */
  onOutput: (service: string) => void;
}

/** The services of an environment: how each is, where it answers, what it uses, and what can be done with it. */
export function ServiceTable({ project, environment, services, onOutput }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const { used } = useUsage(project, environment.name);
  const [asked, setAsked] = useState<string>();
  const [entered, setEntered] = useState<string>();
  const restart = useTask(async (service: string, typed: string | null) => {
    try {
      await backend.restart(project, environment.name, [service], typed);
    } finally {
      refresh.services(project);
    }
    setAsked(undefined);
  });
  return (
    <>
      {restart.problem && asked === undefined && (
        <Problem failure={restart.problem} doing="Restarting" compact />
      )}
      <table className={`${table.table} ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col" className={classes.state}>
              State
            </th>
            <th scope="col">Image</th>
            <th scope="col" className={classes.published}>
              Published
            </th>
            <th scope="col" className={classes.cpu} title="Of one processor">
              CPU
            </th>
            <th scope="col" className={classes.memory}>
              Memory
            </th>
            <th scope="col" className={classes.buttons} aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {services.map((service) => {
            const now = used.get(service.name);
            const runs = service.containers.some(({ state }) => state === "running");
            const fixed = unstartable(service);
            return (
              <tr key={service.name} aria-label={service.name}>
                <th scope="row" title={service.name}>
                  {service.name}
                </th>
                <td>
                  <State service={service} />
                </td>
                <td>
                  <Image name={service.image} />
                </td>
                <td className={classes.ports} title={service.ports.join("\n")}>
                  <Published project={project} environment={environment.name} service={service} />
                </td>
                <td className={classes.cpu}>{now ? `${now.cpu.toFixed(1)} %` : "–"}</td>
                <td className={classes.memory}>{now ? bytes(now.memory) : "–"}</td>
                <td className={classes.buttons}>
                  <Button
                    variant="subtle"
                    aria-label={`Output of ${service.name}`}
                    onClick={() => onOutput(service.name)}
                  >
                    Output
                  </Button>
                  <Button
                    variant="subtle"
                    aria-label={`Restart ${service.name}`}
                    disabled={fixed !== undefined}
                    title={fixed}
                    loading={restart.busy && asked === service.name}
                    onClick={() => setAsked(service.name)}
                  >
                    Restart…
                  </Button>
                  <Menu position="bottom-end">
                    <Menu.Target>
                      <ActionIcon
                        aria-label={`More for ${service.name}`}
                        disabled={!runs}
                        title={runs ? undefined : "A command needs a container that runs"}
                      >
                        <IconDots className={classes.icon} aria-hidden />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      <Menu.Item onClick={() => setEntered(service.name)}>Run a command…</Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {entered !== undefined && (
        <RunCommand
          project={project}
          environment={environment}
          service={entered}
          onClose={() => setEntered(undefined)}
        />
      )}
      {asked !== undefined && (
        <ConfirmName
          verb={`Restart ${asked} in ${environment.name}`}
          name={environment.protected ? environment.name : undefined}
          busy={restart.busy}
          onConfirm={(typed) => void restart.start(asked, typed)}
          onClose={() => {
            restart.clear();
            setAsked(undefined);
          }}
        >
          <p>It does not answer until it has started anew. Its image, variables and data stay as they are.</p>
          {restart.problem && <Problem failure={restart.problem} doing="Restarting" compact />}
        </ConfirmName>
      )}
    </>
  );
}

/** Why a service cannot be started anew, if so. */
function unstartable({ containers, state }: ServiceView): string | undefined {
  if (state === "done") return "A job runs once, with a deployment";
  return containers.length === 0 ? "It has no container; a deployment makes one" : undefined;
}

/** The image's name: where there is no room for it its end says which it is, so its beginning gives way. */
function Image({ name }: { name: string }) {
  const end = name.lastIndexOf("/") + 1;
  return (
    <code className={classes.image} title={name}>
      <span className={classes.registry}>{name.slice(0, end)}</span>
      <span className={classes.cut}>{name.slice(end)}</span>
    </code>
  );
}

/** How it is, in the engine's word; since when, and of how many containers. */
function State({ service }: { service: ServiceView }) {
  const { state, health, containers } = service;
  const [first, ...more] = containers;
  const running = state === "running" && first?.started;
  return (
    <span
      className={classes.words}
      title={containers
        .map(({ name, started }) => (started ? `${name}, since ${exact(started)}` : name))
        .join("\n")}
    >
      <HealthMark health={health} wordless />
      <span className={classes.cut}>
        {state}
        {running && (
          <span className={classes.since}>
            {" "}
            since <Time at={running} />
          </span>
        )}
        {more.length > 0 && <span className={classes.quiet}> ({count(more.length + 1, "container")})</span>}
        {first?.exit_code ? <span className={classes.quiet}> with {first.exit_code}</span> : null}
      </span>
    </span>
  );
}

import { ActionIcon, Button, Menu, Skeleton } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useRefresh } from "../../app/queries";
import { go, href } from "../../app/routes";
import type { EnvironmentHead, EnvironmentStatus, ServiceStatus } from "../../backend";
import { DeployButton, Facts, Release } from "../../components/EnvironmentState";
import { Published } from "../../components/Published";
import { HealthMark, ProtectedMark } from "../../components/state";
import { useNothingBefore } from "../../components/wayBack";
import { target } from "../../components/words";
import classes from "./EnvironmentColumn.module.css";

interface Props {
  project: string;
  environment: EnvironmentHead;
  /** Absent while it is looked at. */
  status: EnvironmentStatus | undefined;
  /** The environment before it on the road, whose release it can be moved to. */
  ahead: EnvironmentStatus | undefined;
  onRetry: () => void;
}

/** An environment: its release, its health, what waits, its services, and the button that deploys. */
export function EnvironmentColumn({ project, environment, status, ahead, onRetry }: Props) {
  const refresh = useRefresh();
  const { name } = environment;
  const noWayBack = useNothingBefore(project, name, status);
  return (
    <article className={classes.column} data-protected={environment.protected} aria-label={name}>
      <header className={classes.head}>
        <h2 className={classes.name}>
          <a href={href({ page: "environment", project, environment: name })} title={name}>
            {name}
          </a>
        </h2>
        {environment.protected && <ProtectedMark />}
        <span className={classes.target} title={target(environment.target)}>
          {target(environment.target)}
        </span>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`More for ${name}`}>
              <IconDots className={classes.icon} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              disabled={noWayBack !== undefined}
              title={noWayBack}
              onClick={() => go({ page: "rollback", project, environment: name })}
            >
              Go back in {name}…
            </Menu.Item>
            <Menu.Item onClick={() => go({ page: "history", project, environment: name })}>
              History of {name}
            </Menu.Item>
            <Menu.Item onClick={() => refresh.pending(project, name)}>Check {name} for drift again</Menu.Item>
            <Menu.Divider />
            <Menu.Item color="danger" onClick={() => go({ page: "down", project, environment: name })}>
              Take {name} down…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className={classes.release}>
        <Release status={status} />
      </div>
      <div className={classes.facts}>
        <Facts project={project} environment={environment} status={status} onRetry={onRetry} />
      </div>
      <div className={classes.actions}>
        <DeployButton project={project} environment={environment} status={status} />
        {ahead?.release != null && status && !status.deployment && (
          <Button
            onClick={() => go({ page: "promote", project, environment: name, from: ahead.name })}
            title={`Moves ${name} to the release that ${ahead.name} has; shows the plan first`}
          >
            Promote #{ahead.release}…
          </Button>
        )}
      </div>
      <Services project={project} environment={name} services={status?.services} />
    </article>
  );
}

interface ServicesProps {
  project: string;
  environment: string;
  services: ServiceStatus[] | undefined;
}

function Services({ project, environment, services }: ServicesProps) {
  if (!services) {
    return (
      <div className={classes.services}>
        <Skeleton className={classes.bar} />
      </div>
    );
  }
  if (services.length === 0) return <div className={classes.services} />;
  return (
    <ul className={classes.services} aria-label="Services">
      {services.map((service) => (
        <li key={service.name} className={classes.service} title={service.image}>
          <HealthMark health={service.health} wordless />
          <span className={classes.serviceName} title={service.name}>
            {service.name}
          </span>
          <span className={classes.quiet}>{service.state}</span>
          <span className={classes.ports} title={service.ports.join("\n") || undefined}>
            <Published project={project} environment={environment} service={service} />
          </span>
        </li>
      ))}
    </ul>
  );
}

import { ActionIcon, Button, Menu, Skeleton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCheck,
  IconDots,
  IconGitBranch,
  IconPencil,
  IconX,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useQueries } from "../../app/queries";
import { go, href } from "../../app/routes";
import type {
  Change,
  EnvironmentHead,
  EnvironmentStatus,
  Failure,
  Pending,
  ServiceStatus,
} from "../../backend";
import { Problem } from "../../components/Problem";
import { HealthMark, ProtectedMark } from "../../components/state";
import { Time } from "../../components/Time";
import { count, shortCommit, target } from "../../components/words";
import classes from "./EnvironmentColumn.module.css";

// Rarely needed, and it brings dialogs along.
const Interrupted = lazy(() => import("./Interrupted"));

interface Props {
  project: string;
  environment: EnvironmentHead;
  /** Absent while it is looked at. */
  status: EnvironmentStatus | undefined;
  onRetry: () => void;
}

/** An environment: its release, its health, what waits, its services, and the button that deploys. */
export function EnvironmentColumn({ project, environment, status, onRetry }: Props) {
  const ask = useQueries();
  const { name } = environment;
  const pending = useQuery({
    ...ask.pending(project, name),
    enabled: status !== undefined && !status.problem,
  });
  const running = status?.health === "deploying" ? status.deployment : null;
  const interrupted = status?.health === "interrupted" ? status.deployment : null;
  return (
    <article className={classes.column} data-protected={environment.protected} aria-label={name}>
      <header className={classes.head}>
        <h2 className={classes.name}>{name}</h2>
        {environment.protected && <ProtectedMark />}
        <span className={classes.target} title={target(environment.target)}>
          {target(environment.target)}
        </span>
      </header>
      <Release status={status} />
      <div className={classes.facts}>
        {status?.problem ? (
          <Problem failure={status.problem} onRetry={onRetry} compact />
        ) : (
          <Waiting
            project={project}
            name={name}
            deployed={Boolean(status?.release)}
            pending={pending.data}
            error={pending.error}
            onRetry={pending.refetch}
          />
        )}
        {interrupted && (
          <Suspense>
            <Interrupted
              project={project}
              deployment={interrupted}
              release={status?.release ?? null}
              guarded={environment.protected}
            />
          </Suspense>
        )}
      </div>
      <div className={classes.actions}>
        {interrupted ? null : running ? (
          <Button
            variant="light"
            color={environment.protected ? "protected" : undefined}
            onClick={() => go({ page: "deployment", project, number: running.number })}
          >
            Show #{running.number}
          </Button>
        ) : (
          <Button
            variant={pending.data && pending.data.waiting.length > 0 ? "filled" : "default"}
            color={environment.protected ? "protected" : undefined}
            onClick={() => go({ page: "plan", project, environment: name })}
          >
            Deploy to {name}…
          </Button>
        )}
        <Menu>
          <Menu.Target>
            <ActionIcon aria-label={`More for ${name}`}>
              <IconDots className={classes.icon} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconArrowBackUp className={classes.icon} aria-hidden />}
              disabled={!status?.release}
              onClick={() => go({ page: "rollback", project, environment: name })}
            >
              Go back in {name}…
            </Menu.Item>
            <Menu.Item onClick={() => go({ page: "history", project, environment: name })}>
              History of {name}
            </Menu.Item>
            <Menu.Item onClick={() => pending.refetch()}>Check {name} for drift again</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <Services services={status?.services} />
    </article>
  );
}

function Release({ status }: { status: EnvironmentStatus | undefined }) {
  if (!status) {
    return (
      <div className={classes.release}>
        <Skeleton className={classes.barShort} />
        <Skeleton className={classes.bar} />
      </div>
    );
  }
  const { revision } = status;
  return (
    <div className={classes.release}>
      <div className={classes.state}>
        <span className={classes.number}>{status.release ? `#${status.release}` : "–"}</span>
        <HealthMark health={status.health} />
        {status.released && (
          <span className={classes.quiet}>
            <Time at={status.released} />
          </span>
        )}
      </div>
      <div className={classes.revision}>
        {revision ? (
          <>
            <IconGitBranch className={classes.icon} aria-hidden />
            <code title={revision.commit}>{shortCommit(revision.commit)}</code>
            <span className={classes.branch}>{revision.branch ?? "detached"}</span>
            {revision.dirty && <span className={classes.dirty}>+ uncommitted</span>}
          </>
        ) : (
          <span>{status.release ? "not from a git repository" : "no release yet"}</span>
        )}
      </div>
    </div>
  );
}

interface WaitingProps {
  project: string;
  name: string;
  /** Only what was deployed can drift. */
  deployed: boolean;
  pending: Pending | undefined;
  error: Failure | null;
  onRetry: () => void;
}

function Waiting({ project, name, deployed, pending, error, onRetry }: WaitingProps) {
  const problem = error ?? pending?.problem;
  if (problem) return <Problem failure={problem} onRetry={onRetry} compact />;
  if (!pending) {
    return (
      <>
        <Skeleton className={classes.bar} />
        <Skeleton className={classes.barShort} />
      </>
    );
  }
  const { drift, waiting, blockers } = pending;
  return (
    <ul className={classes.list}>
      {drift.length === 0 && deployed && (
        <li data-tone="good">
          <IconCheck className={classes.icon} aria-hidden /> no drift
        </li>
      )}
      {drift.length > 0 && (
        <li data-tone="warn" title={drift.map(({ subject, reason }) => `${subject}: ${reason}`).join("\n")}>
          <IconAlertTriangle className={classes.icon} aria-hidden />
          <span>
            {drift.length} drift: {subjects(drift)}
          </span>
        </li>
      )}
      {waiting.length === 0 ? (
        <li data-tone="quiet">
          <IconCheck className={classes.icon} aria-hidden /> in step with the folder
        </li>
      ) : (
        <li data-tone="busy">
          <IconPencil className={classes.icon} aria-hidden />
          <span>
            <a href={href({ page: "plan", project, environment: name })}>
              {count(waiting.length, "change")} waiting
            </a>
            <span className={classes.quiet}>: {subjects(waiting)}</span>
          </span>
        </li>
      )}
      {blockers.map((blocker) => (
        <li key={blocker} data-tone="bad">
          <IconX className={classes.icon} aria-hidden /> <span>{blocker}</span>
        </li>
      ))}
    </ul>
  );
}

/** The first things that change, by name, and how many more. */
function subjects(changes: Change[]): string {
  const names = [...new Set(changes.map(({ subject }) => subject.split(" ").at(-1)))];
  const more = names.length - 3;
  return names.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function Services({ services }: { services: ServiceStatus[] | undefined }) {
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
          <span className={classes.serviceName}>{service.name}</span>
          <span className={classes.quiet}>{service.state}</span>
          <span className={classes.ports}>{service.ports.map((port) => port.split("->")[0]).join(" ")}</span>
        </li>
      ))}
    </ul>
  );
}

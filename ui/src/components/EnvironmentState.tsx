import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconGitBranch, IconPencil, IconX } from "@tabler/icons-react";
import { useIsFetching, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useQueries } from "../app/queries";
import { go, href } from "../app/routes";
import { useShown } from "../app/Succession";
import type { EnvironmentHead, EnvironmentStatus, Failure, Pending } from "../backend";
import classes from "./EnvironmentState.module.css";
import { Problem } from "./Problem";
import { HealthMark } from "./state";
import { Time } from "./Time";
import { count, shortCommit } from "./words";

// Rarely needed, and it brings dialogs along.
const Unfinished = lazy(() => import("./Unfinished"));

interface Props {
  project: string;
  environment: EnvironmentHead;
  /** Absent while it is looked at. */
  status: EnvironmentStatus | undefined;
}

/** What differs between the folder, the release and what runs. */
export function usePending(project: string, environment: string, status: EnvironmentStatus | undefined) {
  const ask = useQueries();
  // What waits takes the core longest, for each environment anew: whoever opens the variables does not wait for it.
  const shown = useShown();
  const reading = useIsFetching({ queryKey: ask.matrix(project).queryKey }) > 0;
  const pending = useQuery({
    ...ask.pending(project, environment),
    enabled: shown && status !== undefined && !status.problem && !reading,
  });
  // What was said of drift is old once a service is in another state.
  const states = status?.services.map(({ name, state, health }) => `${name} ${state} ${health}`).join("\n");
  const before = useRef(states);
  const { refetch } = pending;
  useEffect(() => {
    if (before.current !== undefined && states !== before.current) void refetch({ cancelRefetch: false });
    before.current = states;
  }, [states, refetch]);
  return pending;
}

/** Drift, what waits, and what to do about a last deployment that did not succeed. */
export function Facts({ project, environment, status, onRetry }: Props & { onRetry: () => void }) {
  const { name } = environment;
  const pending = usePending(project, name, status);
  const last = status?.deployment ?? status?.last;
  return (
    <>
      {status?.problem ? (
        <Problem failure={status.problem} reading onRetry={onRetry} compact />
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
      {last && (
        <Suspense>
          <Unfinished
            project={project}
            deployment={last}
            release={status?.release ?? null}
            guarded={environment.protected}
          />
        </Suspense>
      )}
    </>
  );
}

/** The environment's one primary button: it leads to the plan, or to what runs. */
export function DeployButton({ project, environment, status }: Props) {
  const { name } = environment;
  const pending = usePending(project, name, status);
  const color = environment.protected ? "protected" : undefined;
  const running = status?.health === "deploying" ? status.deployment : null;
  if (status?.health === "interrupted") return null;
  if (running) {
    return (
      <Button
        variant="light"
        color={color}
        onClick={() => go({ page: "deployment", project, number: running.number })}
      >
        Show #{running.number}
      </Button>
    );
  }
  return (
    <Button
      variant={pending.data && pending.data.waiting.changes > 0 ? "filled" : "default"}
      color={color}
      onClick={() => go({ page: "plan", project, environment: name })}
    >
      Deploy to {name}…
    </Button>
  );
}

/** The release that runs, how it is, and what it was made from. */
export function Release({ status }: { status: EnvironmentStatus | undefined }) {
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
            {revision.unsure && <span className={classes.dirty}>perhaps + uncommitted</span>}
          </>
        ) : (
          <span>{status.release ? "no git commit" : "no release yet"}</span>
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

/** Whether what runs is what was deployed, and what a deployment would change. */
function Waiting({ project, name, deployed, pending, error, onRetry }: WaitingProps) {
  const problem = error ?? pending?.waiting.problem;
  if (problem) return <Problem failure={problem} reading onRetry={onRetry} compact />;
  if (!pending) {
    return (
      <>
        <Skeleton className={classes.bar} />
        <Skeleton className={classes.barShort} />
      </>
    );
  }
  const { drift, waiting } = pending;
  const first = waiting.blockers.slice(0, NAMED);
  const more = waiting.blockers.length - first.length;
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
            {drift.length} drift:{" "}
            {named(
              drift.map(({ subject }) => subject),
              drift.length,
            )}
          </span>
        </li>
      )}
      {waiting.changes === 0 ? (
        <li data-tone="quiet">
          <IconCheck className={classes.icon} aria-hidden /> in step with the folder
        </li>
      ) : (
        <li data-tone="busy">
          <IconPencil className={classes.icon} aria-hidden />
          <span>
            <a href={href({ page: "plan", project, environment: name })}>
              {count(waiting.changes, "change")} waiting
            </a>
            <span className={classes.quiet}>: {named(waiting.first, waiting.changes)}</span>
          </span>
        </li>
      )}
      {first.map((blocker) => (
        <li key={blocker} data-tone="bad">
          <IconX className={classes.icon} aria-hidden />
          <a href={href({ page: "configuration", project, filter: "missing" })}>{blocker}</a>
        </li>
      ))}
      {more > 0 && (
        <li data-tone="bad">
          <IconX className={classes.icon} aria-hidden />
          <a href={href({ page: "plan", project, environment: name })}>and {more} more to mend</a>
        </li>
      )}
    </ul>
  );
}

/** So many changes, and so many things to mend, are named. */
const NAMED = 3;

/** The first things that change, and how many more: together as many as there are. A variable's name says what it is. */
function named(subjects: string[], all: number): string {
  const names = subjects.slice(0, NAMED).map((subject) => subject.replace(/^variable /, ""));
  const more = all - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

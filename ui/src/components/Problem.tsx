import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCircleX, IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../app/queries";
import { go, type Place, usePlace } from "../app/routes";
import type { Failure } from "../backend";
import { ERRORS, REMEDIES, type Remedy, type Severity, UNTOUCHED } from "../errors";
import classes from "./Problem.module.css";

const ICONS = { info: IconInfoCircle, warning: IconAlertTriangle, error: IconCircleX };

/** Where a failure is, as `file:line:column (key)`. */
function place(at: Failure["at"]): string | undefined {
  if (!at) return undefined;
  const line = at.line ? `:${at.line}${at.column ? `:${at.column}` : ""}` : "";
  return `${at.file}${line}${at.key ? ` (${at.key})` : ""}`;
}

function destination(remedy: Remedy, project: string | undefined): Place | undefined {
  if (remedy === "projects") return { page: "projects" };
  if (remedy === "settings") return { page: "settings", project };
  if (!project) return undefined;
  if (remedy === "configuration") return { page: "configuration", project };
  if (remedy === "recover") return { page: "overview", project };
  return undefined;
}

/** In the middle of a sentence; a file's name stays as it is. */
function lowered(title: string): string {
  const [first = ""] = title.split(" ", 1);
  return /[./]/.test(first) ? title : title.charAt(0).toLowerCase() + title.slice(1);
}

interface Props {
  failure: Failure;
  /** What trying again means here; without it only buttons that lead elsewhere are shown. */
  onRetry?: () => void;
  /** What was being done, so that two errors on a page can be told apart. */
  doing?: string;
  /** What it is called here, in place of its code's words and of what was being done. */
  title?: string;
  /** Something was only looked at: that nothing was changed goes without saying. */
  reading?: boolean;
  compact?: boolean;
}

/** A failure: what happened, what state things are in, what to do, and a button for it. */
export function Problem({ failure, onRetry, doing, title, reading, compact }: Props) {
  const here = usePlace();
  const words = ERRORS[failure.code];
  const Icon = ICONS[words.severity];
  const project = "project" in here ? here.project : undefined;
  const leads = destination(words.remedy, project);
  const elsewhere = leads && leads.page !== here.page ? leads : undefined;
  const where = place(failure.at);
  const inFile = project ? failure.at : undefined;
  const happened = (failure.at && words.inFile?.(failure.at.file)) ?? words.title;
  const advice = words.advice ?? failure.hint;
  const state = reading && words.state === UNTOUCHED ? "" : words.state;
  return (
    <div className={classes.problem} data-severity={words.severity} data-compact={compact} role="alert">
      <Icon className={classes.icon} aria-hidden />
      <div className={classes.words}>
        <p className={classes.title}>{title ?? (doing ? `${doing}: ${lowered(happened)}` : happened)}</p>
        <p className={classes.message}>{failure.message}</p>
        {where && <code className={classes.where}>{where}</code>}
        {(advice || state) && <p className={classes.hint}>{[state, advice].filter(Boolean).join(" ")}</p>}
        {(elsewhere || onRetry || inFile) && (
          <div className={classes.buttons}>
            {inFile && project && <OpenFile project={project} at={inFile} />}
            {elsewhere && <Button onClick={() => go(elsewhere)}>{REMEDIES[words.remedy]}</Button>}
            {onRetry && (
              <Button onClick={onRetry}>
                {elsewhere || leads ? REMEDIES.retry : REMEDIES[words.remedy]}
              </Button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

/** Leads to the line that a failure is about, if the file is one of the project's documents and not what is open. */
function OpenFile({ project, at }: { project: string; at: NonNullable<Failure["at"]> }) {
  const here = usePlace();
  const ask = useQueries();
  const documents = useQuery(ask.documents(project));
  const file = at.file.startsWith(`${project}/`) ? at.file.slice(project.length + 1) : at.file;
  if (here.page === "documents" && here.file === file) return null;
  if (!documents.data?.documents.some(({ path, exists }) => exists && path === file)) return null;
  return (
    <Button onClick={() => go({ page: "documents", project, file, line: at.line ?? undefined })}>
      Open {file}
    </Button>
  );
}

/** Something to know or to mend that is no failure. */
export function Notice({
  severity,
  title,
  children,
}: {
  severity: Severity;
  title?: string;
  children?: React.ReactNode;
}) {
  const Icon = ICONS[severity];
  return (
    <div className={classes.problem} data-severity={severity} role="note">
      <Icon className={classes.icon} aria-hidden />
      <div className={classes.words}>
        {title && <p className={classes.title}>{title}</p>}
        {children}
      </div>
    </div>
  );
}

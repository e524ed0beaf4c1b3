import { Button, Checkbox } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useQueries } from "../../app/queries";
import { go, usePlace } from "../../app/routes";
import { useTask } from "../../app/task";
import { type Leak, type LeakReport, type ProjectView, useBackend } from "../../backend";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Parts } from "../../components/Parts";
import { Notice, Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { count, shortCommit } from "../../components/words";
import { listed } from "./list";
import { SecretInspector } from "./SecretInspector";
import { SecretList, type Selected } from "./SecretList";
import classes from "./Secrets.module.css";
import { TakeOver } from "./TakeOver";

/** Every secret in every environment, and where secrets got to: out of the keychain, and before whose eyes. */
export default function Secrets({ project }: { project: ProjectView }) {
  const place = usePlace();
  const at = place.page === "secrets" ? place : undefined;
  const ask = useQueries();
  const secrets = useQuery(ask.secrets(project.path));
  const matrix = useQuery(ask.matrix(project.path));
  const environments = project.environments.map(({ name }) => name);
  const all = useMemo(
    () =>
      secrets.data &&
      listed(
        secrets.data.secrets,
        project.environments.map(({ name }) => name),
        matrix.data,
      ),
    [secrets.data, matrix.data, project.environments],
  );
  const secret = all?.find(({ name }) => name === at?.select);
  const column = environments.find((name) => name === at?.environment) ?? environments[0];
  const selected = secret && column ? { secret, environment: column } : undefined;
  const look = (wish: Selected | undefined) =>
    go(
      { page: "secrets", project: project.path, select: wish?.name, environment: wish?.environment },
      "replace",
    );
  return (
    <Page title="Configuration" name="Secrets" fixed about={<Parts project={project.path} here="secrets" />}>
      <div className={classes.split} data-inspecting={selected !== undefined}>
        <div className={classes.scroller}>
          <div className={classes.page}>
            <TakeOver project={project.path} />
            <SecretList
              project={project}
              secrets={all}
              selected={selected && { name: selected.secret.name, environment: selected.environment }}
              onSelect={look}
            />
            <Leaks project={project.path} />
            <Seen project={project.path} />
          </div>
        </div>
        {selected && (
          <SecretInspector
            project={project}
            secret={selected.secret}
            environment={selected.environment}
            onClose={() => look(undefined)}
          />
        )}
      </div>
    </Page>
  );
}

function Leaks({ project }: { project: string }) {
  const backend = useBackend();
  const [past, setPast] = useState(true);
  const [report, setReport] = useState<LeakReport>();
  const scan = useTask(async () => setReport(await backend.scanLeaks(project, past)));
  return (
    <section className={classes.part} aria-labelledby="leaks">
      <header className={classes.head}>
        <div>
          <h2 id="leaks">Leaks</h2>
          <p className={classes.quiet}>
            Looks for values that the keychain knows, as they are and in other forms, and for what looks like
            a token. The values themselves are not shown.
          </p>
        </div>
        <div className={classes.tools}>
          <Checkbox
            size="xs"
            label="in the repository's past too"
            checked={past}
            onChange={(event) => setPast(event.currentTarget.checked)}
          />
          <Button variant="filled" onClick={() => scan.start()} loading={scan.busy}>
            Look for leaks
          </Button>
        </div>
      </header>
      {scan.busy && <LoadingRows rows={3} />}
      {scan.problem && (
        <Problem failure={scan.problem} onRetry={() => scan.start()} doing="Looking for leaks" />
      )}
      {report && !scan.busy && <Report report={report} project={project} />}
    </section>
  );
}

function Report({ report, project }: { report: LeakReport; project: string }) {
  const { leaks, files, commits, gaps } = report;
  const read = `${count(files, "file")}${commits > 0 ? ` and ${count(commits, "commit")}` : ""} read`;
  return (
    <div className={classes.report} aria-live="polite">
      {leaks.length === 0 ? (
        <p className={classes.clean}>
          <IconShieldCheck className={classes.icon} aria-hidden />
          Nothing was found; {read}.
        </p>
      ) : (
        <Notice severity="error" title={`${count(leaks.length, "leak")} found; ${read}`}>
          <p>
            Whoever has the files or the repository has these values. Take them out, and rotate what is in the
            repository's past: taking it out there does not make it secret again.
          </p>
        </Notice>
      )}
      {leaks.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              <th>Where</th>
              <th>What</th>
              <th>Commit</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {leaks.map((leak) => (
              <LeakRow
                key={`${leak.commit} ${leak.file}:${leak.line} ${leak.secret?.name}`}
                leak={leak}
                project={project}
              />
            ))}
          </tbody>
        </table>
      )}
      {gaps.length > 0 && (
        <Notice severity="info" title="Not looked at">
          <ul>
            {gaps.map((gap) => (
              <li key={gap}>{gap}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

function LeakRow({ leak, project }: { leak: Leak; project: string }) {
  const { file, line, commit, secret, looks_like: looks } = leak;
  return (
    <tr>
      <td>
        <code>
          {file}:{line}
        </code>
      </td>
      <td>
        {secret ? (
          <>
            <code>{secret.name}</code> of {secret.environment}, v{secret.version}
          </>
        ) : (
          `it ${looks ?? "looks like a secret"}`
        )}
      </td>
      <td>{commit ? <code title={commit}>{shortCommit(commit)}</code> : "as it is now"}</td>
      <td className={classes.action}>
        {secret && (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() =>
              go({ page: "secrets", project, select: secret.name, environment: secret.environment })
            }
          >
            Show {secret.name}
          </Button>
        )}
      </td>
    </tr>
  );
}

function Seen({ project }: { project: string }) {
  const audit = useQuery(useQueries().audit(project));
  const entries = audit.data?.entries ?? [];
  return (
    <section className={classes.part} aria-labelledby="seen">
      <header className={classes.head}>
        <div>
          <h2 id="seen">Where values went</h2>
          <p className={classes.quiet}>
            Each time that a value left the keychain: for a person, a command, a deployment or a container, or
            to be masked in what is printed; and each removal.
          </p>
        </div>
      </header>
      {audit.isPending && <LoadingRows rows={4} />}
      {audit.error && (
        <Problem failure={audit.error} reading onRetry={() => audit.refetch()} doing="Reading the audit" />
      )}
      {audit.data && entries.length === 0 && (
        <Empty title="Nowhere yet">
          A deployment reads the values that it needs; a person sees one from its inspector, after a
          confirmation.
        </Empty>
      )}
      {entries.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              <th>When</th>
              <th>Who</th>
              <th>What</th>
              <th>Environment</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ at, by, action, environment, subject, why }) => (
              <tr key={`${at} ${subject} ${environment} ${action}`}>
                <td>
                  <Time at={at} />
                </td>
                <td>{by}</td>
                <td>
                  {action} <code>{subject}</code>
                </td>
                <td>{environment}</td>
                <td className={classes.quiet}>{why ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

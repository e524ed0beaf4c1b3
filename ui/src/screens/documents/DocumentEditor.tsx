import { Button, SegmentedControl, Select, TextInput, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconArrowLeft, IconPointFilled } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { go, href } from "../../app/routes";
import type { DocumentEntry, DocumentRole, DocumentView } from "../../backend";
import type { Schema } from "../../components/editor/completion";
import { COMPOSE_SCHEMA } from "../../components/editor/composeSchema";
import type { Mistake } from "../../components/editor/Editor";
import { Empty, LoadingRows } from "../../components/Page";
import { Notice, Problem } from "../../components/Problem";
import { Changes } from "./Changes";
import { Conflicts } from "./Conflicts";
import classes from "./DocumentEditor.module.css";
import { Form } from "./Form";
import { type OpenDocument, useDocument } from "./useDocument";
import { WithheldNotice } from "./WithheldNotice";

// The editor is the greater part of the window's code: who opens no document never loads it.
const Editor = lazy(() => import("../../components/editor/Editor"));

type Shown = "both" | "text" | "changes";

interface Props {
  project: string;
  environments: string[];
  path: string;
  /** The line that the text begins at, if one is meant. */
  at: number | undefined;
  entries: DocumentEntry[];
}

/** A document: its values as a form beside its text, and what saving would change. */
export function DocumentEditor({ project, environments, path, at, entries }: Props) {
  const [reveal, setReveal] = useState(false);
  const document = useDocument(project, path, reveal);
  const [shown, setShown] = useState<Shown>("both");
  const [line, setLine] = useState(at === undefined ? undefined : { number: at });
  const [cursor, setCursor] = useState(at ?? 0);
  const { opened, read, text, changed } = document;
  const role = entries.find((entry) => entry.path === path)?.role;
  const mistakes = useMemo(() => mistakesOf(read), [read]);
  const schema = useMemo(() => schemaOf(role, opened?.schema ?? null), [role, opened?.schema]);
  const formless = opened?.format === "text";
  const view = formless && shown === "both" ? "text" : shown;

  const bar = (
    <div className={classes.bar}>
      <a className={classes.back} href={href({ page: "documents", project })} aria-label="All documents">
        <IconArrowLeft className={classes.icon} aria-hidden />
      </a>
      <Select
        aria-label="Document"
        className={classes.file}
        classNames={{ input: classes.mono }}
        data={entries.map((entry) => entry.path)}
        value={path}
        allowDeselect={false}
        onChange={(file) => file && go({ page: "documents", project, file })}
      />
      <span className={classes.state} data-changed={changed}>
        {opened &&
          (changed ? (
            <>
              <IconPointFilled className={classes.icon} aria-hidden /> not saved
            </>
          ) : opened.stamp === null ? (
            "not there yet"
          ) : (
            "as it is on the disk"
          ))}
      </span>
      {read?.problem && (
        <UnstyledButton
          className={classes.mistake}
          title={[read.problem.message, read.problem.hint].filter(Boolean).join("\n")}
          onClick={() => setLine({ number: read.problem?.at?.line ?? 1 })}
        >
          <IconAlertTriangle className={classes.icon} aria-hidden />
          <span className={classes.message} role="status">
            {read.problem.at?.line ? `Line ${read.problem.at.line}: ` : ""}
            {read.problem.message}
          </span>
        </UnstyledButton>
      )}
      <SegmentedControl
        className={classes.views}
        size="xs"
        aria-label="What is shown"
        data={[
          ...(formless ? [] : [{ value: "both", label: "Form and text" }]),
          { value: "text", label: "Text" },
          { value: "changes", label: "Changes" },
        ]}
        value={view}
        onChange={(next) => setShown(next as Shown)}
      />
    </div>
  );
  if (!opened) {
    return (
      <div className={classes.document}>
        {bar}
        {document.opening && <LoadingRows rows={12} />}
        {document.failed && (
          <div className={classes.notice}>
            <Problem failure={document.failed} reading onRetry={document.retry} doing={`Opening ${path}`} />
          </div>
        )}
      </div>
    );
  }
  const edit = document.edit;
  return (
    <div className={classes.document}>
      {bar}
      <WithheldNotice
        document={opened}
        role={role}
        project={project}
        environments={environments}
        blocked={changed}
        onReveal={() => setReveal(true)}
      />
      {document.unversioned && (
        <div className={classes.notice}>
          <Notice
            severity="warning"
            title={`${path} is saved, and is in no version of the configuration yet`}
          >
            <p>
              {document.unversioned.message}. {document.unversioned.hint} What was saved is noticed as a
              change from outside once versions can be written again.
            </p>
          </Notice>
        </div>
      )}
      {document.moved && (
        <div className={classes.notice}>
          <Notice severity="info" title={`${path} was changed outside`}>
            <p>
              Saving brings both together; where both changed the same value, you choose. Nothing is
              overwritten.
            </p>
          </Notice>
        </div>
      )}
      <div className={classes.panes} data-shown={view}>
        {view === "both" && read && (
          <Form
            key={path}
            document={read}
            label={`Values of ${path}`}
            cursor={cursor}
            refused={document.refused}
            onEdit={edit}
            onTry={document.tryOut}
            onLine={(number) => {
              setLine({ number });
              setCursor(number);
            }}
          />
        )}
        <Suspense fallback={<LoadingRows rows={12} />}>
          {view === "changes" ? (
            <Changes project={project} document={document} />
          ) : opened.text === null ? (
            <Empty title="The text is withheld">
              A secret in it cannot be told from the rest, so none of it is shown unless you ask for it.
            </Empty>
          ) : (
            <Editor
              label={`Text of ${path}`}
              path={path}
              text={text}
              onText={document.type}
              mistakes={mistakes}
              schema={schema}
              line={line}
              onLine={setCursor}
              onSave={() => void document.save("")}
            />
          )}
        </Suspense>
      </div>
      <Foot document={document} path={path} />
      {document.conflict && (
        <Conflicts
          path={path}
          conflict={document.conflict}
          busy={document.saving}
          problem={document.unsaved}
          onSave={(resolutions) => document.save("", resolutions)}
          onClose={document.leaveConflict}
        />
      )}
    </div>
  );
}

/** Saving, always at the same place. */
function Foot({ document, path }: { document: OpenDocument; path: string }) {
  const [note, setNote] = useState("");
  const { changed, saving, unsaved, conflict } = document;
  const save = async () => {
    if (await document.save(note)) setNote("");
  };
  return (
    <form
      className={classes.foot}
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) void save();
      }}
    >
      {unsaved && !conflict && <Problem failure={unsaved} doing={`Saving ${path}`} compact />}
      <div className={classes.saving}>
        <TextInput
          className={classes.note}
          aria-label="Why it is changed"
          placeholder="Why it is changed (optional)"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          disabled={!changed}
        />
        <Button onClick={document.discard} disabled={!changed || saving}>
          Discard
        </Button>
        <Button type="submit" variant="filled" disabled={!changed} loading={saving}>
          Save {path}
        </Button>
      </div>
    </form>
  );
}

function mistakesOf(view: DocumentView | undefined): Mistake[] {
  if (!view) return [];
  const whole = view.problem?.at?.line
    ? [
        {
          line: view.problem.at.line,
          column: view.problem.at.column ?? 1,
          message: view.problem.message,
          severity: "error" as const,
        },
      ]
    : [];
  const values = view.nodes.flatMap(({ line, column, problem }) =>
    problem ? [{ line, column, message: problem.message, severity: "warning" as const }] : [],
  );
  return [...whole, ...values];
}

function schemaOf(role: DocumentRole | undefined, given: string | null): Schema | undefined {
  if (given !== null) return JSON.parse(given) as Schema;
  return role === "compose" ? COMPOSE_SCHEMA : undefined;
}

import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { useState } from "react";
import { useRefresh } from "../../app/queries";
import { href } from "../../app/routes";
import { useTask } from "../../app/task";
import { type MatrixRow, type Origin, useBackend } from "../../backend";
import { InspectorFrame } from "../../components/InspectorFrame";
import { Problem } from "../../components/Problem";
import { typeWords } from "../../components/words";
import classes from "./Inspector.module.css";
import { stateOf } from "./rows";
import { SecretPart } from "./SecretPart";
import { ValueHistory } from "./ValueHistory";

const ALL = "all";
/** A longer value is scrolled. */
const MOST_ROWS = 10;
/** So many characters fit into a row of the narrowest inspector. */
const ROW = 28;

interface Props {
  project: string;
  environments: string[];
  row: MatrixRow;
  environment: string;
  /** The environment is protected. */
  guarded: boolean;
  busy: boolean;
  onSave: (environment: string | null, key: string, value: string) => Promise<boolean>;
  onUnset: (environment: string | null, key: string) => Promise<boolean>;
  onCopyTo: () => void;
  onRename: () => void;
  onClose: () => void;
}

function place({ file, line }: Origin): string {
  return `${file}:${line}`;
}

/** One value: why it is what it is, and what can be done with it. */
export function Inspector({
  project,
  environments,
  row,
  environment,
  guarded,
  busy,
  onSave,
  onUnset,
  onCopyTo,
  onRename,
  onClose,
}: Props) {
  const cell = row.cells[environments.indexOf(environment)];
  if (!cell) return null;
  const state = stateOf(row, cell);
  return (
    <InspectorFrame
      label={`About ${row.key} in ${environment}`}
      title={
        <>
          <code className={classes.key}>{row.key}</code>
          <span className={classes.environment}>in {environment}</span>
        </>
      }
      onClose={onClose}
    >
      <section className={classes.part}>
        <h2 className={classes.heading}>Why this value</h2>
        <ol className={classes.sources}>
          {cell.source ? (
            <li>
              <code>{place(cell.source)}</code>
              <span>{cell.inherited ? "shared by all environments" : `only for ${environment}`}</span>
            </li>
          ) : (
            <li>
              <span>No file sets it{row.required && "; sternway.yaml requires it"}.</span>
            </li>
          )}
          {cell.overridden.map((origin) => (
            <li key={place(origin)} className={classes.overridden}>
              <code>{place(origin)}</code>
              <span>overridden</span>
            </li>
          ))}
        </ol>
        {row.value_type && (
          <p className={classes.hint}>
            {row.declared ? "Declared as " : "Seems to be "}
            {typeWords(row.value_type)}.
          </p>
        )}
        {cell.problem && (
          <p className={classes.problem}>
            {cell.problem.message}. {cell.problem.hint}
          </p>
        )}
        <Mentions label="Mentions" keys={row.mentions} project={project} />
        <Mentions label="Mentioned by" keys={row.mentioned_by} project={project} />
        {cell.changed && <p className={classes.changed}>Changed since it was deployed to {environment}.</p>}
      </section>
      {cell.secret ? (
        <SecretPart
          key={cell.secret.name}
          project={project}
          environments={environments}
          environment={environment}
          row={row}
          name={cell.secret.name}
          guarded={guarded}
        />
      ) : (
        <ValuePart
          key={cell.value}
          row={row}
          environment={environment}
          value={cell.value ?? ""}
          busy={busy}
          onSave={onSave}
        />
      )}
      <section className={classes.part}>
        <h2 className={classes.heading}>More</h2>
        <div className={classes.buttons}>
          {cell.source && cell.masked == null && environments.length > 1 && (
            <Button onClick={onCopyTo}>Copy to other environments…</Button>
          )}
          {row.cells.some(({ source }) => source !== null) && (
            <Button onClick={onRename}>Rename {row.key} everywhere…</Button>
          )}
          {(state === "value" || state === "masked") && (
            <MakeSecret project={project} environment={environment} name={row.key} />
          )}
          {cell.source && !cell.inherited && (
            <Button onClick={() => onUnset(environment, row.key)} loading={busy}>
              {cell.overridden.length > 0
                ? `Use the shared value in ${environment}`
                : `Remove from ${environment}`}
            </Button>
          )}
          {row.cells.some(({ inherited }) => inherited) && (
            <Button onClick={() => onUnset(null, row.key)} loading={busy}>
              Remove the shared value
            </Button>
          )}
        </div>
      </section>
      <ValueHistory project={project} environment={environment} name={row.key} />
    </InspectorFrame>
  );
}

/** Variables that a value refers to, or is referred to by. */
function Mentions({ label, keys, project }: { label: string; keys: string[] | undefined; project: string }) {
  if (!keys?.length) return null;
  return (
    <p className={classes.hint}>
      {label}{" "}
      {keys.map((key, place) => (
        <span key={key}>
          {place > 0 && ", "}
          <a href={href({ page: "configuration", project, select: key })}>{key}</a>
        </span>
      ))}
    </p>
  );
}

/** As many rows as a value takes. */
function rowsOf(value: string): number {
  const rows = value.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / ROW)), 0);
  return Math.min(MOST_ROWS, rows);
}

interface ValueProps {
  row: MatrixRow;
  environment: string;
  value: string;
  busy: boolean;
  onSave: Props["onSave"];
}

function ValuePart({ row, environment, value, busy, onSave }: ValueProps) {
  const [draft, setDraft] = useState(value);
  const [scope, setScope] = useState(environment);
  const everywhere = scope === ALL;
  const unchanged = draft === value && !everywhere;
  return (
    <form
      className={classes.part}
      onSubmit={(event) => {
        event.preventDefault();
        void onSave(everywhere ? null : environment, row.key, draft);
      }}
    >
      <Textarea
        size="xs"
        // Whose value it is stands above.
        label="New value"
        aria-label={`New value of ${row.key}`}
        classNames={{ input: classes.mono }}
        rows={rowsOf(draft)}
        resize="vertical"
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        spellCheck={false}
        data-inspector-field
      />
      <div className={classes.save}>
        <SegmentedControl
          size="xs"
          aria-label="Where the value applies"
          data={[
            { value: environment, label: environment },
            { value: ALL, label: "all environments" },
          ]}
          value={scope}
          onChange={setScope}
        />
        <Button type="submit" disabled={unchanged} loading={busy}>
          Save
        </Button>
      </div>
      {everywhere && <p className={classes.hint}>Environments that have a value of their own keep it.</p>}
    </form>
  );
}

function MakeSecret({ project, environment, name }: { project: string; environment: string; name: string }) {
  const backend = useBackend();
  const refresh = useRefresh();
  const move = useTask(async () => {
    await backend.importSecrets(project, environment, [name]);
    refresh.imported(project);
  });
  return (
    <>
      {move.problem && <Problem failure={move.problem} doing="Moving it" compact />}
      <Button
        title="The file keeps a reference; every other byte stays as it is"
        onClick={() => move.start()}
        loading={move.busy}
      >
        Move {name} into the keychain
      </Button>
    </>
  );
}

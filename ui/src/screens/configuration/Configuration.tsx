import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconDots, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { MOD } from "../../app/keys";
import { useQueries } from "../../app/queries";
import { go, type Place } from "../../app/routes";
import { type ProjectView, useBackend } from "../../backend";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Parts } from "../../components/Parts";
import { Problem } from "../../components/Problem";
import { count } from "../../components/words";
import { AddVariable } from "./AddVariable";
import classes from "./Configuration.module.css";
import { CopyTo } from "./CopyTo";
import { cellOf, copy, type Edit, fill, type Proposal, paste } from "./edits";
import { Filters } from "./Filters";
import { ImportSecrets } from "./ImportSecrets";
import { Inspector } from "./Inspector";
import { Legend } from "./Legend";
import { MatrixGrid } from "./MatrixGrid";
import { RemoveValues } from "./RemoveValues";
import { RenameVariable } from "./RenameVariable";
import { areaOf, cellsOf, only, type Range, type Selection } from "./range";
import { counts, filterRows, linesOf } from "./rows";
import { SelectionInspector } from "./SelectionInspector";
import { formatTable } from "./table";
import { useEdits, useStepKeys } from "./useEdits";

interface Props {
  project: ProjectView;
  place: Extract<Place, { page: "configuration" }>;
}

/** Every variable in every environment, as a spreadsheet. */
export default function Configuration({ project, place }: Props) {
  const ask = useQueries();
  const backend = useBackend();
  const matrix = useQuery(ask.matrix(project.path));
  const [text, setText] = useState("");
  const [range, setRange] = useState<Range>();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<"remove" | "copy" | "rename">();
  const [said, setSaid] = useState("");
  const { filter = "all", dialog } = place;
  const setDialog = (next?: typeof dialog) => go({ ...place, select: undefined, dialog: next }, "replace");

  const data = matrix.data;
  const edits = useEdits(project.path, data);

  // The palette and other pages point at a key.
  const pointed = place.select;
  const firstColumn = project.environments[0]?.name;
  useEffect(() => {
    if (pointed && firstColumn) setRange(only({ key: pointed, environment: firstColumn }));
  }, [pointed, firstColumn]);

  // What is typed is seen at once; the rows follow.
  const wanted = useDeferredValue(text);
  const rows = useMemo(() => (data ? filterRows(data, filter, wanted) : []), [data, filter, wanted]);
  const number = useMemo(() => (data ? counts(data) : undefined), [data]);
  const lines = useMemo(() => linesOf(rows, closed), [rows, closed]);
  const keys = useMemo(() => lines.flatMap((line) => ("row" in line ? [line.row.key] : [])), [lines]);
  const guarded = project.environments.filter((environment) => environment.protected).map(({ name }) => name);

  const selection = range?.head;
  const area = useMemo(
    () => (range && data ? areaOf(range, keys, data.environments) : undefined),
    [range, keys, data],
  );
  const several = area !== undefined && area.keys.length * area.environments.length > 1;
  const selected = data?.rows.find(({ key }) => key === selection?.key);
  const cells = several && area ? cellsOf(area) : selection ? [selection] : [];

  /** Makes what was proposed, and says what was left alone. */
  const make = async (says: string, { edits: wished, left }: Proposal) => {
    setSaid(left.join(" "));
    return edits.apply(says, wished);
  };
  const save = (at: Selection, value: string, all: boolean) => {
    if (!data) return Promise.resolve(false);
    const cell = cellOf(data, at);
    if (!all && cell?.value === value && cell.source !== null) return Promise.resolve(true);
    const says =
      all && several ? `Set ${count(cells.length, "value")}` : `Set ${at.key} in ${at.environment}`;
    return make(says, fill(data, all ? cells : [at], value));
  };
  const saveLine = (environment: string | null, key: string, value: string) =>
    edits.apply(`Set ${key} ${environment ? `in ${environment}` : "for all"}`, [{ environment, key, value }]);
  const unset = (environment: string | null, key: string) =>
    edits.apply(`Remove ${key} ${environment ? `from ${environment}` : "for all"}`, [
      { environment, key, value: null },
    ]);
  const copyCells = () => {
    if (!data || !area) return "";
    const { rows: table, hidden } = copy(data, area);
    setSaid(
      hidden > 0
        ? `Copied, without ${count(hidden, "secret")}.`
        : `Copied ${count(area.keys.length * area.environments.length, "value")}.`,
    );
    return formatTable(table);
  };
  const pasteCells = (pasted: string) => {
    if (!data || !area) return;
    const proposal = paste(data, pasted, area, keys, data.environments);
    void make(`Paste ${count(proposal.edits.length, "value")}`, proposal);
  };
  const step = async (back: boolean) => {
    const what = back ? edits.undoable : edits.redoable;
    if (what === undefined) return setSaid(back ? "Nothing to undo." : "Nothing to redo.");
    if (await (back ? edits.undo() : edits.redo())) setSaid(`${back ? "Undone" : "Done again"}: ${what}.`);
  };
  useStepKeys(step);
  const close = () => setRange(undefined);

  return (
    <Page
      title="Configuration"
      name="Configuration"
      fixed
      about={<Parts project={project.path} here="configuration" />}
      actions={
        <>
          <Step back what={edits.undoable} keys={`${MOD} Z`} busy={edits.busy} onClick={() => step(true)} />
          <Step what={edits.redoable} keys={`${MOD} ⇧ Z`} busy={edits.busy} onClick={() => step(false)} />
          <Button
            leftSection={<IconPlus className={classes.icon} aria-hidden />}
            onClick={() => setDialog("add")}
            disabled={!data}
          >
            Add a variable
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label="More for the configuration">
                <IconDots className={classes.icon} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setDialog("import")}>Move secrets into the keychain…</Menu.Item>
              <Menu.Item onClick={() => matrix.refetch()}>Read the files again</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={classes.page} data-inspecting={selected !== undefined}>
        <div className={classes.left}>
          <Filters
            text={text}
            onText={setText}
            filter={filter}
            onFilter={(next) => go({ ...place, filter: next, select: undefined }, "replace")}
            number={number}
            onDown={() => document.querySelector<HTMLElement>("[data-cell][tabindex='0']")?.focus()}
          />
          {edits.problem && (
            <div className={classes.problem}>
              <Problem
                failure={edits.problem}
                doing="Saving"
                onRetry={() => {
                  edits.clear();
                  void matrix.refetch();
                }}
              />
            </div>
          )}
          {data?.problems.map((failure) => (
            <div key={failure.message} className={classes.problem}>
              <Problem
                failure={failure}
                reading
                doing="Reading a file"
                onRetry={() => matrix.refetch()}
                compact
              />
            </div>
          ))}
          {matrix.isPending && <LoadingRows rows={16} dense />}
          {matrix.error && (
            <div className={classes.problem}>
              <Problem
                failure={matrix.error}
                reading
                onRetry={() => matrix.refetch()}
                doing="Reading the configuration"
              />
            </div>
          )}
          {data?.rows.length === 0 && (
            <Empty
              title="No variables yet"
              action={
                <Button variant="filled" onClick={() => setDialog("add")}>
                  Add the first variable
                </Button>
              }
            >
              Variables from this project's env files appear here, one column per environment. Values can be
              shared by all of them or be set for one.
            </Empty>
          )}
          {data && data.rows.length > 0 && rows.length === 0 && (
            <Empty
              title="No variable fits"
              action={
                <Button
                  onClick={() => {
                    setText("");
                    go({ ...place, filter: "all" }, "replace");
                  }}
                >
                  Show all variables
                </Button>
              }
            />
          )}
          {data && rows.length > 0 && (
            <MatrixGrid
              environments={data.environments}
              unread={data.unread}
              guarded={guarded}
              lines={lines}
              keys={keys}
              closed={closed}
              onToggle={(group) => {
                const next = new Set(closed);
                if (!next.delete(group)) next.add(group);
                setClosed(next);
              }}
              range={range}
              onRange={setRange}
              saving={edits.busy}
              onCheck={(key, value) => backend.checkValue(project.path, key, value)}
              onSave={save}
              onCopy={copyCells}
              onPaste={pasteCells}
              onRemove={() => setAsked("remove")}
            />
          )}
          {data && rows.length > 0 && <Legend said={said} />}
        </div>
        {data && selected && selection && !several && (
          <Inspector
            key={`${selection.key} ${selection.environment}`}
            project={project.path}
            environments={data.environments}
            row={selected}
            environment={selection.environment}
            guarded={guarded.includes(selection.environment)}
            busy={edits.busy}
            onSave={saveLine}
            onUnset={unset}
            onCopyTo={() => setAsked("copy")}
            onRename={() => setAsked("rename")}
            onClose={close}
          />
        )}
        {data && several && area && (
          <SelectionInspector
            key={cells.map(({ key, environment }) => `${key} ${environment}`).join()}
            matrix={data}
            area={area}
            busy={edits.busy}
            onFill={(value) => make(`Set ${count(cells.length, "value")}`, fill(data, cells, value))}
            onRemove={() => setAsked("remove")}
            onCopyTo={() => setAsked("copy")}
            onClose={close}
          />
        )}
      </div>
      {asked === "remove" && data && cells.length > 0 && (
        <RemoveValues
          matrix={data}
          cells={cells}
          busy={edits.busy}
          onConfirm={async (says, wished: Edit[]) => {
            setAsked(undefined);
            await edits.apply(says, wished);
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "copy" && data && cells.length > 0 && (
        <CopyTo
          project={project.path}
          matrix={data}
          cells={cells}
          guarded={guarded}
          onApply={edits.apply}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "rename" && data && selection && (
        <RenameVariable
          matrix={data}
          name={selection.key}
          busy={edits.busy}
          problem={edits.problem}
          onRename={async (to) => {
            if (!(await edits.rename(selection.key, to))) return;
            setAsked(undefined);
            setRange(only({ key: to, environment: selection.environment }));
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
      {dialog === "add" && data && (
        <AddVariable
          project={project.path}
          environments={data.environments}
          keys={data.rows.map(({ key }) => key)}
          onApply={edits.apply}
          problem={edits.problem}
          onDone={(key, environment) => {
            setDialog();
            setRange(only({ key, environment }));
          }}
          onClose={() => setDialog()}
        />
      )}
      {dialog === "import" && (
        <ImportSecrets
          project={project.path}
          environments={project.environments.map(({ name }) => name)}
          onClose={() => setDialog()}
        />
      )}
    </Page>
  );
}

interface StepProps {
  back?: boolean;
  what: string | undefined;
  keys: string;
  busy: boolean;
  onClick: () => void;
}

/** A step back or forward in what was edited. */
function Step({ back = false, what, keys, busy, onClick }: StepProps) {
  const verb = back ? "Undo" : "Redo";
  const Icon = back ? IconArrowBackUp : IconArrowForwardUp;
  return (
    <ActionIcon
      aria-label={verb}
      title={what && `${verb}: ${what} (${keys})`}
      disabled={what === undefined || busy}
      onClick={onClick}
    >
      <Icon className={classes.icon} aria-hidden />
    </ActionIcon>
  );
}

import { UnstyledButton } from "@mantine/core";
import { IconAsterisk, IconChevronDown, IconChevronRight, IconShieldHalf } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { MatrixRow } from "../../backend";
import { useArrival } from "../../components/arrival";
import { CellEditor } from "./CellEditor";
import { CellText } from "./CellText";
import classes from "./MatrixGrid.module.css";
import { linesOf } from "./rows";

const ROW_HEIGHT = 28;

/** A cell. */
export interface Selection {
  key: string;
  environment: string;
}

interface Props {
  environments: string[];
  guarded: string[];
  rows: MatrixRow[];
  selection: Selection | undefined;
  onSelect: (selection: Selection) => void;
  onLeave: () => void;
  saving: boolean;
  /** Writes a value for one environment; answers whether it was written. */
  onSave: (environment: string, key: string, value: string) => Promise<boolean>;
}

/** Keys × environments. Arrows move, Enter or typing edits, Enter saves, Esc leaves. */
export function MatrixGrid({
  environments,
  guarded,
  rows,
  selection,
  onSelect,
  onLeave,
  saving,
  onSave,
}: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [editing, setEditing] = useState<{ initial: string; begun: boolean }>();
  const lines = useMemo(() => linesOf(rows, closed), [rows, closed]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });

  const lineOf = (key: string) => lines.findIndex((line) => "row" in line && line.row.key === key);
  const focusCell = ({ key, environment }: Selection) => {
    requestAnimationFrame(() => {
      const cells = scroller.current?.querySelectorAll<HTMLElement>("[data-cell]") ?? [];
      const cell = [...cells].find(
        ({ dataset }) => dataset.key === key && dataset.environment === environment,
      );
      cell?.focus({ preventScroll: true });
    });
  };
  const select = (next: Selection) => {
    setEditing(undefined);
    onSelect(next);
    const line = lineOf(next.key);
    if (line >= 0) virtual.scrollToIndex(line);
    focusCell(next);
  };

  // A key that was pointed at from elsewhere comes into sight.
  const pointed = selection?.key;
  const pointedLine = pointed ? lineOf(pointed) : -1;
  useEffect(() => {
    if (pointedLine >= 0) virtual.scrollToIndex(pointedLine);
  }, [pointedLine, virtual]);

  useArrival(() => scroller.current?.querySelector<HTMLElement>("[data-cell][tabindex='0']"));

  const neighbour = (from: Selection, down: number, right: number): Selection => {
    const keys = lines.flatMap((line) => ("row" in line ? [line.row.key] : []));
    const row = Math.max(0, Math.min(keys.length - 1, keys.indexOf(from.key) + down));
    const column = environments.indexOf(from.environment) + right;
    return {
      key: keys[row] ?? from.key,
      environment: environments[Math.max(0, Math.min(environments.length - 1, column))] ?? from.environment,
    };
  };

  const edit = (row: MatrixRow, at: Selection, typed?: string) => {
    const cell = row.cells[environments.indexOf(at.environment)];
    if (!cell) return;
    onSelect(at);
    if (cell.secret || cell.masked || cell.value?.includes("\n")) {
      // Secrets are set in a masked field, and lines need room: both are in the inspector.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-inspector-field]")?.focus());
      return;
    }
    setEditing({ initial: typed ?? cell.value ?? "", begun: typed !== undefined });
  };

  const onClick = (clicks: number, row: MatrixRow, at: Selection) => {
    const chosen = rows.find(({ key }) => key === selection?.key);
    // The inspector that the first click of two opens moves the cells: the second one means the cell of the first.
    if (clicks > 1 && chosen && selection) edit(chosen, selection);
    else if (selection?.key === at.key && selection.environment === at.environment) edit(row, at);
    else select(at);
  };

  const onKey = (event: KeyboardEvent, row: MatrixRow, at: Selection) => {
    if (editing || event.ctrlKey || event.metaKey || event.altKey) return;
    const screenful = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      PageDown: [screenful, 0],
      PageUp: [-screenful, 0],
      Home: [0, -environments.length],
      End: [0, environments.length],
    };
    const move = moves[event.key];
    if (move) select(neighbour(at, ...move));
    else if (event.key === "Escape") onLeave();
    else if (event.key === "Enter" || event.key === "F2") edit(row, at);
    else if (event.key.length === 1 && event.key !== "/" && event.key !== "?") edit(row, at, event.key);
    else return;
    event.preventDefault();
  };

  const save = async (at: Selection, value: string, then: [number, number] | undefined) => {
    const row = rows.find(({ key }) => key === at.key);
    const before = row?.cells[environments.indexOf(at.environment)];
    const same = before?.value === value && before.source !== null;
    if (!same && !(await onSave(at.environment, at.key, value))) return false;
    if (then) select(neighbour(at, ...then));
    else setEditing(undefined);
    return true;
  };

  const columns = { "--columns": environments.length } as React.CSSProperties;
  return (
    <div
      className={classes.grid}
      role="grid"
      aria-label="Variables"
      aria-rowcount={lines.length + 1}
      style={columns}
    >
      <div ref={scroller} className={classes.scroller}>
        <div className={classes.head} role="row" aria-rowindex={1}>
          <span role="columnheader" className={classes.key}>
            Key
          </span>
          {environments.map((name) => (
            <span
              key={name}
              role="columnheader"
              className={classes.column}
              data-protected={guarded.includes(name)}
            >
              {name}
              {guarded.includes(name) && <IconShieldHalf className={classes.icon} aria-label="protected" />}
            </span>
          ))}
        </div>
        <div className={classes.all} style={{ height: virtual.getTotalSize() }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const style = { transform: `translateY(${item.start}px)` };
            if ("group" in line) {
              return (
                <Group
                  key={`group ${line.group} ${item.index}`}
                  name={line.group}
                  size={line.size}
                  open={!closed.has(line.group)}
                  style={style}
                  onToggle={() => {
                    const next = new Set(closed);
                    if (!next.delete(line.group)) next.add(line.group);
                    setClosed(next);
                  }}
                />
              );
            }
            const { row } = line;
            const inRow = selection?.key === row.key;
            return (
              <div
                key={row.key}
                role="row"
                className={classes.row}
                style={style}
                aria-rowindex={item.index + 2}
                data-current={inRow}
              >
                <span role="rowheader" className={classes.key} title={row.key}>
                  <span className={classes.keyName}>{row.key}</span>
                  {row.required && (
                    <span className={classes.required} title="Required by sternway.yaml">
                      <IconAsterisk className={classes.star} aria-label="required by sternway.yaml" />
                    </span>
                  )}
                </span>
                {environments.map((environment, column) => {
                  const cell = row.cells[column];
                  if (!cell) return null;
                  const at = { key: row.key, environment };
                  const current = inRow && selection.environment === environment;
                  const first = !selection && item.index <= 1 && column === 0;
                  return (
                    <div
                      key={environment}
                      role="gridcell"
                      className={classes.cell}
                      aria-label={`${row.key} in ${environment}`}
                      aria-selected={current}
                      tabIndex={current || first ? 0 : -1}
                      data-cell
                      data-key={row.key}
                      data-environment={environment}
                      onClick={(event) => !(current && editing) && onClick(event.detail, row, at)}
                      onKeyDown={(event) => onKey(event, row, at)}
                    >
                      {current && editing ? (
                        <CellEditor
                          label={`Value of ${row.key} in ${environment}`}
                          initial={editing.initial}
                          begun={editing.begun}
                          busy={saving}
                          onSave={(value, then) => save(at, value, then)}
                          onLeave={() => select(at)}
                        />
                      ) : (
                        <CellText row={row} cell={cell} />
                      )}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface GroupProps {
  name: string;
  size: number;
  open: boolean;
  style: React.CSSProperties;
  onToggle: () => void;
}

function Group({ name, size, open, style, onToggle }: GroupProps) {
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <div role="row" className={classes.groupRow} style={style}>
      <span role="gridcell">
        <UnstyledButton
          className={classes.group}
          onClick={onToggle}
          aria-expanded={open}
          aria-label={`Group ${name}`}
        >
          <Chevron className={classes.icon} aria-hidden />
          <span className={classes.groupName}>{name}</span>
          <span className={classes.size}>{size}</span>
        </UnstyledButton>
      </span>
    </div>
  );
}

import { IconAlertTriangle, IconShieldHalf } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Failure, MatrixRow as Row } from "../../backend";
import { Arrival } from "../../components/Arrival";
import type { Then } from "./CellEditor";
import { Clipboard, type ClipboardField } from "./Clipboard";
import { isHidden } from "./edits";
import classes from "./MatrixGrid.module.css";
import { Group, MatrixRow } from "./MatrixRow";
import { areaOf, neighbour, next, only, type Range, type Selection } from "./range";
import { type Line, wordsOf } from "./rows";

const ROW_HEIGHT = 28;
/** Two clicks within so many milliseconds are one double click, whatever came under the pointer between them. */
const DOUBLE = 600;
/** Rows ready above and below what is seen, so that a quick turn of the wheel shows no blank ones. */
const OVERSCAN = 24;

/** What is said at the head of a column that is not whole. */
const UNREAD = "A file of this environment cannot be read: what it sets is not shown";

interface Props {
  environments: string[];
  /** Those of which a file cannot be read. */
  unread: string[];
  guarded: string[];
  lines: Line[];
  /** The keys of the lines, in their order. */
  keys: string[];
  closed: ReadonlySet<string>;
  onToggle: (group: string) => void;
  range: Range | undefined;
  onRange: (range: Range | undefined) => void;
  saving: boolean;
  /** What is wrong with a value, by its variable's type. */
  onCheck: (key: string, value: string) => Promise<Failure | null>;
  /** Writes a value into a cell, or into every selected one; answers whether it was written. */
  onSave: (at: Selection, value: string, all: boolean) => Promise<boolean>;
  /** What the selected cells are as text. */
  onCopy: () => string;
  onPaste: (text: string) => void;
  /** Takes away what the selected cells say. */
  onRemove: () => void;
}

/** Keys × environments, as a spreadsheet: arrows move, with Shift they select, typing edits, Enter saves, Esc leaves. */
export function MatrixGrid(props: Props) {
  const { environments, unread, guarded, lines, keys, closed, onToggle, range, onRange, saving } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const clipboard = useRef<ClipboardField>(null);
  const dragging = useRef<Selection>(undefined);
  const [editing, setEditing] = useState<{ initial: string; begun: boolean }>();
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    // Until it is known: the first drawing has rows already.
    initialRect: { width: 0, height: window.innerHeight },
  });
  const places = useMemo(
    () => new Map(lines.flatMap((line, index) => ("row" in line ? [[line.row.key, index] as const] : []))),
    [lines],
  );
  const rowOf = (key: string): Row | undefined => {
    const line = lines[places.get(key) ?? -1];
    return line && "row" in line ? line.row : undefined;
  };

  const focusCell = ({ key, environment }: Selection) => {
    const column = environments.indexOf(environment);
    requestAnimationFrame(() => {
      const cells = scroller.current?.querySelectorAll<HTMLElement>(`[data-cell='${column}']`) ?? [];
      [...cells].find(({ dataset }) => dataset.key === key)?.focus({ preventScroll: true });
    });
  };
  /** Moves the cursor; with `extend` the selection grows from where it was begun. */
  const move = (to: Selection, extend = false) => {
    setEditing(undefined);
    onRange(extend && range ? { anchor: range.anchor, head: to } : only(to));
    const line = places.get(to.key);
    if (line !== undefined) virtual.scrollToIndex(line);
    focusCell(to);
  };

  // A key that was pointed at from elsewhere comes into sight.
  const head = range?.head;
  const pointed = head && places.get(head.key);
  useEffect(() => {
    if (pointed !== undefined) virtual.scrollToIndex(pointed);
  }, [pointed, virtual]);

  const edit = (at: Selection, typed?: string) => {
    const cell = rowOf(at.key)?.cells[environments.indexOf(at.environment)];
    if (!cell) return;
    if (isHidden(cell) || cell.value?.includes("\n")) {
      // Secrets are set in a masked field, and lines need room: both are in the inspector.
      onRange(only(at));
      requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-inspector-field]")?.focus());
      return;
    }
    if (!range) onRange(only(at));
    setEditing({ initial: typed ?? cell.value ?? "", begun: typed !== undefined });
  };

  /** The cell that an event is about. */
  const cellAt = (event: { target: EventTarget }): Selection | undefined => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    const environment = environments[Number(cell?.dataset.cell)];
    return cell?.dataset.key !== undefined && environment !== undefined
      ? { key: cell.dataset.key, environment }
      : undefined;
  };
  /** The cell that was pressed last, and when: its inspector may open under the pointer before a second press follows. */
  const pressed = useRef<{ at: Selection; time: number }>(undefined);
  const editLatest = useRef(edit);
  editLatest.current = edit;
  useEffect(() => {
    const second = (event: globalThis.MouseEvent) => {
      const first = pressed.current;
      if (event.detail < 2 || !first || event.timeStamp - first.time > DOUBLE) return;
      if (event.target instanceof Node && scroller.current?.contains(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      editLatest.current(first.at);
    };
    window.addEventListener("click", second, true);
    return () => window.removeEventListener("click", second, true);
  }, []);
  const isField = (event: { target: EventTarget }) => event.target instanceof HTMLInputElement;

  const onClick = (event: MouseEvent) => {
    const header = (event.target as HTMLElement).closest<HTMLElement>("[data-header]")?.dataset.header;
    if (header !== undefined) {
      const [first = "", last = first] = [environments[0], environments.at(-1)];
      onRange({ anchor: { key: header, environment: last }, head: { key: header, environment: first } });
      focusCell({ key: header, environment: first });
      return;
    }
    const at = cellAt(event);
    if (!at || isField(event)) return;
    if (event.detail === 1) pressed.current = { at, time: event.timeStamp };
    if (event.shiftKey) move(at, true);
    else if (event.detail > 1 && head) {
      // The inspector that the first click of two opens moves the cells: the second one means the cell of the first.
      edit(head);
    } else if (range && range.anchor === range.head && same(range.head, at)) edit(at);
    else move(at);
  };
  const onPointerDown = (event: PointerEvent) => {
    const at = cellAt(event);
    if (at && event.button === 0 && !event.shiftKey && !isField(event)) dragging.current = at;
  };
  const onPointerOver = (event: PointerEvent) => {
    const from = dragging.current;
    const at = cellAt(event);
    if (!from || !at || event.buttons !== 1 || same(from, at)) return;
    setEditing(undefined);
    onRange({ anchor: from, head: at });
  };

  const onKey = (event: KeyboardEvent) => {
    const at = cellAt(event);
    if (!at || editing || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (!range || clipboard.current?.take(event)) return;
      if (event.key.toLowerCase() !== "a" && !event.key.startsWith("Arrow") && !(event.key in ENDS)) return;
    }
    if (press(event, at)) event.preventDefault();
  };
  /** Does what a key means in a cell; answers whether it means something. */
  const press = (event: KeyboardEvent, at: Selection): boolean => {
    const far = event.ctrlKey || event.metaKey;
    const screenful = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [far ? keys.length : 1, 0],
      ArrowUp: [far ? -keys.length : -1, 0],
      ArrowRight: [0, far ? environments.length : 1],
      ArrowLeft: [0, far ? -environments.length : -1],
      PageDown: [screenful, 0],
      PageUp: [-screenful, 0],
      Home: [far ? -keys.length : 0, -environments.length],
      End: [far ? keys.length : 0, environments.length],
    };
    const step = steps[event.key];
    if (step) move(neighbour(at, ...step, keys, environments), event.shiftKey);
    else if (far && event.key.toLowerCase() === "a") {
      const first = { key: keys[0] ?? at.key, environment: environments[0] ?? at.environment };
      onRange({
        anchor: { key: keys.at(-1) ?? at.key, environment: environments.at(-1) ?? at.environment },
        head: first,
      });
      focusCell(first);
    } else if (event.key === "Tab") {
      // Without a selection the key leaves the matrix, so that nobody is caught in it.
      const to = range && next(at, event.shiftKey ? -1 : 1, keys, environments);
      if (!to) return false;
      move(to);
    } else if (event.key === "Escape") onRange(undefined);
    else if (event.key === "Enter" || event.key === "F2") edit(at);
    else if (event.key === "Delete" || event.key === "Backspace") {
      if (!range) onRange(only(at));
      props.onRemove();
    } else if (event.key.length === 1 && event.key !== "/" && event.key !== "?") edit(at, event.key);
    else return false;
    return true;
  };

  const save = async (value: string, then: Then, all: boolean) => {
    if (!head) return false;
    if (!(await props.onSave(head, value, all))) return false;
    if (then === "stay") setEditing(undefined);
    else if (then === "down") move(neighbour(head, 1, 0, keys, environments));
    else move(next(head, then === "next" ? 1 : -1, keys, environments) ?? head);
    if (all) focusCell(head);
    return true;
  };

  const area = useMemo(() => range && areaOf(range, keys, environments), [range, keys, environments]);
  const chosen = useMemo(() => new Set(area?.keys), [area]);
  const from = area?.environments[0] === undefined ? undefined : environments.indexOf(area.environments[0]);
  const to = from === undefined ? undefined : from + (area?.environments.length ?? 1) - 1;
  const entrance = head && places.has(head.key) ? head.key : keys[0];
  const cursor = head && environments.indexOf(head.environment);
  const columns = { "--columns": environments.length } as CSSProperties;
  return (
    <div className={classes.grid} style={columns}>
      <Arrival find={() => scroller.current?.querySelector("[data-cell][tabindex='0']")} />
      <Clipboard
        ref={clipboard}
        onCopy={props.onCopy}
        onPaste={props.onPaste}
        onLeave={() => head && focusCell(head)}
      />
      <div
        ref={scroller}
        className={classes.scroller}
        role="grid"
        aria-label="Variables"
        aria-rowcount={lines.length + 1}
        aria-multiselectable
        onClick={onClick}
        onPointerDown={onPointerDown}
        onPointerOver={onPointerOver}
        onPointerUp={() => {
          dragging.current = undefined;
        }}
        onKeyDown={onKey}
      >
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
              {unread.includes(name) && (
                <span title={UNREAD} className={classes.unread}>
                  <IconAlertTriangle className={classes.icon} aria-label={UNREAD} />
                </span>
              )}
              {guarded.includes(name) && <IconShieldHalf className={classes.icon} aria-label="protected" />}
            </span>
          ))}
        </div>
        <div className={classes.all} style={{ height: virtual.getTotalSize() }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            if ("group" in line) {
              return (
                <Group
                  key={`group ${line.group} ${item.index}`}
                  group={line.group}
                  size={line.size}
                  open={!closed.has(line.group)}
                  top={item.start}
                  onToggle={() => onToggle(line.group)}
                />
              );
            }
            const { row } = line;
            const current = head?.key === row.key;
            const inside = chosen.has(row.key);
            return (
              <MatrixRow
                key={row.key}
                row={row}
                environments={environments}
                index={item.index}
                top={item.start}
                cursor={current ? cursor : undefined}
                from={inside ? from : undefined}
                to={inside ? to : undefined}
                entrance={row.key === entrance ? (cursor ?? 0) : undefined}
                editor={
                  current && editing
                    ? {
                        ...editing,
                        label: `Value of ${row.key} in ${head.environment}`,
                        busy: saving,
                        words: wordsOf(row),
                        check: async (value) => (row.declared ? props.onCheck(row.key, value) : null),
                        onSave: save,
                        onLeave: () => move(head),
                      }
                    : undefined
                }
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const ENDS = { Home: true, End: true };

function same(a: Selection, b: Selection): boolean {
  return a.key === b.key && a.environment === b.environment;
}

import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { DocumentEdit, DocumentNode, DocumentView, Failure } from "../../backend";
import { FilterBar } from "../../components/FilterBar";
import { Empty } from "../../components/Page";
import { Problem } from "../../components/Problem";
import classes from "./Form.module.css";
import { FormRow } from "./FormRow";
import { NameDialog, type Naming } from "./NameDialog";
import { found, holders, idOf, isHolder, isPlain, labelOf, nodeAt, shown, sizes } from "./tree";

const ROW_HEIGHT = 32;
const OVERSCAN = 16;

interface Props {
  document: DocumentView;
  label: string;
  /** The line that the cursor of the text is in. */
  cursor: number;
  /** Why the last edit was not made. */
  refused: Failure | undefined;
  onEdit: (edit: DocumentEdit) => Promise<boolean>;
  onTry: (edit: DocumentEdit) => Promise<DocumentView | undefined>;
  onLine: (line: number) => void;
}

/** A document's values as a tree of typed fields. Each edit is one edit of the text. */
export function Form({ document, label, cursor, refused, onEdit, onTry, onLine }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [naming, setNaming] = useState<Naming>();
  const { nodes, format, problem } = document;
  const rows = useMemo(() => shown(found(nodes, text), text ? new Set() : closed), [nodes, text, closed]);
  const standing = useMemo(() => holders(nodes), [nodes]);
  const counted = useMemo(() => sizes(standing), [standing]);
  // Several values may stand in one line: which of them it is, only the form can say.
  const [focused, setFocused] = useState<{ id: string; cursor: number }>();
  const current = useMemo(
    () =>
      (focused?.cursor === cursor && rows.find(({ path }) => idOf(path) === focused.id)) ||
      nodeAt(rows, cursor),
    [rows, cursor, focused],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const place = current ? rows.indexOf(current) : -1;
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place);
  }, [place, virtual]);

  const toggle = (id: string) => {
    const next = new Set(closed);
    if (!next.delete(id)) next.add(id);
    setClosed(next);
  };
  const root = nodes.find(({ path }) => path.length === 0);
  // An env file's values stand in the document itself, whether or not that is among the values.
  const canAdd = !problem && (root === undefined || isHolder(root));
  return (
    <div className={classes.form}>
      <FilterBar label="Filter values" placeholder="Filter" text={text} onText={setText} wide>
        <Button
          leftSection={<IconPlus className={classes.icon} aria-hidden />}
          onClick={() => setNaming({ holder: [], list: root?.kind === "array" })}
          disabled={!canAdd}
        >
          Add a value
        </Button>
      </FilterBar>
      {refused && (
        <div className={classes.refused}>
          <Problem failure={refused} doing="Editing" compact />
        </div>
      )}
      {rows.length === 0 ? (
        <Empty title={text ? "No value fits" : problem ? "The text cannot be read" : "No values yet"}>
          {text
            ? undefined
            : problem
              ? "It is mended in the text."
              : "Add the first one, or write it in the text."}
        </Empty>
      ) : (
        <div
          ref={scroller}
          className={`${classes.scroller} ${problem ? classes.unread : ""}`}
          role="tree"
          aria-label={label}
          // Until the text can be read again these are the values that it had.
          inert={problem !== null}
          onKeyDown={moveBetweenFields}
        >
          <div className={classes.all} style={{ height: virtual.getTotalSize() }} role="presentation">
            {virtual.getVirtualItems().map((item) => {
              const node = rows[item.index];
              if (!node) return null;
              const id = idOf(node.path);
              return (
                <FormRow
                  key={id}
                  node={node}
                  label={labelOf(node.path, standing.get(id) ?? [], format)}
                  top={item.start}
                  size={counted.get(id) ?? 0}
                  open={!closed.has(id) || text !== ""}
                  current={node === current}
                  plain={isPlain(format)}
                  onToggle={() => toggle(id)}
                  onEdit={onEdit}
                  onTry={onTry}
                  onLine={(line) => {
                    setFocused({ id, cursor: line });
                    onLine(line);
                  }}
                  onName={(wanted: DocumentNode, add) =>
                    setNaming(
                      add ? { holder: wanted.path, list: wanted.kind === "array" } : { rename: wanted.path },
                    )
                  }
                />
              );
            })}
          </div>
        </div>
      )}
      {naming && (
        <NameDialog
          naming={naming}
          plain={isPlain(format)}
          onEdit={onEdit}
          refused={refused}
          onClose={() => setNaming(undefined)}
        />
      )}
    </div>
  );
}

/** Up and down go from field to field. */
function moveBetweenFields(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const fields = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-field]")].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
  );
  const now = fields.indexOf(event.target as HTMLElement);
  const next = fields[now + (event.key === "ArrowDown" ? 1 : -1)];
  if (now < 0 || !next) return;
  next.focus();
  event.preventDefault();
}

import { NativeSelect, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { DocumentEdit, DocumentNode, DocumentView, Failure } from "../../backend";
import classes from "./Form.module.css";
import { choices, idOf } from "./tree";

/** So many milliseconds after the last key the core says whether the value is one of its type. */
const PAUSE = 150;

interface Props {
  node: DocumentNode;
  name: string;
  /** Its type, in a word. */
  label: string;
  onEdit: (edit: DocumentEdit) => Promise<boolean>;
  onTry: (edit: DocumentEdit) => Promise<DocumentView | undefined>;
}

/** A value to write. It is checked while it is typed, and goes into the text with Enter or when the field is left. */
export function ValueField({ node, name, label, onEdit, onTry }: Props) {
  const { value, kind } = node;
  const [draft, setDraft] = useState(value ?? "");
  const [problem, setProblem] = useState<Failure | null>(node.problem);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const written = useRef(value ?? "");
  useEffect(() => () => clearTimeout(timer.current), []);
  // A text is made of nothing once something is written there.
  const edit = (next: string): DocumentEdit => ({
    set: { path: node.path, value: next, ...(kind === "null" ? { kind: "string" as const } : {}) },
  });

  const check = (next: string) => {
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const tried = await onTry(edit(next));
      const id = idOf(node.path);
      const found = tried?.nodes.findLast(({ path }) => idOf(path) === id);
      setProblem(
        tried === undefined
          ? {
              code: "invalid_input",
              message: kind === "number" ? "this is not a number" : "this cannot be written here",
            }
          : (found?.problem ?? null),
      );
    }, PAUSE);
  };
  const commit = async () => {
    if (draft === written.current) return;
    const before = written.current;
    written.current = draft;
    if (!(await onEdit(edit(draft)))) written.current = before;
  };
  const words = choices(node);
  if (words && value !== null) {
    return (
      <NativeSelect
        className={classes.field}
        size="xs"
        aria-label={name}
        data={words.includes(value) ? words : [value, ...words]}
        value={value}
        error={problem !== null}
        onChange={(event) => void onEdit(edit(event.currentTarget.value))}
        data-field
      />
    );
  }
  const message = problem ? [problem.message, problem.hint].filter(Boolean).join(". ") : undefined;
  return (
    <>
      <TextInput
        className={classes.field}
        aria-label={name}
        aria-description={message}
        placeholder={kind === "null" ? "nothing" : "empty"}
        leftSection={node.reference ? <IconKey className={classes.small} aria-hidden /> : undefined}
        inputMode={kind === "number" ? "decimal" : undefined}
        value={draft}
        error={problem !== null}
        onChange={(event) => check(event.currentTarget.value)}
        onBlur={() => void commit()}
        onKeyDown={(event) => {
          if (event.key === "Enter") void commit();
          else if (event.key === "Escape") {
            clearTimeout(timer.current);
            setDraft(written.current);
            setProblem(node.problem);
          }
        }}
        autoComplete="off"
        spellCheck={false}
        data-field
      />
      <span className={`${classes.quiet} ${classes.type}`} data-bad={problem !== null} title={message}>
        {problem?.message ?? label}
      </span>
    </>
  );
}

import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { Failure } from "../../backend";
import classes from "./CellEditor.module.css";

/** Where to go once a value is saved: so many cells down and right; or nowhere. */
export type Then = "down" | "next" | "previous" | "stay";

export interface EditorProps {
  label: string;
  initial: string;
  /** The value was begun by typing: it is not to be selected, or the next character would replace it. */
  begun: boolean;
  busy: boolean;
  /** The words that it may be, if there are only some. */
  words: string[] | undefined;
  /** What is wrong with a value, by its variable's type; asked while it is typed. */
  check: (value: string) => Promise<Failure | null>;
  /** Saves, in every selected cell if `all`; answers whether it was saved. */
  onSave: (value: string, then: Then, all: boolean) => Promise<boolean>;
  onLeave: () => void;
}

/** So many milliseconds after the last key the value is checked. */
const PAUSE = 120;

/** A cell to write: Enter saves and goes down, Tab saves and goes on, Esc leaves it as it was. */
export function CellEditor({ label, initial, begun, busy, words, check, onSave, onLeave }: EditorProps) {
  const input = useRef<HTMLInputElement>(null);
  const left = useRef(false);
  const list = useId();
  const [problem, setProblem] = useState<Failure | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = (value: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const found = await check(value);
      // An answer about what is not there any more says nothing.
      if (input.current?.value === value) setProblem(found);
    }, PAUSE);
  };
  useEffect(() => {
    input.current?.focus();
    if (!begun) input.current?.select();
  }, [begun]);

  const save = async (then: Then, all = false) => {
    if (left.current || !input.current) return;
    // Leaving the field because it was saved must not save it again.
    left.current = true;
    left.current = await onSave(input.current.value, then, all);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation();
    const all = event.ctrlKey || event.metaKey;
    if (event.key === "Enter") void save(all ? "stay" : "down", all);
    else if (event.key === "Tab") void save(event.shiftKey ? "previous" : "next");
    else if (event.key === "Escape") {
      left.current = true;
      onLeave();
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        ref={input}
        className={classes.input}
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={problem ? `${list}-problem` : undefined}
        list={words ? list : undefined}
        defaultValue={initial}
        readOnly={busy}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => typed(event.currentTarget.value)}
        onKeyDown={onKey}
        onBlur={() => void save("stay")}
      />
      {words && (
        <datalist id={list}>
          {words.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      )}
      {problem && (
        <span id={`${list}-problem`} className={classes.problem} role="status">
          {problem.message}. {problem.hint}
        </span>
      )}
    </>
  );
}

import { type KeyboardEvent, useEffect, useRef } from "react";
import classes from "./CellEditor.module.css";

/** Where to go once a value is saved: so many cells down and right; or nowhere. */
export type Then = "down" | "next" | "previous" | "stay";

export interface EditorProps {
  label: string;
  initial: string;
  /** The value was begun by typing: it is not to be selected, or the next character would replace it. */
  begun: boolean;
  busy: boolean;
  /** Saves, in every selected cell if `all`; answers whether it was saved. */
  onSave: (value: string, then: Then, all: boolean) => Promise<boolean>;
  onLeave: () => void;
}

/** A cell to write: Enter saves and goes down, Tab saves and goes on, Esc leaves it as it was. */
export function CellEditor({ label, initial, begun, busy, onSave, onLeave }: EditorProps) {
  const input = useRef<HTMLInputElement>(null);
  const left = useRef(false);
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
    <input
      ref={input}
      className={classes.input}
      aria-label={label}
      defaultValue={initial}
      readOnly={busy}
      spellCheck={false}
      autoComplete="off"
      onKeyDown={onKey}
      onBlur={() => void save("stay")}
    />
  );
}

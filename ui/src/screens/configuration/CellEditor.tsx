import { type KeyboardEvent, useEffect, useRef } from "react";
import classes from "./CellEditor.module.css";

interface Props {
  label: string;
  initial: string;
  /** The value was begun by typing: it is not to be selected, or the next character would replace it. */
  begun: boolean;
  busy: boolean;
  /** Saves, and moves so many cells down and right; answers whether it was saved. */
  onSave: (value: string, then: [number, number] | undefined) => Promise<boolean>;
  onLeave: () => void;
}

/** A cell to write: Enter saves and goes down, Tab saves and goes right, Esc leaves it as it was. */
export function CellEditor({ label, initial, begun, busy, onSave, onLeave }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const left = useRef(false);
  useEffect(() => {
    input.current?.focus();
    if (!begun) input.current?.select();
  }, [begun]);

  const save = async (then: [number, number] | undefined) => {
    if (left.current || !input.current) return;
    // Leaving the field because it was saved must not save it again.
    left.current = true;
    left.current = await onSave(input.current.value, then);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation();
    if (event.key === "Enter") void save([1, 0]);
    else if (event.key === "Tab") void save([0, event.shiftKey ? -1 : 1]);
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
      onClick={(event) => event.stopPropagation()}
      onBlur={() => void save(undefined)}
    />
  );
}

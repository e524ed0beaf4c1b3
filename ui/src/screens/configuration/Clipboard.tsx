import { type ClipboardEvent, type KeyboardEvent, useImperativeHandle, useRef } from "react";
import classes from "./MatrixGrid.module.css";

export interface ClipboardField {
  /** Takes part in a key that copies or pastes, before the page does what the key is for. */
  take: (event: KeyboardEvent) => boolean;
}

interface Props {
  ref: React.Ref<ClipboardField>;
  onCopy: () => string;
  onPaste: (text: string) => void;
  /** The focus has to go back to where it was. */
  onLeave: () => void;
}

/**
 * A field out of sight that copies and pastes for cells. They are no text, and a webview copies and pastes in fields
 * only; so for the moment of the key the focus is here. What is pasted never stands in it.
 */
export function Clipboard({ ref, onCopy, onPaste, onLeave }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => ({
    take: (event) => {
      const key = event.key.toLowerCase();
      if (!field.current || event.shiftKey || (key !== "c" && key !== "v")) return false;
      // A webview copies only where something is selected.
      field.current.value = key === "c" ? " " : "";
      field.current.focus({ preventScroll: true });
      field.current.select();
      return true;
    },
  }));
  const copy = (event: ClipboardEvent) => {
    event.clipboardData.setData("text/plain", onCopy());
    event.preventDefault();
    onLeave();
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData("text/plain");
    event.preventDefault();
    onLeave();
    if (text !== "") onPaste(text);
  };
  return (
    <textarea
      ref={field}
      className={classes.clipboard}
      aria-label="Copy and paste cells"
      tabIndex={-1}
      onCopy={copy}
      onPaste={paste}
      // Nothing came of the key: the clipboard was empty, or is not for us.
      onKeyUp={onLeave}
    />
  );
}

import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { language } from "./languages";
import { look } from "./look";
import classes from "./Reader.module.css";
import { withheld } from "./withheld";

interface Props {
  text: string;
  label: string;
  /** The file, whose name says what language it is. */
  path: string;
}

/** A text to read, with colours and line numbers. */
export default function Reader({ text, label, path }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!parent.current) return;
    const view = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": label }),
          lineNumbers(),
          language(path),
          withheld,
          look,
        ],
      }),
    });
    return () => view.destroy();
  }, [text, label, path]);
  return <div ref={parent} className={classes.reader} />;
}

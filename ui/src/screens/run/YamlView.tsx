import { yaml } from "@codemirror/lang-yaml";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { look } from "../../components/editor/look";
import classes from "./YamlView.module.css";

/** YAML to read, with colours and line numbers. */
export function YamlView({ text, label }: { text: string; label: string }) {
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
          yaml(),
          look,
        ],
      }),
    });
    return () => view.destroy();
  }, [text, label]);
  return <div ref={parent} className={classes.editor} />;
}

import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import classes from "./YamlView.module.css";

const look = EditorView.theme({
  "&": { backgroundColor: "var(--surface-sunken)", color: "var(--text)", fontSize: "var(--text-small)" },
  ".cm-content": { fontFamily: "var(--font-mono)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--text-3)" },
]);

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
          syntaxHighlighting(colours),
          look,
        ],
      }),
    });
    return () => view.destroy();
  }, [text, label]);
  return <div ref={parent} className={classes.editor} />;
}

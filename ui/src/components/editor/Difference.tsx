import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import classes from "./Editor.module.css";
import { language } from "./languages";
import { differences, look } from "./look";
import { withheld } from "./withheld";

interface Props {
  before: string;
  after: string;
  /** What the two sides are called. */
  labels: [string, string];
  /** The file, whose name says what language it is. */
  path: string;
}

/** Two texts beside each other, to read: what differs is marked, what does not is folded away. */
export default function Difference({ before, after, labels, path }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const [left, right] = labels;
  useEffect(() => {
    if (!parent.current) return;
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.lineWrapping,
        lineNumbers(),
        language(path),
        withheld,
        look,
        differences,
      ],
    });
    const view = new MergeView({
      parent: parent.current,
      a: side(before, left),
      b: side(after, right),
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    return () => view.destroy();
  }, [before, after, left, right, path]);
  return <div ref={parent} className={classes.difference} />;
}

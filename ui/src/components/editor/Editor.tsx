import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  type ViewUpdate,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { completeFrom, type Schema } from "./completion";
import classes from "./Editor.module.css";
import { isYaml, language } from "./languages";
import { look } from "./look";
import { withheld } from "./withheld";

/** A mistake, with the place that it is at. */
export interface Mistake {
  line: number;
  column: number;
  message: string;
  severity: "error" | "warning";
}

interface Props {
  label: string;
  /** The file, whose name says what language it is. */
  path: string;
  text: string;
  onText: (text: string) => void;
  mistakes: Mistake[];
  schema: Schema | undefined;
  /** The line that is to be seen; another object means: go there. */
  line: { number: number } | undefined;
  /** The person put the cursor into this line. */
  onLine: (line: number) => void;
  onSave: () => void;
}

/** Text to write: colours, mistakes in the margin, completion, search. What comes from outside is an edit that can be undone. */
export default function Editor(props: Props) {
  const { label, path, text, mistakes, schema, line } = props;
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (!parent.current) return;
    const completion = new Compartment();
    const made = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          // The text's own line breaks come back as they were.
          EditorState.lineSeparator.of(latest.current.text.includes("\r\n") ? "\r\n" : "\n"),
          lineNumbers(),
          foldGutter(),
          lintGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          EditorView.lineWrapping,
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          search({ top: true }),
          keymap.of([
            {
              key: "Mod-s",
              run: () => {
                latest.current.onSave();
                return true;
              },
            },
            // Esc, then Tab leaves the editor: nobody is caught in it.
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            indentWithTab,
          ]),
          language(path),
          completion.of(
            schema && isYaml(path) ? autocompletion({ override: [completeFrom(schema)], icons: false }) : [],
          ),
          withheld,
          look,
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          EditorView.updateListener.of((update) => tell(update, latest.current)),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [path, label, schema]);

  useEffect(() => {
    if (view.current) replace(view.current, text);
  }, [text]);

  useEffect(() => {
    if (!view.current) return;
    view.current.dispatch(setDiagnostics(view.current.state, diagnostics(view.current.state, mistakes)));
  }, [mistakes]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !line || line.number > editor.state.doc.lines) return;
    const { from } = editor.state.doc.line(line.number);
    editor.dispatch({
      selection: { anchor: from },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
      annotations: Transaction.userEvent.of("select.form"),
    });
  }, [line]);

  return <div ref={parent} className={classes.editor} />;
}

/** Says what the person did in the editor. */
function tell(update: ViewUpdate, props: Props) {
  const own = update.transactions.some((transaction) => transaction.isUserEvent("input.form"));
  if (update.docChanged && !own) props.onText(update.state.sliceDoc());
  if (
    !update.selectionSet ||
    update.transactions.some((transaction) => transaction.isUserEvent("select.form"))
  )
    return;
  props.onLine(update.state.doc.lineAt(update.state.selection.main.head).number);
}

/** Makes the editor's text another one by changing only what differs, so that cursor and folds stay. */
function replace(editor: EditorView, text: string) {
  const before = editor.state.sliceDoc();
  if (before === text) return;
  let from = 0;
  const most = Math.min(before.length, text.length);
  while (from < most && before[from] === text[from]) from++;
  // A line break of two signs is one: it is not cut apart.
  if (before[from - 1] === "\r") from--;
  let end = 0;
  while (end < most - from && before[before.length - 1 - end] === text[text.length - 1 - end]) end++;
  if (before[before.length - end] === "\n" && end > 0) end--;
  // Positions in the editor count a line break as one sign, however it is written.
  const place = (at: number) => before.slice(0, at).replaceAll("\r\n", "\n").length;
  editor.dispatch({
    changes: {
      from: place(from),
      to: place(before.length - end),
      insert: editor.state.toText(text.slice(from, text.length - end)),
    },
    annotations: Transaction.userEvent.of("input.form"),
  });
}

function diagnostics(state: EditorState, mistakes: Mistake[]): Diagnostic[] {
  return mistakes.map(({ line, column, message, severity }) => {
    const where = state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));
    const from = Math.min(where.from + Math.max(0, column - 1), where.to);
    return { from, to: where.to, message, severity };
  });
}

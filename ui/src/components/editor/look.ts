/** How text in an editor looks; the colours are the tokens'. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const frame = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "var(--text-code)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "var(--space-5)" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--surface-hover) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--surface-selected)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--surface-selected)",
    outline: "var(--line) solid var(--border-strong)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--mark)" },
  ".cm-searchMatch.cm-searchMatch-selected": { backgroundColor: "var(--mark-current)" },
  ".cm-panels": { backgroundColor: "var(--surface-chrome)", color: "var(--text)" },
  ".cm-panels.cm-panels-top": { borderBottom: "var(--line) solid var(--border)" },
  ".cm-panel.cm-search": { padding: "var(--space-2)", fontFamily: "inherit", fontSize: "var(--text-body)" },
  ".cm-panel.cm-search label": { fontSize: "var(--text-body)" },
  ".cm-textfield": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "var(--line) solid var(--border-strong)",
    borderRadius: "var(--radius-small)",
    fontSize: "var(--text-body)",
  },
  ".cm-button": {
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    color: "var(--text)",
    border: "var(--line) solid var(--border-strong)",
    borderRadius: "var(--radius-small)",
    fontSize: "var(--text-body)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "var(--line) solid var(--border-strong)",
    borderRadius: "var(--radius)",
    boxShadow: "var(--lift)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--font-mono)",
    fontSize: "var(--text-code)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "var(--space-half) var(--space-2)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--surface-selected)",
    color: "var(--text)",
  },
  ".cm-completionInfo": { maxWidth: "var(--column-width)", padding: "var(--space-2)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  ".cm-diagnostic": { padding: "var(--space-1) var(--space-2)", fontSize: "var(--text-body)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "var(--space-half)",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warn)",
    textUnderlineOffset: "var(--space-half)",
  },
  ".cm-gutter-lint": { width: "var(--icon)" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "var(--space-half)" },
  ".cm-lint-marker": {
    content: "none",
    borderRadius: "50%",
    width: "var(--space-2)",
    height: "var(--space-2)",
  },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--warn)" },
  ".cm-withheld": {
    padding: "0 var(--space-1)",
    borderRadius: "var(--radius-small)",
    backgroundColor: "var(--warn-tint)",
    color: "var(--warn)",
  },
  ".cm-foldGutter .cm-gutterElement": { cursor: "pointer" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--surface-hover)",
    color: "var(--text-2)",
    border: "0",
    padding: "0 var(--space-1)",
  },
});

/** The difference of two texts. */
export const differences = EditorView.theme({
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--bad-tint)" },
  "&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine": { backgroundColor: "var(--good-tint)" },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad) 24%, transparent)",
  },
  "&.cm-merge-b .cm-changedText": { background: "color-mix(in srgb, var(--good) 24%, transparent)" },
  "&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter": { background: "var(--bad)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--good)" },
  ".cm-collapsedLines": {
    background: "var(--surface-hover)",
    color: "var(--text-2)",
    fontFamily: "var(--font-mono)",
    padding: "var(--space-half) var(--space-4)",
  },
});

const colours = HighlightStyle.define([
  {
    tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName],
    color: "var(--accent)",
  },
  { tag: [tags.definition(tags.variableName), tags.variableName], color: "var(--accent)" },
  { tag: [tags.string, tags.content, tags.quote], color: "var(--text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warn)" },
  { tag: [tags.keyword, tags.typeName, tags.labelName, tags.tagName], color: "var(--protected)" },
  { tag: [tags.comment, tags.meta], color: "var(--text-3)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

/** The look of every editor. */
export const look: Extension = [frame, syntaxHighlighting(colours)];

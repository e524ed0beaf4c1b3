/** HCL's colours: blocks, attributes, texts with templates in them, comments. */
import { StreamLanguage, type StreamParser } from "@codemirror/language";

interface State {
  /** What ends a text that is not ended yet: a quote, or a heredoc's word. */
  until: { quote: true } | { word: string } | undefined;
  /** Open braces of templates inside of a text. */
  templates: number;
  comment: boolean;
}

const ATOMS = new Set(["true", "false", "null"]);
const WORDS = new Set(["for", "in", "if", "else", "endif", "endfor"]);

const parser: StreamParser<State> = {
  name: "hcl",
  startState: () => ({ until: undefined, templates: 0, comment: false }),
  token(stream, state) {
    if (state.comment) {
      if (stream.skipTo("*/")) {
        stream.match("*/");
        state.comment = false;
      } else stream.skipToEnd();
      return "comment";
    }
    if (state.until && state.templates === 0) return text(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match("/*")) {
      state.comment = true;
      return "comment";
    }
    if (stream.match("#") || stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    const heredoc = stream.match(/^<<-?([A-Za-z_][\w-]*)/);
    if (heredoc && typeof heredoc !== "boolean") {
      state.until = { word: heredoc[1] ?? "" };
      stream.skipToEnd();
      return "string";
    }
    if (stream.eat('"')) {
      if (state.templates > 0) {
        // A text inside of a template: it is short, and has no line breaks.
        stream.match(/^(?:[^"\\]|\\.)*"?/);
        return "string";
      }
      state.until = { quote: true };
      return "string";
    }
    if (state.templates > 0) {
      if (stream.eat("{")) state.templates++;
      else if (stream.eat("}")) state.templates--;
      else return word(stream);
      return "keyword";
    }
    return word(stream);
  },
  languageData: { commentTokens: { line: "#", block: { open: "/*", close: "*/" } } },
};

type Stream = Parameters<StreamParser<State>["token"]>[0];

/** The rest of a text, up to a template or its end. */
function text(stream: Stream, state: State): string {
  const { until } = state;
  if (until && "word" in until) {
    if (stream.sol() && stream.match(new RegExp(`^\\s*${until.word}\\s*$`))) {
      state.until = undefined;
      return "string";
    }
  }
  if (stream.match(/^[$%]\{/)) {
    state.templates = 1;
    return "keyword";
  }
  while (!stream.eol()) {
    if (stream.match(/^[$%]\{/, false)) break;
    const sign = stream.next();
    if (until && "quote" in until) {
      if (sign === "\\") stream.next();
      else if (sign === '"') {
        state.until = undefined;
        break;
      }
    }
  }
  // A text in quotes ends with its line, however it was meant.
  if (stream.eol() && until && "quote" in until && state.templates === 0) state.until = undefined;
  return "string";
}

function word(stream: Stream): string | null {
  if (stream.match(/^\d[\d.eE+-]*/)) return "number";
  const match = stream.match(/^[A-Za-z_][\w-]*/);
  if (!match || typeof match === "boolean") {
    stream.next();
    return null;
  }
  const [name] = match;
  if (ATOMS.has(name)) return "atom";
  if (WORDS.has(name)) return "keyword";
  if (stream.match(/^\s*=(?!=)/, false)) return "propertyName";
  if (stream.match(/^\s*("[^"]*"\s*)*\{/, false)) return "typeName";
  return "variableName";
}

/** HCL: Terraform's files and variables. */
export const hcl = StreamLanguage.define(parser);

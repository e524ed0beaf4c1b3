/** Completion of YAML from a JSON Schema: the keys that may stand at a place, and the words that may stand behind one. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";

/** As much of JSON Schema as completion looks at. */
export interface Schema {
  $ref?: string;
  description?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema | boolean>;
  patternProperties?: Record<string, Schema | boolean>;
  additionalProperties?: Schema | boolean;
  items?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  $defs?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
}

/** So many steps of references are followed; a schema that refers to itself ends there. */
const DEEP = 8;

/** A schema and everything that it may be instead: references followed, alternatives side by side. */
function alternatives(schema: Schema | boolean | undefined, root: Schema, depth = 0): Schema[] {
  if (typeof schema !== "object" || depth > DEEP) return [];
  const name = schema.$ref?.match(/^#\/(\$defs|definitions)\/(.+)$/);
  const target = name?.[2] === undefined ? undefined : (root.$defs ?? root.definitions)?.[name[2]];
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...[target, ...others].flatMap((other) => alternatives(other, root, depth + 1))];
}

/** What may stand behind a key, or in a list (without a key). */
function inside(schemas: Schema[], key: string | undefined, root: Schema): Schema[] {
  return schemas.flatMap((schema) => {
    if (key === undefined) return alternatives(schema.items, root);
    const named = schema.properties?.[key];
    if (named !== undefined) return alternatives(named, root);
    const pattern = Object.entries(schema.patternProperties ?? {}).find(([regex]) =>
      new RegExp(regex).test(key),
    );
    return alternatives(pattern?.[1] ?? schema.additionalProperties, root);
  });
}

/** What may stand at the end of a way from the root; `undefined` in it is a place in a list. */
export function schemasAt(root: Schema, path: (string | undefined)[]): Schema[] {
  return path.reduce((schemas, key) => inside(schemas, key, root), alternatives(root, root));
}

const KEY = /^(\s*)((?:- +)*)(?:"([^"]+)"|'([^']+)'|([^\s#:'"-][^:#]*?)) *:(?: |$)/;

/** The way to the place of a line, told by the indentation of the lines above it. */
export function pathAt(lines: string[], at: number): (string | undefined)[] {
  const line = lines[at] ?? "";
  let indent = line.search(/\S|$/);
  const path: (string | undefined)[] = [];
  // What stands behind `- ` on the same line belongs to the list's object.
  const dashes = line.match(/^\s*((?:- +)+)/)?.[1]?.match(/-/g)?.length ?? 0;
  for (let place = 0; place < dashes; place++) path.unshift(undefined);
  let listed = dashes > 0;
  for (let above = at - 1; above >= 0 && (indent > 0 || listed); above--) {
    const text = lines[above] ?? "";
    if (/^\s*(#|$)/.test(text)) continue;
    const match = text.match(KEY);
    const dash = text.match(/^(\s*)- +/);
    if (dash?.[0] && dash[0].length <= indent && (dash[1] ?? "").length < indent) {
      // The key beside the dash is a brother of this line; the dash is the list's place.
      if (match && dash[0].length < indent) path.unshift(nameOf(match));
      path.unshift(undefined);
      indent = (dash[1] ?? "").length;
      listed = true;
      continue;
    }
    if (!match) continue;
    const begins = (match[1] ?? "").length;
    // A list may stand at the same indentation as its key.
    if (begins < indent || (listed && begins === indent && !dash)) {
      path.unshift(nameOf(match));
      indent = begins;
      listed = false;
    }
  }
  return path;
}

function nameOf(match: RegExpMatchArray): string {
  return (match[3] ?? match[4] ?? match[5] ?? "").trim();
}

function kindOf(schema: Schema): string {
  return Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "");
}

/** The keys that may stand in any of these. */
function keysOf(schemas: Schema[], root: Schema): Completion[] {
  const found = new Map<string, Completion>();
  for (const schema of schemas) {
    for (const [label, value] of Object.entries(schema.properties ?? {})) {
      const all = alternatives(value, root);
      const info = all.find(({ description }) => description)?.description;
      found.set(label, {
        label,
        type: "property",
        detail: all.map(kindOf).find((kind) => kind !== ""),
        apply: `${label}: `,
        ...(info ? { info } : {}),
      });
    }
  }
  return [...found.values()];
}

/** The words that any of these may be. */
function wordsOf(schemas: Schema[]): Completion[] {
  const words = schemas.flatMap((schema) => [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...(schema.type === "boolean" ? [true, false] : []),
  ]);
  return [...new Set(words)]
    .filter((word) => word !== null && typeof word !== "object")
    .map((word) => ({ label: String(word), type: "enum" }));
}

/** Completes YAML from a schema. */
export function completeFrom(root: Schema) {
  return (context: CompletionContext): CompletionResult | null => {
    const { state, pos, explicit } = context;
    const line = state.doc.lineAt(pos);
    const before = line.text.slice(0, pos - line.from);
    const lines = state.doc.toString().split("\n");
    const path = pathAt(lines.slice(0, line.number - 1).concat(before), line.number - 1);
    const value = before.match(/^\s*(?:- +)*(?:"([^"]+)"|'([^']+)'|([^\s#:'"]+)) *: +([^#]*)$/);
    if (value) {
      const typed = value[4] ?? "";
      const key = value[1] ?? value[2] ?? value[3] ?? "";
      const options = wordsOf(schemasAt(root, [...path, key]));
      return options.length > 0 ? { from: pos - typed.length, options } : null;
    }
    const typed = before.match(/^\s*(?:- +)*([\w.-]*)$/)?.[1];
    if (typed === undefined || (typed === "" && !explicit)) return null;
    const schemas = schemasAt(root, path);
    const options = [...keysOf(schemas, root), ...(path.at(-1) === undefined ? wordsOf(schemas) : [])];
    return options.length > 0 ? { from: pos - typed.length, options } : null;
  };
}

/** A document's values as the lines of a form; pure, so that it can be tested without a screen. */
import type { DocumentFormat, DocumentNode, PathStep, ValueType } from "../../backend";

/** A way to a value as people write it: `services.web.ports[0]`. */
export function pathText(path: PathStep[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const key = /^[\w-]+$/.test(step) ? step : JSON.stringify(step);
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The last step of a way: a key, or a place in a list, counted from 1 as people do. */
export function nameOf(path: PathStep[]): string {
  const last = path.at(-1);
  return typeof last === "number" ? `${last + 1}.` : (last ?? "");
}

/** Tells values apart. */
export function idOf(path: PathStep[]): string {
  return JSON.stringify(path);
}

/** Whether it holds other values. */
export function isHolder({ kind }: DocumentNode): boolean {
  return kind === "object" || kind === "array";
}

/** The lines that are seen: what stands in something closed is not. The document itself makes no line. */
export function shown(nodes: DocumentNode[], closed: ReadonlySet<string>): DocumentNode[] {
  let hidden = Number.POSITIVE_INFINITY;
  return nodes.filter((node) => {
    if (node.path.length === 0) return false;
    if (node.depth > hidden) return false;
    hidden = closed.has(idOf(node.path)) ? node.depth : Number.POSITIVE_INFINITY;
    return true;
  });
}

/** Those that mention a text in their way or their value, with what they stand in. */
export function found(nodes: DocumentNode[], text: string): DocumentNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return nodes;
  const kept = new Set<string>();
  for (const { path, value } of nodes) {
    if (!`${pathText(path)} ${value ?? ""}`.toLowerCase().includes(wanted)) continue;
    for (let length = path.length; length > 0; length--) kept.add(idOf(path.slice(0, length)));
  }
  return nodes.filter(({ path }) => kept.has(idOf(path)));
}

/** Whether a way leads through another one. */
function leadsThrough(path: PathStep[], holder: PathStep[]): boolean {
  return path.length > holder.length && holder.every((step, place) => step === path[place]);
}

/** For each value, by its id, the way of what it stands in. Between the two are several steps where a block has labels. */
export function holders(nodes: DocumentNode[]): Map<string, PathStep[]> {
  const open: PathStep[][] = [];
  return new Map(
    nodes.map(({ path }) => {
      while (open.length > 0 && !leadsThrough(path, open.at(-1) ?? [])) open.pop();
      const holder = open.at(-1) ?? [];
      open.push(path);
      return [idOf(path), holder];
    }),
  );
}

/** What a value is called where it stands: its key, with the labels that a block of HCL has behind it. */
export function labelOf(path: PathStep[], holder: PathStep[], format: DocumentFormat): string {
  const own = path.slice(holder.length);
  if (own.length < 2) return nameOf(path);
  if (format !== "hcl") return pathText(own);
  return own
    .map((step, place) =>
      typeof step === "number" ? `${step + 1}.` : place === 0 ? step : JSON.stringify(step),
    )
    .join(" ");
}

/** How many values each holder has, by its id. */
export function sizes(standing: Map<string, PathStep[]>): Map<string, number> {
  const counted = new Map<string, number>();
  for (const holder of standing.values()) {
    counted.set(idOf(holder), (counted.get(idOf(holder)) ?? 0) + 1);
  }
  return counted;
}

/** The value that stands on a line, or the last one before it. */
export function nodeAt(nodes: DocumentNode[], line: number): DocumentNode | undefined {
  let best: DocumentNode | undefined;
  for (const node of nodes) {
    if (node.path.length > 0 && node.line <= line && (!best || node.line >= best.line)) best = node;
  }
  return best;
}

/** A type's name. */
export function typeName(type: ValueType): string {
  return typeof type === "object"
    ? "one of a list"
    : type === "url"
      ? "URL"
      : type === "json"
        ? "JSON"
        : type;
}

/** The words that a value may be, if there are only some. */
export function choices({ kind, value_type: type }: DocumentNode): string[] | undefined {
  if (type && typeof type === "object") return type.enum;
  return kind === "boolean" ? ["true", "false"] : undefined;
}

/** Formats that know texts alone, one beside the other. */
const PLAIN = new Set<string>(["env", "docker_env", "shell"]);

/** Whether a format has no kinds and nothing in anything else. */
export function isPlain(format: DocumentFormat): boolean {
  return PLAIN.has(format);
}

/** Made-up documents: as much of JSON, YAML and env files as the made-up project has, read with places and edited in them. */
import type {
  DocumentEdit,
  DocumentEntry,
  DocumentFormat,
  DocumentNode,
  DocumentRelease,
  DocumentRole,
  DocumentView,
  EarlierDocument,
  Failure,
  MergeConflict,
  MergeResolution,
  PathStep,
  SavedDocument,
  ValueKind,
} from "../backend";
import { before } from "./data";

const FILES: { path: string; role: DocumentRole; text: string; deployed?: string }[] = [
  {
    path: "sternway.yaml",
    role: "project",
    text: `# What the shop is made of.
project: shop
environments:
  development:
    target:
      docker: local
  staging:
    target:
      docker: ssh://deploy@staging.example.com
  production:
    protected: true
    target:
      docker: tcp://203.0.113.5:2376
configuration:
  variables: [.env, ".env.{environment}"]
  required: [DB_HOST, DB_PASSWORD]
application:
  compose: [docker-compose.yml]
`,
  },
  {
    path: ".env",
    role: "variables",
    text: `# Application
NODE_ENV=production
PORT=80
LOG_LEVEL=info
REQUEST_TIMEOUT=30s
SMTP_PASSWORD=⟦withheld:SMTP_PASSWORD⟧
DB_PASSWORD=keychain:DB_PASSWORD
`,
  },
  {
    path: "docker-compose.yml",
    role: "compose",
    text: `services:
  web:
    image: shop/web
    restart: unless-stopped
    environment:
      LOG_LEVEL: debug
  db:
    image: postgres:16
`,
  },
  {
    path: "config/app.json",
    role: "file",
    text: `{
  "name": "shop",
  "server": {
    "host": "0.0.0.0",
    "port": 8080,
    "timeout": "30s",
    "tls": false
  },
  "features": {
    "checkout_v2": true,
    "currencies": ["EUR", "USD", "SEK"]
  },
  "support": { "email": "hello@shop.example.com", "url": "https://shop.example.com/help" },
  "banner": null
}
`,
    deployed: `{
  "name": "shop",
  "server": {
    "host": "0.0.0.0",
    "port": 3000,
    "timeout": "30s",
    "tls": false
  },
  "features": {
    "checkout_v2": false,
    "currencies": ["EUR", "USD"]
  },
  "support": { "email": "hello@shop.example.com", "url": "https://shop.example.com/help" },
  "banner": null
}
`,
  },
  { path: "infra/terraform.tfvars", role: "file", text: `region = "eu-north-1"\nreplicas = 3\n` },
];

interface Spanned {
  node: DocumentNode;
  /** Where its value stands, and its key. */
  value: [number, number];
  key: [number, number] | undefined;
}

function formatOf(path: string): DocumentFormat {
  if (path.endsWith(".json")) return "json";
  return path.startsWith(".env") ? "env" : "text";
}

function mistake(file: string, text: string, at: number, message: string): Failure {
  const before = text.slice(0, at).split("\n");
  return {
    code: "invalid_input",
    message,
    at: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
  };
}

function spanned(
  text: string,
  path: PathStep[],
  kind: ValueKind,
  value: string | null,
  span: [number, number],
  key?: [number, number],
): Spanned {
  const before = text.slice(0, (key ?? span)[0]).split("\n");
  const plain = value ?? "";
  const reference = plain.startsWith("keychain:") ? plain.slice("keychain:".length) : null;
  const secret = plain.startsWith("⟦withheld:");
  const port = path.at(-1) === "port" || path.at(-1) === "PORT";
  return {
    node: {
      path,
      kind,
      value: secret ? null : value,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      depth: Math.max(0, path.length - 1),
      secret,
      reference,
      value_type: port
        ? "port"
        : plain.startsWith("https://")
          ? "url"
          : /^[^@ ]+@[^@ ]+\.\w+$/.test(plain)
            ? "email"
            : null,
      problem:
        port && !(Number(plain) >= 1 && Number(plain) <= 65535)
          ? {
              code: "invalid_input",
              message: "this is not a port",
              hint: "Write a whole number from 1 to 65535.",
            }
          : null,
    },
    value: span,
    key,
  };
}

/** Reads JSON with places. */
function readJson(file: string, text: string): Spanned[] {
  const found: Spanned[] = [];
  let at = 0;
  const fail = (message: string): never => {
    throw mistake(file, text, at, message);
  };
  const space = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  const word = (): string => text.slice(at).match(/^("(?:[^"\\\n]|\\.)*"|[\w.+-]+)/)?.[0] ?? "";
  const value = (path: PathStep[], key?: [number, number]) => {
    space();
    const from = at;
    const place = found.length;
    const open = text[at];
    if (open === "{" || open === "[") {
      const close = open === "{" ? "}" : "]";
      at++;
      space();
      for (let index = 0; text[at] !== close; index++) {
        if (index > 0) {
          if (text[at] !== ",") fail(`a comma or ${close} is missing here`);
          at++;
          space();
        }
        if (open === "[") value([...path, index]);
        else {
          const name = word();
          if (!name.startsWith('"')) fail("a key in quotes is missing here");
          const span: [number, number] = [at, at + name.length];
          at += name.length;
          space();
          if (text[at] !== ":") fail("a colon is missing here");
          at++;
          value([...path, JSON.parse(name)], span);
        }
        space();
      }
      at++;
      const holder = spanned(text, path, open === "{" ? "object" : "array", null, [from, at], key);
      found.splice(place, 0, holder);
      return;
    }
    const written = word();
    if (written === "") fail("a value is missing here");
    at += written.length;
    const kind: ValueKind = written.startsWith('"')
      ? "string"
      : written === "null"
        ? "null"
        : written === "true" || written === "false"
          ? "boolean"
          : "number";
    const shown = kind === "string" ? String(JSON.parse(written)) : kind === "null" ? null : written;
    found.push(spanned(text, path, kind, shown, [from, at], key));
  };
  value([]);
  space();
  if (at < text.length) fail("nothing may stand here");
  return found;
}

/** Reads lines of `key: value` or `key=value`, in YAML one in another by their indentation. */
function readLines(file: string, text: string, sign: ":" | "="): Spanned[] {
  const found: Spanned[] = [];
  const stack: { indent: number; path: PathStep[] }[] = [];
  let at = 0;
  for (const line of text.split("\n")) {
    const match = line.match(
      sign === ":" ? /^(\s*)([^\s#:][^:]*):(?: +(.*))?$/ : /^(\s*)([\w.]+)\s*=\s*(.*)$/,
    );
    if (!match && line.trim() !== "" && !line.trim().startsWith("#")) {
      throw mistake(file, text, at + line.search(/\S/), `a ${sign === ":" ? "colon" : "="} is missing here`);
    }
    if (match) {
      const [, space = "", key = "", value = ""] = match;
      while (stack.length > 0 && (stack.at(-1)?.indent ?? 0) >= space.length) stack.pop();
      const path = [...(stack.at(-1)?.path ?? []), key];
      stack.push({ indent: space.length, path });
      const from = at + line.length - value.length;
      const kind: ValueKind =
        value === "" && sign === ":"
          ? "object"
          : value.startsWith("[")
            ? "other"
            : /^(true|false)$/.test(value)
              ? "boolean"
              : "string";
      found.push(
        spanned(
          text,
          path,
          kind,
          kind === "object" ? null : value,
          [from, from + value.length],
          [at + space.length, at + space.length + key.length],
        ),
      );
    }
    at += line.length + 1;
  }
  return found;
}

function read(path: string, text: string): Spanned[] {
  const format = formatOf(path);
  if (format === "json") return readJson(path, text);
  return format === "env" ? readLines(path, text, "=") : [];
}

function written(path: string, value: string, kind: ValueKind): string {
  if (formatOf(path) !== "json") return value;
  return kind === "string" ? JSON.stringify(value) : kind === "null" ? "null" : value;
}

function edited(path: string, text: string, edit: DocumentEdit): string {
  const values = read(path, text);
  const at = (wanted: PathStep[]) => {
    const found = values.findLast(({ node }) => JSON.stringify(node.path) === JSON.stringify(wanted));
    if (!found) throw { code: "not_found", message: "That value is not there." } satisfies Failure;
    return found;
  };
  const splice = ([from, to]: [number, number], by: string) => text.slice(0, from) + by + text.slice(to);
  if (edit.set) {
    const found = at(edit.set.path);
    return splice(found.value, written(path, edit.set.value, edit.set.kind ?? found.node.kind));
  }
  if (edit.rename) {
    const { key } = at(edit.rename.path);
    return key ? splice(key, written(path, edit.rename.key, "string")) : text;
  }
  if (edit.unset) {
    const { value, key } = at(edit.unset.path);
    const from = text.lastIndexOf("\n", (key ?? value)[0]) + 1;
    return splice([from, text.indexOf("\n", value[1]) + 1], "");
  }
  const { key, value, kind } = edit.insert;
  if (formatOf(path) !== "json") return `${text}${key}=${value}\n`;
  const holder = at(edit.insert.path);
  const end = holder.value[1] - 1;
  const empty = !values.some(({ node }) => node.path.length === edit.insert.path.length + 1);
  const what = `${key == null ? "" : `${JSON.stringify(key)}: `}${written(path, value, kind)}`;
  return splice([end, end], `${empty ? "" : ", "}${what}`);
}

/** The documents of the made-up project, as the core would answer about them. */
export function fakeDocuments() {
  const files = new Map(FILES.map((file) => [file.path, { ...file }]));
  let saves = 0;

  function fileOf(path: string) {
    const file = files.get(path);
    if (!file) throw { code: "not_found", message: `${path} is not there.` } satisfies Failure;
    return file;
  }

  function view(path: string, text: string): DocumentView {
    const file = fileOf(path);
    let nodes: DocumentNode[] = [];
    let problem: Failure | null = null;
    try {
      nodes = read(path, text).map(({ node }) => node);
    } catch (thrown) {
      problem = thrown as Failure;
    }
    return {
      path,
      format: formatOf(path),
      text,
      stamp: `stamp of ${file.text.length} ${file.text}`,
      nodes,
      problem,
      withheld: [...text.matchAll(/⟦withheld:([^⟧]*)⟧/g)].map((match) => match[1] ?? ""),
      schema: path === "sternway.yaml" ? SCHEMA : null,
    };
  }

  return {
    list: (): DocumentEntry[] => [
      ...[...files.values()].map(({ path, role }) => ({
        path,
        format: formatOf(path),
        role,
        exists: true,
        problem: null,
      })),
      {
        path: ".env.production",
        format: "env" as const,
        role: "variables" as const,
        exists: false,
        problem: null,
      },
    ],
    open: (path: string, reveal: boolean): DocumentView => {
      const { text } = fileOf(path);
      return view(path, reveal ? text.replace(/⟦withheld:[^⟧]*⟧/g, "shown-because-asked-for") : text);
    },
    edited: (path: string, text: string, edit: DocumentEdit | null): DocumentView => {
      if (edit === null) return view(path, text);
      const next = edited(path, text, edit);
      return view(path, next);
    },
    save: (
      path: string,
      text: string,
      base: string | null,
      baseText: string | null,
      resolutions: MergeResolution[],
    ): SavedDocument => {
      const file = fileOf(path);
      const now = view(path, file.text);
      if (now.stamp !== base) {
        const values = (source: string) =>
          new Map(
            read(path, source)
              .filter(({ node }) => node.value !== null)
              .map(({ node }) => [JSON.stringify(node.path), node.value] as const),
          );
        const [was, ours, theirs] = [values(baseText ?? ""), values(text), values(file.text)];
        let merged = file.text;
        const conflicts: MergeConflict[] = [];
        for (const [id, mine] of ours) {
          const way = JSON.parse(id) as PathStep[];
          if (mine === was.get(id)) continue;
          const chosen = resolutions.find((one) => JSON.stringify(one.path) === id);
          if (theirs.get(id) !== was.get(id) && !chosen) {
            conflicts.push({
              path: way,
              base: was.get(id) ?? null,
              ours: mine,
              theirs: theirs.get(id) ?? null,
            });
          } else if (chosen?.take !== "theirs") {
            merged = edited(path, merged, { set: { path: way, value: mine ?? "" } });
          }
        }
        if (conflicts.length > 0) {
          return { conflict: { base, theirs: now.stamp, merged_text: merged, conflicts } };
        }
        file.text = merged;
      } else file.text = text;
      saves++;
      return { saved: { document: view(path, file.text), unversioned: null } };
    },
    /** Somebody else writes to a file. */
    outside: (path: string, change: (text: string) => string) => {
      const file = fileOf(path);
      file.text = change(file.text);
    },
    /** In which releases it runs: whoever has a name in the file's reads it alone. */
    releases: (path: string): DocumentRelease[] =>
      [
        { environment: "development", release: 42, created: before(90_000), version: 11 },
        { environment: "staging", release: 44, created: before(7200), version: 13 },
        { environment: "production", release: 41, created: before(260_000), version: 9 },
      ].filter(({ environment }) => !path.startsWith(".env.") || path.endsWith(environment)),
    at: (path: string, version: number): EarlierDocument => {
      const { text, deployed, role } = fileOf(path);
      const values = role === "variables";
      const then = values ? text.replace("LOG_LEVEL=info", "LOG_LEVEL=warn") : (deployed ?? text);
      return {
        version,
        kept: version < 2 ? "absent" : values ? "values" : "whole",
        text: version < 2 ? null : then,
        withheld_differs: values && version < 10,
      };
    },
    text: (path: string) => fileOf(path).text,
    saves: () => saves,
  };
}

const SCHEMA = JSON.stringify({
  properties: {
    project: { type: "string", description: "The project's name." },
    environments: {
      additionalProperties: {
        properties: {
          protected: { type: "boolean", description: "Its name must be typed." },
          target: { properties: { docker: { type: "string" } } },
        },
      },
    },
    configuration: { properties: { variables: { type: "array" }, required: { type: "array" } } },
    application: { properties: { compose: { type: "array" } } },
  },
});

/** Times, durations and hashes as people read them. */
import type { Kind, Target, ValueType } from "../backend";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `just now`, `4 min ago`, `2 h ago`, `yesterday`, `3 d ago`, and a date after two weeks. */
export function ago(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < MINUTE) return `${seconds} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 2 * DAY) return "yesterday";
  if (seconds < 14 * DAY) return `${Math.floor(seconds / DAY)} d ago`;
  return new Date(at).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

/** `0.4 s`, `14 s`, `1m 04s`, `2h 05m`. */
export function duration(seconds: number): string {
  if (seconds < 0.95) return `${Math.max(seconds, 0).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${String(whole % MINUTE).padStart(2, "0")}s`;
  return `${Math.floor(whole / HOUR)}h ${String(Math.floor((whole % HOUR) / MINUTE)).padStart(2, "0")}m`;
}

/** The usual time, if it is long enough that anybody waits for it. */
export function usually(seconds: number | undefined): string | undefined {
  return seconds !== undefined && seconds >= 1 ? duration(seconds) : undefined;
}

/** Seconds between two moments. */
export function between(started: string, ended: string | number): number {
  return ((typeof ended === "number" ? ended : Date.parse(ended)) - Date.parse(started)) / 1000;
}

/** `512 B`, `3.4 MB`, `1.2 GB`; powers of 1000, as engines print memory and downloads. */
export function bytes(number: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = number;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The exact time, for a tooltip. */
export function exact(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** Twelve characters of a hash or digest. */
export function short(hash: string): string {
  return hash.replace(/^sha256:/, "").slice(0, 12);
}

/** Seven characters of a commit, as git shows it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** `1 change`, `3 changes`. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

/** Where an environment runs. */
export function target(where: Target): string {
  return `docker ${where.docker}`;
}

/** What a deployment is, with the environment as its object: `Deploy to staging`, `Go back to #41 in staging`. */
export function title(of: { kind: Kind; environment: string; target?: number | null }): string {
  switch (of.kind) {
    case "deploy":
      return `Deploy to ${of.environment}`;
    case "rollback":
      return of.target ? `Go back to #${of.target} in ${of.environment}` : `Go back in ${of.environment}`;
    case "promote":
      return `Promote to ${of.environment}`;
    case "restore":
      return `Restore ${of.environment}`;
    case "down":
      return `Take down ${of.environment}`;
  }
}

/** A published port as it is shown. */
export interface PublishedPort {
  port: number;
  text: string;
  /** A browser can be sent there. */
  opens: boolean;
}

/** The ports of `127.0.0.1:8080->80/tcp` and the like, each once; what is no such thing stays as it is. */
export function publishedPorts(published: string[]): PublishedPort[] {
  const ports = published.map((text) => {
    const [, host, port = "", protocol] = /^(.*:)?(\d+)->\d+\/(\w+)$/.exec(text) ?? [];
    if (!port) return { port: 0, text, opens: false };
    const opens = protocol === "tcp";
    return { port: Number(port), text: opens ? `:${port}` : `${host ?? ":"}${port}/${protocol}`, opens };
  });
  return ports.filter(({ text }, at) => ports.findIndex((other) => other.text === text) === at);
}

/** The last part of a path. */
export function folderName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

const TYPES: Record<Extract<ValueType, string>, string> = {
  port: "a port",
  url: "a URL",
  host: "a host",
  email: "an e-mail address",
  duration: "a duration",
  size: "a size",
  boolean: "true or false",
  number: "a number",
  json: "JSON",
};

/** The type of a value, as the object of a sentence. */
export function typeWords(type: ValueType): string {
  return typeof type === "object" ? `one of ${type.enum.join(", ")}` : TYPES[type];
}

/** Reading through a whole log in pieces: to search it and to copy it, however long it is. */
import { useEffect, useState } from "react";
import {
  type Backend,
  type Failure,
  failure,
  type LogLine,
  type Stage,
  type Step,
  useBackend,
} from "../../backend";

const PIECE = 2000;
/** More places than a person steps through. */
const MOST_MATCHES = 10_000;
/** A shorter line stands in an error's words by chance. */
const QUOTED = 8;

async function* pieces(backend: Backend, project: string, number: number, after: number, until: number) {
  for (let at = after; at < until; at += PIECE) {
    yield (await backend.log(project, number, null, at, Math.min(PIECE, until - at))).lines;
  }
}

/** The whole log as text. */
export async function wholeLog(
  backend: Backend,
  project: string,
  number: number,
  total: number,
): Promise<string> {
  const parts: string[] = [];
  for await (const lines of pieces(backend, project, number, 0, total)) {
    for (const { text } of lines) parts.push(text);
  }
  return parts.join("\n");
}

/** Where a line matches, without regard to upper and lower case; -1 if it does not. */
export function findIn(text: string, wanted: string): number {
  return text.toLowerCase().indexOf(wanted.toLowerCase());
}

/** A line that begins like an error, or has one behind a place, a time or a level: only to choose the line to show first. */
const ERROR =
  /^\W*(\w*(error|exception)|fatal|panic|panicked|failed|failure|fail)\b|\b(\w*error|\w*exception|fatal|panic|failed|failure|denied|refused|unhealthy)\b\s*[:!\]=]|: (error|fatal)\b|\bpanicked at\b|\blevel["=: ]+(error|fatal)\b|\b(ERROR|FATAL|PANIC)\b/;
/** What counts errors, and lines that say of themselves that they are none. */
const CALM =
  /\b(0|no|without|any)\s+(errors?|failures?|failed)\b|\b(errors?|failures?|failed)\s*[:=]\s*0\b|\b(INFO|DEBUG|TRACE)\b|\blevel["=: ]+(info|debug|trace)\b|^\W*(info|debug|trace)\b/i;

/** Whether a line of a log reads like an error. */
export function readsLikeError(text: string): boolean {
  return !CALM.test(text) && (ERROR.test(text) || ERROR.test(text.toLowerCase()));
}

/** Stages whose steps are commands: the last that one says before it gives up is worth a look, whatever it is. */
const COMMANDS: Stage[] = ["checks", "build", "verification"];

/** A line without what differs from one attempt to the next: numbers, times, addresses. */
function shape(text: string): string {
  return text.trim().replace(/[\da-f]*\d[\da-f]*/gi, "0");
}

/**
 * The line of a failed step to look at first: one that the step's error quotes, or else the first that reads like an error, or
 * else a command's last one. Nothing where none says anything of a failure. Of attempts that failed alike it is the first.
 */
export async function firstError(
  backend: Backend,
  project: string,
  number: number,
  step: Step,
): Promise<number | undefined> {
  const first = new Map<string, number>();
  let like: number | undefined;
  let last = 0;
  for (;;) {
    const { lines } = await backend.log(project, number, step.number, last, PIECE);
    const quoted = lines.find(
      ({ text }) => text.trim().length >= QUOTED && step.detail.includes(text.trim()),
    );
    for (const { text, line } of lines) {
      const seen = shape(text);
      if (!first.has(seen)) first.set(seen, line);
    }
    if (quoted) return first.get(shape(quoted.text)) ?? quoted.line;
    like ??= lines.find(({ text }) => readsLikeError(text))?.line;
    last = lines.at(-1)?.line ?? last;
    if (lines.length < PIECE) return like ?? (COMMANDS.includes(step.stage) && last > 0 ? last : undefined);
  }
}

/** The first line that a step printed. */
export async function firstLine(
  backend: Backend,
  project: string,
  number: number,
  step: number,
): Promise<number | undefined> {
  return (await backend.log(project, number, step, 0, 1)).lines[0]?.line;
}

export interface Search {
  /** Places of matching lines. */
  matches: number[];
  /** How many lines were read. */
  scanned: number;
  problem?: Failure;
}

const NOTHING: Search = { matches: [], scanned: 0 };

/** Searches a log from its beginning; goes on when it grows. */
export function useLogSearch(project: string, number: number, total: number, wanted: string): Search {
  const backend = useBackend();
  const [search, setSearch] = useState<Search & { wanted: string }>({ ...NOTHING, wanted: "" });
  const current = search.wanted === wanted ? search : { ...NOTHING, wanted };
  const from = current.problem ? total : current.scanned;

  useEffect(() => {
    if (!wanted || from >= total) return;
    let left = false;
    async function scan() {
      try {
        for await (const lines of pieces(backend, project, number, from, total)) {
          if (left) return;
          const found = lines
            .filter(({ text }: LogLine) => findIn(text, wanted) >= 0)
            .map(({ line }) => line);
          const reached = lines.at(-1)?.line ?? total;
          setSearch((known) => {
            const before = known.wanted === wanted ? known : { ...NOTHING, wanted };
            if (reached <= before.scanned) return before;
            return {
              wanted,
              matches: [...before.matches, ...found].slice(0, MOST_MATCHES),
              scanned: reached,
            };
          });
        }
      } catch (thrown) {
        if (!left) setSearch((known) => ({ ...known, wanted, problem: failure(thrown) }));
      }
    }
    void scan();
    return () => {
      left = true;
    };
    // `from` is left out: it moves with every piece, and must not start the scan that moves it again.
  }, [backend, project, number, total, wanted]);
  return wanted ? current : NOTHING;
}

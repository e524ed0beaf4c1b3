/** Versions of the configuration in words. */
import type { Cause, VersionChange, VersionHead } from "../../backend";

/** So many are named; the others are counted. */
const NAMED = 3;

/** The changes as the list of changes shows them: where each stands, and who reads it. */
export function listed(changes: VersionChange[]) {
  return changes.map(({ subject, action, before, after, file, environments }) => ({
    subject,
    action,
    before,
    after,
    // A document's name is its file already.
    reason: [
      subject === `document ${file}` ? "" : file,
      environments.length > 0 ? `read by ${environments.join(", ")}` : "",
    ]
      .filter(Boolean)
      .join(", "),
  }));
}

/** How a version came about, with who made it. */
export function origin({ number, cause, by }: Pick<VersionHead, "number" | "cause" | "by">): string {
  const words: Record<Cause, string> = {
    saved: `saved by ${by}`,
    restored: `brought back by ${by}`,
    // Nobody changed anything before there was a version to compare with.
    outside: number === 1 ? "as it was found" : "changed outside of Sternway",
  };
  return words[cause];
}

/** What a version changed, in a few words. */
export function summary(changes: VersionChange[], more: number): string {
  const all = [...new Set(changes.map(({ subject }) => subject.replace(/^variable /, "")))];
  const names = all.slice(0, NAMED);
  const others = all.length - names.length + more;
  return [...names, ...(others > 0 ? [`${others} more`] : [])].join(", ") || "nothing that is written down";
}

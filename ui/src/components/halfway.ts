/** A newest deployment that did not succeed: what happened to it, and what can be done now. */
import type { Outcome } from "../backend";
import type { Severity } from "../errors";

interface Case {
  severity: Severity;
  /** What happened to it, after its number. */
  words: string;
  /** It stopped halfway, so that the same thing can be gone on with. */
  halfway: boolean;
  /** Whether there is something to go back from. */
  back: "yes" | "no" | "if it changed something";
}

const CASES: Record<Exclude<Outcome, "succeeded">, Case> = {
  interrupted: { severity: "warning", words: "was interrupted", halfway: true, back: "yes" },
  cancelled: { severity: "warning", words: "was cancelled", halfway: true, back: "if it changed something" },
  unknown: { severity: "warning", words: "ended, nobody knows how", halfway: true, back: "yes" },
  failed: { severity: "error", words: "failed", halfway: false, back: "if it changed something" },
  went_back: { severity: "warning", words: "failed and was taken back", halfway: false, back: "no" },
};

/** Whether there is something to go back from. */
export function hasWayBack({ back }: Case, changed: boolean): boolean {
  return back === "yes" || (back !== "no" && changed);
}

/** What to say of a deployment that did not succeed; nothing of one that did, or runs. */
export function caseOf(result: Outcome | null): Case | undefined {
  return result === null || result === "succeeded" ? undefined : CASES[result];
}

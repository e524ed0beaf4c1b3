/** What the steps of a deployment say about it. */
import type { Stage, Step } from "../backend";

/** Where a deployment works on what runs; what it does before and after touches nothing. */
const TOUCHING: ReadonlySet<Stage> = new Set(["configuration", "application", "verification"]);

/** Whether none of the steps that change something was begun. */
export function changedNothing(steps: readonly Step[]): boolean {
  return steps.every(
    ({ stage, state }) => !TOUCHING.has(stage) || state === "pending" || state === "skipped",
  );
}

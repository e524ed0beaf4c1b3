/** The one line that always says where things stand. */
import type { Deployment, Step } from "../../backend";
import { apart, type Reason } from "../../components/reason";
import { STAGES } from "../../components/stages";
import { count, title } from "../../components/words";

/** What the line says while a deployment runs and the core has not said anything better. */
function underway(steps: readonly Step[]): string {
  const current = steps.find(({ state }) => state === "running");
  if (current) return `Step ${current.number} of ${steps.length}: ${current.name}`;
  if (steps.length === 0) return "Starting";
  return steps.some(({ state }) => state === "pending") ? "Between two steps" : "Writing down the result";
}

/** Where a deployment stands, in a sentence. `runs`: its release is the one that runs now. */
export function standing(
  deployment: Deployment,
  steps: readonly Step[],
  state: string,
  runs: boolean,
): string {
  const what = title(deployment);
  switch (deployment.result) {
    case null:
      return state || underway(steps);
    case "succeeded":
      return `${what}: ${verified(steps)}.${runs ? ` Release #${deployment.release} runs.` : ""}`;
    case "went_back":
    case "failed":
      return `${what}: failed at ${failedAt(steps)}.`;
    case "cancelled":
      return `${what}: stopped by a person after ${count(steps.filter(({ state: s }) => s === "done").length, "step")}.`;
    case "interrupted":
      return `${what}: interrupted.`;
    case "unknown":
      return `${what}: the outcome is not known. Look at what runs before you go on.`;
  }
}

/** At the end the line names what was looked at; what was seen stands at the steps. */
function verified(steps: readonly Step[]): string {
  const names = steps.filter(({ stage, state }) => stage === "verification" && state === "done");
  return names.length > 0 ? `done and verified (${names.map(({ name }) => name).join(", ")})` : "done";
}

/** The step that a deployment failed at. A notification that failed too changes nothing about how it ended. */
export function failedStep(steps: readonly Step[]): Step | undefined {
  const failed = steps.filter(({ state }) => state === "failed");
  return failed.find(({ stage }) => stage !== "notification") ?? failed[0];
}

/** The failed step with its stage; more than one fails when they were carried out at the same time. */
function failedAt(steps: readonly Step[]): string {
  const step = failedStep(steps);
  if (!step) return "a step that was not recorded";
  const others = steps.filter(
    (other) => other !== step && other.state === "failed" && other.stage === step.stage,
  );
  const more = others.length > 0 ? ` and ${count(others.length, "more step")}` : "";
  return `${step.name}${more} (${STAGES[step.stage].toLowerCase()})`;
}

/** Why a deployment failed. */
export function reasonOf({ result, message }: Deployment, steps: readonly Step[]): Reason | undefined {
  if (!message || (result !== "failed" && result !== "went_back")) return undefined;
  return apart(withoutStep(message, steps));
}

/** A deployment's message without the step that it begins with: the page names it. */
export function withoutStep(message: string, steps: readonly Step[]): string {
  const begin = `${failedStep(steps)?.name}: `;
  return message.startsWith(begin) ? message.slice(begin.length) : message;
}

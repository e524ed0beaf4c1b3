/** The one table from an error's code to how grave it is, what people read and which button helps. No screen matches on text. */
import type { Code } from "./backend";

/** `info`: expected, the person decides; `warning`: something has to be mended; `error`: something broke. */
export type Severity = "info" | "warning" | "error";

/** What a button under an error does; the screen that shows the error knows how. */
export type Remedy =
  | "retry"
  | "plan-again"
  | "configuration"
  | "settings"
  | "projects"
  | "recover"
  | "reload";

export interface Words {
  severity: Severity;
  /** What happened, in a few words. */
  title: string;
  /** The state things are in. */
  state: string;
  remedy: Remedy;
}

/** The label of each remedy's button. */
export const REMEDIES: Record<Remedy, string> = {
  retry: "Try again",
  "plan-again": "Plan again",
  configuration: "Open Configuration",
  settings: "Open Settings",
  projects: "Open Projects",
  recover: "Go to Overview",
  reload: "Read again",
};

const UNTOUCHED = "Nothing was changed.";

export const ERRORS: Record<Code, Words> = {
  invalid_input: { severity: "warning", title: "Something does not fit", state: UNTOUCHED, remedy: "retry" },
  not_found: { severity: "warning", title: "Not found", state: UNTOUCHED, remedy: "retry" },
  usage: { severity: "warning", title: "That cannot be done", state: UNTOUCHED, remedy: "retry" },
  unsupported: { severity: "warning", title: "Not supported yet", state: UNTOUCHED, remedy: "retry" },
  protected: {
    severity: "info",
    title: "This environment is protected",
    state: UNTOUCHED,
    remedy: "plan-again",
  },
  plan_moved: {
    severity: "info",
    title: "The plan is out of date",
    state: UNTOUCHED,
    remedy: "plan-again",
  },
  locked: {
    severity: "warning",
    title: "Another deployment is running",
    state: "The environment is locked until it ends.",
    remedy: "recover",
  },
  interrupted: {
    severity: "warning",
    title: "An earlier deployment was interrupted",
    state: "Resume it or go back first.",
    remedy: "recover",
  },
  engine_unreachable: {
    severity: "error",
    title: "The container engine does not answer",
    state: "Configuration and history still work.",
    remedy: "retry",
  },
  keychain_unavailable: {
    severity: "error",
    title: "The keychain cannot be used",
    state: "Everything without secrets still works.",
    remedy: "settings",
  },
  secret_missing: {
    severity: "warning",
    title: "A secret has no value",
    state: UNTOUCHED,
    remedy: "configuration",
  },
  history_damaged: {
    severity: "error",
    title: "The history cannot be read",
    state: "Your project's files are not affected.",
    remedy: "settings",
  },
  history_newer: {
    severity: "error",
    title: "The history is from a newer Sternway",
    state: "It was left as it is.",
    remedy: "settings",
  },
  project_missing: {
    severity: "warning",
    title: "The project is not there",
    state: "Its history is kept.",
    remedy: "projects",
  },
  file_changed: {
    severity: "warning",
    title: "The file was changed meanwhile",
    state: "Nothing was overwritten.",
    remedy: "reload",
  },
  failed: { severity: "error", title: "It failed", state: "", remedy: "retry" },
  cancelled: { severity: "info", title: "Stopped", state: "", remedy: "retry" },
  timed_out: { severity: "error", title: "It took too long", state: "", remedy: "retry" },
  unknown: {
    severity: "error",
    title: "The outcome is not known",
    state: "Look at what runs before you go on.",
    remedy: "recover",
  },
  internal: { severity: "error", title: "Something in Sternway broke", state: "", remedy: "retry" },
};

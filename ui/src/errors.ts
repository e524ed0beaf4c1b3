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
  /** The title where the failure is about a place in a file. */
  inFile?: (file: string) => string;
  /** The state things are in. */
  state: string;
  /** What to do about it here, in place of the core's hint: that names a command to type where the window has a button. */
  advice?: string;
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

/** Not worth saying where something was only read. */
export const UNTOUCHED = "Nothing was changed.";

export const ERRORS: Record<Code, Words> = {
  invalid_input: {
    severity: "warning",
    title: "It was not what was expected",
    inFile: (file) => `A mistake in ${file}`,
    state: UNTOUCHED,
    remedy: "retry",
  },
  not_found: { severity: "warning", title: "It does not exist", state: UNTOUCHED, remedy: "retry" },
  usage: { severity: "warning", title: "It cannot be done like that", state: UNTOUCHED, remedy: "retry" },
  unsupported: {
    severity: "warning",
    title: "Sternway cannot do this yet",
    inFile: (file) => `${file} uses something that Sternway cannot do yet`,
    state: UNTOUCHED,
    remedy: "retry",
  },
  protected: {
    severity: "info",
    title: "This environment is protected",
    state: UNTOUCHED,
    remedy: "plan-again",
  },
  untrusted: {
    severity: "info",
    title: "The project is new to this machine",
    state: UNTOUCHED,
    advice: "Look at its commands, and trust it if you want them to run.",
    remedy: "recover",
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
    state: "Nothing else is begun before that is settled.",
    advice: "Resume it or go back, from the overview.",
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
    // It never had one, or the version that is wanted is gone; the message says which.
    title: "A secret's value is missing",
    state: UNTOUCHED,
    advice: "Set it again in Configuration, or go to another release.",
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
    advice:
      "If it was moved, open it at its new place; its history can be brought along. A folder without a sternway.yaml is set up when it is opened from Projects.",
    remedy: "projects",
  },
  file_changed: {
    severity: "warning",
    title: "The file was changed meanwhile",
    state: "Nothing was overwritten.",
    remedy: "reload",
  },
  failed: { severity: "error", title: "It did not work", state: "", remedy: "retry" },
  cancelled: { severity: "info", title: "Stopped", state: "", remedy: "retry" },
  declined: { severity: "info", title: "Not confirmed", state: "Nothing was touched.", remedy: "retry" },
  timed_out: { severity: "error", title: "It took too long", state: "", remedy: "retry" },
  unknown: {
    severity: "error",
    title: "The outcome is not known",
    state: "Look at what runs before you go on.",
    remedy: "recover",
  },
  internal: { severity: "error", title: "Something in Sternway broke", state: "", remedy: "retry" },
};

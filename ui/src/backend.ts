/**
 * The one seam between the window and the core: nothing else imports the bindings or Tauri.
 * Screens get a `Backend` from {@link useBackend}; tests and the browser preview give another one.
 */
import { Channel, isTauri } from "@tauri-apps/api/core";
import { createContext, useContext } from "react";
import { commands, type Error as Failure, type Matrix, type PackedMatrix } from "./bindings";

export type {
  Action,
  Alphabet,
  Audit,
  AuditLine,
  Blame,
  Cause,
  Cell,
  Change,
  Code,
  CommandEvent,
  CommandLine,
  Comparison,
  Deployment,
  DeploymentView,
  DocumentConflict,
  DocumentEdit,
  DocumentEntry,
  DocumentFormat,
  DocumentNode,
  DocumentRelease,
  DocumentRole,
  DocumentView,
  EarlierDocument,
  EnvironmentHead,
  EnvironmentStatus,
  Error as Failure,
  Event as RunEvent,
  Evidence,
  Followings,
  Health,
  HistoryFilter,
  HistoryPage,
  Import,
  ImportCandidate,
  Kind,
  Layer,
  Leak,
  LeakReport,
  LogFilter,
  LogLine,
  LogPage,
  Machine,
  Matrix,
  MatrixRow,
  MergeConflict,
  MergeResolution,
  Origin,
  Outcome,
  Part,
  PathStep,
  Pending,
  Plan,
  ProjectCommand,
  ProjectEntry,
  ProjectView,
  Promotion,
  Recipe,
  ReleaseView,
  RestorePlan,
  RestoreScope,
  RotationView,
  RunningDeployment,
  SavedDocument,
  SecretCell,
  SecretEntry,
  Secrets,
  ServiceLine,
  ServiceStatus,
  ServiceView,
  Stage,
  Status,
  Step,
  StepState,
  TakeOver,
  Target,
  TrustView,
  UsageView,
  ValueKind,
  ValueType,
  Variable,
  VersionChange,
  VersionDifference,
  VersionHead,
  VersionsFilter,
  VersionsPage,
  VersionView,
} from "./bindings";

import type {
  CommandEvent,
  Followings,
  LogFilter,
  Event as RunEvent,
  ServiceLine,
  UsageView,
  VariableEdit,
} from "./bindings";

/** Receives a running deployment's events, in order, in batches. */
export type Listener = (events: RunEvent[]) => void;

/** Every command of the core. All of them throw a {@link Failure}. */
export type Backend = Omit<
  typeof commands,
  | "matrix"
  | "setVariables"
  | "run"
  | "resume"
  | "watch"
  | "launches"
  | "keychainWaits"
  | "followUsage"
  | "serviceLogs"
  | "runInService"
> & {
  /** The variables of all environments side by side. */
  matrix(project: string): Promise<Matrix>;
  /** Sets and removes variables: all of them or none, as one version of the configuration. */
  setVariables(project: string, edits: VariableEdit[], note: string | null): Promise<Matrix>;
  /** Runs a plan; answers with the deployment's number as soon as it began. */
  run(project: string, hash: string, typedName: string | null, events: Listener): Promise<number>;
  /** Finishes an interrupted deployment. */
  resume(project: string, environment: string, typedName: string | null, events: Listener): Promise<number>;
  /** Live events of a running deployment, from now on. */
  watch(project: string, deployment: number, events: Listener): Promise<null>;
  /** Measures what containers use until `stopFollowing` gets the number that is answered. */
  followUsage(
    project: string,
    environment: string,
    listener: (message: Followings<UsageView>) => void,
  ): Promise<number>;
  /** Lines of the services' output, until they end or `stopFollowing` gets the number that is answered. */
  serviceLogs(
    project: string,
    environment: string,
    filter: LogFilter,
    listener: (message: Followings<ServiceLine>) => void,
  ): Promise<number>;
  /**
   * Runs a line in a service's container. `stopFollowing` with the number that is answered ends the command; how it
   * ended is told then as well.
   */
  runInService(
    project: string,
    environment: string,
    service: string,
    line: string,
    typedName: string | null,
    listener: (message: Followings<CommandEvent>) => void,
  ): Promise<number>;
  /** Says when the program was started once more; {@link Backend.launchProject} then answers for that start. */
  launches(started: () => void): Promise<void>;
  /** Says whether the keychain is waited for, now and whenever that changes: its dialog may stand behind the window. */
  keychainWaits(waits: (now: boolean) => void): Promise<void>;
};

/** A channel that hands what it receives to a listener. */
function channel<T>(listener: (message: T) => void): Channel<T> {
  const messages = new Channel<T>();
  messages.onmessage = listener;
  return messages;
}

/** Gives each environment its cell again; cells that are equal are the same object. */
export function unpacked({ matrix, places }: PackedMatrix): Matrix {
  const rows = matrix.rows.map((row, at) => ({
    ...row,
    cells: (places[at] ?? []).flatMap((place) => row.cells[place] ?? []),
  }));
  return { ...matrix, rows };
}

/** The core behind Tauri's commands. */
export const tauri: Backend = {
  ...commands,
  matrix: async (project) => unpacked(await commands.matrix(project)),
  setVariables: async (project, edits, note) => unpacked(await commands.setVariables(project, edits, note)),
  run: (project, hash, typedName, events) => commands.run(project, hash, typedName, channel(events)),
  resume: (project, environment, typedName, events) =>
    commands.resume(project, environment, typedName, channel(events)),
  watch: (project, deployment, events) => commands.watch(project, deployment, channel(events)),
  followUsage: (project, environment, listener) =>
    commands.followUsage(project, environment, channel(listener)),
  serviceLogs: (project, environment, filter, listener) =>
    commands.serviceLogs(project, environment, filter, channel(listener)),
  runInService: (project, environment, service, line, typedName, listener) =>
    commands.runInService(project, environment, service, line, typedName, channel(listener)),
  launches: (started) => commands.launches(channel(started)),
  keychainWaits: (waits) => commands.keychainWaits(channel(waits)),
};

/** Whether the page runs in Sternway's own window. */
export const inWindow = isTauri;

/** Whatever was thrown, as a {@link Failure}; anything that is none of the core's is a bug and says so. */
export function failure(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    return thrown as Failure;
  }
  return {
    code: "internal",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: "This is a bug in Sternway; please report it.",
  };
}

export const BackendContext = createContext<Backend>(tauri);

/** The core. */
export function useBackend(): Backend {
  return useContext(BackendContext);
}

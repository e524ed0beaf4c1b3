/**
 * Deployments that run now, as the window sees them: every event is taken in once, whatever order the live stream and
 * the stored record arrive in, so that a reload in the middle of a run shows the same as no reload.
 */
import { createContext, useContext, useSyncExternalStore } from "react";
import {
  type Backend,
  type Failure,
  failure,
  type LogLine,
  type RunEvent,
  type Step,
  type StepState,
} from "../backend";

/** How many of the newest lines are kept; earlier ones are read from the history when they are looked at. */
const KEPT_LINES = 5000;

export type End = Extract<RunEvent, { event: "end" }>;

/** A deployment that this window follows. Never changed in place. */
export interface Live {
  project: string;
  number: number;
  steps: readonly Step[];
  /** Where things stand, in a sentence; empty until the core says so. */
  state: string;
  /** The newest lines by their place. */
  lines: ReadonlyMap<number, LogLine>;
  /** How many lines there are in all. */
  total: number;
  /** How it ended; absent while it runs. */
  end?: End;
  /** Why it cannot be followed, if so. */
  problem?: Failure;
}

// A step only moves forward; what arrives late is older.
const PROGRESS: Record<StepState, number> = {
  pending: 0,
  running: 1,
  done: 2,
  failed: 2,
  skipped: 2,
  cancelled: 2,
};

/** The steps with one more taken in, in their order. */
export function withStep(steps: readonly Step[], step: Step): readonly Step[] {
  const known = steps.find((other) => other.number === step.number);
  if (!known) return [...steps, step].sort((a, b) => a.number - b.number);
  if (PROGRESS[step.state] < PROGRESS[known.state]) return steps;
  return steps.map((other) => (other === known ? step : other));
}

/** The deployment with a batch of events taken in. */
export function take(live: Live, events: RunEvent[]): Live {
  const next = { ...live };
  let lines: Map<number, LogLine> | undefined;
  for (const event of events) {
    switch (event.event) {
      case "step":
        next.steps = withStep(next.steps, event.step);
        break;
      case "log":
        lines ??= new Map(next.lines);
        lines.set(event.line, { line: event.line, step: event.step, at: event.at, text: event.text });
        next.total = Math.max(next.total, event.line);
        break;
      case "state":
        next.state = event.text;
        break;
      case "end":
        next.end = event;
        break;
    }
  }
  if (lines) {
    for (const line of lines.keys()) {
      if (lines.size <= KEPT_LINES) break;
      lines.delete(line);
    }
    next.lines = lines;
  }
  return next;
}

const key = (project: string, number: number) => `${number} ${project}`;

/** All deployments that this window follows. */
export class LiveDeployments {
  private all: ReadonlyMap<string, Live> = new Map();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly backend: Backend,
    /** Told when a deployment began or ended. */
    private readonly changed: (project: string) => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): ReadonlyMap<string, Live> => this.all;

  /** Runs a plan and follows it. Answers with the deployment's number as soon as it began. */
  run(project: string, hash: string, typedName: string | null): Promise<number> {
    return this.begin(project, (events) => this.backend.run(project, hash, typedName, events));
  }

  /** Finishes an interrupted deployment and follows it. */
  resume(project: string, environment: string, typedName: string | null): Promise<number> {
    return this.begin(project, (events) => this.backend.resume(project, environment, typedName, events));
  }

  /** Follows a deployment that was running before the window was opened. */
  async watch(project: string, number: number): Promise<void> {
    if (this.all.has(key(project, number))) return;
    this.put({ project, number, steps: [], state: "", lines: new Map(), total: 0 });
    // Live events first, the record second: nothing falls between the two, and taking a thing in twice is harmless.
    let problem: Failure | undefined;
    try {
      await this.backend.watch(project, number, (events) => this.hear(project, number, events));
    } catch (thrown) {
      problem = failure(thrown);
    }
    try {
      const view = await this.backend.deployment(project, number);
      this.update(project, number, (live) => {
        const end = live.end ?? ended(view.deployment);
        return {
          ...live,
          steps: view.steps.reduce(withStep, live.steps),
          total: Math.max(live.total, view.log_lines),
          end,
          // What has ended meanwhile cannot be followed any more, and need not be.
          problem: end ? undefined : problem,
        };
      });
    } catch (thrown) {
      this.update(project, number, (live) => ({ ...live, problem: failure(thrown) }));
    }
  }

  /** Forgets a deployment that has ended. */
  dismiss(project: string, number: number): void {
    const all = new Map(this.all);
    all.delete(key(project, number));
    this.publish(all);
  }

  private async begin(
    project: string,
    start: (events: (batch: RunEvent[]) => void) => Promise<number>,
  ): Promise<number> {
    // The first events may come before the number does.
    const early: RunEvent[] = [];
    let number: number | undefined;
    number = await start((batch) => {
      if (number === undefined) early.push(...batch);
      else this.hear(project, number, batch);
    });
    this.put(take({ project, number, steps: [], state: "", lines: new Map(), total: 0 }, early));
    this.changed(project);
    return number;
  }

  private hear(project: string, number: number, batch: RunEvent[]): void {
    this.update(project, number, (live) => take(live, batch));
    if (batch.some((event) => event.event === "end")) this.changed(project);
  }

  private update(project: string, number: number, change: (live: Live) => Live): void {
    const live = this.all.get(key(project, number));
    if (live) this.put(change(live));
  }

  private put(live: Live): void {
    this.publish(new Map(this.all).set(key(live.project, live.number), live));
  }

  private publish(all: ReadonlyMap<string, Live>): void {
    this.all = all;
    for (const listener of this.listeners) listener();
  }
}

type Stored = Awaited<ReturnType<Backend["deployment"]>>["deployment"];

function ended(stored: Stored): End | undefined {
  if (!stored.result) return undefined;
  const { number, kind, environment, result, release, message } = stored;
  return { event: "end", deployment: number, kind, environment, result, release, message };
}

export const LiveContext = createContext<LiveDeployments | null>(null);

/** What starts and follows deployments. */
export function useLiveDeployments(): LiveDeployments {
  const live = useContext(LiveContext);
  if (!live) throw new Error("LiveContext is missing");
  return live;
}

/** All deployments that this window follows, newest first. */
export function useAllLive(): Live[] {
  const live = useLiveDeployments();
  const all = useSyncExternalStore(live.subscribe, live.snapshot);
  return [...all.values()].reverse();
}

/** One deployment, if this window follows it. */
export function useLive(project: string, number: number): Live | undefined {
  const live = useLiveDeployments();
  return useSyncExternalStore(live.subscribe, () => live.snapshot().get(key(project, number)));
}

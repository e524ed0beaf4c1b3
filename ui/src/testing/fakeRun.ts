/** A deployment that is only told: events in the order and the rhythm of a real one. */
import type { Listener, LogLine, RunEvent, Step } from "../backend";
import { detail, output, steps, USUAL } from "./data";

/** A running deployment of the fake. */
export class FakeRun {
  readonly steps: Step[] = steps();
  readonly lines: LogLine[] = [];
  private readonly listeners = new Set<Listener>();
  private cancelled = false;

  constructor(
    readonly number: number,
    readonly environment: string,
    /** Seconds of the story per second; 0 tells it all at once. */
    private readonly pace: number,
    private readonly onEnd: (result: "succeeded" | "cancelled") => void,
  ) {}

  listen(listener: Listener): void {
    this.listeners.add(listener);
  }

  cancel(): void {
    this.cancelled = true;
  }

  /** Goes through all steps. */
  async tell(): Promise<void> {
    for (const step of this.steps) {
      if (this.cancelled) break;
      this.move(step, { state: "running", started: new Date().toISOString() });
      this.say({
        event: "state",
        deployment: this.number,
        at: new Date().toISOString(),
        text: sentence(step),
      });
      const lines = output(step.number);
      const seconds = USUAL[step.number - 1] ?? 0;
      for (const text of lines) {
        await this.wait(seconds / lines.length);
        if (this.cancelled) break;
        this.print(step.number, text);
      }
      if (lines.length === 0) await this.wait(seconds);
      this.move(step, {
        state: this.cancelled ? "cancelled" : "done",
        ended: new Date().toISOString(),
        detail: this.cancelled ? "stopped" : detail(step.number),
      });
    }
    const result = this.cancelled ? "cancelled" : "succeeded";
    this.onEnd(result);
    this.say({
      event: "end",
      deployment: this.number,
      kind: "deploy",
      environment: this.environment,
      result,
      release: result === "succeeded" ? this.number : null,
      message: result === "cancelled" ? "Stopped by anna. The release before runs." : null,
    });
  }

  private wait(seconds: number): Promise<void> {
    if (this.pace === 0) return Promise.resolve();
    return new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / this.pace));
  }

  private move(step: Step, change: Partial<Step>): void {
    Object.assign(step, change);
    this.say({ event: "step", deployment: this.number, step: { ...step } });
  }

  private print(step: number, text: string): void {
    const line: LogLine = { line: this.lines.length + 1, step, at: new Date().toISOString(), text };
    this.lines.push(line);
    this.say({ event: "log", deployment: this.number, ...line });
  }

  private say(event: RunEvent): void {
    for (const listener of this.listeners) listener([event]);
  }
}

function sentence(step: Step): string {
  switch (step.stage) {
    case "checks":
      return `Checking: ${step.name}. Nothing has been touched.`;
    case "build":
      return `Building ${step.name}. Nothing has been touched.`;
    case "configuration":
      return `Setting ${step.name}.`;
    case "application":
      return `${step.name}: the old container answers until the new one is healthy.`;
    case "verification":
      return `Verifying: ${step.name}. A failure puts the release before back.`;
    case "notification":
      return "Telling people.";
  }
}

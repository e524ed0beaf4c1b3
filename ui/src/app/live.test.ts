import { expect, test } from "vitest";
import type { RunEvent, Step } from "../backend";
import { fakeBackend } from "../testing/fake";
import { type Live, LiveDeployments, take } from "./live";

const EMPTY: Live = { project: "shop", number: 1, steps: [], state: "", lines: new Map(), total: 0 };

function step(number: number, state: Step["state"]): RunEvent {
  const step: Step = {
    number,
    stage: "checks",
    name: `step ${number}`,
    state,
    started: null,
    ended: null,
    detail: "",
  };
  return { event: "step", deployment: 1, step };
}

function log(line: number): RunEvent {
  return { event: "log", deployment: 1, line, step: 1, at: "2026-01-01T00:00:00Z", text: `line ${line}` };
}

test("a step that is over is not opened again by what arrives late", () => {
  const live = take(EMPTY, [step(2, "pending"), step(1, "done"), step(1, "running")]);
  expect(live.steps.map(({ number, state }) => [number, state])).toEqual([
    [1, "done"],
    [2, "pending"],
  ]);
});

test("a line that arrives twice is one line", () => {
  const live = take(take(EMPTY, [log(1), log(2)]), [log(2), log(3)]);
  expect([...live.lines.keys()]).toEqual([1, 2, 3]);
  expect(live.total).toBe(3);
});

test("memory does not grow with the log", () => {
  const events = Array.from({ length: 6000 }, (_, at) => log(at + 1));
  const live = take(EMPTY, events);
  expect(live.total).toBe(6000);
  expect(live.lines.size).toBe(5000);
  expect(live.lines.has(6000)).toBe(true);
  expect(live.lines.has(1)).toBe(false);
});

test("events that come before the number are not lost, and the end is told", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const backend: typeof fake = {
    ...fake,
    run: async (_project, _hash, _typed, events) => {
      events([step(1, "running"), log(1)]);
      setTimeout(() =>
        events([
          step(1, "done"),
          {
            event: "end",
            deployment: 7,
            kind: "deploy",
            environment: "staging",
            result: "succeeded",
            release: 7,
            message: null,
          },
        ]),
      );
      return 7;
    },
  };
  let changes = 0;
  const live = new LiveDeployments(backend, () => changes++);
  expect(await live.run("shop", "hash", null)).toBe(7);
  const find = () => [...live.snapshot().values()][0];
  expect(find()?.total).toBe(1);
  await new Promise((resolve) => live.subscribe(() => resolve(undefined)));
  expect(find()?.end?.result).toBe("succeeded");
  expect(changes, "once when it began and once when it ended").toBe(2);
});

test("a deployment that ended while it was looked for has a result and no problem", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const watch = () => Promise.reject({ code: "not_found", message: "Deployment 44 does not run." });
  const live = new LiveDeployments({ ...fake, watch }, () => undefined);
  await live.watch("shop", 44);
  const found = [...live.snapshot().values()][0];
  expect(found?.end?.result).toBe("succeeded");
  expect(found?.problem).toBeUndefined();
});

test("a deployment that was running before a reload is put together from the record and what is heard", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const backend: typeof fake = {
    ...fake,
    watch: async (_project, _number, events) => {
      events([step(2, "running"), log(9)]);
      return null;
    },
    deployment: async (project, number) => ({
      ...(await fake.deployment(project, number)),
      steps: [
        { number: 1, stage: "checks", name: "step 1", state: "done", started: null, ended: null, detail: "" },
        {
          number: 2,
          stage: "checks",
          name: "step 2",
          state: "pending",
          started: null,
          ended: null,
          detail: "",
        },
      ],
      log_lines: 8,
    }),
  };
  const live = new LiveDeployments(backend, () => undefined);
  await live.watch("shop", 44);
  const found = [...live.snapshot().values()][0];
  expect(found?.steps.map(({ state }) => state)).toEqual(["done", "running"]);
  expect(found?.total).toBe(9);
});

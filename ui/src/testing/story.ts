/** What the made-up project is, and what becomes of it while it is changed. */
import type {
  Cell,
  Deployment,
  DeploymentView,
  Failure,
  Kind,
  Listener,
  Matrix,
  Pending,
  Plan,
  SecretEntry,
  ServiceStatus,
  TrustView,
} from "../backend";
import {
  before,
  COMMIT,
  COMPOSE,
  changes,
  deployments,
  detail,
  ENVIRONMENTS,
  failure,
  imageId,
  largeMatrix,
  matrix,
  output,
  projects,
  secrets,
  steps,
  USUAL,
  variables,
} from "./data";
import { FakeRun } from "./fakeRun";

const MINUTES = 60;

/** Fails as the core does. */
export function fail(code: Failure["code"], message: string, hint: string): never {
  throw { code, message, hint } satisfies Failure;
}

/** A made-up project; `rows` variables in place of the story's few, and `pace` seconds of a deployment per second. */
export function fakeStory(rows: number, pace: number) {
  const world = {
    projects: projects(),
    deployments: deployments(),
    matrix: rows > 0 ? largeMatrix(rows) : matrix(),
    secrets: secrets(),
    waiting: new Set(["staging"]),
    trust: {
      project: "shop",
      at: before(90 * 24 * 60 * MINUTES),
      by: "anna",
      commands: [
        { stage: "checks", name: "unit tests", line: "npm test" },
        { stage: "build", name: "image web", line: "docker build -t shop/web web" },
        { stage: "verification", name: "smoke", line: "./checks/smoke.sh" },
      ],
    } as TrustView,
    runs: new Map<number, FakeRun>(),
    plans: new Map<string, { environment: string; kind: Kind; to: number | null }>(),
  };

  const releaseOf = (environment: string) =>
    world.deployments.find((other) => other.environment === environment && other.release !== null);

  function environmentOf(name: string) {
    const found = ENVIRONMENTS.find((environment) => environment.name === name);
    return found ?? fail("not_found", `There is no environment ${name}.`, "Choose another one.");
  }

  function cellOf(key: string, environment: string): Cell | undefined {
    const column = world.matrix.environments.indexOf(environment);
    return world.matrix.rows.find((row) => row.key === key)?.cells[column];
  }

  function set(environment: string | null, key: string, value: string): Matrix {
    let row = world.matrix.rows.find((other) => other.key === key);
    if (!row) {
      const none = {
        value: null,
        secret: null,
        source: null,
        overridden: [],
        inherited: false,
        changed: false,
      };
      row = { key, group: "", required: false, cells: ENVIRONMENTS.map(() => ({ ...none })) };
      world.matrix.rows.push(row);
    }
    world.matrix.environments.forEach((name, column) => {
      if (environment !== null && name !== environment) return;
      const old = row.cells[column];
      if (environment === null && old?.source && !old.inherited) return;
      const named = value.startsWith("keychain:") ? value.slice("keychain:".length) : null;
      row.cells[column] = {
        value: named ? null : value,
        secret: named
          ? { name: named, version: versionsOf(name, named)[0]?.version ?? null, same: null }
          : null,
        source: { file: environment === null ? ".env" : `.env.${name}`, line: old?.source?.line ?? 30 },
        overridden:
          environment !== null && old?.inherited && old.source ? [old.source] : (old?.overridden ?? []),
        inherited: environment === null,
        changed: true,
      };
      world.waiting.add(name);
    });
    return world.matrix;
  }

  function unset(environment: string | null, key: string): Matrix {
    const original = matrix().rows.find((row) => row.key === key);
    world.matrix.rows = world.matrix.rows.flatMap((row) => {
      if (row.key !== key) return [row];
      const cells = row.cells.map((cell, column) => {
        if (environment !== null && world.matrix.environments[column] !== environment) return cell;
        const inherited = original?.cells.find((other) => other.inherited);
        return environment !== null && inherited && cell.overridden.length > 0
          ? { ...inherited, changed: true }
          : { value: null, secret: null, source: null, overridden: [], inherited: false, changed: true };
      });
      return cells.every(({ source }) => source === null) && !row.required ? [] : [{ ...row, cells }];
    });
    return world.matrix;
  }

  const versionsOf = (environment: string, name: string) =>
    world.secrets.find((entry) => entry.environment === environment && entry.name === name)?.versions ?? [];

  function addVersion(environment: string, name: string): SecretEntry[] {
    let entry = world.secrets.find((other) => other.environment === environment && other.name === name);
    if (!entry) {
      entry = { environment, name, versions: [], used_by: [name], services: [] };
      world.secrets.push(entry);
    }
    const version = (entry.versions[0]?.version ?? 0) + 1;
    entry.versions.unshift({ version, created: before(0), by: "anna", deployed: false });
    const cell = cellOf(name, environment);
    if (cell?.secret) Object.assign(cell, { changed: true, secret: { name, version, same: version + 10 } });
    world.waiting.add(environment);
    return world.secrets;
  }

  function makePlan(environment: string, kind: Kind, to: number | null): Plan {
    const { protected: guarded } = environmentOf(environment);
    const from = releaseOf(environment)?.release ?? null;
    const hash = imageId(Math.floor(Math.random() * 1000) + 1).slice(7);
    world.plans.set(hash, { environment, kind, to });
    const missing = environment === "production" && !cellOf("STRIPE_KEY", "production")?.source;
    const waits = kind !== "deploy" || world.waiting.has(environment);
    return {
      hash,
      environment,
      kind,
      from,
      to,
      expires: before(-15 * MINUTES),
      changes: waits || missing ? changes() : [],
      kept: ["db", "cache"],
      checks: ["clean tree", "unit tests"],
      builds: ["image web"],
      verifications: ["container health", "http http://localhost:8081/health", "smoke"],
      notes: [
        "web is not there for about 0.4 s on port 8081, because a port can have one owner only.",
        "`backup` in sternway.yaml is not in effect yet.",
      ],
      blockers: missing ? ["STRIPE_KEY is required and has no value in production."] : [],
      untrusted: [],
      protected: guarded,
      ready_to_go_back: {
        proven: true,
        reasons: [
          `Release #${from ?? 1} is recorded with its configuration, secret versions and Compose model.`,
          "The images of web, worker and db are kept on the engine.",
          "Every secret version that it needs is in the keychain.",
        ],
      },
    };
  }

  function begin(environment: string, kind: Kind, target: number | null, events: Listener): number {
    const number = (world.deployments[0]?.number ?? 0) + 1;
    const deployment: Deployment = {
      number,
      kind,
      environment,
      result: null,
      release: null,
      target,
      by: "anna",
      started: new Date().toISOString(),
      ended: null,
      summary: kind === "rollback" ? `back to #${target}` : "LOG_LEVEL debug, web and worker recreated",
      message: null,
    };
    world.deployments.unshift(deployment);
    const run = new FakeRun(number, environment, pace, (result) => {
      deployment.result = result;
      deployment.release = result === "succeeded" ? number : null;
      deployment.ended = new Date().toISOString();
      deployment.message = result === "cancelled" ? "Stopped by anna. The release before runs." : null;
      if (result === "succeeded") world.waiting.delete(environment);
    });
    world.runs.set(number, run);
    run.listen(events);
    void run.tell();
    return number;
  }

  function pending(environment: string): Pending {
    const production = environment === "production";
    const waits = world.waiting.has(environment) ? changes() : [];
    return {
      environment,
      drift: production
        ? [
            {
              layer: "application",
              subject: "image web",
              action: "recreate",
              reason: "the container runs another image",
            },
          ]
        : [],
      waiting: {
        changes: waits.length,
        first: waits.slice(0, 3).map(({ subject }) => subject),
        blockers:
          production && !cellOf("STRIPE_KEY", "production")?.source
            ? ["STRIPE_KEY has no value in production"]
            : [],
        problem: null,
      },
    };
  }

  function servicesOf(environment: string): ServiceStatus[] {
    const port = environment === "development" ? 8080 : environment === "staging" ? 8081 : 80;
    return ["web", "worker", "db", "cache", "migrate"].map((name) => ({
      name,
      state: name === "migrate" ? "exited" : "running",
      health: environment === "production" && name === "worker" ? "failing" : "healthy",
      image: name === "db" ? "postgres:16" : `shop/${name}`,
      ports: name === "web" ? [`127.0.0.1:${port}->80/tcp`] : [],
    }));
  }

  function storedLog(number: number) {
    const run = world.runs.get(number);
    if (run) return run.lines;
    const stopped = stepsOf(find(number));
    return stopped
      .filter(({ state }) => state === "done" || state === "failed")
      .flatMap(({ number: step, state, started }) =>
        (state === "failed"
          ? [
              "level=info msg=started errors=0",
              "ℹ 211 passed with 0 errors",
              "✖ cart › keeps the price",
              "Error: expected 1200, got 1190",
            ]
          : output(step)
        ).map((text) => ({ step, text, at: started ?? before(0) })),
      )
      .map((line, at) => ({ ...line, line: at + 1 }));
  }

  function find(number: number): Deployment {
    const found = world.deployments.find((other) => other.number === number);
    return found ?? fail("not_found", `There is no deployment #${number}.`, "Choose one in the history.");
  }

  function stepsOf({ result, started }: Deployment) {
    const last = result === "failed" ? 2 : result === "cancelled" ? 3 : result === "went_back" ? 7 : 12;
    let clock = Date.parse(started);
    return steps().map((step, at) => {
      const begun = new Date(clock).toISOString();
      clock += (USUAL[at] ?? 0) * 1000;
      if (step.number > last) return { ...step, state: "skipped" as const };
      const stopped = step.number === last && result !== "succeeded";
      return {
        ...step,
        state: !stopped
          ? ("done" as const)
          : result === "cancelled"
            ? ("cancelled" as const)
            : ("failed" as const),
        started: begun,
        ended: new Date(clock).toISOString(),
        detail: !stopped
          ? detail(step.number)
          : result === "cancelled"
            ? "it was cancelled"
            : failure(result),
      };
    });
  }

  function show(number: number): DeploymentView {
    const deployment = find(number);
    const run = world.runs.get(number);
    const current = releaseOf(deployment.environment)?.release === number;
    const kept = number > 6;
    return {
      deployment,
      steps: run?.steps ?? stepsOf(deployment),
      changes: changes(),
      usual: steps().map(({ name }, at) => ({ step: name, seconds: USUAL[at] ?? null })),
      release:
        deployment.release === null
          ? null
          : {
              number,
              created: deployment.ended ?? deployment.started,
              variables: variables(),
              images: ["web", "worker", "db", "cache"].map((service, at) => ({
                service,
                image: ["shop/web", "shop/web", "postgres:16", "redis:7"][at] ?? "",
                id: imageId(number + at),
              })),
              revision: { commit: COMMIT, branch: "main", dirty: false },
              evidence: [
                { subject: "containers", seen: "4 of 4 healthy", at: deployment.ended ?? "" },
                { subject: "http://localhost:8081/health", seen: "200 in 12 ms", at: deployment.ended ?? "" },
                { subject: "smoke", seen: "exit code 0", at: deployment.ended ?? "" },
              ],
              compose: COMPOSE,
            },
      reachable:
        deployment.release === null
          ? null
          : {
              possible: kept,
              current,
              reasons: kept
                ? ["Its images are kept."]
                : [`The image ${imageId(number).slice(7, 19)} of web is gone.`],
            },
      log_lines: storedLog(number).length,
    };
  }

  return {
    world,
    releaseOf,
    environmentOf,
    set,
    unset,
    versionsOf,
    addVersion,
    makePlan,
    begin,
    pending,
    servicesOf,
    storedLog,
    show,
  };
}

/** A core without a core: for tests, and for looking at the window in a plain browser. Never in the product. */
import type {
  Backend,
  Cell,
  CommandEvent,
  Deployment,
  DeploymentView,
  Failure,
  Followings,
  Kind,
  Listener,
  Machine,
  Matrix,
  Pending,
  Plan,
  SecretEntry,
  ServiceStatus,
} from "../backend";
import {
  before,
  COMMIT,
  COMPOSE,
  changes,
  deployments,
  detail,
  ENVIRONMENTS,
  imageId,
  largeMatrix,
  matrix,
  output,
  PROJECT,
  projects,
  secrets,
  steps,
  USUAL,
  variables,
} from "./data";
import { fakeDocuments } from "./documents";
import { FakeRun } from "./fakeRun";
import { fakeVersions, REVEALED } from "./versions";

const MINUTES = 60;

export interface FakeOptions {
  /** How long every answer takes, in milliseconds. */
  delay?: number;
  /** Seconds of a deployment's story per second; 0 tells it all at once. */
  pace?: number;
  /** The documents; those of the story unless given. */
  documents?: ReturnType<typeof fakeDocuments>;
  /** So many variables in five environments, in place of the story's few. */
  rows?: number;
}

function fail(code: Failure["code"], message: string, hint: string): never {
  throw { code, message, hint } satisfies Failure;
}

const FINE: Machine = {
  version: "0.1.0",
  home: "/home/anna/.local/share/sternway",
  engine: { ok: true, detail: "Docker Engine 27.3.1, API 1.47, unix:///var/run/docker.sock", problem: null },
  keychain: { ok: true, detail: "Secret Service (gnome-keyring)", problem: null },
  history: { ok: true, detail: "44 deployments, 12 MB", problem: null },
};

/** A core that tells a made-up story and remembers what is changed, until the page is closed. */
export function fakeBackend({
  delay = 120,
  pace = 4,
  rows = 0,
  documents = fakeDocuments(),
}: FakeOptions = {}): Backend {
  const world = {
    projects: projects(),
    deployments: deployments(),
    matrix: rows > 0 ? largeMatrix(rows) : matrix(),
    secrets: secrets(),
    waiting: new Set(["staging"]),
    runs: new Map<number, FakeRun>(),
    plans: new Map<string, { environment: string; kind: Kind; to: number | null }>(),
  };

  async function soon<T>(answer: () => T): Promise<T> {
    await new Promise((resolve) => setTimeout(resolve, delay));
    return structuredClone(answer());
  }

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
      entry = { environment, name, versions: [], used_by: [name] };
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
      waiting: world.waiting.has(environment) ? changes() : [],
      blockers:
        production && !cellOf("STRIPE_KEY", "production")?.source
          ? ["STRIPE_KEY has no value in production"]
          : [],
      problem: null,
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
          ? ["✖ cart › keeps the price", "Error: expected 1200, got 1190"]
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
    const last = result === "failed" ? 2 : result === "cancelled" ? 3 : result === "went_back" ? 9 : 12;
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
        detail: stopped
          ? result === "failed"
            ? "exit code 1"
            : "not healthy after 60 s"
          : detail(step.number),
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

  const kept = fakeVersions({
    matrix: world.matrix,
    set,
    plan: (environment) => makePlan(environment, "promote", null),
    version: (environment, name) => versionsOf(environment, name)[0]?.version ?? null,
  });
  /** Who listens to commands that have not ended. */
  const commands = new Map<number, (message: Followings<CommandEvent>) => void>();
  const guard = (environment: string, typedName: string | null) => {
    if (environmentOf(environment).protected && typedName !== environment) {
      fail("protected", `${environment} is protected.`, "Type its name.");
    }
  };

  return {
    machine: () => soon(() => FINE),
    projects: () => soon(() => world.projects),
    openProject: (path) =>
      soon(() => {
        const known = world.projects.find((entry) => entry.path === path);
        if (known?.problem) throw known.problem;
        if (!known) fail("project_missing", `${path} has no sternway.yaml.`, "Set it up first.");
        return { path, name: known.name, environments: ENVIRONMENTS };
      }),
    forgetProject: (path) =>
      soon(() => {
        world.projects = world.projects.filter((entry) => entry.path !== path);
        return null;
      }),
    relocateProject: (from, to) =>
      soon(() => {
        world.projects = world.projects.filter((entry) => entry.path !== from);
        return { path: to, name: "shop", environments: ENVIRONMENTS };
      }),
    chooseFolder: () => soon(() => "/home/anna/work/wiki"),
    openSample: () => soon(() => ({ path: PROJECT, name: "shop", environments: ENVIRONMENTS })),
    initProject: (path) =>
      soon(() => {
        world.projects.unshift({ path, name: "wiki", opened: before(0), problem: null });
        return { path, name: "wiki", environments: ENVIRONMENTS };
      }),
    launchProject: () => soon(() => null),
    launches: () => soon(() => undefined),
    running: () =>
      soon(() =>
        world.deployments
          .filter(({ result }) => result === null)
          .map(({ number }) => ({ project: PROJECT, deployment: number })),
      ),
    status: () =>
      soon(() => ({
        environments: ENVIRONMENTS.map(({ name }) => {
          const release = releaseOf(name);
          const running = world.deployments.find(
            (other) => other.environment === name && other.result === null,
          );
          const production = name === "production";
          return {
            name,
            release: release?.release ?? null,
            revision: { commit: COMMIT, branch: "main", dirty: name === "development" },
            released: release?.ended ?? null,
            health: running ? "deploying" : production ? "degraded" : "healthy",
            services: servicesOf(name),
            deployment: running ?? null,
            problem: null,
          };
        }),
      })),
    pending: (_, environment) => soon(() => pending(environment)),
    openPublished: () => soon(() => null),
    services: (_, environment) =>
      soon(() => ({
        environment,
        services: servicesOf(environment).map((service, at) => ({
          ...service,
          containers: [
            {
              name: `shop-${environment}-${service.name}-1`,
              number: 1,
              state: service.state,
              health: service.health,
              image: imageId(at + 1),
              started: before(4200),
              exit_code: service.state === "exited" ? 0 : null,
            },
          ],
        })),
      })),
    followUsage: (_, environment, listener) =>
      soon(() => {
        const running = servicesOf(environment).filter(({ state }) => state === "running");
        const containers = running.map(({ name }, at) => ({
          service: name,
          container: `shop-${environment}-${name}-1`,
          cpu_percent: at * 3.1,
          memory: (at + 1) * 31_400_000,
          memory_limit: 512_000_000,
        }));
        listener({ items: [{ at: before(0), containers }] });
        return 1;
      }),
    serviceLogs: (_, environment, filter, listener) =>
      soon(() => {
        const wanted = filter.services ?? [];
        const lines = servicesOf(environment)
          .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
          .flatMap(({ name }) =>
            ["is starting", "listens on port 80"].map((text, at) => ({
              service: name,
              container: `shop-${environment}-${name}-1`,
              at: before(60 - at),
              error: false,
              text: `${name} ${text}`,
            })),
          );
        listener({ items: lines });
        if (!filter.follow) listener("ended");
        return 2;
      }),
    stopFollowing: (number) =>
      soon(() => {
        commands.get(number)?.({ items: [{ ended: 143 }] });
        commands.delete(number);
      }),
    runInService: (_, environment, _service, line, typedName, listener) =>
      soon(() => {
        guard(environment, typedName);
        const number = 100 + commands.size;
        const [program, ...words] = line.split(" ");
        if (program === "sleep") {
          commands.set(number, listener);
        } else if (program === "echo") {
          listener({ items: [{ line: { error: false, text: words.join(" ") } }, { ended: 0 }] });
        } else {
          listener({ items: [{ line: { error: true, text: `sh: ${program}: not found` } }, { ended: 127 }] });
        }
        return number;
      }),
    restart: (_, _environment, services) => soon(() => services.map((service) => `${service}: healthy`)),
    planDown: (_, environment) => soon(() => makePlan(environment, "down", null)),
    matrix: () => soon(() => world.matrix),
    setVariable: (_, environment, key, value) => soon(() => set(environment, key, value)),
    unsetVariable: (_, environment, key) => soon(() => unset(environment, key)),
    checkValue: (_, key, value) =>
      soon(() =>
        key === "PORT" && !(Number(value) >= 1 && Number(value) <= 65535)
          ? {
              code: "invalid_input",
              message: "this is not a port",
              hint: "Write a whole number from 1 to 65535.",
            }
          : null,
      ),
    secrets: () => soon(() => ({ secrets: world.secrets })),
    setSecret: (_, environment, name) => soon(() => ({ secrets: addVersion(environment, name) })),
    copySecret: (_, name, _from, to) => soon(() => ({ secrets: addVersion(to, name) })),
    removeSecret: (_, environment, name, version) =>
      soon(() => {
        world.secrets = world.secrets.map((entry) =>
          entry.environment === environment && entry.name === name
            ? {
                ...entry,
                versions: version ? entry.versions.filter((other) => other.version !== version) : [],
              }
            : entry,
        );
        return { secrets: world.secrets };
      }),
    configVersions: (_, filter) => soon(() => kept.list(filter)),
    versionDifference: (_, from, to) => soon(() => kept.difference(from, to)),
    blame: (_, environment) => soon(() => kept.blame(environment)),
    planRestore: (_, version, scope) => soon(() => kept.planRestore(version, scope)),
    restore: (_, version, scope, stamp) => soon(() => kept.restore(version, scope, stamp)),
    planPromotion: (_, from, to, allow) => soon(() => kept.promotion(from, to, allow)),
    generateSecret: (_, environment, name) => soon(() => ({ secrets: addVersion(environment, name) })),
    revealSecret: (_, environment, name, _version, typedName, why) =>
      soon(() => {
        guard(environment, typedName);
        kept.saw(environment, name, "revealed", why);
        return REVEALED;
      }),
    copySecretValue: (_, environment, name, _version, typedName) =>
      soon(() => {
        guard(environment, typedName);
        kept.saw(environment, name, "copied to the clipboard", null);
        return 30;
      }),
    rotation: (_, environment, name) => soon(() => kept.rotation(environment, name)),
    startRotation: (_, environment, name) => soon(() => kept.rotate(environment, name, "set")),
    finishRotation: (_, environment, name) => soon(() => kept.rotate(environment, name, "done")),
    giveUpRotation: (_, environment, name) => soon(() => kept.rotate(environment, name, "given_up")),
    scanLeaks: (_, withHistory) => soon(() => kept.leaks(withHistory)),
    audit: () => soon(() => kept.audit()),
    documentReleases: (_, path) => soon(() => documents.releases(path)),
    documentAt: (_, path, version) => soon(() => documents.at(path, version)),
    documents: () => soon(() => ({ documents: documents.list() })),
    openDocument: (_, path, reveal) => soon(() => documents.open(path, reveal)),
    documentEdited: (_, path, text, edit) => soon(() => documents.edited(path, text, edit)),
    saveDocument: (_, path, text, base, baseText, _note, resolutions) =>
      soon(() => {
        const keys = (source: string): string[] => source.match(/^\w+(?==)/gm) ?? [];
        const [gone] = keys(documents.text(path)).filter((key) => !keys(text).includes(key));
        const [came] = keys(text).filter((key) => !keys(documents.text(path)).includes(key));
        const row = world.matrix.rows.find(({ key }) => key === gone);
        if (row && came) row.key = came;
        return documents.save(path, text, base, baseText, resolutions);
      }),
    importCandidates: (_, environment) =>
      soon(() => ({
        environment,
        found: [
          {
            key: "SMTP_PASSWORD",
            source: { file: ".env", line: 24 },
            reason: "its name ends in PASSWORD",
            environments: world.matrix.environments,
          },
          {
            key: "AWS_SECRET_ACCESS_KEY",
            source: { file: `.env.${environment}`, line: 12 },
            reason: "it looks like an access key",
            environments: [environment],
          },
        ],
      })),
    importSecrets: (_, environment, keys) =>
      soon(() => ({
        environment,
        found: keys.map((key) => ({
          key,
          source: { file: ".env", line: 24 },
          reason: "moved",
          environments: [environment],
        })),
      })),
    plan: (_, environment) => soon(() => makePlan(environment, "deploy", null)),
    planRollback: (_, environment, to) =>
      soon(() => {
        const releases = world.deployments.filter(
          (other) => other.environment === environment && other.release,
        );
        return makePlan(environment, "rollback", to ?? releases[1]?.release ?? null);
      }),
    run: (_, hash, typedName, events) =>
      soon(() => {
        const plan = world.plans.get(hash);
        if (!plan) fail("plan_moved", "The plan is not known any more.", "Plan again.");
        if (environmentOf(plan.environment).protected && typedName !== plan.environment) {
          fail("protected", `${plan.environment} is protected.`, "Type its name.");
        }
        return begin(plan.environment, plan.kind, plan.to, events);
      }),
    resume: (_, environment, _typed, events) => soon(() => begin(environment, "deploy", null, events)),
    unlock: () => soon(() => null),
    cancel: (_, number) =>
      soon(() => {
        world.runs.get(number)?.cancel();
        return null;
      }),
    watch: (_, number, events) =>
      soon(() => {
        world.runs.get(number)?.listen(events);
        return null;
      }),
    history: (_, filter) =>
      soon(() => {
        const text = filter.text?.toLowerCase() ?? "";
        const found = world.deployments.filter(
          (other) =>
            (!filter.environment || other.environment === filter.environment) &&
            (!filter.result || other.result === filter.result) &&
            `#${other.number} ${other.by} ${other.summary}`.toLowerCase().includes(text),
        );
        return {
          deployments: found.slice(filter.offset, filter.offset + (filter.limit ?? 100)),
          total: found.length,
        };
      }),
    deployment: (_, number) => soon(() => show(number)),
    log: (_, number, step, after, limit) =>
      soon(() => {
        const lines = storedLog(number).filter((line) => step === null || line.step === step);
        return { lines: lines.filter(({ line }) => line > after).slice(0, limit), total: lines.length };
      }),
    compare: (_, a, b) => soon(() => ({ a, b, changes: a === b ? [] : changes() })),
  };
}

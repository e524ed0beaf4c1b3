/** A core without a core: for tests, and for looking at the window in a plain browser. Never in the product. */
import type { Backend, CommandEvent, Followings, Machine } from "../backend";
import { before, COMMIT, changes, ENVIRONMENTS, imageId, PROJECT } from "./data";
import { fakeDocuments } from "./documents";
import { spare } from "./images";
import { fail, fakeStory } from "./story";
import { fakeVersions, REVEALED } from "./versions";

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
  const {
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
  } = fakeStory(rows, pace);

  async function soon<T>(answer: () => T): Promise<T> {
    await new Promise((resolve) => setTimeout(resolve, delay));
    return structuredClone(answer());
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
    trust: () => soon(() => world.trust),
    trustProject: () => soon(() => Object.assign(world.trust, { at: before(0), by: "anna" })),
    revokeTrust: () => soon(() => Object.assign(world.trust, { at: null, by: null })),
    launchProject: () => soon(() => null),
    launches: () => soon(() => undefined),
    keychainWaits: () => soon(() => undefined),
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
    planPrune: (_, environment, keep, unknown) => soon(() => spare(environment, keep, unknown)),
    prune: (_, environment, keep, unknown, _stamp, typedName) =>
      soon(() => {
        guard(environment, typedName);
        const { images, frees } = spare(environment, keep, unknown);
        return { environment, images, frees };
      }),
    matrix: () => soon(() => world.matrix),
    setVariables: (_, edits) =>
      soon(() => {
        for (const { environment, key, value } of edits) {
          if (value === null) unset(environment, key);
          else set(environment, key, value);
        }
        return world.matrix;
      }),
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
    planTakeOver: () => soon(() => ({ entries: [] })),
    takeOver: () => soon(() => ({ entries: [] })),
    planSecretRemoval: (_, environment, name, version) =>
      soon(() => {
        const versions = versionsOf(environment, name).filter(
          (held) => version === null || held.version === version,
        );
        const running = versions.some(({ deployed }) => deployed);
        const newest = releaseOf(environment)?.release;
        return {
          environment,
          name,
          versions: versions.map((held) => held.version),
          releases: running && newest ? [newest] : [],
          running,
          guarded: running || environment === "production",
        };
      }),
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

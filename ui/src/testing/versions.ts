/** Made-up versions of the configuration, promotions, rotations and what became of secrets. */
import type {
  Audit,
  AuditLine,
  Blame,
  Change,
  LeakReport,
  Matrix,
  Plan,
  Promotion,
  RestorePlan,
  RestoreScope,
  RotationView,
  VersionChange,
  VersionDifference,
  VersionsFilter,
  VersionsPage,
  VersionView,
} from "../backend";
import { before, ENVIRONMENTS } from "./data";

/** What `revealSecret` answers with. */
export const REVEALED = "shown-for-a-moment-31c7";

function change(
  key: string,
  file: string,
  from: string | null,
  to: string | null,
  environments: string[],
): VersionChange {
  return {
    subject: `variable ${key}`,
    action: from === null ? "create" : to === null ? "remove" : "update",
    before: from,
    after: to,
    file,
    key,
    environments,
  };
}

const ALL = ENVIRONMENTS.map(({ name }) => name);

/** The versions, newest first. */
function versions(): VersionView[] {
  const made = (
    number: number,
    seconds: number,
    changes: VersionChange[],
    more: Partial<VersionView> = {},
  ): VersionView => ({
    number,
    cause: "saved",
    by: number % 2 ? "anna" : "tom",
    created: before(seconds),
    note: null,
    changes,
    more: 0,
    ...more,
  });
  return [
    made(14, 900, [change("LOG_LEVEL", ".env.staging", "info", "debug", ["staging"])], {
      note: "looking for the slow checkout",
    }),
    made(13, 4200, [
      {
        subject: "secret STRIPE_KEY",
        action: "create",
        after: "v1",
        file: null,
        key: "STRIPE_KEY",
        environments: ["staging"],
      },
    ]),
    made(12, 90_000, [change("CACHE_TTL", ".env.production", "600", "3600", ["production"])], {
      cause: "outside",
      by: "changed outside",
    }),
    made(
      11,
      170_000,
      [
        change("PORT", ".env", "8000", "80", ["staging", "production"]),
        change("PORT", ".env.development", null, "8080", ["development"]),
        change("FEATURE_CHECKOUT_V2", ".env", null, "true", ALL),
        change("LEGACY_MODE", ".env", "1", null, ALL),
      ],
      { note: "one port for everything behind the proxy" },
    ),
    made(10, 400_000, [change("LOG_LEVEL", ".env.staging", "warn", "info", ["staging"])], {
      cause: "restored",
    }),
    made(9, 410_000, [change("LOG_LEVEL", ".env.staging", null, "warn", ["staging"])]),
    made(1, 2_600_000, [change("DB_HOST", ".env", null, "db", ALL)], { more: 16, note: "as it was found" }),
  ];
}

interface World {
  matrix: Matrix;
  set: (environment: string | null, key: string, value: string) => Matrix;
  plan: (environment: string) => Plan;
  version: (environment: string, name: string) => number | null;
}

/** What the core would answer about versions, in the fake's world. */
export function fakeVersions(world: World) {
  const list = versions();
  const seen: AuditLine[] = [
    {
      at: before(52_000),
      by: "tom",
      action: "copied to the clipboard",
      environment: "staging",
      subject: "DB_PASSWORD",
      why: null,
    },
    {
      at: before(480_000),
      by: "anna",
      action: "revealed",
      environment: "production",
      subject: "STRIPE_WEBHOOK_SECRET",
      why: "the provider asked which one it is",
    },
  ];
  const rotations = new Map<string, RotationView>();

  const find = (number: number) => {
    const found = list.find((version) => version.number === number);
    if (!found) throw { code: "not_found", message: `There is no version ${number}.` };
    return found;
  };
  const touches = ({ changes }: VersionView, environment: string | null, key: string | null) =>
    changes.some(
      (one) =>
        (environment === null || one.environments.includes(environment)) &&
        (key === null || one.key?.toLowerCase().includes(key.toLowerCase())),
    );

  /** From how things were after a version to how they are now; turned around that is the way back. */
  function since(number: number, scope: RestoreScope): VersionChange[] {
    const newer = list.filter((version) => version.number > number).flatMap(({ changes }) => changes);
    const wanted = newer.filter(
      (one) =>
        (scope.key === null || one.key === scope.key) &&
        (scope.file === null || one.file === scope.file) &&
        (scope.environment === null || one.environments.includes(scope.environment)),
    );
    return wanted.map(({ before: was, after: is, ...rest }) => ({ ...rest, before: is, after: was }));
  }

  function rotationOf(environment: string, name: string): RotationView {
    const old = world.version(environment, name);
    return (
      rotations.get(`${environment} ${name}`) ?? {
        environment,
        name,
        state: "none",
        old,
        new: null,
        used_by: [name],
        services: ["web", "worker"],
        releases: [41, 38],
        by: null,
        started: null,
      }
    );
  }

  return {
    list: ({ environment, key, offset, limit }: VersionsFilter): VersionsPage => {
      const fits = list.filter((version) => touches(version, environment, key));
      return { versions: fits.slice(offset, offset + (limit ?? 50)), total: fits.length };
    },
    difference: (from: number, to: number | null): VersionDifference => ({
      from,
      to: to ?? list[0]?.number ?? 1,
      changes: list
        .filter(({ number }) => number > from && (to === null || number <= to))
        .flatMap(({ changes }) => changes),
    }),
    blame: (environment: string): Blame => ({
      environment,
      variables: world.matrix.rows.flatMap(({ key, cells }) => {
        const cell = cells[world.matrix.environments.indexOf(environment)];
        const version = list.find((one) => touches(one, environment, key));
        return cell?.source
          ? [
              {
                key,
                value: cell.value,
                secret: cell.secret?.name ?? null,
                secret_version: cell.secret?.version ?? null,
                source: cell.source,
                version: version ?? null,
                first_ran: cell.changed ? null : 38,
              },
            ]
          : [];
      }),
    }),
    planRestore: (number: number, scope: RestoreScope): RestorePlan => ({
      version: find(number),
      changes: since(number, scope),
      left:
        scope.key === null && number < 11
          ? [
              {
                subject: "variable SMTP_PASSWORD in .env",
                reason: "it looked like a secret, so it was not kept",
              },
            ]
          : [],
      stamp: `back to ${number}`,
    }),
    restore: (number: number, scope: RestoreScope, stamp: string) => {
      if (stamp !== `back to ${number}`) throw { code: "plan_moved", message: "It is another plan now." };
      const changes = since(number, scope);
      for (const { key, after, environments } of changes) {
        for (const environment of environments) {
          if (key && after != null && !after.startsWith("v")) world.set(environment, key, after);
        }
      }
      list.unshift({
        number: (list[0]?.number ?? 0) + 1,
        cause: "restored",
        by: "anna",
        created: before(0),
        note: null,
        changes,
        more: 0,
      });
      return { version: list[0]?.number ?? null, changes, left: [] };
    },
    promotion: (from: string, to: string, allow: string[]): Promotion => {
      const plan = world.plan(to);
      const suspicious = [
        { key: "PUBLIC_URL", reason: `names ${from}'s host staging.shop.example.com`, allowed: false },
        { key: "DB_PASSWORD", reason: `is the same secret as in ${from}`, allowed: false },
      ].map((one) => ({ ...one, allowed: allow.includes(one.key) }));
      const [a, b] = [from, to].map((name) => world.matrix.environments.indexOf(name));
      const differences = world.matrix.rows.flatMap(({ key, cells }): Change[] => {
        const [mine, theirs] = [cells[a ?? 0], cells[b ?? 0]];
        if (!mine || !theirs || mine.value === theirs.value) return [];
        return [
          {
            layer: "configuration",
            subject: `variable ${key}`,
            action: theirs.source ? "update" : "remove",
            reason: "each environment keeps its own",
            before: mine.value,
            after: theirs.value,
          },
        ];
      });
      const open = suspicious.filter(({ allowed }) => !allowed);
      return {
        from,
        to,
        release: 44,
        differences,
        suspicious,
        plan: {
          ...plan,
          blockers: [...plan.blockers, ...open.map(({ key, reason }) => `${key} ${reason}.`)],
        },
      };
    },
    rotation: rotationOf,
    rotate: (environment: string, name: string, state: RotationView["state"]) => {
      const now = rotationOf(environment, name);
      const next = { ...now, state, new: (now.old ?? 0) + 1, by: "anna", started: before(30) };
      rotations.set(`${environment} ${name}`, next);
      return next;
    },
    leaks: (past: boolean): LeakReport => ({
      leaks: [
        {
          file: "scripts/seed.sh",
          line: 12,
          commit: null,
          secret: { environment: "staging", name: "DB_PASSWORD", version: 3 },
          looks_like: null,
        },
        ...(past
          ? [
              {
                file: ".env.production",
                line: 9,
                commit: "77aa01c3d4e5f60718293a4b9f8e7d21c0ab44de",
                secret: null,
                looks_like: "has the shape of a Stripe key",
              },
            ]
          : []),
      ],
      files: 214,
      commits: past ? 387 : 0,
      gaps: ["media/intro.mp4 is larger than 10 MB"],
    }),
    audit: (): Audit => ({ entries: seen }),
    saw: (environment: string, subject: string, action: string, why: string | null) => {
      seen.unshift({ at: before(0), by: "anna", action, environment, subject, why });
    },
  };
}

/** A made-up project that looks like a real one. */
import type {
  Cell,
  Change,
  Deployment,
  EnvironmentHead,
  Matrix,
  MatrixRow,
  Outcome,
  ProjectEntry,
  SecretEntry,
  Step,
  Variable,
} from "../backend";

export const PROJECT = "/home/anna/shop";
export const ENVIRONMENTS: EnvironmentHead[] = [
  { name: "development", target: { docker: "local" }, protected: false },
  { name: "staging", target: { docker: "ssh://deploy@staging.example.com" }, protected: false },
  { name: "production", target: { docker: "tcp://203.0.113.5:2376" }, protected: true },
];
export const COMMIT = "9f8e7d21c0ab44de9a01b2c3d4e5f60718293a4b";

/** So many seconds before now. */
export function before(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

export function imageId(seed: number): string {
  return `sha256:${Array.from({ length: 64 }, (_, at) => ((seed * 7 + at * 5 + at * at * seed) % 16).toString(16)).join("")}`;
}

export function projects(): ProjectEntry[] {
  return [
    { path: PROJECT, name: "shop", opened: before(240), problem: null },
    { path: "/home/anna/work/newsletter", name: "newsletter", opened: before(93_000), problem: null },
    {
      path: "/media/stick/old-blog",
      name: "old-blog",
      opened: before(1_900_000),
      problem: {
        code: "project_missing",
        message: "/media/stick/old-blog is not there any more.",
        hint: "Attach the disk that it is on, or take it off the list.",
      },
    },
  ];
}

const SUMMARIES = [
  "LOG_LEVEL debug, web recreated",
  "image of web",
  "STRIPE_KEY v2",
  "2 variables, web and worker recreated",
  "new service worker",
  "PORT, image of web",
  "REQUEST_TIMEOUT 30s → 45s",
];
const RESULTS: Outcome[] = [
  "succeeded",
  "succeeded",
  "succeeded",
  "failed",
  "succeeded",
  "went_back",
  "succeeded",
];

/** The history, newest first. */
export function deployments(): Deployment[] {
  const list: Deployment[] = [];
  for (let number = 44; number >= 1; number--) {
    const age = (45 - number) * 31_000 + 4200;
    const environment =
      ENVIRONMENTS[number === 41 ? 2 : number === 43 ? 1 : (number * 2) % 3]?.name ?? "staging";
    const rollback = number % 11 === 8;
    const result = number > 40 ? "succeeded" : (RESULTS[number % RESULTS.length] ?? "succeeded");
    const cancelled = number === 25;
    list.push({
      number,
      kind: rollback ? "rollback" : "deploy",
      environment,
      result: cancelled ? "cancelled" : result,
      release: result === "succeeded" && !cancelled ? number : null,
      target: rollback ? number - 4 : null,
      by: number % 3 === 0 ? "tom" : "anna",
      started: before(age),
      ended: before(age - 22 - (number % 9) * 11),
      summary: rollback ? `back to #${number - 4}` : (SUMMARIES[number % SUMMARIES.length] ?? ""),
      message: message(cancelled ? "cancelled" : result),
    });
  }
  return list;
}

/** Why the failed step of a deployment failed. */
export function failure(result: Outcome | null): string {
  if (result === "failed") return "`npm test` ended with exit code 1";
  return [
    "web did not become healthy in 60 s",
    "The probe said: wget: can't connect to remote host (127.0.0.1): Connection refused",
    "Its last lines:",
    "  Error: connect ECONNREFUSED 10.0.4.2:5432",
    "  Server stopped",
  ].join("\n");
}

function message(result: Outcome): string | null {
  switch (result) {
    case "failed":
      return `unit tests: ${failure(result)}\nNothing was changed.`;
    case "went_back":
      return `recreate service web: ${failure(result)}\nThe environment was moved back to #39 by deployment #41.`;
    case "cancelled":
      return "Stopped by anna before web was recreated. Nothing was changed.";
    default:
      return null;
  }
}

export function changes(): Change[] {
  return [
    {
      layer: "configuration",
      subject: "variable LOG_LEVEL",
      action: "update",
      reason: ".env.staging line 4",
      before: "info",
      after: "debug",
    },
    {
      layer: "configuration",
      subject: "variable FEATURE_CHECKOUT_V2",
      action: "create",
      reason: ".env line 22",
      after: "true",
    },
    {
      layer: "configuration",
      subject: "secret STRIPE_KEY",
      action: "update",
      reason: "a newer version was set",
      before: "v1",
      after: "v2",
    },
    {
      layer: "configuration",
      subject: "variable LEGACY_MODE",
      action: "remove",
      reason: "no file sets it",
      before: "1",
    },
    {
      layer: "application",
      subject: "image web",
      action: "build",
      reason: "files below ./web have changed",
    },
    {
      layer: "application",
      subject: "service web",
      action: "recreate",
      reason: "its image is another one, LOG_LEVEL changed",
      before: imageId(3).slice(7, 19),
      after: imageId(8).slice(7, 19),
    },
    {
      layer: "application",
      subject: "service worker",
      action: "recreate",
      reason: "LOG_LEVEL changed, STRIPE_KEY v2",
    },
  ];
}

export function steps(): Step[] {
  const names: [Step["stage"], string][] = [
    ["checks", "clean tree"],
    ["checks", "unit tests"],
    ["build", "image web"],
    ["configuration", "variable LOG_LEVEL"],
    ["configuration", "variable FEATURE_CHECKOUT_V2"],
    ["configuration", "secret STRIPE_KEY"],
    ["application", "recreate service web"],
    ["application", "recreate service worker"],
    ["verification", "container health"],
    ["verification", "http http://localhost:8081/health"],
    ["verification", "smoke"],
    ["notification", "desktop"],
  ];
  return names.map(([stage, name], at) => ({
    number: at + 1,
    stage,
    name,
    state: "pending",
    started: null,
    ended: null,
    detail: "",
  }));
}

/** Seconds that each step of {@link steps} usually takes. */
export const USUAL = [0.3, 9, 14, 0.1, 0.1, 0.2, 8.5, 4, 5, 0.4, 2.5, 0.1];

const DETAILS = [
  "no uncommitted changes",
  "212 passed",
  "sha256:5d0e2f1a9b3c",
  "debug",
  "true",
  "v2",
  "healthy after 6.1 s",
  "healthy after 2.8 s",
  "3 of 3 healthy",
  "200 in 12 ms",
  "exit code 0",
  "sent",
];

/** What each step of {@link steps} ends with. */
export function detail(step: number): string {
  return DETAILS[step - 1] ?? "";
}

/** Lines that a step prints. */
export function output(step: number): string[] {
  switch (step) {
    case 2:
      return [
        "> shop@3.2.0 test",
        "> node --test",
        ...Array.from(
          { length: 40 },
          (_, at) => `✔ cart › keeps the price of item ${at + 1} (${(at * 7) % 23}.4ms)`,
        ),
        "ℹ tests 212",
        "ℹ pass 212",
        "ℹ fail 0",
      ];
    case 3:
      return [
        "Step 1/9 : FROM node:22-alpine",
        " ---> 7a1f3c02b9aa",
        "Step 2/9 : WORKDIR /app",
        " ---> Using cache",
        "Step 3/9 : COPY package.json package-lock.json ./",
        "Step 4/9 : RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force && find . -name '*.map' -delete",
        "added 118 packages in 6s",
        "Step 5/9 : COPY . .",
        "Successfully built 5d0e2f1a9b3c",
        "Successfully tagged shop/web:latest",
      ];
    case 7:
      return [
        "creating shop-staging-web-1",
        "starting shop-staging-web-1",
        "waiting for shop-staging-web-1 to become healthy",
        'probe: {"status":"starting"}',
        'probe: {"status":"ok","database":"ok"}',
        "removing the old shop-staging-web-1",
      ];
    case 10:
      return ["GET http://localhost:8081/health", "200 in 12 ms"];
    case 11:
      return ["./smoke.sh", "home page … ok", "cart … ok", "checkout with DB_PASSWORD=•••••• … ok"];
    default:
      return [];
  }
}

function cell(file: string, line: number, value: string | null, more: Partial<Cell> = {}): Cell {
  return {
    value,
    secret: null,
    source: value === null ? null : { file, line },
    overridden: [],
    inherited: file === ".env",
    changed: false,
    ...more,
  };
}

function secret(
  environment: string,
  line: number,
  name: string,
  version: number | null,
  same: number | null,
): Cell {
  return cell(`.env.${environment}`, line, null, {
    source: { file: `.env.${environment}`, line },
    inherited: false,
    secret: { name, version, same },
  });
}

const TYPES: Record<string, Pick<MatrixRow, "value_type" | "declared" | "mentions" | "mentioned_by">> = {
  PORT: { value_type: "port", declared: true, mentioned_by: ["PUBLIC_URL"] },
  LOG_LEVEL: { value_type: { enum: ["debug", "info", "warn", "error"] }, declared: true },
  PUBLIC_URL: { value_type: "url", mentions: ["PORT"] },
  REQUEST_TIMEOUT: { value_type: "duration" },
};

/** The value of the shared file, with another one in some environments. */
function shared(
  key: string,
  group: string,
  line: number,
  value: string,
  own: Record<string, string> = {},
): MatrixRow {
  return {
    key,
    group,
    required: key === "DB_HOST",
    ...TYPES[key],
    cells: ENVIRONMENTS.map(({ name }) => {
      const mine = own[name];
      return mine === undefined
        ? cell(".env", line, value)
        : cell(`.env.${name}`, line, mine, {
            overridden: [{ file: ".env", line }],
            changed: key === "LOG_LEVEL",
          });
    }),
  };
}

export function matrix(): Matrix {
  const rows: MatrixRow[] = [
    shared("NODE_ENV", "Application", 2, "production", { development: "development" }),
    shared("PORT", "Application", 3, "80", { development: "8080" }),
    shared("LOG_LEVEL", "Application", 4, "info", { staging: "debug" }),
    shared("PUBLIC_URL", "Application", 5, "http://localhost:8080", {
      staging: "https://staging.shop.example.com",
      production: "https://shop.example.com",
    }),
    shared("REQUEST_TIMEOUT", "Application", 6, "30s"),
    shared("GREETING", "Application", 7, 'Hello, "world" – it costs $5 & more'),
    shared("FEATURE_CHECKOUT_V2", "Application", 8, "true", { production: "false" }),
    shared("DB_HOST", "Database", 11, "db", { production: "db.prod.internal" }),
    shared("DB_PORT", "Database", 12, "5432"),
    shared("DB_NAME", "Database", 13, "shop"),
    shared("DB_USER", "Database", 14, "shop"),
    {
      key: "DB_PASSWORD",
      group: "Database",
      required: true,
      cells: [
        secret("development", 5, "DB_PASSWORD", 3, 1),
        secret("staging", 5, "DB_PASSWORD", 3, 1),
        secret("production", 5, "DB_PASSWORD", 7, 2),
      ],
    },
    shared("REDIS_URL", "Cache", 17, "redis://cache:6379/0"),
    shared("CACHE_TTL", "Cache", 18, "300", { production: "3600" }),
    {
      key: "STRIPE_KEY",
      group: "Payment",
      required: true,
      cells: [
        cell(".env.development", 9, "", { inherited: false }),
        { ...secret("staging", 9, "STRIPE_KEY", 1, 1), changed: true },
        cell("", 0, null, { inherited: false }),
      ],
    },
    {
      key: "STRIPE_WEBHOOK_SECRET",
      group: "Payment",
      required: false,
      cells: [
        cell("", 0, null, { inherited: false }),
        secret("staging", 10, "STRIPE_WEBHOOK_SECRET", null, null),
        secret("production", 10, "STRIPE_WEBHOOK_SECRET", 2, 1),
      ],
    },
    shared("SMTP_HOST", "Mail", 21, "mail.example.com", { development: "localhost" }),
    shared("SMTP_PORT", "Mail", 22, "587", { development: "1025" }),
    shared("MAIL_FROM", "Mail", 23, "Shop <hello@shop.example.com>"),
  ];
  return { environments: ENVIRONMENTS.map(({ name }) => name), rows, problems: [], unread: [] };
}

const PARTS = ["HOST", "PORT", "TIMEOUT", "URL", "LIMIT", "NAME", "REGION", "ENABLED"];

/** A project that has grown: so many keys in five environments, a few of them secrets, missing or changed. */
export function largeMatrix(count: number): Matrix {
  const environments = ["development", "testing", "staging", "preview", "production"];
  const rows = Array.from({ length: count }, (_, at): MatrixRow => {
    const key = `SERVICE_${String(Math.floor(at / PARTS.length)).padStart(4, "0")}_${PARTS[at % PARTS.length]}`;
    return {
      key,
      group: `Service ${Math.floor(at / 40)}`,
      required: at % 50 === 0,
      cells: environments.map((environment, column) => {
        if (at % 25 === 7) return secret(environment, at, key, (at % 9) + 1, column < 3 ? 1 : 2);
        if (at % 100 === 0 && column === 4) return cell("", 0, null, { inherited: false });
        return (at + column) % 7 === 0
          ? cell(`.env.${environment}`, at + 1, `${environment}-${at}`, { changed: at % 70 === 0 })
          : cell(".env", at + 1, `value-${at}`);
      }),
    };
  });
  return { environments, rows, problems: [], unread: [] };
}

export function secrets(): SecretEntry[] {
  const versions = (newest: number, deployed: number) =>
    Array.from({ length: Math.min(newest, 3) }, (_, at) => ({
      version: newest - at,
      created: before(90_000 * (at + 1)),
      by: at % 2 ? "tom" : "anna",
      deployed: newest - at === deployed,
    }));
  return [
    {
      environment: "development",
      name: "DB_PASSWORD",
      versions: versions(3, 3),
      used_by: ["DB_PASSWORD"],
      services: [],
    },
    {
      environment: "staging",
      name: "DB_PASSWORD",
      versions: versions(3, 3),
      used_by: ["DB_PASSWORD"],
      services: [],
    },
    {
      environment: "production",
      name: "DB_PASSWORD",
      versions: versions(7, 6),
      used_by: ["DB_PASSWORD"],
      services: [],
    },
    {
      environment: "staging",
      name: "STRIPE_KEY",
      versions: versions(1, 0),
      used_by: ["STRIPE_KEY"],
      services: [],
    },
    {
      environment: "production",
      name: "STRIPE_WEBHOOK_SECRET",
      versions: versions(2, 2),
      used_by: ["STRIPE_WEBHOOK_SECRET"],
      services: [],
    },
  ];
}

export function variables(): Variable[] {
  return matrix().rows.flatMap(({ key, cells }) => {
    const source = cells[1]?.source;
    if (!source) return [];
    const rest = { key, source, overridden: cells[1]?.overridden ?? [] };
    const held = cells[1]?.secret;
    return [
      held
        ? { ...rest, secret: { name: held.name, version: held.version } }
        : { ...rest, value: cells[1]?.value ?? "" },
    ];
  });
}

export const COMPOSE = `name: shop-staging
services:
  db:
    image: postgres@sha256:1f0c2e6d
    environment:
      POSTGRES_PASSWORD: keychain:DB_PASSWORD@3
    volumes:
      - type: volume
        source: data
        target: /var/lib/postgresql/data
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U shop"]
      interval: 5s
  web:
    build:
      context: ./web
    environment:
      LOG_LEVEL: debug
      PORT: "80"
    ports:
      - target: 80
        published: "8081"
        protocol: tcp
    depends_on:
      db:
        condition: service_healthy
volumes:
  data: {}
`;

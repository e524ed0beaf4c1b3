import { screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";
import { firstError, readsLikeError } from "./logSearch";

test("from the overview to a deployment that was verified, and the way back", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await user.click(await screen.findByRole("button", { name: "Deploy to staging…" }));
  expect(await screen.findByText("FEATURE_CHECKOUT_V2"), "the plan names what changes").toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Deploy to staging" }));
  expect(await screen.findByText(/done and verified \(.*\)\. Release #45 runs/)).toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Go back to #44" }));
  expect(await screen.findByRole("heading", { name: "Go back to #44 in staging" })).toBeTruthy();
});

test("a protected environment wants its name typed", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const run = vi.fn(fake.run);
  const { user } = show(
    { page: "plan", project: PROJECT, environment: "production" },
    {
      ...fake,
      run,
      plan: async (project, environment) => ({ ...(await fake.plan(project, environment)), blockers: [] }),
    },
  );
  const deploy = await screen.findByRole<HTMLButtonElement>("button", { name: "Deploy to production" });
  const name = screen.getByRole("textbox", { name: "Type production to confirm" });
  await user.type(name, "prod{Enter}");
  expect(deploy.disabled).toBe(true);
  expect(run).not.toHaveBeenCalled();
  await user.clear(name);
  await user.type(name, "production");
  await user.click(deploy);
  await waitFor(() => expect(run.mock.calls[0]?.[2]).toBe("production"));
});

test("what blocks a plan is said, and it cannot be run", async () => {
  show({ page: "plan", project: PROJECT, environment: "production" });
  expect(await screen.findByText("STRIPE_KEY is required and has no value in production.")).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Deploy to production" }).disabled).toBe(true);
});

test("a first deployment has nothing to go back to, and that is no warning", async () => {
  const fake = fakeBackend({ delay: 0 });
  show(
    { page: "plan", project: PROJECT, environment: "staging" },
    {
      plan: async (project, environment) => ({
        ...(await fake.plan(project, environment)),
        from: null,
        ready_to_go_back: { proven: false, reasons: ["this is the first release of the environment"] },
      }),
    },
  );
  const notice = (await screen.findByText("This is the first release of staging")).closest("[role=note]");
  expect(notice?.getAttribute("data-severity")).toBe("info");
  expect(screen.getByText("first release, nothing to go back to yet")).toBeTruthy();
  expect(screen.queryByText(/not proven/)).toBeNull();
});

test("a plan that moved asks to be made again", async () => {
  const fake = fakeBackend({ delay: 0 });
  const plan = vi.fn(fake.plan);
  const { user } = show(
    { page: "plan", project: PROJECT, environment: "staging" },
    {
      ...fake,
      plan,
      run: () => Promise.reject({ code: "plan_moved", message: ".env was changed.", hint: "Plan again." }),
    },
  );
  await user.click(await screen.findByRole("button", { name: "Deploy to staging" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("out of date");
  await user.click(screen.getAllByRole("button", { name: "Plan again" }).at(-1) ?? alert);
  await waitFor(() => expect(plan).toHaveBeenCalledTimes(2));
});

test("a failed deployment says at which step, and shows its error", async () => {
  show({ page: "deployment", project: PROJECT, number: 38 });
  expect(await screen.findByText("Deploy to staging: failed at unit tests (checks).")).toBeTruthy();
  const error = await screen.findByText("Error: expected 1200, got 1190");
  expect(screen.getByRole("button", { name: "First error" })).toBeTruthy();
  await waitFor(() => expect(error.parentElement?.dataset.current, "the log stands at it").toBe("true"));
});

test("what failed before it changed anything leads with why, says so, and there is nothing to go back from", async () => {
  const { page } = show({ page: "deployment", project: PROJECT, number: 38 });
  const why = await screen.findByText("`npm test` ended with exit code 1");
  expect(why.closest("[role=status]")?.textContent).toMatch(
    /^failed`npm test` ended with exit code 1.*\(checks\)\. Nothing was changed\./,
  );
  expect(page.container.textContent?.match(/Nothing was changed/g)).toHaveLength(1);
  expect(await screen.findByRole("button", { name: "Plan again" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Go back/ })).toBeNull();
});

test("a change that failed is not called a verification, and its error stands there once", async () => {
  const { page } = show({ page: "deployment", project: PROJECT, number: 40 });
  const why = await screen.findByText("web did not become healthy in 60 s");
  expect(why.closest("[role=status]")?.textContent).toContain(
    ": failed at recreate service web (application). The environment was moved back to #39 by deployment #41.",
  );
  const text = page.container.textContent ?? "";
  expect(text.split("web did not become healthy in 60 s").length - 1).toBe(1);
  expect(text, "the step is named by the line above").not.toContain("recreate service web: web did not");
});

test.each([
  ["error: cannot find module", true],
  ["2026-11-27 12:00:01 ERROR pool is empty", true],
  ["TypeError: x is not a function", true],
  ['{"level":"error","msg":"gone"}', true],
  ["src/app.ts(4,2): error TS2304: Cannot find name", true],
  ["thread 'main' panicked at src/main.rs:4", true],
  ["build finished with 0 errors", false],
  ["no errors found", false],
  ["errors: 0, failed: 0", false],
  ["INFO error pages are served by nginx", false],
  ['level=info msg="last error: none"', false],
  ["copies error.html", false],
])("whether `%s` reads like an error", (text, like) => {
  expect(readsLikeError(text)).toBe(like);
});

test("of attempts that failed alike the log stands at the first", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const texts = [
    "starting",
    ...Array.from({ length: 21 }, (_, at) => `try ${at + 1}: no answer on 10.0.4.2:80`),
  ];
  const lines = texts.map((text, at) => ({ line: at + 1, step: 1, at: "2026-11-29T00:00:00Z", text }));
  const log = async () => ({ lines, total: lines.length });
  const step = {
    number: 1,
    stage: "verification" as const,
    name: "answers",
    state: "failed" as const,
    started: null,
    ended: null,
    detail: "its last lines:\n  try 20: no answer on 10.0.4.2:80\n  try 21: no answer on 10.0.4.2:80",
  };
  expect(await firstError({ ...fake, log }, PROJECT, 1, step)).toBe(2);
});

/** A core whose staging was left by deployment 43 in another way than it was. */
function left(result: "cancelled" | "interrupted") {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const stopped = async () => {
    const view = await fake.deployment(PROJECT, 43);
    const deployment = { ...view.deployment, result, release: null, ended: null };
    return { ...view, deployment, release: null, reachable: null };
  };
  return {
    ...fake,
    resume: vi.fn(fake.resume),
    deployment: async (project: string, number: number) =>
      number === 43 ? await stopped() : await fake.deployment(project, number),
    status: async (project: string) => {
      const { environments } = await fake.status(project);
      const { deployment } = await stopped();
      return {
        environments: environments.map((one) =>
          one.name === "staging" ? { ...one, release: 40, last: deployment } : one,
        ),
      };
    },
  };
}

test("a newest deployment that was cancelled can be gone on with where it is looked at", async () => {
  const backend = left("cancelled");
  const { user } = show({ page: "deployment", project: PROJECT, number: 43 }, backend);
  await user.click(await screen.findByRole("button", { name: "Resume #43" }));
  await waitFor(() => expect(backend.resume.mock.calls[0]?.slice(0, 2)).toEqual([PROJECT, "staging"]));
});

test("an interrupted one is gone on with or back from, and nobody knows how long it took", async () => {
  show({ page: "deployment", project: PROJECT, number: 43 }, left("interrupted"));
  expect(await screen.findByRole("button", { name: "Resume #43" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Go back to #40" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Plan again" }), "its environment is locked").toBeNull();
  const standing = screen.getAllByRole("status").find(({ dataset }) => dataset.result === "interrupted");
  expect(standing?.lastElementChild?.textContent).toBe("–");
});

test("where there is one release there is nothing to go back to, and that is said", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const only = async (project: string, filter: Parameters<typeof fake.history>[1]) => {
    const { deployments } = await fake.history(project, { ...filter, environment: "staging", limit: 1 });
    return { deployments, total: 1 };
  };
  const nothing = {
    code: "not_found" as const,
    message: "staging has no earlier release to go back to",
    hint: "",
  };
  const backend = { ...fake, history: only, planRollback: () => Promise.reject(nothing) };
  const { page, user } = show({ page: "environment", project: PROJECT, environment: "staging" }, backend);
  const back = await screen.findByRole<HTMLButtonElement>("button", { name: "Go back in staging…" });
  await waitFor(() => expect(back.title).toBe("It has no release before the one that runs"));
  expect(back.disabled).toBe(true);
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByPlaceholderText("What do you want to do?"), "staging");
  expect(await screen.findByText("Open staging")).toBeTruthy();
  expect(
    screen.queryByText("Go back in staging…", { selector: ".mantine-Spotlight-actionLabel" }),
  ).toBeNull();
  page.unmount();

  show({ page: "rollback", project: PROJECT, environment: "staging" }, backend);
  expect((await screen.findByRole("alert")).textContent).toMatch(/^Nothing to go back to/);
});

test("a release whose images are gone cannot be gone back to, and says why", async () => {
  const { user } = show({ page: "deployment", project: PROJECT, number: 6 });
  const back = await screen.findByRole("button", { name: "Go back to #6" });
  expect(back.getAttribute("aria-disabled")).toBe("true");
  await user.click(back);
  expect(window.location.hash).toContain("#/deployment");
});

test("a running deployment follows the person and can be cancelled", async () => {
  const fake = fakeBackend({ delay: 0, pace: 1 });
  const { user } = show({ page: "plan", project: PROJECT, environment: "staging" }, fake);
  await user.click(await screen.findByRole("button", { name: "Deploy to staging" }));
  await screen.findByRole("button", { name: "Cancel #45" });
  await user.click(screen.getByRole("link", { name: "History" }));
  expect(await screen.findByRole("region", { name: "Running deployments" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Cancel #45" }));
  expect(await screen.findByRole("button", { name: "Dismiss #45" })).toBeTruthy();
});

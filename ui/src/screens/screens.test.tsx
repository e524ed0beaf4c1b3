/** What every screen does when something is missing. */
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { ERRORS } from "../errors";
import { PROJECT } from "../testing/data";
import { fakeBackend } from "../testing/fake";
import { show } from "../testing/show";

const DAMAGED = {
  code: "history_damaged",
  message: "history.db is not a database.",
  hint: "Move it away.",
} as const;
const NO_ENGINE = {
  code: "engine_unreachable",
  message: "No answer from unix:///var/run/docker.sock.",
  hint: "Start Docker.",
} as const;

test("without an engine the window opens, says so, and leads to what to do", async () => {
  const fake = fakeBackend({ delay: 0 });
  const { user } = show(
    { page: "configuration", project: PROJECT },
    {
      machine: async () => ({
        ...(await fake.machine()),
        engine: { ok: false, detail: "unix:///var/run/docker.sock", problem: NO_ENGINE },
      }),
    },
  );
  expect(await screen.findByText(/The container engine does not answer/)).toBeTruthy();
  expect(await screen.findByRole("gridcell", { name: "PORT in staging" }), "the rest works").toBeTruthy();
  await user.click(screen.getByRole("link", { name: "What to do" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Start Docker.");
});

test("with a damaged history projects can still be opened", async () => {
  show({ page: "projects" }, { projects: () => Promise.reject(DAMAGED) });
  expect((await screen.findByRole("alert")).textContent).toContain("Move it away.");
  expect(screen.getByRole("button", { name: "Open a folder" })).toBeTruthy();
});

test("a project whose folder moved says so", async () => {
  show({ page: "overview", project: "/media/stick/old-blog" });
  expect((await screen.findByRole("alert")).textContent).toContain(
    ERRORS.project_missing.title.toLowerCase(),
  );
  expect(screen.getByRole("button", { name: "Open Projects" })).toBeTruthy();
});

test("a folder without a sternway.yaml can be set up", async () => {
  const { user } = show({ page: "projects" });
  await user.click(await screen.findByRole("button", { name: "Open a folder" }));
  await user.click(await screen.findByRole("button", { name: "Set up wiki" }));
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeTruthy();
});

test("projects of one name are told apart by their folders, in the same order whichever was opened last", async () => {
  const fake = fakeBackend({ delay: 0 });
  const copy = "/home/anna/experiments/shop";
  const { user } = show(
    { page: "projects" },
    {
      projects: async () => {
        const [shop, ...others] = await fake.projects();
        return shop ? [...others, shop, { ...shop, path: copy }] : others;
      },
    },
  );
  const rows = await screen.findAllByRole("button", { name: /^Open shop in/ });
  expect(rows.map((row) => row.getAttribute("aria-label"))).toEqual([
    `Open shop in ${copy}`,
    `Open shop in ${PROJECT}`,
  ]);
  await user.click(screen.getByRole("button", { name: `Open shop in ${PROJECT}` }));
  await user.click(await screen.findByRole("button", { name: `Project: shop in ${PROJECT}` }));
  const entries = await screen.findAllByRole("menuitem", { name: /^shop/ });
  expect(entries.map(({ textContent }) => textContent)).toEqual([`shop${copy}`, `shop${PROJECT}`]);
});

test("an environment that cannot be observed does not hide the others", async () => {
  const fake = fakeBackend({ delay: 0 });
  show(
    { page: "overview", project: PROJECT },
    {
      status: async (project) => {
        const status = await fake.status(project);
        return {
          environments: status.environments.map((environment) =>
            environment.name === "staging"
              ? { ...environment, health: "unknown", services: [], problem: NO_ENGINE }
              : environment,
          ),
        };
      },
    },
  );
  expect((await screen.findByRole("alert")).textContent).toContain("Start Docker.");
  expect(await screen.findByText("1 drift: image web")).toBeTruthy();
});

test("an interrupted deployment offers to be finished or left", async () => {
  const fake = fakeBackend({ delay: 0 });
  show(
    { page: "overview", project: PROJECT },
    {
      status: async (project) => {
        const [first, ...rest] = (await fake.status(project)).environments;
        const [deployment] = (
          await fake.history(project, { environment: null, result: null, text: null, offset: 0, limit: 1 })
        ).deployments;
        if (!first || !deployment) throw new Error("the fake has environments and deployments");
        return {
          environments: [
            { ...first, health: "interrupted", deployment: { ...deployment, result: "interrupted" } },
            ...rest,
          ],
        };
      },
    },
  );
  expect(await screen.findByRole("button", { name: "Resume #44" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Go back to #42" })).toBeTruthy();
});

test.each([
  { number: 38, changed: false },
  { number: 40, changed: true },
])(
  "what failed says why in full, and $number can be gone back from: $changed",
  async ({ number, changed }) => {
    const fake = fakeBackend({ delay: 0 });
    const { deployment } = await fake.deployment(PROJECT, number);
    show(
      { page: "overview", project: PROJECT },
      {
        status: async (project) => ({
          environments: (await fake.status(project)).environments.map((one) =>
            one.name === deployment.environment
              ? { ...one, release: 30, last: { ...deployment, result: "failed" } }
              : one,
          ),
        }),
      },
    );
    const notice = (await screen.findByText(`#${number} failed`)).closest("[role=note]");
    for (const line of deployment.message?.split("\n") ?? []) expect(notice?.textContent).toContain(line);
    expect(screen.getByRole("button", { name: `Look at #${number}` })).toBeTruthy();
    if (changed) expect(await screen.findByRole("button", { name: "Go back to #30" })).toBeTruthy();
    else {
      await screen.findAllByText(/waiting/);
      expect(screen.queryByRole("button", { name: "Go back to #30" })).toBeNull();
    }
  },
);

test("a mistake in a file leads to its line, and nobody is told that looking changed nothing", async () => {
  const fake = fakeBackend({ delay: 0 });
  const problem = {
    code: "invalid_input",
    message: "services.web.ports has to be a list.",
    at: { file: "docker-compose.yml", line: 5, column: 3, key: "services.web.ports" },
  } as const;
  const { user } = show(
    { page: "overview", project: PROJECT },
    {
      pending: async (project, name) => {
        const pending = await fake.pending(project, name);
        return name === "staging" ? { ...pending, waiting: { ...pending.waiting, problem } } : pending;
      },
    },
  );
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("A mistake in docker-compose.yml");
  expect(alert.textContent).not.toContain("Nothing was changed");
  await user.click(await within(alert).findByRole("button", { name: "Open docker-compose.yml" }));
  expect(window.location.hash).toContain("file=docker-compose.yml&line=5");
  expect(await screen.findByRole("textbox", { name: "Text of docker-compose.yml" })).toBeTruthy();
});

test("a version of a secret that is gone is not called a secret without a value", async () => {
  const message = "the keychain has no version 3 of DB_PASSWORD for staging of shop";
  show(
    { page: "plan", project: PROJECT, environment: "staging" },
    { plan: () => Promise.reject({ code: "secret_missing", message }) },
  );
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain(message);
  expect(alert.textContent).toContain("Set it again in Configuration, or go to another release.");
  expect(alert.textContent).not.toContain("no value");
});

test("the palette does not open above a dialog", async () => {
  const { user } = show({ page: "configuration", project: PROJECT, dialog: "add" });
  await screen.findByRole("dialog");
  await user.keyboard("{Control>}k{/Control}{Control>}1{/Control}");
  expect(screen.getAllByRole("dialog")).toHaveLength(1);
  expect(window.location.hash).toContain("#/configuration");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await user.keyboard("{Control>}k{/Control}");
  expect(await screen.findByPlaceholderText("What do you want to do?")).toBeTruthy();
});

test("the palette finds an action and does it", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await screen.findByRole("button", { name: "Deploy to staging…" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByPlaceholderText("What do you want to do?"), "stag deploy");
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("heading", { name: "Deploy to staging" })).toBeTruthy();
});

test("Enter does the palette's first entry before anything is typed", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await screen.findByRole("button", { name: "Deploy to staging…" });
  await user.keyboard("{Control>}k{/Control}");
  const field = await screen.findByPlaceholderText("What do you want to do?");
  const first = () => document.querySelector(".mantine-Spotlight-action");
  await waitFor(() => expect(first()?.hasAttribute("data-selected")).toBe(true));
  expect(document.activeElement).toBe(field);
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("heading", { name: "development" })).toBeTruthy();
});

test("a folder that never was a project is set up where it was to be opened", async () => {
  const fake = fakeBackend({ delay: 0 });
  const bare = "/home/anna/bakery";
  const none = { code: "project_missing" as const, message: `${bare} has no sternway.yaml`, hint: "" };
  let made = false;
  const { user } = show(
    { page: "overview", project: bare },
    {
      openProject: async (path) =>
        path === bare && !made ? Promise.reject(none) : await fake.openProject(PROJECT),
      initProject: async () => {
        made = true;
        return { ...(await fake.openProject(PROJECT)), path: bare };
      },
    },
  );
  await user.click(await screen.findByRole("button", { name: "Set up bakery" }));
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeTruthy();
});

test("the palette leads to no document that is not there", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByPlaceholderText("What do you want to do?"), ".env");
  expect(await screen.findByText(".env")).toBeTruthy();
  expect(screen.queryByText(".env.production")).toBeNull();
});

test("the changes that are named on the overview and the others are as many as there are", async () => {
  const fake = fakeBackend({ delay: 0 });
  const waiting = {
    changes: 5,
    first: ["variable PORT", "image web", "service web"],
    blockers: ["A", "B", "C", "D", "E"].map((key) => `${key} is required and has no value`),
    problem: null,
  };
  show(
    { page: "overview", project: PROJECT },
    { pending: async (project, name) => ({ ...(await fake.pending(project, name)), waiting }) },
  );
  const [link] = await screen.findAllByRole("link", { name: "5 changes waiting" });
  expect(link?.parentElement?.textContent).toBe("5 changes waiting: PORT, image web, service web and 2 more");
  expect(screen.getAllByRole("link", { name: "and 2 more to mend" }).length).toBeGreaterThan(0);
  expect(screen.queryByText("D is required and has no value")).toBeNull();
});

test("an environment is taken down from the overview too", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await user.click(await screen.findByRole("button", { name: "More for staging" }));
  await user.click(await screen.findByRole("menuitem", { name: "Take staging down…" }));
  expect(await screen.findByRole("heading", { name: "Take staging down" })).toBeTruthy();
});

/** What every screen does when something is missing. */
import { screen } from "@testing-library/react";
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

test("the palette finds an action and does it", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  await screen.findByRole("button", { name: "Deploy to staging…" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByPlaceholderText("What do you want to do?"), "stag deploy");
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("heading", { name: "Deploy to staging" })).toBeTruthy();
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

import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

test("the sidebar leads to an environment, whose published port opens in the browser", async () => {
  const openPublished = vi.fn(async () => null);
  const { user } = show({ page: "overview", project: PROJECT }, { openPublished });
  await user.click(await screen.findByRole("link", { name: "Environment staging" }));
  const web = within(await screen.findByRole("row", { name: "web" }));
  expect(web.getByText("healthy")).toBeTruthy();
  await user.click(web.getByRole("button", { name: "Open web of staging on port 8081" }));
  expect(openPublished).toHaveBeenCalledWith(PROJECT, "staging", 8081);
});

test("what does not run has nothing to open and nothing to enter, and says so", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  show(
    { page: "environment", project: PROJECT, environment: "staging" },
    {
      ...fake,
      services: async (project, environment) => {
        const { services } = await fake.services(project, environment);
        const stopped = { state: "exited", health: "failing" as const };
        return {
          environment,
          services: services.map((one) =>
            one.name === "web"
              ? { ...one, ...stopped, containers: one.containers.map((two) => ({ ...two, ...stopped })) }
              : one,
          ),
        };
      },
    },
  );
  const web = within(await screen.findByRole("row", { name: "web" }));
  expect(web.getByText(":8081").title).toBe("Nothing answers: web does not run");
  expect(web.queryByRole("button", { name: /^Open web/ })).toBeNull();
  const more = web.getByRole<HTMLButtonElement>("button", { name: "More for web" });
  expect([more.disabled, more.title]).toEqual([true, "A command needs a container that runs"]);
});

test("a service is started anew once that was confirmed, in a protected environment by its name", async () => {
  const restart = vi.fn(async () => ["web: healthy"]);
  const { user } = show({ page: "environment", project: PROJECT, environment: "production" }, { restart });
  await user.click(await screen.findByRole("button", { name: "Restart worker" }));
  const confirm = await screen.findByRole<HTMLButtonElement>("button", {
    name: "Restart worker in production",
  });
  expect(confirm.disabled).toBe(true);
  await user.type(screen.getByRole("textbox", { name: "Type production to confirm" }), "production");
  await user.click(confirm);
  await waitFor(() =>
    expect(restart.mock.calls).toEqual([[PROJECT, "production", ["worker"], "production"]]),
  );
});

test("the output of one service is followed, and no longer once the page was left", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const stopFollowing = vi.fn(fake.stopFollowing);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "staging" },
    { ...fake, stopFollowing },
  );
  expect(await screen.findByText("db is starting")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Output of web" }));
  await waitFor(() => expect(screen.queryByText("db is starting")).toBeNull());
  expect(await screen.findByText("web listens on port 80")).toBeTruthy();
  stopFollowing.mockClear();
  await user.click(screen.getByRole("link", { name: "Overview" }));
  await waitFor(() => expect(stopFollowing, "output and measurements").toHaveBeenCalledTimes(2));
});

test("a command is run in a service, in a protected environment by its name", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const runInService = vi.fn(fake.runInService);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "production" },
    { ...fake, runInService },
  );
  await user.click(await screen.findByRole("button", { name: "More for web" }));
  await user.click(await screen.findByRole("menuitem", { name: "Run a command…" }));
  await user.type(await screen.findByRole("textbox", { name: "Command line" }), "echo good morning");
  const run = screen.getByRole<HTMLButtonElement>("button", { name: "Run in web" });
  expect(run.disabled).toBe(true);
  await user.type(screen.getByRole("textbox", { name: "Type production to confirm" }), "production");
  await user.click(run);
  expect((await screen.findByText("good morning")).dataset.error).toBe("false");
  expect(screen.getByText("ended with code 0")).toBeTruthy();

  await user.clear(screen.getByRole("textbox", { name: "Command line" }));
  await user.type(screen.getByRole("textbox", { name: "Command line" }), "nonsense{Enter}");
  expect((await screen.findByText("sh: nonsense: not found")).dataset.error).toBe("true");
  expect(screen.getByText("ended with code 127")).toBeTruthy();
  expect(screen.queryByText("good morning"), "what was printed before is gone").toBeNull();
  expect(runInService.mock.calls.map((call) => call.slice(1, 5))).toEqual([
    ["production", "web", "echo good morning", "production"],
    ["production", "web", "nonsense", "production"],
  ]);
});

test("a command that runs is ended by the button, and with its dialog", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const stopFollowing = vi.fn(fake.stopFollowing);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "staging" },
    { ...fake, stopFollowing },
  );
  await user.click(await screen.findByRole("button", { name: "More for web" }));
  await user.click(await screen.findByRole("menuitem", { name: "Run a command…" }));
  await user.type(await screen.findByRole("textbox", { name: "Command line" }), "sleep 100{Enter}");
  await user.click(await screen.findByRole("button", { name: "Stop" }));
  expect(await screen.findByText("stopped, ended with code 143")).toBeTruthy();

  stopFollowing.mockClear();
  await user.click(screen.getByRole("button", { name: "Run in web" }));
  await screen.findByRole("button", { name: "Stop" });
  await user.click(screen.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(stopFollowing).toHaveBeenCalledTimes(1));
});

test("taking an environment down is a plan to read first", async () => {
  const { user } = show({ page: "environment", project: PROJECT, environment: "staging" });
  await user.click(await screen.findByRole("button", { name: "More for staging" }));
  await user.click(await screen.findByRole("menuitem", { name: "Take staging down…" }));
  expect(await screen.findByRole("heading", { name: "Take staging down" })).toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Take staging down" }));
  await waitFor(() => expect(window.location.hash).toContain("#/deployment"));
});

test("images of old releases are given up once it was said what goes with them", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const prune = vi.fn(fake.prune);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "production" },
    { ...fake, prune },
  );
  await user.click(await screen.findByRole("button", { name: "More for production" }));
  await user.click(await screen.findByRole("menuitem", { name: "Images kept for production…" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText(/go back to #35, #31 any more/)).toBeTruthy();
  await user.click(dialog.getByRole("combobox", { name: "Keep the images of" }));
  await user.click(await screen.findByRole("option", { name: "the newest 3 releases whose images differ" }));
  await user.click(await dialog.findByRole("checkbox", { name: "Also 1 image that no release here has" }));
  const give = await dialog.findByRole<HTMLButtonElement>("button", { name: "Give up 5 images" });
  expect(give.disabled, "the name is not typed").toBe(true);
  await user.type(dialog.getByRole("textbox", { name: "Type production to confirm" }), "production");
  await user.click(give);
  expect((await dialog.findByRole("status")).textContent).toBe(
    "5 images given up; at most 937 MB became free.",
  );
  const [, environment, keep, unknown, stamp, typed] = prune.mock.calls[0] ?? [];
  expect([environment, keep, unknown, typed]).toEqual(["production", 3, true, "production"]);
  expect(stamp).toBe((await fake.planPrune(PROJECT, "production", 3, true)).stamp);
});

test("where nothing is kept beyond what is wanted, there is nothing to give up", async () => {
  const { user } = show({ page: "environment", project: PROJECT, environment: "development" });
  await user.click(await screen.findByRole("button", { name: "More for development" }));
  await user.click(await screen.findByRole("menuitem", { name: "Images kept for development…" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect((await dialog.findByRole("status")).textContent).toContain("Nothing to give up");
  expect(dialog.getByRole<HTMLButtonElement>("button", { name: "Give up images" }).disabled).toBe(true);
});

test("a last deployment that was cancelled is marked, and can be gone on with", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const resume = vi.fn(fake.resume);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "staging" },
    {
      ...fake,
      resume,
      status: async (project) => {
        const { environments } = await fake.status(project);
        const { deployment } = await fake.deployment(project, 43);
        const last = { ...deployment, result: "cancelled" as const };
        return { environments: environments.map((one) => (one.name === "staging" ? { ...one, last } : one)) };
      },
    },
  );
  const note = within(await screen.findByRole("note"));
  expect(note.getByText(/^#\d+ was cancelled$/)).toBeTruthy();
  expect(await note.findByRole("button", { name: /^Go back to #/ })).toBeTruthy();
  await user.click(note.getByRole("button", { name: /^Resume #/ }));
  await waitFor(() => expect(resume.mock.calls[0]?.slice(0, 2)).toEqual([PROJECT, "staging"]));
});

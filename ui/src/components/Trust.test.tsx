import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { TrustView } from "../backend";
import { PROJECT } from "../testing/data";
import { fakeBackend } from "../testing/fake";
import { show } from "../testing/show";

const NEW: TrustView = {
  project: "shop",
  at: null,
  by: null,
  commands: [
    { stage: "checks", name: "unit tests", line: "npm test\u202e" },
    { stage: "notification", name: "./tell.sh", line: "./tell.sh" },
  ],
};

/** A core for which the project is new until somebody trusts it. */
function untrusted() {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  let now = NEW;
  return {
    ...fake,
    trust: async () => now,
    trustProject: async () => {
      now = { ...NEW, at: new Date().toISOString(), by: "anna" };
      return now;
    },
    revokeTrust: async () => {
      now = NEW;
      return now;
    },
    plan: async (project: string, environment: string) => ({
      ...(await fake.plan(project, environment)),
      untrusted: now.at === null ? NEW.commands : [],
    }),
  };
}

test("a project that is new says so on its overview, and its commands are read before it is trusted", async () => {
  const { user } = show({ page: "overview", project: PROJECT }, untrusted());
  expect(await screen.findByText("Until you trust it, its commands are not run.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Look at 2 commands…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Trust shop?" }));
  expect(dialog.getByText("Checks")).toBeTruthy();
  expect(dialog.getByText("npm test\\u{202e}"), "nothing of a command is hidden").toBeTruthy();
  expect(dialog.getAllByText("./tell.sh"), "a name that is the command is said once").toHaveLength(1);
  await user.click(dialog.getByRole("button", { name: "Trust this project" }));
  await waitFor(() => expect(screen.queryByText("New to this machine")).toBeNull());
});

test("a plan with commands is run only when the project is trusted", async () => {
  const { user } = show({ page: "plan", project: PROJECT, environment: "staging" }, untrusted());
  const deploy = () => screen.getByRole<HTMLButtonElement>("button", { name: "Deploy to staging" });
  expect(await screen.findByText("New to this machine")).toBeTruthy();
  expect(deploy().disabled).toBe(true);
  await user.click(screen.getByRole("button", { name: "Look at 2 commands…" }));
  await user.click(await screen.findByRole("button", { name: "Trust this project" }));
  await waitFor(() => expect(deploy().disabled).toBe(false));
  expect(screen.queryByText("New to this machine")).toBeNull();
});

test("trust is taken back in the settings", async () => {
  const backend = untrusted();
  await backend.trustProject();
  const { user } = show({ page: "settings", project: PROJECT }, backend);
  await user.click(await screen.findByRole("button", { name: "Take it back" }));
  expect(await screen.findByText("New to this machine")).toBeTruthy();
});

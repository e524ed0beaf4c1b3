/** Secrets: generated, shown once, copied past the page, rotated, looked for. */
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Backend } from "../../backend";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";
import { REVEALED } from "../../testing/versions";

async function open(cell: string, replaced: Partial<Backend> = {}) {
  const shown = show({ page: "configuration", project: PROJECT }, replaced);
  await shown.user.click(await screen.findByRole("gridcell", { name: cell }));
  await screen.findByRole("complementary", { name: `About ${cell}` });
  return shown;
}

test("a secret is generated without coming to the page", async () => {
  const fake = fakeBackend({ delay: 0 });
  const generateSecret = vi.fn(fake.generateSecret);
  const { user } = await open("DB_PASSWORD in staging", { ...fake, generateSecret });
  await user.click(screen.getByRole("button", { name: "Generate…" }));
  const length = await screen.findByRole("textbox", { name: "Length" });
  await user.clear(length);
  await user.type(length, "48{Enter}");
  await waitFor(() =>
    expect(generateSecret.mock.calls).toEqual([
      [PROJECT, "staging", "DB_PASSWORD", { length: 48, alphabet: "letters" }],
    ]),
  );
  expect((await screen.findAllByText("v4")).length).toBeGreaterThan(0);
});

test("a protected environment's secret is shown after its name was typed, and is gone when it is hidden", async () => {
  const fake = fakeBackend({ delay: 0 });
  const revealSecret = vi.fn(fake.revealSecret);
  const { user, page } = await open("DB_PASSWORD in production", { ...fake, revealSecret });
  await user.click(await screen.findByRole("button", { name: "Show DB_PASSWORD…" }));
  const dialog = await screen.findByRole("dialog");
  const confirm = within(dialog).getByRole<HTMLButtonElement>("button", { name: "Show DB_PASSWORD" });
  expect(confirm.disabled).toBe(true);
  await user.type(within(dialog).getByRole("textbox", { name: "Why (optional)" }), "a call");
  await user.type(within(dialog).getByRole("textbox", { name: "Type production to confirm" }), "production");
  await user.click(confirm);
  expect(await screen.findByText(REVEALED)).toBeTruthy();
  expect(revealSecret.mock.calls).toEqual([
    [PROJECT, "production", "DB_PASSWORD", null, "production", "a call"],
  ]);
  await user.click(screen.getByRole("button", { name: "Hide it now" }));
  expect(page.baseElement.innerHTML).not.toContain(REVEALED);
});

test("secrets under the project's name are taken over after asking, and what could not be is said", async () => {
  const entry = { environment: "staging", name: "DB_PASSWORD", version: 3, outcome: "waiting" as const };
  const other = { ...entry, name: "TOKEN", version: 1 };
  const planTakeOver = vi.fn(async () => ({ entries: [entry, other] }));
  const takeOver = vi.fn(async () => {
    planTakeOver.mockResolvedValue({ entries: [other] });
    return {
      entries: [
        { ...entry, outcome: "taken" as const },
        { ...other, outcome: "foreign" as const },
      ],
    };
  });
  const { user } = show({ page: "secrets", project: PROJECT }, { planTakeOver, takeOver });
  await user.click(await screen.findByRole("button", { name: "Take over 2 versions…" }));
  expect(takeOver).not.toHaveBeenCalled();
  await user.click(await screen.findByRole("button", { name: "Take over 2 versions" }));
  expect(await screen.findByText(/has a value that this project never set/)).toBeTruthy();
  expect(await screen.findByRole("button", { name: "Take over 1 version…" })).toBeTruthy();
  expect(takeOver).toHaveBeenCalledTimes(1);
});

test("another cell does not show the value of the one before", async () => {
  const { user, page } = await open("DB_PASSWORD in staging");
  await user.click(await screen.findByRole("button", { name: "Show DB_PASSWORD…" }));
  await user.click(await screen.findByRole("button", { name: "Show DB_PASSWORD" }));
  await screen.findByText(REVEALED);
  await user.click(screen.getByRole("gridcell", { name: "PORT in staging" }));
  await waitFor(() => expect(page.baseElement.innerHTML).not.toContain(REVEALED));
});

test("the clipboard gets the value past the page", async () => {
  const fake = fakeBackend({ delay: 0 });
  const copySecretValue = vi.fn(fake.copySecretValue);
  const { user } = await open("DB_PASSWORD in staging", { ...fake, copySecretValue });
  await user.click(await screen.findByRole("button", { name: "Copy to the clipboard" }));
  expect(await screen.findByText(/On the clipboard for 30 s/)).toBeTruthy();
  expect(copySecretValue.mock.calls).toEqual([[PROJECT, "staging", "DB_PASSWORD", null, null]]);
});

test("a rotation says what it means, begins, waits for a deployment, and can be given up", async () => {
  const fake = fakeBackend({ delay: 0 });
  const startRotation = vi.fn(fake.startRotation);
  const { user, page } = await open("DB_PASSWORD in staging", { ...fake, startRotation });
  await user.click(await screen.findByRole("button", { name: "Rotate DB_PASSWORD…" }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog.textContent).toContain("in web, worker");
  expect(dialog.textContent).toContain("no longer be gone back to: #41, #38");
  await user.click(within(dialog).getByRole("radio", { name: "Type it" }));
  await user.type(within(dialog).getByLabelText("New value of DB_PASSWORD"), "planted-by-rotation");
  await user.click(within(dialog).getByRole("button", { name: "Begin to rotate DB_PASSWORD" }));
  expect(await screen.findByText("DB_PASSWORD is being rotated")).toBeTruthy();
  expect(startRotation.mock.calls).toEqual([
    [PROJECT, "staging", "DB_PASSWORD", "planted-by-rotation", null],
  ]);
  expect(page.baseElement.innerHTML).not.toContain("planted-by-rotation");
  expect(screen.getByRole("button", { name: "Deploy to staging…" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Give up, keep v3" }));
  expect(await screen.findByRole("button", { name: "Rotate DB_PASSWORD…" })).toBeTruthy();
});

test("all secrets stand in a list with their versions, where they are the same, and what uses them", async () => {
  show({ page: "secrets", project: PROJECT });
  const cell = async (name: string) => (await screen.findByRole("button", { name })).textContent;
  expect(await cell("DB_PASSWORD in development")).toContain("v3");
  await waitFor(async () => expect(await cell("DB_PASSWORD in staging")).toContain("= same"));
  const production = await cell("DB_PASSWORD in production");
  expect(production).toContain("v7≠ differentv6 runs");
  expect(production).toMatch(/by anna$/);
  expect(await cell("STRIPE_KEY in staging")).toContain("not deployed");
  expect(await cell("STRIPE_KEY in development")).toBe("not set");
  expect(screen.getByRole("row", { name: /^STRIPE_WEBHOOK_SECRET/ }).textContent).toMatch(
    /STRIPE_WEBHOOK_SECRET$/,
  );
});

test("a secret of the list is copied from another environment, and removed after a question", async () => {
  const fake = fakeBackend({ delay: 0 });
  const removeSecret = vi.fn(fake.removeSecret);
  const { user } = show({ page: "secrets", project: PROJECT }, { ...fake, removeSecret });
  await user.click(await screen.findByRole("button", { name: "STRIPE_KEY in development" }));
  const about = await screen.findByRole("complementary", { name: "About STRIPE_KEY in development" });
  await user.click(within(about).getByRole("button", { name: "Copy from staging" }));
  await user.click(await within(about).findByRole("button", { name: "Remove STRIPE_KEY from development…" }));
  expect(
    await screen.findByText(/The keychain forgets v1 in development\. No release needs it/),
  ).toBeTruthy();
  expect(removeSecret).not.toHaveBeenCalled();
  await user.click(await screen.findByRole("button", { name: "Remove STRIPE_KEY from development" }));
  await waitFor(() =>
    expect(removeSecret.mock.calls).toEqual([[PROJECT, "development", "STRIPE_KEY", null, null]]),
  );
});

test("an old version is removed after it was said what goes along", async () => {
  const fake = fakeBackend({ delay: 0 });
  const removeSecret = vi.fn(fake.removeSecret);
  const { user } = await open("DB_PASSWORD in staging", { ...fake, removeSecret });
  const [bin] = await screen.findAllByRole("button", { name: /^Remove v\d+ of DB_PASSWORD from staging$/ });
  const verb = bin?.getAttribute("aria-label") ?? "";
  const version = Number(verb.match(/v(\d+)/)?.[1]);
  if (bin) await user.click(bin);
  const dialog = await screen.findByRole("dialog");
  expect(
    await within(dialog).findByText(new RegExp(`^The keychain forgets v${version} in staging`)),
  ).toBeTruthy();
  expect(removeSecret).not.toHaveBeenCalled();
  await user.click(within(dialog).getByRole("button", { name: verb }));
  await waitFor(() =>
    expect(removeSecret.mock.calls).toEqual([[PROJECT, "staging", "DB_PASSWORD", version, null]]),
  );
});

test("without secrets the list says how one is made; if they cannot be read, why", async () => {
  const { page } = show({ page: "secrets", project: PROJECT }, { secrets: async () => ({ secrets: [] }) });
  expect(await screen.findByText("No secrets yet")).toBeTruthy();
  page.unmount();
  const problem = { code: "history_damaged", message: "history.db is not a database.", hint: "" } as const;
  show({ page: "secrets", project: PROJECT }, { secrets: () => Promise.reject(problem) });
  expect(await screen.findByText(/Reading the secrets/)).toBeTruthy();
});

test("leaks are found in files and in the past, without their values", async () => {
  const { user } = show({ page: "secrets", project: PROJECT });
  await user.click(await screen.findByRole("button", { name: "Look for leaks" }));
  expect(await screen.findByText("2 leaks found; 214 files and 387 commits read")).toBeTruthy();
  expect(screen.getByText("scripts/seed.sh:12")).toBeTruthy();
  expect(screen.getByText("media/intro.mp4 is larger than 10 MB")).toBeTruthy();
  await user.click(screen.getByRole("checkbox", { name: "in the repository's past too" }));
  await user.click(screen.getByRole("button", { name: "Look for leaks" }));
  expect(await screen.findByText("1 leak found; 214 files read")).toBeTruthy();
});

test("who saw a secret is listed, with the reason", async () => {
  show({ page: "secrets", project: PROJECT });
  expect(await screen.findByText("the provider asked which one it is")).toBeTruthy();
});

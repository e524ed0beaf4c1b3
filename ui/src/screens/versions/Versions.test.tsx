/** Versions of the configuration: read, compared, brought back. */
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

test("a version says who, when and why, and what it changed", async () => {
  const { user } = show({ page: "versions", project: PROJECT });
  await user.click(await screen.findByRole("link", { name: "Version 14" }));
  const detail = await screen.findByRole("complementary", { name: "Version 14" });
  expect(detail.textContent).toContain("saved by tom");
  expect(detail.textContent).toContain("looking for the slow checkout");
  const changes = within(detail).getByRole("list", { name: "What version 14 changed" });
  expect(changes.textContent).toContain("LOG_LEVEL");
  expect(changes.textContent).toContain("info");
});

test("versions are found by the variable that they changed", async () => {
  const { user } = show({ page: "versions", project: PROJECT });
  await screen.findByRole("link", { name: "Version 14" });
  await user.type(screen.getByRole("textbox", { name: "Versions that changed this variable" }), "cache");
  await waitFor(() => expect(screen.getAllByRole("link", { name: /^Version \d/ })).toHaveLength(1));
  expect(screen.getByRole("link", { name: "Version 12" }).textContent).toContain(
    "changed outside of Sternway",
  );
});

test("bringing a version back shows what would change, and does exactly that", async () => {
  const fake = fakeBackend({ delay: 0 });
  const restore = vi.fn(fake.restore);
  const { user } = show({ page: "versions", project: PROJECT, version: 11 }, { ...fake, restore });
  await user.click(await screen.findByRole("button", { name: "Bring back…" }));
  await user.click(await screen.findByRole("menuitem", { name: "What staging reads…" }));
  const dialog = await screen.findByRole("dialog");
  const changes = await within(dialog).findByRole("list", { name: "What would change" });
  expect(changes.textContent).toContain("LOG_LEVEL");
  expect(restore).not.toHaveBeenCalled();
  await user.type(within(dialog).getByRole("textbox", { name: "Why it is brought back" }), "too loud");
  await user.click(within(dialog).getByRole("button", { name: "Bring back 2 changes" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const scope = { environment: "staging", file: null, key: null };
  expect(restore.mock.calls).toEqual([[PROJECT, 11, scope, "back to 11", "too loud"]]);
  expect(await screen.findByRole("link", { name: "Version 15" })).toBeTruthy();
});

test("a plan that is not true any more is made again, and nothing is brought back", async () => {
  const { user } = show(
    { page: "versions", project: PROJECT, version: 11 },
    { restore: () => Promise.reject({ code: "plan_moved", message: "The files are different by now." }) },
  );
  await user.click(await screen.findByRole("button", { name: "Bring back…" }));
  await user.click(await screen.findByRole("menuitem", { name: /^Everything/ }));
  await user.click(await screen.findByRole("button", { name: /^Bring back \d/ }));
  const dialog = screen.getByRole("dialog");
  expect((await within(dialog).findByRole("alert")).textContent).toContain("Nothing was changed.");
  await user.click(within(dialog).getByRole("button", { name: "Plan again" }));
  await waitFor(() => expect(within(dialog).queryByRole("alert")).toBeNull());
});

test("a value's history leads to its deployment and back to what it was", async () => {
  const { user } = show({ page: "configuration", project: PROJECT });
  await user.click(await screen.findByRole("gridcell", { name: "CACHE_TTL in production" }));
  const history = await screen.findByRole("region", { name: "History of CACHE_TTL" });
  expect(
    (await within(history).findByRole("link", { name: "deployment #38" })).getAttribute("href"),
  ).toContain("number=38");
  expect(history.textContent).toContain("changed outside of Sternway");

  await user.click(screen.getByRole("gridcell", { name: "LOG_LEVEL in staging" }));
  await user.click(await screen.findByRole("button", { name: "Bring LOG_LEVEL back to version 9" }));
  await user.click(await screen.findByRole("button", { name: /^Bring back \d/ }));
  await waitFor(() =>
    expect(screen.getByRole("gridcell", { name: "LOG_LEVEL in staging" }).textContent).not.toContain("debug"),
  );
});

test("a file is looked at as it was in a version, and beside what it is now", async () => {
  const { user } = show({ page: "versions", project: PROJECT, version: 11 });
  await user.click(await screen.findByRole("button", { name: "Look at…" }));
  await user.click(await screen.findByRole("menuitem", { name: /^config\/app.json/ }));
  const dialog = await screen.findByRole("dialog", { name: "config/app.json, as it was in version 11" });
  const text = await within(dialog).findByRole("textbox", { name: "config/app.json in version 11" });
  expect(text.textContent).toContain('"port": 3000');
  await user.click(within(dialog).getByRole("radio", { name: "Difference to now" }));
  expect((await within(dialog).findByRole("textbox", { name: "Now" })).textContent).toContain("8080");
  await user.click(within(dialog).getByRole("button", { name: "Bring config/app.json back…" }));
  expect(
    await screen.findByRole("dialog", { name: "Bring config/app.json back to version 11" }),
  ).toBeTruthy();
});

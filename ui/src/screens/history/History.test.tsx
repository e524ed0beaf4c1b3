import { screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

const PLACE = { page: "history", project: PROJECT } as const;

test("two deployments are selected and compared by layer", async () => {
  const { user } = show(PLACE);
  await user.click(await screen.findByRole("checkbox", { name: "Select #43" }));
  await user.click(screen.getByRole("checkbox", { name: "Select #41" }));
  await user.click(screen.getByRole("button", { name: "Compare #41 with #43" }));
  expect(await screen.findByRole("list", { name: "Differences of configuration" })).toBeTruthy();
});

test("the keyboard moves, selects and opens", async () => {
  const { user } = show(PLACE);
  const first = await screen.findByRole("row", { name: "Deployment #44" });
  first.focus();
  await user.keyboard("{ArrowDown}");
  await waitFor(() => expect(document.activeElement?.getAttribute("aria-label")).toBe("Deployment #43"));
  await user.keyboard(" ");
  expect(screen.getByRole("row", { name: "Deployment #43" }).getAttribute("aria-selected")).toBe("true");
  await user.keyboard("{Enter}");
  expect(window.location.hash).toContain("number=43");
});

test("a filter that fits nothing offers the way out", async () => {
  const { user } = show(PLACE);
  await user.type(await screen.findByRole("textbox", { name: "Filter deployments" }), "nobody");
  await user.click(await screen.findByRole("button", { name: "Show all deployments" }));
  expect(await screen.findByRole("row", { name: "Deployment #44" })).toBeTruthy();
});

test("of ten thousand deployments only what is in sight is read", async () => {
  const fake = fakeBackend({ delay: 0 });
  const history = vi.fn<typeof fake.history>(async (project, filter) => ({
    ...(await fake.history(project, filter)),
    total: 10_000,
  }));
  show(PLACE, { ...fake, history });
  await screen.findByText("10,000 deployments");
  const pages = history.mock.calls.filter(([, { limit }]) => limit === 100);
  expect(pages).toHaveLength(1);
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
});

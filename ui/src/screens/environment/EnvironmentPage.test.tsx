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

test("a last deployment that was cancelled is marked, and can be gone on with", async () => {
  const fake = fakeBackend({ delay: 0, pace: 0 });
  const resume = vi.fn(fake.resume);
  const { user } = show(
    { page: "environment", project: PROJECT, environment: "staging" },
    {
      ...fake,
      resume,
      history: async (project, filter) => {
        const page = await fake.history(project, filter);
        const [newest, ...others] = page.deployments;
        if (!newest || filter.environment !== "staging") return page;
        return { ...page, deployments: [{ ...newest, result: "cancelled" }, ...others] };
      },
    },
  );
  const note = within(await screen.findByRole("note"));
  expect(note.getByText(/^#\d+ was cancelled$/)).toBeTruthy();
  expect(note.getByRole("button", { name: /^Go back to #/ })).toBeTruthy();
  await user.click(note.getByRole("button", { name: /^Resume #/ }));
  await waitFor(() => expect(resume.mock.calls[0]?.slice(0, 2)).toEqual([PROJECT, "staging"]));
});

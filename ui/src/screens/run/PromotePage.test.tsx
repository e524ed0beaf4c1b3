/** Moving an environment to the release of another one. */
import { screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

test("the overview leads to a promotion, which stops for values of another environment until they are meant", async () => {
  const fake = fakeBackend({ delay: 0 });
  const edit = { environment: "production", key: "STRIPE_KEY", value: "keychain:STRIPE_KEY" };
  await fake.setVariables(PROJECT, [edit], null);
  const planPromotion = vi.fn(fake.planPromotion);
  const { user } = show({ page: "overview", project: PROJECT }, { ...fake, planPromotion });
  await user.click(await screen.findByRole("button", { name: "Promote #44…" }));
  expect(await screen.findByRole("heading", { name: "Promote #44 to production" })).toBeTruthy();
  expect(await screen.findByText("2 values of production may belong to another environment")).toBeTruthy();
  expect(
    screen.getByRole("list", { name: "How the variables of staging and production differ" }).textContent,
  ).toContain("https://shop.example.com");
  const run = () => screen.getByRole<HTMLButtonElement>("button", { name: "Promote #44 to production" });
  expect(run().disabled, "what blocks has to be mended first").toBe(true);
  await user.click(screen.getByRole("checkbox", { name: /PUBLIC_URL/ }));
  await waitFor(() =>
    expect(screen.getByText("1 value of production may belong to another environment")).toBeTruthy(),
  );
  await user.click(screen.getByRole("checkbox", { name: /DB_PASSWORD/ }));
  await waitFor(() => expect(screen.getByText("What looked odd in production is meant")).toBeTruthy());
  expect(planPromotion.mock.calls.at(-1)).toEqual([
    PROJECT,
    "staging",
    "production",
    ["PUBLIC_URL", "DB_PASSWORD"],
  ]);
  await user.type(screen.getByRole("textbox", { name: "Type production to confirm" }), "production");
  await user.click(run());
  expect(await screen.findByRole("heading", { name: /Promote to production/ })).toBeTruthy();
});

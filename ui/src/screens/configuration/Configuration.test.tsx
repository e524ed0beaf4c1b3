import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { PROJECT } from "../../testing/data";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

const PLACE = { page: "configuration", project: PROJECT } as const;

test("a value is edited in place and saved for its environment alone", async () => {
  const fake = fakeBackend({ delay: 0 });
  const setVariables = vi.fn(fake.setVariables);
  const { user } = show(PLACE, { ...fake, setVariables });
  const cell = await screen.findByRole("gridcell", { name: "LOG_LEVEL in staging" });
  await user.click(cell);
  await user.keyboard("{Enter}");
  const field = await screen.findByRole("combobox", { name: "Value of LOG_LEVEL in staging" });
  await user.clear(field);
  await user.type(field, "warn{Enter}");
  await waitFor(() => expect(cell.textContent).toBe("warn"));
  expect(setVariables.mock.calls).toEqual([
    [PROJECT, [{ environment: "staging", key: "LOG_LEVEL", value: "warn" }], null],
  ]);
});

test("Esc leaves a value as it was", async () => {
  const setVariables = vi.fn();
  const { user } = show(PLACE, { setVariables });
  const cell = await screen.findByRole("gridcell", { name: "LOG_LEVEL in staging" });
  await user.click(cell);
  await user.keyboard("x{Escape}");
  expect(cell.textContent).toBe("debug");
  expect(setVariables).not.toHaveBeenCalled();
});

test("a failed save says so and keeps what was typed", async () => {
  const { user } = show(PLACE, {
    setVariables: () =>
      Promise.reject({ code: "file_changed", message: ".env.staging was changed by somebody else." }),
  });
  const cell = await screen.findByRole("gridcell", { name: "LOG_LEVEL in staging" });
  await user.click(cell);
  await user.keyboard("{Enter}warn{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Nothing was overwritten");
  expect(
    screen.getByRole<HTMLInputElement>("combobox", { name: "Value of LOG_LEVEL in staging" }).value,
  ).toBe("warn");
});

test("a secret's value is sent once and is nowhere afterwards", async () => {
  const fake = fakeBackend({ delay: 0 });
  const setSecret = vi.fn(fake.setSecret);
  const { user, page } = show(PLACE, { ...fake, setSecret });
  await user.click(await screen.findByRole("gridcell", { name: "DB_PASSWORD in production" }));
  const field = await screen.findByLabelText<HTMLInputElement>("Value of secret DB_PASSWORD in production");
  await user.type(field, "hunter2-planted");
  await user.click(screen.getByRole("button", { name: "Set secret DB_PASSWORD" }));
  await waitFor(() => expect(screen.getByText("v8")).toBeTruthy());
  expect(setSecret.mock.calls).toEqual([[PROJECT, "production", "DB_PASSWORD", "hunter2-planted"]]);
  expect(field.value).toBe("");
  expect(page.baseElement.innerHTML).not.toContain("hunter2-planted");
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("hunter2-planted");
});

test("a secret's value is not kept when the keychain refuses it", async () => {
  const { user } = show(PLACE, {
    setSecret: () => Promise.reject({ code: "keychain_unavailable", message: "The keychain is locked." }),
  });
  await user.click(await screen.findByRole("gridcell", { name: "DB_PASSWORD in production" }));
  const field = await screen.findByLabelText<HTMLInputElement>("Value of secret DB_PASSWORD in production");
  await user.type(field, "hunter2-planted{Enter}");
  const inspector = screen.getByRole("complementary", { name: "About DB_PASSWORD in production" });
  expect((await within(inspector).findByRole("alert")).textContent).toContain("The keychain is locked.");
  expect(field.value).toBe("");
});

test("the keyboard goes from the overview into the matrix", async () => {
  const { user } = show({ page: "overview", project: PROJECT });
  const staging = await screen.findByRole("link", { name: "Environment staging" });
  staging.focus();
  await user.keyboard("{Control>}2{/Control}");
  await waitFor(() => expect(document.activeElement?.getAttribute("role")).toBe("gridcell"));
  await user.keyboard("{ArrowRight}");
  await waitFor(() => expect(document.activeElement?.getAttribute("aria-label")).toContain("in staging"));
});

test("a double click on a secret begins to type its value", async () => {
  const { user } = show(PLACE);
  await user.dblClick(await screen.findByRole("gridcell", { name: "DB_PASSWORD in production" }));
  const field = await screen.findByLabelText("Value of secret DB_PASSWORD in production");
  await waitFor(() => expect(document.activeElement).toBe(field));
});

test("a value is checked by its type while it is typed", async () => {
  const { user } = show(PLACE);
  await user.click(await screen.findByRole("gridcell", { name: "PORT in staging" }));
  await user.keyboard("eighty");
  expect((await screen.findByText(/this is not a port/)).textContent).toContain("from 1 to 65535");
  const field = screen.getByRole("textbox", { name: "Value of PORT in staging" });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  await user.clear(field);
  await user.type(field, "81");
  await waitFor(() => expect(screen.queryByText(/this is not a port/)).toBeNull());
});

test("a variable of some words offers them, and says what mentions it", async () => {
  const { user } = show(PLACE);
  await user.click(await screen.findByRole("gridcell", { name: "LOG_LEVEL in staging" }));
  await user.keyboard("{Enter}");
  const field = await screen.findByRole<HTMLInputElement>("combobox", {
    name: "Value of LOG_LEVEL in staging",
  });
  expect([...(field.list?.options ?? [])].map(({ value }) => value)).toContain("warn");
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("gridcell", { name: "PORT in staging" }));
  expect(await screen.findByText("Declared as a port.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "PUBLIC_URL" }).getAttribute("href")).toContain(
    "select=PUBLIC_URL",
  );
});

test("a variable without a group stands under no other group's name", async () => {
  const fake = fakeBackend({ delay: 0 });
  const { user } = show(PLACE, {
    matrix: async (project) => {
      const matrix = await fake.matrix(project);
      return {
        ...matrix,
        rows: matrix.rows.map((row) => (row.group === "Mail" ? { ...row, group: "" } : row)),
      };
    },
  });
  await screen.findByRole("gridcell", { name: "SMTP_HOST in staging" });
  await user.click(screen.getByRole("button", { name: "Group Other" }));
  expect(screen.queryByRole("gridcell", { name: "SMTP_HOST in staging" })).toBeNull();
});

test("what the signs mean stands in a word below the matrix, and in full behind a button", async () => {
  const { user } = show(PLACE);
  await user.click(await screen.findByRole("button", { name: "What the signs mean" }));
  expect(await screen.findByText("same secret as in the first environment")).toBeTruthy();
});

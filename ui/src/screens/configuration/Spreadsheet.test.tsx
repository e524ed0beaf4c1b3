/** The matrix as a spreadsheet: selecting, copying, pasting, removing, undoing. */
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Backend } from "../../backend";
import { PROJECT } from "../../testing/data";
import { fakeDocuments } from "../../testing/documents";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

const PLACE = { page: "configuration", project: PROJECT } as const;

/** The matrix, with what is written recorded. */
async function open(from: string, replaced: Partial<Backend> = {}) {
  const fake = fakeBackend({ delay: 0 });
  const setVariables = vi.fn(fake.setVariables);
  const shown = show(PLACE, { ...fake, setVariables, ...replaced });
  const cell = (name: string) => screen.getByRole("gridcell", { name });
  await shown.user.click(await screen.findByRole("gridcell", { name: from }));
  await waitFor(() => expect(document.activeElement).toBe(cell(from)));
  return { ...shown, cell, setVariables };
}

test("Shift and the arrows select, and one value goes into every selected cell", async () => {
  const { user, setVariables } = await open("PORT in development");
  await user.keyboard("{Shift>}{ArrowRight}{ArrowDown}{/Shift}");
  const inspector = await screen.findByRole("complementary", { name: "About 4 selected values" });
  await user.type(within(inspector).getByRole("textbox", { name: "One value for all of them" }), "7");
  await user.click(within(inspector).getByRole("button", { name: "Set 4 values" }));
  await waitFor(() => expect(setVariables).toHaveBeenCalledTimes(1));
  const edits = setVariables.mock.calls[0]?.[1] ?? [];
  expect(edits.map(({ environment, key }) => `${key} ${environment}`)).toEqual([
    "PORT development",
    "PORT staging",
    "LOG_LEVEL development",
    "LOG_LEVEL staging",
  ]);
});

test("the second click of two edits the cell, whatever the inspector has put under the pointer", async () => {
  await open("PORT in production");
  const under = await screen.findByRole("button", { name: "Rename PORT everywhere…" });
  fireEvent.click(under, { detail: 2 });
  expect(await screen.findByRole("textbox", { name: "Value of PORT in production" })).toBeTruthy();
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("Ctrl+Enter writes what is typed into every selected cell", async () => {
  const { user, cell } = await open("PORT in development");
  await user.keyboard("{Shift>}{ArrowRight}{/Shift}");
  await user.keyboard("9{Control>}{Enter}{/Control}");
  await waitFor(() => expect(cell("PORT in staging").textContent).toBe("9"));
  expect(cell("PORT in development").textContent).toBe("9");
});

test("a table from a spreadsheet is pasted, undone and done again", async () => {
  const { user, cell, setVariables } = await open("SMTP_HOST in development");
  await user.keyboard("{Control>}{v>}");
  await user.paste("one\ttwo\nthree\tfour");
  await user.keyboard("{/v}{/Control}");
  await waitFor(() => expect(cell("SMTP_PORT in staging").textContent).toBe("four"));
  expect(setVariables.mock.calls.map(([, edits]) => edits.length)).toEqual([4]);

  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(cell("SMTP_HOST in development").textContent).toBe("localhost"));
  expect(setVariables).toHaveBeenCalledTimes(2);
  const [, undone, note] = setVariables.mock.calls[1] ?? [];
  expect(note).toBe("Undone: Paste 4 values");
  expect(
    undone?.filter(({ value }) => value === null),
    "what had no line of its own has none again",
  ).toEqual([
    { environment: "staging", key: "SMTP_HOST", value: null },
    { environment: "staging", key: "SMTP_PORT", value: null },
  ]);
  await waitFor(() => expect(screen.getByText("Undone: Paste 4 values.")).toBeTruthy());

  cell("SMTP_HOST in development").focus();
  await user.keyboard("{Control>}{Shift>}z{/Shift}{/Control}");
  await waitFor(() => expect(cell("SMTP_HOST in development").textContent).toBe("one"));
});

test("what was changed elsewhere since is not overwritten by an undo", async () => {
  const { user, backend, cell, setVariables } = await open("PORT in development");
  await user.keyboard("9{Enter}");
  await waitFor(() => expect(cell("PORT in development").textContent).toBe("9"));
  const theirs = { environment: "development", key: "PORT", value: "from an editor" };
  await backend.setVariables(PROJECT, [theirs], null);
  await user.click(screen.getByRole("button", { name: "More for the configuration" }));
  await user.click(await screen.findByRole("menuitem", { name: "Read the files again" }));
  await waitFor(() => expect(cell("PORT in development").textContent).toBe("from an editor"));
  const before = setVariables.mock.calls.length;
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect((await screen.findByRole("alert")).textContent).toContain("PORT was changed since");
  expect(setVariables).toHaveBeenCalledTimes(before);
});

test("secrets are neither copied nor pasted over", async () => {
  const { user, setVariables } = await open("DB_USER in staging");
  await user.keyboard("{Shift>}{ArrowDown}{/Shift}");
  await screen.findByRole("complementary", { name: "About 2 selected values" });
  await user.keyboard("{Control>}{c>}");
  const copied = await user.copy();
  await user.keyboard("{/c}{/Control}");
  expect(copied?.getData("text/plain")).toBe("shop\n");
  expect(screen.getByText("Copied, without 1 secret.")).toBeTruthy();
  await user.keyboard("{Control>}{v>}");
  await user.paste("root");
  await user.keyboard("{/v}{/Control}");
  await waitFor(() => expect(screen.getByText(/One secret was left alone/)).toBeTruthy());
  expect(setVariables.mock.calls).toEqual([
    [PROJECT, [{ environment: "staging", key: "DB_USER", value: "root" }], null],
  ]);
});

test("Delete asks, says what holds afterwards, and can be undone", async () => {
  const { user, cell, setVariables } = await open("PORT in development");
  await user.keyboard("{Delete}");
  const dialog = await screen.findByRole("dialog");
  expect(dialog.textContent).toContain("becomes the shared 80");
  expect(setVariables).not.toHaveBeenCalled();
  await user.click(within(dialog).getByRole("button", { name: "Remove PORT" }));
  await waitFor(() => expect(cell("PORT in development").textContent).toContain("80"));
  expect(setVariables.mock.calls).toEqual([
    [PROJECT, [{ environment: "development", key: "PORT", value: null }], null],
  ]);
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(cell("PORT in development").textContent).toBe("8080"));
});

test("a value is copied to the environments that are chosen", async () => {
  const { user, setVariables } = await open("DB_HOST in production");
  await user.click(screen.getByRole("button", { name: "Copy to other environments…" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("checkbox", { name: /^staging/ }));
  await user.click(within(dialog).getByRole("button", { name: "Copy to staging" }));
  await waitFor(() =>
    expect(setVariables.mock.calls).toEqual([
      [PROJECT, [{ environment: "staging", key: "DB_HOST", value: "db.prod.internal" }], null],
    ]),
  );
});

test("a secret is copied from keychain entry to keychain entry", async () => {
  const fake = fakeBackend({ delay: 0 });
  const copySecret = vi.fn(fake.copySecret);
  const { user, setVariables } = await open("DB_PASSWORD in staging", { copySecret });
  await user.click(screen.getByRole("button", { name: "Copy to other environments…" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("checkbox", { name: /^production/ }));
  await user.click(within(dialog).getByRole("button", { name: "Copy to production" }));
  await waitFor(() =>
    expect(copySecret.mock.calls).toEqual([[PROJECT, "DB_PASSWORD", "staging", "production"]]),
  );
  expect(setVariables).not.toHaveBeenCalled();
});

test("a variable gets another name in its files, and back", async () => {
  const documents = fakeDocuments();
  const fake = fakeBackend({ delay: 0, documents });
  const saveDocument = vi.fn(fake.saveDocument);
  const { user } = show(PLACE, { ...fake, saveDocument });
  await user.click(await screen.findByRole("gridcell", { name: "REQUEST_TIMEOUT in staging" }));
  await user.click(await screen.findByRole("button", { name: "Rename REQUEST_TIMEOUT everywhere…" }));
  const field = await screen.findByRole("textbox", { name: "New name" });
  await user.clear(field);
  await user.type(field, "PORT");
  expect(screen.getByText("There is a variable of this name already.")).toBeTruthy();
  const before = documents.text(".env");
  await user.clear(field);
  await user.type(field, "PATIENCE{Enter}");
  expect(await screen.findByRole("gridcell", { name: "PATIENCE in staging" })).toBeTruthy();
  expect(documents.text(".env")).toBe(before.replace("REQUEST_TIMEOUT", "PATIENCE"));
  expect(saveDocument.mock.calls[0]?.[5]).toBe("REQUEST_TIMEOUT renamed to PATIENCE");
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(documents.text(".env")).toBe(before));
});

test("a variable that was added can be taken back", async () => {
  const fake = fakeBackend({ delay: 0 });
  const setVariables = vi.fn(fake.setVariables);
  const { user } = show({ ...PLACE, dialog: "add" }, { ...fake, setVariables });
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "NEW_FLAG");
  await user.type(screen.getByRole("textbox", { name: "Value" }), "on{Enter}");
  expect(await screen.findByRole("gridcell", { name: "NEW_FLAG in staging" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(screen.queryByRole("gridcell", { name: "NEW_FLAG in staging" })).toBeNull());
  expect(setVariables.mock.calls.at(-1)?.[1]).toEqual([{ environment: null, key: "NEW_FLAG", value: null }]);
});

test("ten thousand variables draw no more rows than are seen, and are filtered like few", async () => {
  const fake = fakeBackend({ delay: 0, rows: 10_000 });
  const { user } = show(PLACE, fake);
  await screen.findByRole("gridcell", { name: "SERVICE_0000_HOST in development" });
  expect(screen.getByRole("grid", { name: "Variables" }).getAttribute("aria-rowcount")).toBe("10251");
  expect(screen.getAllByRole("rowheader").length).toBeLessThan(100);
  await user.type(screen.getByRole("textbox", { name: "Filter variables" }), "service_1249_en");
  await waitFor(() => expect(screen.getAllByRole("rowheader")).toHaveLength(1));
  expect(screen.getByRole("rowheader").textContent).toBe("SERVICE_1249_ENABLED");
});

/** Documents as forms and as text, saved with what others wrote meanwhile. */
import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Backend } from "../../backend";
import { PROJECT } from "../../testing/data";
import { fakeDocuments } from "../../testing/documents";
import { fakeBackend } from "../../testing/fake";
import { show } from "../../testing/show";

const FILE = "config/app.json";

/** A document, on files that can be looked at. */
async function open(file = FILE, replaced: Partial<Backend> = {}) {
  const documents = fakeDocuments();
  const fake = fakeBackend({ delay: 0, documents });
  const saveDocument = vi.fn(fake.saveDocument);
  const shown = show({ page: "documents", project: PROJECT, file }, { ...fake, saveDocument, ...replaced });
  const text = await screen.findByRole("textbox", { name: `Text of ${file}` });
  const editor = EditorView.findFromDOM(text);
  if (!editor) throw new Error("the text is in an editor");
  const type = (find: string, by: string) =>
    act(() => {
      const from = editor.state.sliceDoc().indexOf(find);
      editor.dispatch({ changes: { from, to: from + find.length, insert: by } });
    });
  return { ...shown, documents, saveDocument, editor, type };
}

test("the list leads to a document", async () => {
  const { user } = show({ page: "documents", project: PROJECT });
  await user.click(await screen.findByRole("link", { name: `Document ${FILE}` }));
  expect(await screen.findByRole("treeitem", { name: "server.port" })).toBeTruthy();
});

test("an edit of the form is one edit of the text, and is saved with its reason", async () => {
  const { user, documents, editor, saveDocument } = await open();
  const before = documents.text(FILE);
  const field = await screen.findByRole("textbox", { name: "server.port" });
  await user.clear(field);
  await user.type(field, "9090{Enter}");
  await waitFor(() => expect(editor.state.sliceDoc()).toBe(before.replace("8080", "9090")));
  await user.type(screen.getByRole("textbox", { name: "Why it is changed" }), "moved");
  await user.click(screen.getByRole("button", { name: `Save ${FILE}` }));
  await waitFor(() => expect(documents.text(FILE)).toBe(before.replace("8080", "9090")));
  expect(saveDocument.mock.calls[0]?.[5]).toBe("moved");
  expect(await screen.findByText("as it is on the disk")).toBeTruthy();
});

test("an edit of the text is seen in the form", async () => {
  const { type } = await open();
  type('"0.0.0.0"', '"127.0.0.1"');
  await waitFor(() =>
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "server.host" }).value).toBe("127.0.0.1"),
  );
  expect(screen.getByText("not saved")).toBeTruthy();
});

test("switches, kinds and names are edits of the text too", async () => {
  const { user, editor } = await open();
  await user.click(await screen.findByRole("switch", { name: "server.tls" }));
  await waitFor(() => expect(editor.state.sliceDoc()).toContain('"tls": true'));

  await user.click(screen.getByRole("button", { name: "More for server.timeout" }));
  await user.click(await screen.findByRole("menuitem", { name: "Rename timeout…" }));
  const name = await screen.findByRole("textbox", { name: "New name" });
  await user.clear(name);
  await user.type(name, "patience{Enter}");
  await waitFor(() => expect(editor.state.sliceDoc()).toContain('"patience": "30s"'));

  await user.click(screen.getByRole("button", { name: "More for server" }));
  await user.click(await screen.findByRole("menuitem", { name: "Add to server…" }));
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "workers");
  await user.type(screen.getByRole("textbox", { name: "Value" }), "four{Enter}");
  await waitFor(() => expect(editor.state.sliceDoc()).toContain('"workers": "four"'));
});

test("a value is checked while it is typed, before it is in the text", async () => {
  const { user, editor } = await open();
  const field = await screen.findByRole("textbox", { name: "server.port" });
  await user.clear(field);
  await user.type(field, "99999");
  expect(await screen.findByText("this is not a port")).toBeTruthy();
  expect(editor.state.sliceDoc()).toContain("8080");
  await user.keyboard("{Escape}");
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: "server.port" }).value).toBe("8080");
});

test("a broken text says where, and the form is only to read until it is mended", async () => {
  const { type } = await open();
  type('"name": "shop",', '"name" "shop",');
  expect(await screen.findByText("Line 2: a colon is missing here")).toBeTruthy();
  await waitFor(() => expect(screen.getByRole("tree").hasAttribute("inert")).toBe(true));
  type('"name" "shop",', '"name": "shop",');
  await waitFor(() => expect(screen.getByRole("tree").hasAttribute("inert")).toBe(false));
});

test("what others wrote meanwhile is kept, and chosen value by value where both changed it", async () => {
  const { user, documents, type } = await open();
  type("8080", "9090");
  await waitFor(() => expect(screen.getByText("not saved")).toBeTruthy());
  documents.outside(FILE, (text) => text.replace("8080", "7070").replace('"shop"', '"kiosk"'));
  await user.click(screen.getByRole("button", { name: `Save ${FILE}` }));

  const dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByText("server.port")).toBeTruthy();
  for (const value of ["8080", "9090", "7070"]) expect(within(dialog).getByText(value)).toBeTruthy();
  expect(documents.text(FILE), "nothing is written before it is chosen").toContain("7070");
  const save = within(dialog).getByRole<HTMLButtonElement>("button", { name: "1 to choose" });
  expect(save.disabled).toBe(true);
  await user.click(within(dialog).getByRole("radio", { name: "Keep mine" }));
  await user.click(within(dialog).getByRole("button", { name: "Save what was chosen" }));
  await waitFor(() => expect(documents.text(FILE)).toContain("9090"));
  expect(documents.text(FILE), "what only they changed is kept").toContain('"kiosk"');
});

test("values that look like secrets are withheld until they are asked for", async () => {
  const { user, editor } = await open(".env");
  expect(screen.getByText("1 value of .env looks like a secret")).toBeTruthy();
  expect(editor.dom.textContent).toContain("●●●● withheld");
  expect(screen.getByRole("button", { name: "Move into the keychain…" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show all the same" }));
  await waitFor(() => expect(editor.state.sliceDoc()).toContain("shown-because-asked-for"));
});

test("what is not saved is there again when the person comes back", async () => {
  const { user, type } = await open();
  type("8080", "9090");
  await screen.findByText("not saved");
  await user.click(screen.getByRole("link", { name: "All documents" }));
  expect((await screen.findByRole("link", { name: `Document ${FILE}` })).textContent).toContain("not saved");
  await user.click(screen.getByRole("link", { name: `Document ${FILE}` }));
  const text = await screen.findByRole("textbox", { name: `Text of ${FILE}` });
  expect(EditorView.findFromDOM(text)?.state.sliceDoc()).toContain("9090");
  await user.click(screen.getByRole("button", { name: "Discard" }));
  await user.click(screen.getByRole("link", { name: "All documents" }));
  expect((await screen.findByRole("link", { name: `Document ${FILE}` })).textContent).not.toContain(
    "not saved",
  );
});

test("discarding brings back what is on the disk", async () => {
  const { user, editor, type } = await open();
  type("8080", "1");
  await user.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(editor.state.sliceDoc()).toContain("8080"));
  expect(screen.getByText("as it is on the disk")).toBeTruthy();
});

test("a document that cannot be opened says why", async () => {
  show(
    { page: "documents", project: PROJECT, file: FILE },
    { openDocument: () => Promise.reject({ code: "invalid_input", message: "It is no UTF-8 text." }) },
  );
  expect((await screen.findByRole("alert")).textContent).toContain("It is no UTF-8 text.");
});

test("the text stands beside what an environment runs, the one that was deployed last at first", async () => {
  const { user } = await open();
  await user.click(screen.getByRole("radio", { name: "Changes" }));
  const against = await screen.findByRole<HTMLInputElement>("combobox", { name: "Compared with" });
  await waitFor(() => expect(against.value).toBe("with what staging runs (#44)"));
  expect((await screen.findByRole("textbox", { name: "In staging" })).textContent).toContain("3000");
  expect(screen.getByRole("textbox", { name: "Here" }).textContent).toContain("8080");
  await user.click(against);
  await user.click(await screen.findByRole("option", { name: "with the file on the disk" }));
  expect(await screen.findByText("The text is what stands in the file.")).toBeTruthy();
});

test("what is only known of an env file is said", async () => {
  const { user } = await open(".env");
  await user.click(screen.getByRole("radio", { name: "Changes" }));
  expect((await screen.findByText(/Of env files the values are kept/)).textContent).not.toContain("withheld");
  await user.click(screen.getByRole("combobox", { name: "Compared with" }));
  await user.click(await screen.findByRole("option", { name: "with what production runs (#41)" }));
  expect(
    await screen.findByText(/A value that is withheld was another one in production's release #41/),
  ).toBeTruthy();
});

test("what was saved and is in no version is said beside it, and is no mistake of the file", async () => {
  const documents = fakeDocuments();
  const { user, type } = await open(FILE, {
    saveDocument: async (_, path, text, base, baseText) => {
      const saved = documents.save(path, text, base, baseText, []);
      if ("conflict" in saved) throw new Error("nobody else wrote");
      const unversioned = {
        code: "failed" as const,
        message: "the history cannot be written",
        hint: "Check the disk.",
      };
      return { saved: { ...saved.saved, unversioned } };
    },
    openDocument: async (_, path, reveal) => documents.open(path, reveal),
  });
  type("8080", "9090");
  await user.click(await screen.findByRole("button", { name: `Save ${FILE}` }));
  const note = await screen.findByText(/is saved, and is in no version of the configuration yet/);
  expect(note.closest("[role=note]")?.textContent).toContain("the history cannot be written");
  expect(screen.queryByRole("status")).toBeNull();
  expect(documents.text(FILE)).toContain("9090");
});

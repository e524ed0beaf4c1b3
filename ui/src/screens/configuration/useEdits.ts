import { useEffect, useRef, useState } from "react";
import { inDialog, isApple, types } from "../../app/keys";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Failure, type Matrix, useBackend } from "../../backend";
import { type Done, type Edit, filesOf, movedOn, rowOf, undoOf } from "./edits";

/** So many steps can be undone. */
const REMEMBERED = 100;

export interface Edits {
  /** Makes edits, all of them or none; answers whether they were made. `says` is what the step back is called. */
  apply: (says: string, edits: Edit[]) => Promise<boolean>;
  /** Gives a key another name in every file that has it; answers whether all of them were written. */
  rename: (from: string, to: string) => Promise<boolean>;
  undo: () => Promise<boolean>;
  redo: () => Promise<boolean>;
  /** What an undo would take back, and a redo would make again. */
  undoable: string | undefined;
  redoable: string | undefined;
  busy: boolean;
  problem: Failure | undefined;
  clear: () => void;
}

/**
 * Edits of the matrix with their way back. Going back is another edit, through the core like any other, and only where
 * the lines still say what the edit made of them: what somebody else wrote meanwhile is never overwritten.
 */
export function useEdits(project: string, matrix: Matrix | undefined): Edits {
  const backend = useBackend();
  const refresh = useRefresh();
  const [done, setDone] = useState<Done[]>([]);
  const [undone, setUndone] = useState<Done[]>([]);

  /** Makes the edits, all of them or none; they are one version of the configuration. */
  const make = async (edits: Edit[], note: string | null) => {
    if (edits.length > 0) refresh.matrix(project, await backend.setVariables(project, edits, note));
  };
  const record = (step: Done) => {
    setDone((before) => [...before.slice(1 - REMEMBERED), step]);
    setUndone([]);
  };
  const check = (edits: Edit[], verb: string) => {
    const [key, ...more] = matrix ? movedOn(matrix, edits) : [];
    if (key === undefined) return;
    const others = more.length > 0 ? ` and ${more.length} more` : "";
    throw {
      code: "file_changed",
      message: `${key}${others} was changed since, outside of this list of edits.`,
      hint: `Nothing is to ${verb} there any more.`,
    } satisfies Failure;
  };

  const apply = useTask(async (says: string, edits: Edit[]) => {
    if (!matrix || edits.length === 0) return;
    const undo = undoOf(matrix, edits);
    await make(edits, null);
    if (undo.length > 0) record({ says, edits, undo });
  });
  /** Writes the new name into file after file, each merged with what others wrote there meanwhile. */
  const renameEverywhere = async (from: string, to: string) => {
    const files = matrix ? filesOf(matrix, from) : [];
    if (!matrix || files.length === 0) {
      throw { code: "not_found", message: `${from} is in no file any more.` } satisfies Failure;
    }
    if (rowOf(matrix, to)) {
      throw { code: "invalid_input", message: `There is a variable ${to} already.` } satisfies Failure;
    }
    const unread = matrix.problems[0];
    if (unread) {
      throw {
        ...unread,
        message: `A file cannot be read, and may have ${from} too: ${unread.message}`,
        hint: "Nothing was renamed. Mend the file first.",
      } satisfies Failure;
    }
    try {
      const edits: { file: string; stamp: string | null; before: string; after: string }[] = [];
      for (const file of files) {
        const { text, stamp } = await backend.openDocument(project, file, false);
        if (text === null) {
          throw {
            code: "unsupported",
            message: `${file} has a secret that cannot be told from the rest of its text.`,
            hint: `Rename ${from} there with an editor.`,
          } satisfies Failure;
        }
        const edited = await backend.documentEdited(project, file, text, {
          rename: { path: [from], key: to },
        });
        edits.push({ file, stamp, before: text, after: edited.text ?? text });
      }
      // Written only once every file is known to take it.
      for (const { file, stamp, before, after } of edits) {
        const note = `${from} renamed to ${to}`;
        const saved = await backend.saveDocument(project, file, after, stamp, before, note, []);
        if (saved.conflict) {
          throw {
            code: "file_changed",
            message: `${from} was changed in ${file} at the same moment.`,
            hint: "Rename it once more.",
          } satisfies Failure;
        }
      }
    } finally {
      refresh.renamed(project);
    }
  };
  const rename = useTask(async (from: string, to: string) => {
    await renameEverywhere(from, to);
    record({ says: `Rename ${from} to ${to}`, edits: [], undo: [], renamed: { from, to } });
  });
  const undo = useTask(async () => {
    const step = done.at(-1);
    if (!step) return;
    setDone(done.slice(0, -1));
    check(step.edits, "undo");
    if (step.renamed) await renameEverywhere(step.renamed.to, step.renamed.from);
    await make(step.undo, `Undone: ${step.says}`);
    setUndone([...undone, step]);
  });
  const redo = useTask(async () => {
    const step = undone.at(-1);
    if (!step) return;
    setUndone(undone.slice(0, -1));
    check(step.undo, "redo");
    if (step.renamed) await renameEverywhere(step.renamed.from, step.renamed.to);
    await make(step.edits, `Done again: ${step.says}`);
    setDone([...done, step]);
  });
  return {
    apply: apply.start,
    rename: rename.start,
    undo: undo.start,
    redo: redo.start,
    undoable: done.at(-1)?.says,
    redoable: undone.at(-1)?.says,
    busy: apply.busy || rename.busy || undo.busy || redo.busy,
    problem: apply.problem ?? rename.problem ?? undo.problem ?? redo.problem,
    clear: () => {
      apply.clear();
      rename.clear();
      undo.clear();
      redo.clear();
    },
  };
}

/** Listens to the keys that go a step back and forward; in a field they are the field's own. */
export function useStepKeys(step: (back: boolean) => void): void {
  const latest = useRef(step);
  latest.current = step;
  useEffect(() => {
    function listen(event: KeyboardEvent) {
      const key = event.key.toLowerCase();
      const mod = isApple ? event.metaKey : event.ctrlKey;
      if (!mod || event.altKey || (key !== "z" && key !== "y") || types(event.target) || inDialog()) return;
      event.preventDefault();
      latest.current(key === "z" && !event.shiftKey);
    }
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

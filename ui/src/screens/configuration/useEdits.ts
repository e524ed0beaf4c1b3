import { useEffect, useRef, useState } from "react";
import { isApple, types } from "../../app/keys";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Failure, type Matrix, useBackend } from "../../backend";
import { type Done, type Edit, movedOn, undoOf } from "./edits";

/** So many steps can be undone. */
const REMEMBERED = 100;

export interface Edits {
  /** Makes edits, one after the other; answers whether all were made. `says` is what the step back is called. */
  apply: (says: string, edits: Edit[]) => Promise<boolean>;
  /** Remembers edits that were made elsewhere. */
  record: (done: Done) => void;
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

  /** Makes the edits and answers with those that were made, also when one in the middle fails. */
  const make = async (edits: Edit[], made: Edit[]) => {
    let latest: Matrix | undefined;
    try {
      for (const edit of edits) {
        const { environment, key, value } = edit;
        latest =
          value === null
            ? await backend.unsetVariable(project, environment, key)
            : await backend.setVariable(project, environment, key, value);
        made.push(edit);
      }
    } finally {
      if (latest) refresh.matrix(project, latest);
    }
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
    const made: Edit[] = [];
    try {
      await make(edits, made);
    } finally {
      const back = undo.filter(({ environment, key }) =>
        made.some((edit) => edit.environment === environment && edit.key === key),
      );
      if (made.length > 0 && back.length > 0) record({ says, edits: made, undo: back });
    }
  });
  const undo = useTask(async () => {
    const step = done.at(-1);
    if (!step) return;
    setDone(done.slice(0, -1));
    check(step.edits, "undo");
    await make(step.undo, []);
    setUndone([...undone, step]);
  });
  const redo = useTask(async () => {
    const step = undone.at(-1);
    if (!step) return;
    setUndone(undone.slice(0, -1));
    check(step.undo, "redo");
    await make(step.edits, []);
    setDone([...done, step]);
  });
  return {
    apply: apply.start,
    record,
    undo: undo.start,
    redo: redo.start,
    undoable: done.at(-1)?.says,
    redoable: undone.at(-1)?.says,
    busy: apply.busy || undo.busy || redo.busy,
    problem: apply.problem ?? undo.problem ?? redo.problem,
    clear: () => {
      apply.clear();
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
      if (!mod || event.altKey || (key !== "z" && key !== "y") || types(event.target)) return;
      event.preventDefault();
      latest.current(key === "z" && !event.shiftKey);
    }
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import {
  type DocumentConflict,
  type DocumentEdit,
  type DocumentView,
  type Failure,
  failure,
  type MergeResolution,
  useBackend,
} from "../../backend";

/** So many milliseconds after the last key the text is read. */
const PAUSE = 200;

export interface OpenDocument {
  /** The document as it was opened or saved last. */
  opened: DocumentView | undefined;
  /** The text as it is being edited, and what was last read from it. */
  text: string;
  read: DocumentView | undefined;
  changed: boolean;
  /** The file is not any more what was opened; saving brings both together. */
  moved: boolean;
  opening: boolean;
  /** Why it cannot be opened. */
  failed: Failure | null;
  retry: () => void;
  /** Why the last edit of the form was not made. */
  refused: Failure | undefined;
  type: (text: string) => void;
  edit: (edit: DocumentEdit) => Promise<boolean>;
  /** What an edit would make of a value, without making it: its mistake, if it has one. */
  tryOut: (edit: DocumentEdit) => Promise<DocumentView | undefined>;
  discard: () => void;
  save: (note: string, resolutions?: MergeResolution[]) => Promise<boolean>;
  saving: boolean;
  unsaved: Failure | undefined;
  /** Why what was saved last is in no version of the configuration, if so. */
  unversioned: Failure | undefined;
  conflict: DocumentConflict | undefined;
  leaveConflict: () => void;
}

/** What was edited and is not saved. */
interface Draft {
  opened: DocumentView;
  read: DocumentView;
  text: string;
}

function draftKey(project: string, path: string) {
  return ["draft", project, path];
}

/** The files that have edits which are not saved. */
export function useDrafts(project: string): string[] {
  const client = useQueryClient();
  return client
    .getQueryCache()
    .findAll({ queryKey: ["draft", project] })
    .map(({ queryKey }) => String(queryKey[2]));
}

/** A document that is edited from two sides, as text and as a form, and saved by hand. */
export function useDocument(project: string, path: string, reveal: boolean): OpenDocument {
  const backend = useBackend();
  const refresh = useRefresh();
  const client = useQueryClient();
  const query = useQuery(useQueries().document(project, path, reveal));
  // What was edited and not saved is there again when the person comes back.
  const [left] = useState(() => client.getQueryData<Draft>(draftKey(project, path)));
  const [opened, setOpened] = useState<DocumentView | undefined>(left?.opened);
  const [read, setRead] = useState<DocumentView | undefined>(left?.read);
  const [text, setText] = useState(left?.text ?? "");
  const [refused, setRefused] = useState<Failure>();
  const [conflict, setConflict] = useState<DocumentConflict>();
  const [unversioned, setUnversioned] = useState<Failure>();
  // The newest text, for answers that come when the person has typed on.
  const now = useRef(left?.text ?? "");
  // What was last taken over from the disk: it is taken once, so that an answer from before a save does not undo it.
  const seen = useRef<DocumentView>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const take = useCallback((document: DocumentView) => {
    clearTimeout(timer.current);
    now.current = document.text ?? "";
    setOpened(document);
    setRead(document);
    setText(document.text ?? "");
    setRefused(undefined);
  }, []);
  const put = useCallback((next: string) => {
    now.current = next;
    setText(next);
  }, []);

  const changed = opened !== undefined && text !== (opened.text ?? "");
  const fresh = query.data;
  // What is on the disk is taken over as long as nothing was typed here.
  const untouched = !changed;
  useEffect(() => {
    if (!fresh || fresh === seen.current || !untouched) return;
    seen.current = fresh;
    take(fresh);
  }, [fresh, untouched, take]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    const key = draftKey(project, path);
    // A text that shows secrets is not kept anywhere but in its editor.
    if (changed && !reveal && read) client.setQueryData<Draft>(key, { opened, read, text });
    else client.removeQueries({ queryKey: key });
  }, [client, project, path, changed, reveal, opened, read, text]);

  const type = (next: string) => {
    put(next);
    setRefused(undefined);
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      try {
        const view = await backend.documentEdited(project, path, next, null);
        // A text that is half typed says nothing: the values stay until it can be read again.
        if (now.current === next) {
          setRead((last) =>
            view.problem && view.nodes.length === 0 && last ? { ...view, nodes: last.nodes } : view,
          );
        }
      } catch (thrown) {
        if (now.current === next) setRefused(failure(thrown));
      }
    }, PAUSE);
  };

  const edit = async (wanted: DocumentEdit): Promise<boolean> => {
    clearTimeout(timer.current);
    const before = now.current;
    try {
      const view = await backend.documentEdited(project, path, before, wanted);
      // Typed on meanwhile: the edit is made in what is there now.
      if (now.current !== before) return edit(wanted);
      put(view.text ?? before);
      setRead(view);
      setRefused(undefined);
      return true;
    } catch (thrown) {
      setRefused(failure(thrown));
      return false;
    }
  };
  const tryOut = async (wanted: DocumentEdit) => {
    try {
      return await backend.documentEdited(project, path, now.current, wanted);
    } catch {
      // What cannot be made says so when it is to be made.
      return undefined;
    }
  };

  const save = useTask(async (note: string, resolutions: MergeResolution[] = []) => {
    if (!opened) return;
    const saved = await backend.saveDocument(
      project,
      path,
      now.current,
      opened.stamp,
      opened.text,
      note.trim() === "" ? null : note.trim(),
      resolutions,
    );
    if ("conflict" in saved) {
      setConflict(saved.conflict);
      return;
    }
    const { document, unversioned: problem } = saved.saved;
    setConflict(undefined);
    setUnversioned(problem ?? undefined);
    take(document);
    refresh.document(project, document, reveal);
  });

  return {
    opened,
    text,
    read,
    changed,
    moved: changed && fresh !== undefined && fresh.stamp !== opened.stamp,
    opening: query.isPending,
    failed: query.error,
    retry: () => void query.refetch(),
    refused,
    type,
    edit,
    tryOut,
    discard: () => {
      if (!fresh) return;
      seen.current = fresh;
      take(fresh);
    },
    save: save.start,
    saving: save.busy,
    unsaved: save.problem,
    unversioned,
    conflict,
    leaveConflict: () => setConflict(undefined),
  };
}

/** The window's own keys. Lists have theirs: arrows, Enter, Esc. */
import { useEffect } from "react";
import { go, parse } from "./routes";
import { sections } from "./Sidebar";
import { UNSEEN } from "./Succession";

/** Whether this is a Mac, whose shortcuts go with another key. */
export const isApple = /mac/i.test(navigator.userAgent);

/** How the key that goes with shortcuts is called here. */
export const MOD = isApple ? "⌘" : "Ctrl";

/** What the sheet behind `?` lists. */
export const KEYS: { keys: string[]; does: string }[] = [
  { keys: [MOD, "K"], does: "Search every action and place" },
  { keys: [MOD, "1"], does: "Overview" },
  { keys: [MOD, "2"], does: "Configuration" },
  { keys: [MOD, "3"], does: "History" },
  { keys: [MOD, ","], does: "Settings" },
  { keys: ["/"], does: "Filter the list, search the log" },
  { keys: ["↑", "↓", "←", "→"], does: "Move in a list or the matrix" },
  { keys: ["Enter"], does: "Open the row, edit the value, save it" },
  { keys: ["⇧", "↑", "↓", "←", "→"], does: "Select several values in the matrix" },
  { keys: ["Tab"], does: "Save the value and go on to the next one" },
  { keys: [MOD, "Enter"], does: "Save the value in every selected cell" },
  { keys: [MOD, "C"], does: "Copy the selected values, but for secrets" },
  { keys: [MOD, "V"], does: "Paste values, from a spreadsheet too" },
  { keys: ["Delete"], does: "Remove the selected values; asks first" },
  { keys: [MOD, "Z"], does: "Undo the last edit of the matrix" },
  { keys: [MOD, "⇧", "Z"], does: "Do it again" },
  { keys: ["Space"], does: "Select a deployment to compare" },
  { keys: ["Esc"], does: "Close, leave without saving" },
  { keys: [MOD, "S"], does: "Save the document, from its text" },
  { keys: [MOD, "F"], does: "Search in a document's text" },
  { keys: ["?"], does: "These keys" },
];

/** Whether keys are typed into what an event is about. */
export function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}

/** Whether a dialog is open, which wants an answer first: nothing opens above it or changes behind it. */
export function inDialog(): boolean {
  return document.querySelector("[role=dialog][aria-modal=true]") !== null;
}

/** The attribute of a page's filter: `/` moves there. */
export const FILTER = { "data-filter": true };

/** Listens to the window's own keys. */
export function useKeys(open: { palette: () => void; sheet: () => void }): void {
  useEffect(() => {
    function listen(event: KeyboardEvent) {
      if (inDialog()) return;
      const mod = isApple ? event.metaKey : event.ctrlKey;
      if (mod && !event.shiftKey && !event.altKey) {
        const here = parse(window.location.hash);
        const project = "project" in here ? here.project : undefined;
        const section = project ? sections(project)[Number(event.key) - 1] : undefined;
        if (event.key.toLowerCase() === "k") open.palette();
        else if (event.key === ",") go({ page: "settings", project });
        else if (section) go(section.place);
        else return;
        event.preventDefault();
        return;
      }
      if (mod || event.altKey || types(event.target)) return;
      if (event.key === "?") {
        open.sheet();
        event.preventDefault();
      } else if (event.key === "/") {
        const filters = [...document.querySelectorAll<HTMLInputElement>("[data-filter]")];
        // A screen that is kept without being seen has one too.
        const filter = filters.find((field) => !field.closest(UNSEEN));
        filter?.focus();
        filter?.select();
        if (filter) event.preventDefault();
      }
    }
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [open]);
}

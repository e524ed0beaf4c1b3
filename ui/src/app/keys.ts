/** The window's own keys. Lists have theirs: arrows, Enter, Esc. */
import { useEffect } from "react";
import { go, parse } from "./routes";
import { sections } from "./Sidebar";

const apple = /mac/i.test(navigator.userAgent);

/** How the key that goes with shortcuts is called here. */
export const MOD = apple ? "⌘" : "Ctrl";

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
  { keys: ["Space"], does: "Select a deployment to compare" },
  { keys: ["Esc"], does: "Close, leave without saving" },
  { keys: ["?"], does: "These keys" },
];

function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  );
}

/** The attribute of a page's filter: `/` moves there. */
export const FILTER = { "data-filter": true };

/** Listens to the window's own keys. */
export function useKeys(open: { palette: () => void; sheet: () => void }): void {
  useEffect(() => {
    function listen(event: KeyboardEvent) {
      const mod = apple ? event.metaKey : event.ctrlKey;
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
        const filter = filters.find((field) => field.getClientRects().length > 0);
        filter?.focus();
        filter?.select();
        if (filter) event.preventDefault();
      }
    }
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [open]);
}

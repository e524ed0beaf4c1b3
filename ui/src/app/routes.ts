/** Where the person is, kept in the address's hash so that a reload stays there. */
import { useMemo, useSyncExternalStore } from "react";
import type { Outcome } from "../backend";

/** Which variables Configuration shows. */
export type MatrixFilter = "all" | "different" | "missing" | "secrets" | "changed";

/** What is open over Configuration: a new variable, or moving secrets into the keychain. */
export type MatrixDialog = "add" | "import";

export type Place =
  | { page: "projects" }
  | { page: "settings"; project?: string }
  | { page: "overview"; project: string }
  | { page: "environment"; project: string; environment: string }
  | { page: "configuration"; project: string; filter?: MatrixFilter; select?: string; dialog?: MatrixDialog }
  | { page: "documents"; project: string; file?: string; line?: number }
  | { page: "versions"; project: string; environment?: string; key?: string; version?: number; file?: string }
  | { page: "secrets"; project: string; select?: string; environment?: string }
  | { page: "promote"; project: string; environment: string; from: string }
  | { page: "history"; project: string; environment?: string; result?: Outcome; text?: string }
  | { page: "down"; project: string; environment: string }
  | { page: "plan"; project: string; environment: string }
  | { page: "rollback"; project: string; environment: string; to?: number }
  | { page: "deployment"; project: string; number: number }
  | { page: "compare"; project: string; a: number; b: number };

const MATRIX_FILTERS: MatrixFilter[] = ["all", "different", "missing", "secrets", "changed"];
const MATRIX_DIALOGS: MatrixDialog[] = ["add", "import"];
const OUTCOMES: Outcome[] = ["succeeded", "failed", "went_back", "cancelled", "interrupted", "unknown"];

/** The word, if it is one of those that are known. */
function one<T extends string>(known: T[], word: string | undefined): T | undefined {
  return known.find((other) => other === word);
}

/** The link to a place: `#/overview?project=…`. */
export function href(place: Place): string {
  const { page, ...rest } = place;
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined && value !== "") query.set(key, String(value));
  }
  const text = query.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

/** The place that a hash means; anything that means nothing is the list of projects. */
export function parse(hash: string): Place {
  const [page = "", text = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const query = new URLSearchParams(text);
  const get = (key: string) => query.get(key) ?? undefined;
  const project = get("project");
  const number = (key: string) => {
    const value = Number(query.get(key));
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  if (page === "settings") return { page, project };
  if (!project) return { page: "projects" };
  const environment = get("environment");
  switch (page) {
    case "overview":
      return { page, project };
    case "configuration":
      return {
        page,
        project,
        filter: one(MATRIX_FILTERS, get("filter")),
        select: get("select"),
        dialog: one(MATRIX_DIALOGS, get("dialog")),
      };
    case "documents":
      return { page, project, file: get("file"), line: number("line") };
    case "versions":
      return {
        page,
        project,
        environment,
        key: get("key"),
        version: number("version"),
        file: get("file"),
      };
    case "secrets":
      return { page, project, select: get("select"), environment };
    case "promote": {
      const from = get("from");
      if (environment && from) return { page, project, environment, from };
      break;
    }
    case "history":
      return { page, project, environment, result: one(OUTCOMES, get("result")), text: get("text") };
    case "environment":
    case "down":
    case "plan":
      if (environment) return { page, project, environment };
      break;
    case "rollback":
      if (environment) return { page, project, environment, to: number("to") };
      break;
    case "deployment": {
      const value = number("number");
      if (value) return { page, project, number: value };
      break;
    }
    case "compare": {
      const a = number("a");
      const b = number("b");
      if (a && b) return { page, project, a, b };
      break;
    }
  }
  return { page: "overview", project };
}

/** Goes to a place; `replace` leaves no step in the way back. */
export function go(place: Place, how: "push" | "replace" = "push"): void {
  if (how === "push") {
    window.location.hash = href(place);
    return;
  }
  window.history.replaceState(null, "", href(place));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** Where the person is now. */
export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return useMemo(() => parse(hash), [hash]);
}

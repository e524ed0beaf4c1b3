import type { Place } from "../app/routes";
import { Tabs } from "./Tabs";

const PARTS = {
  configuration: "Variables",
  documents: "Documents",
  versions: "Versions",
  secrets: "Secrets",
} as const;

type Part = keyof typeof PARTS;

/** The parts of Configuration. */
export function Parts({ project, here }: { project: string; here: Part }) {
  return (
    <Tabs
      label="Parts of the configuration"
      tabs={(Object.keys(PARTS) as Part[]).map((page) => ({
        label: PARTS[page],
        place: { page, project } satisfies Place,
        here: page === here,
      }))}
    />
  );
}

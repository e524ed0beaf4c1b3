import { Tabs } from "./Tabs";

/** The parts of Configuration. */
export function Parts({ project, here }: { project: string; here: "configuration" | "documents" }) {
  return (
    <Tabs
      label="Parts of the configuration"
      tabs={[
        { label: "Variables", place: { page: "configuration", project }, here: here === "configuration" },
        { label: "Documents", place: { page: "documents", project }, here: here === "documents" },
      ]}
    />
  );
}

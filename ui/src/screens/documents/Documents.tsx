import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { href, type Place } from "../../app/routes";
import type { DocumentEntry, DocumentRole, ProjectView } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Parts } from "../../components/Parts";
import { Problem } from "../../components/Problem";
import { DocumentEditor } from "./DocumentEditor";
import classes from "./Documents.module.css";
import { useDrafts } from "./useDocument";

const ROLES: { role: DocumentRole; title: string; what: string }[] = [
  { role: "project", title: "Project", what: "what Sternway knows of the project" },
  { role: "variables", title: "Variables", what: "the env files behind the matrix" },
  { role: "compose", title: "Compose", what: "what runs" },
  { role: "file", title: "Files", what: "named below configuration.files, or as a service's env_file" },
];

interface Props {
  project: ProjectView;
  place: Extract<Place, { page: "documents" }>;
}

/** The project's configuration files: a list, or one of them as a form and as text. */
export default function Documents({ project, place }: Props) {
  const ask = useQueries();
  const documents = useQuery(ask.documents(project.path));
  const entries = documents.data?.documents ?? [];
  const drafts = useDrafts(project.path);
  const { file, line } = place;
  return (
    <Page
      title="Configuration"
      name={file ? file : "Documents"}
      fixed
      about={<Parts project={project.path} here="documents" />}
    >
      {file ? (
        <DocumentEditor
          key={file}
          project={project.path}
          environments={project.environments.map(({ name }) => name)}
          path={file}
          at={line}
          entries={entries}
        />
      ) : (
        <div className={classes.scroll}>
          {documents.isPending && <LoadingRows rows={8} />}
          {documents.error && (
            <Problem
              failure={documents.error}
              reading
              onRetry={() => documents.refetch()}
              doing="Listing the documents"
            />
          )}
          {documents.data && entries.length === 0 && (
            <Empty title="No documents yet">
              Name the project's configuration files below `configuration.files` in its sternway.yaml: JSON,
              YAML, TOML, HCL and scripts are edited here as forms and as text.
            </Empty>
          )}
          {ROLES.map(({ role, title, what }) => {
            const members = entries.filter((entry) => entry.role === role);
            if (members.length === 0) return null;
            return (
              <section key={role} className={classes.section} aria-label={title}>
                <h2 className={classes.heading}>
                  {title} <span className={classes.quiet}>{what}</span>
                </h2>
                <ul className={classes.list} onKeyDown={moveInList}>
                  {members.map((entry) => (
                    <Entry
                      key={entry.path}
                      project={project.path}
                      entry={entry}
                      changed={drafts.includes(entry.path)}
                    />
                  ))}
                </ul>
              </section>
            );
          })}
        </div>
      )}
    </Page>
  );
}

interface EntryProps {
  project: string;
  entry: DocumentEntry;
  /** There are edits that are not saved. */
  changed: boolean;
}

function Entry({ project, entry, changed }: EntryProps) {
  const { path, format, exists, problem } = entry;
  return (
    <li>
      <a
        {...ITEM}
        className={classes.entry}
        href={href({ page: "documents", project, file: path })}
        aria-label={`Document ${path}`}
      >
        <code className={classes.path}>{path}</code>
        <span className={classes.quiet}>{format === "text" ? "text" : format.toUpperCase()}</span>
        {problem ? (
          <span className={classes.bad} title={problem.message}>
            {problem.message}
            {problem.at?.line ? ` (line ${problem.at.line})` : ""}
          </span>
        ) : (
          <span className={changed ? classes.changed : classes.quiet}>
            {changed ? "edited, not saved" : exists ? "" : "not there yet"}
          </span>
        )}
      </a>
    </li>
  );
}

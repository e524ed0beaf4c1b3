import { Button, UnstyledButton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { ProjectView, SecretEntry } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { FilterBar } from "../../components/FilterBar";
import { Empty, LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { comparison, type ListedSecret } from "./list";
import classes from "./SecretList.module.css";

/** A secret of an environment that is looked at. */
export interface Selected {
  name: string;
  environment: string;
}

interface Props {
  project: ProjectView;
  /** Absent while they are read, or if that failed. */
  secrets: ListedSecret[] | undefined;
  selected: Selected | undefined;
  onSelect: (selected: Selected) => void;
}

/** All secrets in all environments: how new each is, who set it, and where it is the same. */
export function SecretList({ project, secrets, selected, onSelect }: Props) {
  const query = useQuery(useQueries().secrets(project.path));
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = secrets?.filter(({ name, usedBy }) =>
    [name, ...usedBy].some((word) => word.toLowerCase().includes(wanted)),
  );
  const environments = project.environments.map(({ name }) => name);
  return (
    <section className={classes.part} aria-label="Secrets">
      {secrets && secrets.length > 0 && (
        <div className={classes.filter}>
          <FilterBar label="Filter secrets" placeholder="Name or variable" text={text} onText={setText} />
        </div>
      )}
      {!secrets && query.isPending && <LoadingRows rows={6} />}
      {query.error && (
        <Problem failure={query.error} reading onRetry={() => query.refetch()} doing="Reading the secrets" />
      )}
      {secrets?.length === 0 && (
        <Empty
          title="No secrets yet"
          action={
            <>
              <Button onClick={() => go({ page: "configuration", project: project.path, dialog: "import" })}>
                Move secrets into the keychain…
              </Button>
              <Button onClick={() => go({ page: "configuration", project: project.path, dialog: "add" })}>
                Add a variable…
              </Button>
            </>
          }
        >
          A secret's value lies in the keychain; the env files only say its name, as keychain:NAME. Move what
          stands there in plain text, or add a variable with such a reference.
        </Empty>
      )}
      {shown && shown.length === 0 && wanted !== "" && <Empty title={`No secret fits “${text.trim()}”`} />}
      {shown && shown.length > 0 && (
        <table className={classes.table} onKeyDown={moveInList}>
          <thead>
            <tr>
              <th>Secret</th>
              {environments.map((name) => (
                <th key={name}>{name}</th>
              ))}
              <th>Used by</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((secret) => (
              <tr key={secret.name}>
                <th scope="row">
                  <code>{secret.name}</code>
                </th>
                {environments.map((environment, place) => (
                  <td key={environment}>
                    <UnstyledButton
                      {...ITEM}
                      className={classes.cell}
                      aria-label={`${secret.name} in ${environment}`}
                      aria-pressed={selected?.name === secret.name && selected.environment === environment}
                      onClick={() => onSelect({ name: secret.name, environment })}
                    >
                      <Held entry={secret.entries[place]} same={comparison(secret, place)} />
                    </UnstyledButton>
                  </td>
                ))}
                <td className={classes.users}>
                  {secret.usedBy.length > 0 ? secret.usedBy.join(", ") : "nothing refers to it"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface HeldProps {
  entry: SecretEntry | undefined;
  same: "same" | "different" | undefined;
}

/** What the keychain has of a secret in an environment. */
function Held({ entry, same }: HeldProps) {
  const [newest] = entry?.versions ?? [];
  if (!entry) return <span className={classes.quiet}>not set</span>;
  if (!newest) {
    return (
      <span className={classes.missing}>
        <IconX className={classes.icon} aria-hidden />
        {entry.used_by.length > 0 ? "no value, but used" : "no value"}
      </span>
    );
  }
  const deployed = entry.versions.find((version) => version.deployed);
  return (
    <>
      <span className={classes.line}>
        <span className={classes.version}>v{newest.version}</span>
        {same && (
          <span
            className={classes.same}
            data-same={same}
            title="Compared with the first environment that has one"
          >
            {same === "same" ? "= same" : "≠ different"}
          </span>
        )}
        {deployed?.version !== newest.version && (
          <span className={classes.waits}>{deployed ? `v${deployed.version} runs` : "not deployed"}</span>
        )}
      </span>
      <span className={classes.quiet}>
        <Time at={newest.created} /> by {newest.by}
      </span>
    </>
  );
}

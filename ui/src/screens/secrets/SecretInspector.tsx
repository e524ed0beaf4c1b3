import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useRefresh } from "../../app/queries";
import { href } from "../../app/routes";
import { useTask } from "../../app/task";
import { type ProjectView, useBackend } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { Problem } from "../../components/Problem";
import { count } from "../../components/words";
import classes from "../configuration/Inspector.module.css";
import { SecretPart } from "../configuration/SecretPart";
import type { ListedSecret } from "./list";

interface Props {
  project: ProjectView;
  secret: ListedSecret;
  environment: string;
  onClose: () => void;
}

/** A secret of an environment: who refers to it, its versions, and everything that can be done with it. */
export function SecretInspector({ project, secret, environment, onClose }: Props) {
  const environments = project.environments.map(({ name }) => name);
  const place = environments.indexOf(environment);
  const guarded = project.environments[place]?.protected ?? false;
  const entry = secret.entries[place];
  const users = entry?.used_by ?? [];
  return (
    <aside
      className={classes.inspector}
      aria-label={`About ${secret.name} in ${environment}`}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <header className={classes.head}>
        <div className={classes.title}>
          <code className={classes.key}>{secret.name}</code>
          <span className={classes.environment}>in {environment}</span>
        </div>
        <ActionIcon aria-label="Close the inspector" onClick={onClose}>
          <IconX className={classes.icon} aria-hidden />
        </ActionIcon>
      </header>
      <section className={classes.part}>
        <h2 className={classes.heading}>Variables that refer to it</h2>
        {users.length === 0 && <p className={classes.hint}>None in {environment}.</p>}
        <ul>
          {users.map((key) => (
            <li key={key}>
              <a href={href({ page: "configuration", project: project.path, select: key })}>{key}</a>
            </li>
          ))}
        </ul>
      </section>
      <SecretPart
        key={`${environment} ${secret.name}`}
        project={project.path}
        environments={environments}
        environment={environment}
        row={secret.row}
        name={secret.name}
        guarded={guarded}
      />
      {entry && entry.versions.length > 0 && (
        <RemoveAll
          key={`remove ${environment} ${secret.name}`}
          project={project.path}
          environment={environment}
          name={secret.name}
          versions={entry.versions.length}
          runs={entry.versions.some(({ deployed }) => deployed)}
          guarded={guarded}
        />
      )}
    </aside>
  );
}

interface RemoveProps {
  project: string;
  environment: string;
  name: string;
  versions: number;
  /** The release that runs uses one of them. */
  runs: boolean;
  guarded: boolean;
}

function RemoveAll({ project, environment, name, versions, runs, guarded }: RemoveProps) {
  const backend = useBackend();
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const remove = useTask(async () => {
    refresh.secrets(project, await backend.removeSecret(project, environment, name, null));
    setAsking(false);
  });
  return (
    <section className={classes.part}>
      <div>
        <Button color="danger" variant="light" onClick={() => setAsking(true)}>
          Remove {name} from {environment}…
        </Button>
      </div>
      {remove.problem && <Problem failure={remove.problem} doing="Removing it" compact />}
      {asking && (
        <ConfirmName
          verb={`Remove ${name} from ${environment}`}
          name={guarded || runs ? environment : undefined}
          busy={remove.busy}
          onConfirm={() => void remove.start()}
          onClose={() => setAsking(false)}
        >
          <p>
            The keychain forgets {versions === 1 ? "its only version" : `all ${count(versions, "version")}`}{" "}
            in {environment}. Releases that use {name} can then no longer be gone back to
            {runs && ", and the one that runs now cannot be started anew"}.
          </p>
        </ConfirmName>
      )}
    </section>
  );
}

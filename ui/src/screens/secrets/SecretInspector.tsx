import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { href } from "../../app/routes";
import { useTask } from "../../app/task";
import { type Backend, type ProjectView, useBackend } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { InspectorFrame } from "../../components/InspectorFrame";
import { Problem } from "../../components/Problem";
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
    <InspectorFrame
      about={`${secret.name} in ${environment}`}
      title={
        <>
          <code className={classes.key}>{secret.name}</code>
          <span className={classes.environment}>in {environment}</span>
        </>
      }
      onClose={onClose}
    >
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
          guarded={guarded}
        />
      )}
    </InspectorFrame>
  );
}

interface RemoveProps {
  project: string;
  environment: string;
  name: string;
  guarded: boolean;
}

function RemoveAll(props: RemoveProps) {
  const { name, environment } = props;
  const [asking, setAsking] = useState(false);
  return (
    <section className={classes.part}>
      <div>
        <Button color="danger" variant="light" onClick={() => setAsking(true)}>
          Remove {name} from {environment}…
        </Button>
      </div>
      {asking && <Removal {...props} onClose={() => setAsking(false)} />}
    </section>
  );
}

/** Says what goes along with a secret, then removes all its versions. */
function Removal({ project, environment, name, guarded, onClose }: RemoveProps & { onClose: () => void }) {
  const backend = useBackend();
  const refresh = useRefresh();
  const plan = useQuery(useQueries().secretRemoval(project, environment, name));
  const remove = useTask(async () => {
    refresh.secrets(project, await backend.removeSecret(project, environment, name, null));
    onClose();
  });
  const problem = remove.problem ?? plan.error;
  const verb = `Remove ${name} from ${environment}`;
  return (
    <ConfirmName
      verb={verb}
      name={guarded || plan.data?.running ? environment : undefined}
      busy={remove.busy || plan.isPending}
      onConfirm={() => void remove.start()}
      onClose={onClose}
    >
      {plan.data && <p>{consequence(plan.data)}</p>}
      {problem && <Problem failure={problem} doing={verb} compact />}
    </ConfirmName>
  );
}

type SecretRemoval = Awaited<ReturnType<Backend["planSecretRemoval"]>>;

/** What removing versions of a secret means, in words. */
function consequence({ environment, versions, releases, running }: SecretRemoval): string {
  const what = versions.map((version) => `v${version}`).join(", ");
  const lost = releases.map((release) => `#${release}`).join(", ");
  return [
    `The keychain forgets ${what} in ${environment}.`,
    lost ? `Then it cannot be gone back to ${lost} any more.` : "No release needs it to be gone back to.",
    running ? "What runs now goes on, and cannot be made anew." : "",
  ].join(" ");
}

import { ActionIcon, Button, PasswordInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type MatrixRow, useBackend } from "../../backend";
import { LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { RemoveSecret } from "../secrets/RemoveSecret";
import { GenerateSecret } from "./GenerateSecret";
import classes from "./Inspector.module.css";
import { Rotation } from "./Rotation";
import { SecretValue } from "./SecretValue";

interface Props {
  project: string;
  environments: string[];
  environment: string;
  row: MatrixRow;
  name: string;
  /** Its environment's name has to be typed before the value is shown. */
  guarded: boolean;
}

/** A secret of an environment: its versions, a new value, a copy from another environment. */
export function SecretPart({ project, environments, environment, row, name, guarded }: Props) {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const secrets = useQuery(ask.secrets(project));
  const [removing, setRemoving] = useState<number>();
  const field = useRef<HTMLInputElement>(null);
  const [filled, setFilled] = useState(false);
  const [generating, setGenerating] = useState(false);

  // The value lives in the field alone: it is read once, sent, and the field is emptied whatever comes back.
  const set = useTask(async () => {
    const input = field.current;
    if (!input || input.value === "") return;
    const sent = backend.setSecret(project, environment, name, input.value);
    input.value = "";
    setFilled(false);
    refresh.secrets(project, await sent);
  });
  const copy = useTask(async (from: string) => {
    refresh.secrets(project, await backend.copySecret(project, name, from, environment));
  });
  const entry = secrets.data?.secrets.find(
    (other) => other.environment === environment && other.name === name,
  );
  const elsewhere = environments.filter(
    (other, column) =>
      other !== environment &&
      row.cells[column]?.secret?.name === name &&
      row.cells[column]?.secret?.version != null,
  );
  const problem = set.problem ?? copy.problem;
  return (
    <>
      <form
        className={classes.part}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void set.start();
        }}
      >
        <PasswordInput
          ref={field}
          label={`Value of secret ${name} in ${environment}`}
          description="Goes into the keychain and nowhere else."
          autoComplete="new-password"
          spellCheck={false}
          onChange={(event) => setFilled(event.currentTarget.value !== "")}
          visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
          data-inspector-field
        />
        <div className={classes.line}>
          <Button onClick={() => setGenerating(true)}>Generate…</Button>
          <Button type="submit" variant="filled" disabled={!filled} loading={set.busy}>
            Set secret {name}
          </Button>
        </div>
        {problem && <Problem failure={problem} compact />}
      </form>
      {row.cells[environments.indexOf(environment)]?.secret?.version != null && (
        <section className={classes.part}>
          <SecretValue project={project} environment={environment} name={name} guarded={guarded} />
          <Rotation project={project} environment={environment} name={name} />
        </section>
      )}
      <section className={classes.part}>
        <h2 className={classes.heading}>Versions</h2>
        {secrets.isPending && <LoadingRows rows={2} dense />}
        {secrets.error && (
          <Problem failure={secrets.error} reading onRetry={() => secrets.refetch()} compact />
        )}
        {secrets.data && !entry?.versions.length && (
          <p className={classes.hint}>The keychain has no value for {environment} yet.</p>
        )}
        <ul className={classes.versions}>
          {entry?.versions.map(({ version, created, by, deployed }) => (
            <li key={version}>
              <span className={classes.version}>v{version}</span>
              <span className={classes.by}>
                <Time at={created} /> by {by}
              </span>
              {deployed ? (
                <span className={classes.deployed}>deployed</span>
              ) : (
                <ActionIcon
                  className={classes.remove}
                  aria-label={`Remove v${version} of ${name} from ${environment}`}
                  onClick={() => setRemoving(version)}
                >
                  <IconTrash className={classes.icon} aria-hidden />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
        {entry && entry.used_by.length > 0 && (
          <p className={classes.hint}>Used by {entry.used_by.join(", ")}.</p>
        )}
        {elsewhere.map((other) => (
          <div key={other}>
            <Button onClick={() => copy.start(other)} loading={copy.busy}>
              Copy from {other}
            </Button>
          </div>
        ))}
      </section>
      {generating && (
        <GenerateSecret
          project={project}
          environment={environment}
          name={name}
          onClose={() => setGenerating(false)}
        />
      )}
      {removing !== undefined && (
        <RemoveSecret
          project={project}
          environment={environment}
          name={name}
          version={removing}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </>
  );
}

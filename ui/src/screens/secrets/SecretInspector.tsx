import { Button } from "@mantine/core";
import { useState } from "react";
import { href } from "../../app/routes";
import type { ProjectView } from "../../backend";
import { InspectorFrame } from "../../components/InspectorFrame";
import classes from "../configuration/Inspector.module.css";
import { SecretPart } from "../configuration/SecretPart";
import type { ListedSecret } from "./list";
import { RemoveSecret } from "./RemoveSecret";

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
      label={`About ${secret.name} in ${environment}`}
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
        />
      )}
    </InspectorFrame>
  );
}

interface RemoveProps {
  project: string;
  environment: string;
  name: string;
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
      {asking && <RemoveSecret {...props} version={null} onClose={() => setAsking(false)} />}
    </section>
  );
}

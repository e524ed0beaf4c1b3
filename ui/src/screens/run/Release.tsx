import type { ReactNode } from "react";
import type { ReleaseView } from "../../backend";
import Reader from "../../components/editor/Reader";
import { Hash } from "../../components/Hash";
import { Time } from "../../components/Time";
import { shortCommit } from "../../components/words";
import classes from "./Release.module.css";

/** The immutable record of what ran: sources, images, variables, the Compose model, evidence. */
export default function Release({ release }: { release: ReleaseView }) {
  const { revision } = release;
  return (
    <div className={classes.release}>
      <dl className={classes.facts}>
        <dt>Release</dt>
        <dd>#{release.number}</dd>
        <dt>Complete</dt>
        <dd>
          <Time at={release.created} />
        </dd>
        {revision && (
          <>
            <dt>Sources</dt>
            <dd>
              <Hash of={revision.commit} what="the commit" shown={shortCommit(revision.commit)} />{" "}
              {revision.branch ?? "detached"}
              {revision.dirty && ", with uncommitted changes"}
              {revision.unsure && ", perhaps with uncommitted changes"}
            </dd>
          </>
        )}
      </dl>
      <Part title="Verified">
        <table className={classes.table}>
          <tbody>
            {release.evidence.map(({ subject, seen, at }) => (
              <tr key={`${subject} ${seen}`}>
                <th scope="row">{subject}</th>
                <td>{seen}</td>
                <td className={classes.right}>
                  <Time at={at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Images">
        <table className={classes.table}>
          <tbody>
            {release.images.map(({ service, image, id }) => (
              <tr key={service}>
                <th scope="row">{service}</th>
                <td>{image}</td>
                <td className={classes.right}>
                  <Hash of={id} what={`the image id of ${service}`} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Variables">
        <table className={classes.table}>
          <tbody>
            {release.variables.map((variable) => (
              <tr key={variable.key}>
                <th scope="row">
                  <code>{variable.key}</code>
                </th>
                <td>
                  <code>
                    {variable.secret
                      ? `secret ${variable.secret.name} v${variable.secret.version ?? "–"}`
                      : variable.value}
                  </code>
                </td>
                <td className={classes.right}>
                  {variable.source.file}:{variable.source.line}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Compose model">
        <Reader text={release.compose} label="Compose model" path="compose.yaml" />
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h2 className={classes.heading}>{title}</h2>
      {children}
    </section>
  );
}

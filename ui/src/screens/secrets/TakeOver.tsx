import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { useBackend, type TakeOver as View } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { Notice, Problem } from "../../components/Problem";
import { count } from "../../components/words";
import classes from "./Secrets.module.css";

/** So many are named; the others are counted. */
const NAMED = 6;

/** Says which secrets earlier versions kept under the project's name, and takes them over when the person agrees. */
export function TakeOver({ project }: { project: string }) {
  const backend = useBackend();
  const refresh = useRefresh();
  const planned = useQuery(useQueries().takeOver(project));
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<View>();
  const take = useTask(async () => {
    setDone(await backend.takeOver(project));
    setAsking(false);
    refresh.imported(project);
  });
  if (planned.error) {
    return (
      <Problem failure={planned.error} reading onRetry={() => planned.refetch()} doing="Looking for them" />
    );
  }
  const waiting = planned.data?.entries ?? [];
  const left = done?.entries.filter(({ outcome }) => outcome !== "taken") ?? [];
  if (waiting.length === 0) return null;
  const verb = `Take over ${count(waiting.length, "version")}`;
  return (
    <Notice
      severity="warning"
      title={`${count(waiting.length, "secret version")} ${waiting.length === 1 ? "is" : "are"} kept under the project's name`}
    >
      <p>
        Earlier versions of Sternway kept them so that every project of that name could reach them. They are
        not used until they are this project's own: {named(waiting)}.
      </p>
      {left.length > 0 && (
        <ul>
          {left.map(({ environment, name, version, outcome }) => (
            <li key={`${environment} ${name} ${version}`}>
              <code>{name}</code> v{version} of {environment}{" "}
              {outcome === "foreign"
                ? "is not there: the entry of that name has a value that this project never set, and was left alone."
                : "is not in this keychain. Set it again, or come back with the keychain that has it."}
            </li>
          ))}
        </ul>
      )}
      {take.problem && <Problem failure={take.problem} doing={verb} compact />}
      <div className={classes.tools}>
        <Button onClick={() => setAsking(true)}>{verb}…</Button>
      </div>
      {asking && (
        <ConfirmName
          verb={verb}
          busy={take.busy}
          onConfirm={() => void take.start()}
          onClose={() => setAsking(false)}
        >
          <p>
            Each one that has the value which this project set becomes the project's own entry in the
            keychain, is read back, and its old entry is removed. What belongs to another project stays.
          </p>
        </ConfirmName>
      )}
    </Notice>
  );
}

function named(entries: View["entries"]): string {
  const first = entries
    .slice(0, NAMED)
    .map(({ environment, name, version }) => `${name} v${version} of ${environment}`);
  const more = entries.length - first.length;
  return first.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

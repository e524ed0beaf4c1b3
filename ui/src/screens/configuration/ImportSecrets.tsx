import { Button, Checkbox, Modal, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Import, useBackend } from "../../backend";
import { Empty, LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { count } from "../../components/words";
import classes from "./Dialog.module.css";

interface Props {
  project: string;
  environments: string[];
  onClose: () => void;
}

/** Finds values in env files that look like secrets and moves them into the keychain, leaving references. */
export function ImportSecrets({ project, environments, onClose }: Props) {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const [environment, setEnvironment] = useState(environments[0] ?? "");
  const candidates = useQuery({ ...ask.importable(project, environment), enabled: environment !== "" });
  // Everything that was found is meant, unless it is left out.
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set());
  const [moved, setMoved] = useState<Import>();

  const found = candidates.data?.found ?? [];
  const keys = found.map(({ key }) => key).filter((key) => !without.has(key));
  const move = useTask(async () => {
    setMoved(await backend.importSecrets(project, environment, keys));
    refresh.imported(project);
  });
  const toggle = (key: string) => {
    const next = new Set(without);
    if (!next.delete(key)) next.add(key);
    setWithout(next);
  };

  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="Move secrets into the keychain"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className={classes.form}>
        <Select
          label="Environment whose files are searched"
          data={environments}
          value={environment}
          allowDeselect={false}
          onChange={(next) => {
            setEnvironment(next ?? "");
            setMoved(undefined);
          }}
        />
        {moved ? (
          <>
            <p>
              {count(moved.found.length, "value")} moved into the keychain. The files now name{" "}
              {moved.found.map(({ key }) => key).join(", ")}; every other byte is as it was.
            </p>
            <p className={classes.hint}>
              If these files were ever committed, the old values are still in the repository's past: change
              them where they are used.
            </p>
          </>
        ) : (
          <>
            {candidates.isPending && <LoadingRows rows={3} />}
            {candidates.error && (
              <Problem
                failure={candidates.error}
                reading
                onRetry={() => candidates.refetch()}
                doing="Searching"
                compact
              />
            )}
            {candidates.data && found.length === 0 && (
              <Empty title="Nothing looks like a secret">
                No value in the files of {environment} looks like one. A value can still be moved from its
                inspector.
              </Empty>
            )}
            {found.length > 0 && (
              <ul className={classes.list} aria-label="Values that look like secrets">
                {found.map(({ key, source, reason, environments: readers }) => (
                  <li key={key} className={classes.item}>
                    <Checkbox
                      size="xs"
                      label={<span className={classes.key}>{key}</span>}
                      aria-label={`Move ${key}`}
                      description={
                        <span className={classes.where}>
                          <code>
                            {source.file}:{source.line}
                          </code>
                          <span>{reason}</span>
                          <span>read by {readers.join(", ")}</span>
                        </span>
                      }
                      checked={!without.has(key)}
                      onChange={() => toggle(key)}
                    />
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
        {move.problem && <Problem failure={move.problem} doing="Moving them" compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>{moved ? "Done" : "Cancel"}</Button>
          {!moved && (
            <Button
              variant="filled"
              disabled={keys.length === 0}
              onClick={() => move.start()}
              loading={move.busy}
            >
              Move {count(keys.length, "value")}
            </Button>
          )}
        </div>
      </div>
    </Modal>
  );
}

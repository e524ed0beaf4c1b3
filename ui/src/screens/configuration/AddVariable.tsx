import { Button, Checkbox, Modal, PasswordInput, Select, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Failure, useBackend } from "../../backend";
import { Problem } from "../../components/Problem";
import classes from "./Dialog.module.css";
import type { Edit } from "./edits";
import { nameMistake } from "./rows";

const ALL = "all environments";

interface Props {
  project: string;
  environments: string[];
  keys: string[];
  /** Writes it, so that it can be undone; answers whether it was written, and `problem` says why not. */
  onApply: (says: string, edits: Edit[]) => Promise<boolean>;
  problem: Failure | undefined;
  onDone: (key: string, environment: string) => void;
  onClose: () => void;
}

/** A new variable: for one environment or for all, with a value or as a secret. */
export function AddVariable({ project, environments, keys, onApply, problem, onDone, onClose }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const [key, setKey] = useState("");
  const [where, setWhere] = useState(ALL);
  const [secret, setSecret] = useState(false);
  const [tried, setTried] = useState(false);
  const value = useRef<HTMLInputElement>(null);
  const everywhere = where === ALL;

  const add = useTask(async () => {
    const environment = everywhere ? null : where;
    const written = secret ? `keychain:${key}` : (value.current?.value ?? "");
    if (!(await onApply(`Add ${key}`, [{ environment, key, value: written }]))) return;
    const input = value.current;
    if (secret && environment !== null && input && input.value !== "") {
      const sent = backend.setSecret(project, environment, key, input.value);
      input.value = "";
      refresh.secrets(project, await sent);
    }
    onDone(key, everywhere ? (environments[0] ?? "") : where);
  });

  const failed = add.problem ?? (tried ? problem : undefined);
  const mistake = nameMistake(key, keys);
  return (
    <Modal opened onClose={onClose} title="Add a variable" closeButtonProps={{ "aria-label": "Close" }}>
      <form
        className={classes.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!key || mistake) return;
          setTried(true);
          void add.start();
        }}
      >
        <TextInput
          label="Name"
          placeholder="REQUEST_TIMEOUT"
          classNames={{ input: classes.key }}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={mistake}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <Select
          label="Where it applies"
          data={[ALL, ...environments]}
          value={where}
          allowDeselect={false}
          onChange={(next) => setWhere(next ?? ALL)}
        />
        <Checkbox
          size="xs"
          label="It is a secret: the file gets a reference, the value goes into the keychain"
          checked={secret}
          onChange={(event) => setSecret(event.currentTarget.checked)}
        />
        {secret && everywhere ? (
          <p className={classes.hint}>
            Every environment has a value of its own: set them in its column afterwards.
          </p>
        ) : secret ? (
          <PasswordInput
            key="secret"
            ref={value}
            label="Value"
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
          />
        ) : (
          <TextInput
            key="value"
            ref={value}
            label="Value"
            classNames={{ input: classes.key }}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {failed && <Problem failure={failed} doing="Adding it" compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={key === "" || mistake !== undefined}
            loading={add.busy}
          >
            Add {key || "the variable"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

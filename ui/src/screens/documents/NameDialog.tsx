import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTask } from "../../app/task";
import type { DocumentEdit, Failure, PathStep, ValueKind } from "../../backend";
import { Problem } from "../../components/Problem";
import classes from "./Form.module.css";
import { nameOf, pathText } from "./tree";

/** What a name is asked for: a value to add to something, or a value that is there. */
export type Naming = { holder: PathStep[]; list: boolean } | { rename: PathStep[] };

const KINDS: { value: ValueKind; label: string }[] = [
  { value: "string", label: "text" },
  { value: "number", label: "number" },
  { value: "boolean", label: "true or false" },
  { value: "object", label: "object with values" },
  { value: "array", label: "list" },
  { value: "null", label: "nothing" },
];

/** What a new value of a kind is before anything is written. */
const FIRST: Partial<Record<ValueKind, string>> = {
  boolean: "true",
  object: "{}",
  array: "[]",
  null: "",
};

interface Props {
  naming: Naming;
  /** The format knows texts alone. */
  plain: boolean;
  onEdit: (edit: DocumentEdit) => Promise<boolean>;
  refused: Failure | undefined;
  onClose: () => void;
}

/** Asks for a key, and for a new value's kind and text. */
export function NameDialog({ naming, plain, onEdit, refused, onClose }: Props) {
  const renamed = "rename" in naming ? naming.rename : undefined;
  const [key, setKey] = useState(renamed ? nameOf(renamed) : "");
  const [kind, setKind] = useState<ValueKind>("string");
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  const listed = "list" in naming && naming.list;
  const typed = kind === "string" || kind === "number";
  const make = useTask(async () => {
    setTried(true);
    const edit: DocumentEdit =
      "rename" in naming
        ? { rename: { path: naming.rename, key } }
        : { insert: { path: naming.holder, key: listed ? null : key, value: FIRST[kind] ?? value, kind } };
    if (await onEdit(edit)) onClose();
  });
  const verb = renamed ? `Rename to ${key || "…"}` : `Add ${listed ? "an entry" : key || "the value"}`;
  const ready = listed || (key !== "" && (!renamed || key !== nameOf(renamed)));
  return (
    <Modal
      opened
      onClose={onClose}
      title={renamed ? `Rename ${pathText(renamed)}` : "Add a value"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void make.start();
        }}
      >
        {"holder" in naming && naming.holder.length > 0 && (
          <p className={classes.quiet}>In {pathText(naming.holder)}</p>
        )}
        {!listed && (
          <TextInput
            label={renamed ? "New name" : "Name"}
            classNames={{ input: classes.mono }}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        {!renamed && !plain && (
          <Select
            label="Kind"
            data={KINDS}
            value={kind}
            allowDeselect={false}
            onChange={(next) => setKind((next as ValueKind | null) ?? "string")}
          />
        )}
        {!renamed && typed && (
          <TextInput
            label="Value"
            classNames={{ input: classes.mono }}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {tried && refused && <Problem failure={refused} doing={verb} compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={make.busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

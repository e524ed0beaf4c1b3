import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Failure, Matrix } from "../../backend";
import { Problem } from "../../components/Problem";
import classes from "./Dialog.module.css";
import { filesOf } from "./edits";
import { nameMistake } from "./rows";

interface Props {
  matrix: Matrix;
  name: string;
  busy: boolean;
  problem: Failure | undefined;
  onRename: (to: string) => void;
  onClose: () => void;
}

/** Gives a variable another name in every file that has it. */
export function RenameVariable({ matrix, name, busy, problem, onRename, onClose }: Props) {
  const [to, setTo] = useState(name);
  const [tried, setTried] = useState(false);
  const taken = matrix.rows.map(({ key }) => key).filter((key) => key !== name);
  const mistake = nameMistake(to, taken);
  const ready = to !== "" && to !== name && mistake === undefined;
  return (
    <Modal opened onClose={onClose} title={`Rename ${name}`} closeButtonProps={{ "aria-label": "Close" }}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          setTried(true);
          onRename(to);
        }}
      >
        <TextInput
          label="New name"
          classNames={{ input: classes.key }}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={mistake}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <p className={classes.hint}>
          In {filesOf(matrix, name).join(", ")}; every other byte stays. What refers to it elsewhere, as $
          {`{${name}}`} or below `required` in sternway.yaml, is not changed.
        </p>
        {tried && problem && <Problem failure={problem} doing="Renaming" compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={busy}>
            Rename to {ready ? to : "…"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

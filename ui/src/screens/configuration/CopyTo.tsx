import { Button, Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Matrix, useBackend } from "../../backend";
import { Problem } from "../../components/Problem";
import { CellText } from "./CellText";
import classes from "./Dialog.module.css";
import { cellOf, type Edit, isHidden, rowOf } from "./edits";
import type { Selection } from "./range";

interface Props {
  project: string;
  matrix: Matrix;
  /** The cells of one environment whose values are copied. */
  cells: Selection[];
  guarded: string[];
  onApply: (says: string, edits: Edit[]) => Promise<boolean>;
  onClose: () => void;
}

/** Copies what cells say to other environments; secrets from keychain entry to keychain entry, without coming here. */
export function CopyTo({ project, matrix, cells, guarded, onApply, onClose }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const from = cells[0]?.environment ?? "";
  const [chosen, setChosen] = useState<string[]>([]);
  const copied = cells.filter((at) => cellOf(matrix, at)?.source && cellOf(matrix, at)?.masked == null);
  const masked = cells.filter((at) => cellOf(matrix, at)?.masked != null);
  const one = copied.length === 1 ? copied[0] : undefined;
  const row = one && rowOf(matrix, one.key);

  const copy = useTask(async () => {
    const edits: Edit[] = [];
    const secrets: { name: string; to: string }[] = [];
    for (const at of copied) {
      const cell = cellOf(matrix, at);
      for (const environment of chosen) {
        const there = cellOf(matrix, { key: at.key, environment });
        const name = cell?.secret?.name;
        if (name !== undefined) {
          if (there?.secret?.name !== name)
            edits.push({ environment, key: at.key, value: `keychain:${name}` });
          if (cell?.secret?.version != null) secrets.push({ name, to: environment });
        } else if (cell?.value != null && (there?.value !== cell.value || there.source === null)) {
          edits.push({ environment, key: at.key, value: cell.value });
        }
      }
    }
    const what = one ? one.key : `${copied.length} variables`;
    if (edits.length > 0 && !(await onApply(`Copy ${what} to ${chosen.join(", ")}`, edits))) return;
    for (const { name, to } of secrets) {
      refresh.secrets(project, await backend.copySecret(project, name, from, to));
    }
    onClose();
  });

  return (
    <Modal
      opened
      onClose={onClose}
      title={`Copy ${one ? one.key : `${copied.length} values`} from ${from}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen.length > 0) void copy.start();
        }}
      >
        <ul className={classes.list} aria-label="Environments to copy to">
          {matrix.environments
            .filter((name) => name !== from)
            .map((name) => {
              const column = matrix.environments.indexOf(name);
              return (
                <li key={name} className={classes.item}>
                  <Checkbox
                    size="xs"
                    label={guarded.includes(name) ? `${name} (protected)` : name}
                    description={
                      row ? (
                        <span className={classes.now}>
                          now <CellText row={row} column={column} />
                        </span>
                      ) : undefined
                    }
                    checked={chosen.includes(name)}
                    onChange={(event) =>
                      setChosen(
                        event.currentTarget.checked
                          ? [...chosen, name]
                          : chosen.filter((other) => other !== name),
                      )
                    }
                  />
                </li>
              );
            })}
        </ul>
        {copied.some((at) => cellOf(matrix, at)?.secret) && (
          <p className={classes.hint}>
            A secret gets a new version there. It goes from keychain to keychain; its older versions stay, and
            undo does not bring them back by itself.
          </p>
        )}
        {masked.length > 0 && (
          <p className={classes.hint}>
            Left out, because it looks like a secret in plain text: {masked.map(({ key }) => key).join(", ")}.
          </p>
        )}
        {copy.problem && <Problem failure={copy.problem} doing="Copying" compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={chosen.length === 0 || copied.length === 0}
            loading={copy.busy}
          >
            {chosen.length > 1 ? `Copy to ${chosen.length} environments` : `Copy to ${chosen[0] ?? "…"}`}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Whether there is anything in the cells that can be copied elsewhere. */
export function canCopy(matrix: Matrix, cells: Selection[]): boolean {
  return cells.some((at) => {
    const cell = cellOf(matrix, at);
    return cell?.source != null && (cell.secret !== null || !isHidden(cell));
  });
}

import { IconAlertTriangle, IconPencil, IconX } from "@tabler/icons-react";
import type { Cell, MatrixRow } from "../../backend";
import classes from "./CellText.module.css";
import { type CellState, sameness, stateOf } from "./rows";

/** A cell to read: `·` inherited, `●●●●` a secret, `=` `≠` the same or another one, `✎` changed since it was deployed. */
export function CellText({ row, column }: { row: MatrixRow; column: number }) {
  const cell = row.cells[column];
  if (!cell) return null;
  const state = stateOf(row, cell);
  const same = sameness(row, column);
  return (
    <span className={classes.text} data-state={state} data-inherited={cell.inherited}>
      {cell.inherited && (
        <span className={classes.dot} title="Inherited: all environments share this line">
          ·
        </span>
      )}
      <Shown state={state} cell={cell} />
      {cell.problem && (
        <span
          className={classes.problem}
          title={[cell.problem.message, cell.problem.hint].filter(Boolean).join(". ")}
        >
          <IconAlertTriangle className={classes.icon} aria-label={cell.problem.message} />
        </span>
      )}
      {same && (
        <span
          className={classes.same}
          data-same={same}
          title={same === "same" ? "The same secret" : "Another secret"}
        >
          {same === "same" ? "=" : "≠"}
        </span>
      )}
      {cell.changed && (
        <span className={classes.changed} title="Changed since it was deployed">
          <IconPencil className={classes.icon} aria-label="changed" />
        </span>
      )}
    </span>
  );
}

function Shown({ state, cell }: { state: CellState; cell: Cell }) {
  switch (state) {
    case "value":
      return <span className={classes.value}>{cell.value}</span>;
    case "masked":
      return (
        <span className={classes.secret} title={`It ${cell.masked}, and stands in the file in plain text`}>
          <span aria-hidden>●●●●</span> in plain text
        </span>
      );
    case "empty":
      return <span className={classes.quiet}>empty</span>;
    case "secret":
      return (
        <span className={classes.secret} title="A secret: its value is only in the keychain">
          <span aria-hidden>●●●●</span> v{cell.secret?.version}
        </span>
      );
    case "secret-missing":
      return (
        <>
          <IconX className={classes.icon} aria-hidden />
          <span className={classes.words} title="A secret whose value the keychain does not have">
            no value yet
          </span>
        </>
      );
    case "missing":
      return (
        <>
          <IconX className={classes.icon} aria-hidden />
          <span>missing</span>
        </>
      );
    case "absent":
      return (
        <span className={classes.quiet} title="Not set here">
          —
        </span>
      );
  }
}

import type { Matrix } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { count } from "../../components/words";
import classes from "./Dialog.module.css";
import { type Edit, lineOf, rowOf, takeAway } from "./edits";
import type { Selection } from "./range";

/** So many are named; the others are counted. */
const NAMED = 8;

interface Props {
  matrix: Matrix;
  cells: Selection[];
  busy: boolean;
  onConfirm: (says: string, edits: Edit[]) => void;
  onClose: () => void;
}

/** Asks before values are taken out of their files, and says what holds afterwards. */
export function RemoveValues({ matrix, cells, busy, onConfirm, onClose }: Props) {
  const own = takeAway(matrix, cells);
  // What is only shared can be taken away where it stands, if that is all that was selected.
  const [first] = cells;
  const shared = own.edits.length === 0 && cells.length === 1 && first ? first.key : undefined;
  const edits = shared === undefined ? own.edits : [{ environment: null, key: shared, value: null }];
  const what = shared ?? (edits.length === 1 ? edits[0]?.key : count(edits.length, "value"));
  const readers = shared
    ? matrix.environments.filter((_, column) => rowOf(matrix, shared)?.cells[column]?.inherited)
    : [];
  return (
    <ConfirmName
      verb={shared ? `Remove the shared value of ${shared}` : `Remove ${what}`}
      busy={busy}
      onConfirm={() => onConfirm(`Remove ${what}`, edits)}
      onClose={onClose}
    >
      {shared ? (
        <p>
          All environments share this line. Without it {readers.join(", ")}{" "}
          {readers.length === 1 ? "has" : "have"} no {shared}.
        </p>
      ) : (
        <ul className={classes.list} aria-label="What is removed">
          {edits.slice(0, NAMED).map(({ key, environment }) => (
            <li key={`${key} ${environment}`} className={classes.item}>
              <span className={classes.where}>
                <code>{key}</code> in {environment}
                <span>{after(matrix, key, environment)}</span>
              </span>
            </li>
          ))}
          {edits.length > NAMED && <li className={classes.item}>and {edits.length - NAMED} more</li>}
        </ul>
      )}
      {own.edits.length > 0 && own.left.map((reason) => <p key={reason}>{reason}</p>)}
    </ConfirmName>
  );
}

/** What a key says in an environment once the environment's own line is gone. */
function after(matrix: Matrix, key: string, environment: string | null): string {
  const row = rowOf(matrix, key);
  const cell = row?.cells[matrix.environments.indexOf(environment ?? "")];
  if (cell && cell.overridden.length > 0) {
    const shared = lineOf(matrix, null, key);
    return shared ? `becomes the shared ${shared}` : "becomes the shared value";
  }
  return row?.required ? "is then missing, and required" : "is then not set";
}

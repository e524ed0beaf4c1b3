/** What the matrix shows of a row and a cell; pure, so that it can be tested without a screen. */
import type { MatrixFilter } from "../../app/routes";
import type { Cell, Matrix, MatrixRow } from "../../backend";

/** What a cell is, in the matrix's own words. */
export type CellState = "value" | "masked" | "empty" | "secret" | "secret-missing" | "missing" | "absent";

/** How a cell is to be read. `missing` stops a deployment, `absent` does not. */
export function stateOf(row: MatrixRow, cell: Cell): CellState {
  if (cell.secret) return cell.secret.version === null ? "secret-missing" : "secret";
  if (cell.source === null) return row.required ? "missing" : "absent";
  if (cell.masked) return "masked";
  return cell.value === "" ? "empty" : "value";
}

/** Whether a secret is the same as in the first environment that has it; nothing to say for that one. */
export function sameness(row: MatrixRow, column: number): "same" | "different" | undefined {
  const secret = row.cells[column]?.secret;
  const first = row.cells.findIndex((cell) => cell.secret?.version != null);
  if (!secret || secret.version === null || first === column) return undefined;
  return secret.same !== null && secret.same === row.cells[first]?.secret?.same ? "same" : "different";
}

/** Whether the environments do not all have the same value. */
export function differs(row: MatrixRow): boolean {
  const said = ({ value, secret }: Cell) =>
    secret ? `secret ${secret.same ?? `${secret.name} ${secret.version}`}` : `value ${value}`;
  const [first, ...others] = row.cells;
  return first !== undefined && others.some((other) => other !== first && said(other) !== said(first));
}

function isMissing(row: MatrixRow, cell: Cell): boolean {
  const state = stateOf(row, cell);
  return state === "missing" || state === "secret-missing";
}

const FITS: Record<MatrixFilter, (row: MatrixRow) => boolean> = {
  all: () => true,
  different: differs,
  missing: (row) => row.cells.some((cell) => isMissing(row, cell)),
  secrets: (row) => row.cells.some(({ secret }) => secret !== null),
  changed: (row) => row.cells.some(({ changed }) => changed),
};

/** How many rows each filter shows. */
export function counts(matrix: Matrix): Record<MatrixFilter, number> {
  const number = { all: matrix.rows.length, different: 0, missing: 0, secrets: 0, changed: 0 };
  // Once through all cells, which may be very many.
  for (const row of matrix.rows) {
    if (differs(row)) number.different += 1;
    if (FITS.secrets(row)) number.secrets += 1;
    if (FITS.changed(row)) number.changed += 1;
    if (FITS.missing(row)) number.missing += 1;
  }
  return number;
}

const texts = new WeakMap<MatrixRow, string>();

/** What a search looks for in a row: its name and its values, in small letters. Made once, searched at every key. */
function textOf(row: MatrixRow): string {
  let text = texts.get(row);
  if (text === undefined) {
    text = [row.key, ...row.cells.map(({ value }) => value ?? "")].join("\n").toLowerCase();
    texts.set(row, text);
  }
  return text;
}

/** The rows that fit a filter and mention a text in their name or in a value. */
export function filterRows(matrix: Matrix, filter: MatrixFilter, text: string): MatrixRow[] {
  const wanted = text.trim().toLowerCase();
  const fits = FITS[filter];
  return matrix.rows.filter((row) => fits(row) && (wanted === "" || textOf(row).includes(wanted)));
}

/** A line of the matrix: a group's name, which is empty for rows that have none, or a key. */
export type Line = { group: string; size: number } | { row: MatrixRow };

/**
 * The rows with their groups' names between them; the rows of closed groups are left out. Rows without a group begin one too
 * where they follow another: they would seem to belong to that one.
 */
export function linesOf(rows: MatrixRow[], closed: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  let title: { group: string; size: number } | undefined;
  for (const row of rows) {
    if (row.group !== (title?.group ?? "")) {
      title = { group: row.group, size: 0 };
      lines.push(title);
    }
    if (title) title.size += 1;
    if (!title || !closed.has(row.group)) lines.push({ row });
  }
  return lines;
}

/** The names that every shell and Compose take. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What is wrong with a new variable's name, if anything; an empty one is not finished. */
export function nameMistake(name: string, taken: string[]): string | undefined {
  if (taken.includes(name)) return "There is a variable of this name already.";
  return name === "" || NAME.test(name) ? undefined : "Letters, digits and _, not beginning with a digit.";
}

/** The words that a variable may be, if it is declared as one of some. */
export function wordsOf({ value_type: type }: MatrixRow): string[] | undefined {
  if (type === "boolean") return ["true", "false"];
  return typeof type === "object" && type !== null ? type.enum : undefined;
}

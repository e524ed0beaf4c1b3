/** What is done to the matrix's cells, and how it is undone. Pure, so that it can be tested without a screen. */
import type { Cell, Matrix, MatrixRow } from "../../backend";
import { type Area, cellsOf, type Selection } from "./range";
import { parseTable } from "./table";

/** A line of a file: what it is to say, or that it is to go. Without an environment it is the shared file's. */
export interface Edit {
  environment: string | null;
  key: string;
  /** `null` takes the line away. */
  value: string | null;
}

/** Something that was done and can be undone. */
export interface Done {
  /** What it was, as a sentence's beginning: `Set PORT in staging`. */
  says: string;
  edits: Edit[];
  undo: Edit[];
  /** It was no edit of values: a key got another name, in every file. */
  renamed?: { from: string; to: string };
}

/** Edits to make, and cells that they leave alone because of what they are. */
export interface Proposal {
  edits: Edit[];
  /** Why some cells stay as they are, in whole sentences. */
  left: string[];
}

const indexes = new WeakMap<Matrix, Map<string, MatrixRow>>();

/** A key's row; found at once, however many there are. */
export function rowOf(matrix: Matrix, key: string): MatrixRow | undefined {
  let index = indexes.get(matrix);
  if (!index) {
    index = new Map(matrix.rows.map((row) => [row.key, row]));
    indexes.set(matrix, index);
  }
  return index.get(key);
}

export function cellOf(matrix: Matrix, { key, environment }: Selection): Cell | undefined {
  return rowOf(matrix, key)?.cells[matrix.environments.indexOf(environment)];
}

/** Whether the page does not have the cell's value: it is a secret, or looks like one. */
export function isHidden(cell: Cell): boolean {
  return cell.secret !== null || cell.masked != null;
}

/** A cell's line as the file has it; nothing if it cannot be said. */
function written(cell: Cell): string | undefined {
  if (cell.secret) return `keychain:${cell.secret.name}`;
  return cell.masked != null ? undefined : (cell.value ?? undefined);
}

/** What a line says now: its value, `null` if there is none, nothing if the page does not know. */
export function lineOf(matrix: Matrix, environment: string | null, key: string): string | null | undefined {
  const row = rowOf(matrix, key);
  if (!row) return null;
  if (environment === null) {
    const shared = row.cells.find(({ inherited }) => inherited);
    if (shared) return written(shared);
    // A line that every environment overrides is there, but what it says is not told.
    return row.cells.some(({ overridden }) => overridden.length > 0) ? undefined : null;
  }
  const cell = row.cells[matrix.environments.indexOf(environment)];
  if (!cell || cell.inherited || cell.source === null) return null;
  return written(cell);
}

/** The edits that put back what edits are about to change; nothing for lines of which that cannot be said. */
export function undoOf(matrix: Matrix, edits: Edit[]): Edit[] {
  return edits.flatMap(({ environment, key }) => {
    const value = lineOf(matrix, environment, key);
    return value === undefined ? [] : [{ environment, key, value }];
  });
}

/**
 * The keys whose lines are not any more what the edits made of them: somebody else wrote there. A line that is not
 * told, because its value looks like a secret, counts as what was written.
 */
export function movedOn(matrix: Matrix, edits: Edit[]): string[] {
  const moved = edits.filter(({ environment, key, value }) => {
    const now = lineOf(matrix, environment, key);
    return now !== undefined && now !== value;
  });
  return [...new Set(moved.map(({ key }) => key))];
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? one : many.replace("#", String(count));
}

/** Writes one value into cells. Secrets are left alone, whatever is written. */
export function fill(matrix: Matrix, cells: Selection[], value: string): Proposal {
  const proposal: Proposal = { edits: [], left: [] };
  let hidden = 0;
  for (const { key, environment } of cells) {
    const cell = cellOf(matrix, { key, environment });
    if (!cell) continue;
    if (isHidden(cell)) hidden++;
    else if (cell.source === null || cell.value !== value) proposal.edits.push({ environment, key, value });
  }
  return { ...proposal, left: leftSecrets(hidden) };
}

function leftSecrets(count: number): string[] {
  if (count === 0) return [];
  return [
    counted(count, "One secret was left alone", "# secrets were left alone") +
      ": their values are set one by one, in the inspector.",
  ];
}

/** Writes a table into the matrix from an area's first cell on; a single cell fills the whole area. */
export function paste(
  matrix: Matrix,
  text: string,
  area: Area,
  keys: readonly string[],
  environments: readonly string[],
): Proposal {
  const table = parseTable(text);
  const only = table.length === 1 && table[0]?.length === 1 ? table[0][0] : undefined;
  if (only !== undefined) return fill(matrix, cellsOf(area), only);
  const top = keys.indexOf(area.keys[0] ?? "");
  const left = environments.indexOf(area.environments[0] ?? "");
  const proposal: Proposal = { edits: [], left: [] };
  let outside = 0;
  let hidden = 0;
  table.forEach((row, down) => {
    row.forEach((value, right) => {
      const key = keys[top + down];
      const environment = environments[left + right];
      if (key === undefined || environment === undefined) {
        outside++;
        return;
      }
      const filled = fill(matrix, [{ key, environment }], value);
      proposal.edits.push(...filled.edits);
      hidden += filled.left.length;
    });
  });
  proposal.left = leftSecrets(hidden);
  if (outside > 0) {
    proposal.left.push(counted(outside, "One value had no cell to go to.", "# values had no cell to go to."));
  }
  return proposal;
}

/** An area as rows of text for the clipboard, and how many cells are left out because they are secrets. */
export function copy(matrix: Matrix, area: Area): { rows: string[][]; hidden: number } {
  let hidden = 0;
  const rows = area.keys.map((key) =>
    area.environments.map((environment) => {
      const cell = cellOf(matrix, { key, environment });
      if (cell && isHidden(cell)) {
        hidden++;
        return "";
      }
      return cell?.value ?? "";
    }),
  );
  return { rows, hidden };
}

/** Takes the cells' own lines away. What all environments share stays. */
export function takeAway(matrix: Matrix, cells: Selection[]): Proposal {
  const shared = cells.filter((at) => cellOf(matrix, at)?.inherited);
  const edits = cells
    .filter((at) => {
      const cell = cellOf(matrix, at);
      return cell && cell.source !== null && !cell.inherited;
    })
    .map(({ key, environment }) => ({ environment, key, value: null }));
  const left =
    shared.length === 0
      ? []
      : [
          counted(shared.length, "One value stays", "# values stay") +
            ", because all environments share it: remove the shared value in the inspector.",
        ];
  return { edits, left };
}

/** The files in which a key stands, each once. */
export function filesOf(matrix: Matrix, key: string): string[] {
  const cells = rowOf(matrix, key)?.cells ?? [];
  const origins = cells.flatMap(({ source, overridden }) => (source ? [source, ...overridden] : overridden));
  return [...new Set(origins.map(({ file }) => file))];
}

/** The secrets by name, made from what the core says of each in each environment; pure, so that it can be tested alone. */
import type { Cell, Matrix, MatrixRow, SecretEntry } from "../../backend";

/** A secret in all environments. */
export interface ListedSecret {
  name: string;
  /** One for each environment, in their order; none where nothing is known of it. */
  entries: (SecretEntry | undefined)[];
  /** Variables that refer to it, in any environment. */
  usedBy: string[];
  /** The same as a row of the matrix, for what is shown and done with one there. */
  row: MatrixRow;
}

/** Whether two environments have the same value is known to the matrix alone, and there within a row. */
function signs(name: string, matrix: Matrix | undefined): (number | null)[] {
  const rows = (matrix?.rows ?? []).map(({ cells }) =>
    cells.map(({ secret }) => (secret?.name === name ? secret.same : null)),
  );
  const known = (row: (number | null)[]) => row.filter((same) => same !== null).length;
  return rows.reduce<(number | null)[]>((most, row) => (known(row) > known(most) ? row : most), []);
}

/** All secrets that the history knows or a file refers to, in alphabetical order. */
export function listed(
  secrets: readonly SecretEntry[],
  environments: readonly string[],
  matrix: Matrix | undefined,
): ListedSecret[] {
  const columns = matrix ? environments.map((name) => matrix.environments.indexOf(name)) : [];
  const names = [...new Set(secrets.map(({ name }) => name))].sort((a, b) => a.localeCompare(b));
  return names.map((name) => {
    const entries = environments.map((environment) =>
      secrets.find((entry) => entry.name === name && entry.environment === environment),
    );
    const usedBy = [...new Set(entries.flatMap((entry) => entry?.used_by ?? []))].sort();
    const same = signs(name, matrix);
    const cells = entries.map(
      (entry, place): Cell => ({
        value: null,
        secret: entry
          ? { name, version: entry.versions[0]?.version ?? null, same: same[columns[place] ?? -1] ?? null }
          : null,
        source: null,
        overridden: [],
        inherited: false,
        changed: false,
      }),
    );
    return { name, entries, usedBy, row: { key: name, group: "", required: false, cells } };
  });
}

/** Whether a value is the one of the first environment whose value can be compared; nothing to say for that one. */
export function comparison({ row }: ListedSecret, place: number): "same" | "different" | undefined {
  const [first, ...others] = row.cells.filter(
    ({ secret }) => secret?.version != null && secret.same !== null,
  );
  const cell = row.cells[place];
  if (!cell || !others.includes(cell)) return undefined;
  return cell.secret?.same === first?.secret?.same ? "same" : "different";
}

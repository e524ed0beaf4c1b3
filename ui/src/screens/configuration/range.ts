/** What is selected in the matrix: one cell, or a rectangle of them. Pure, so that it can be tested without a screen. */

/** A cell. */
export interface Selection {
  key: string;
  environment: string;
}

/** A rectangle of cells: where it was begun, and where the cursor is. */
export interface Range {
  anchor: Selection;
  head: Selection;
}

/** A range of a single cell. */
export function only(cell: Selection): Range {
  return { anchor: cell, head: cell };
}

/** What a range covers, in the order of the matrix. */
export interface Area {
  keys: string[];
  environments: string[];
}

function between<T>(all: readonly T[], a: T, b: T): T[] {
  const from = all.indexOf(a);
  const to = all.indexOf(b);
  // One end may be out of sight, because of a filter or a closed group: the other end is what is left.
  if (from < 0 || to < 0) return all.filter((item) => item === b);
  return all.slice(Math.min(from, to), Math.max(from, to) + 1);
}

/** The keys and environments of a range, among those that are shown. */
export function areaOf(
  { anchor, head }: Range,
  keys: readonly string[],
  environments: readonly string[],
): Area {
  return {
    keys: between(keys, anchor.key, head.key),
    environments: between(environments, anchor.environment, head.environment),
  };
}

/** Every cell of an area, row by row. */
export function cellsOf(area: Area): Selection[] {
  return area.keys.flatMap((key) => area.environments.map((environment) => ({ key, environment })));
}

function within(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** The cell so many rows down and columns to the right; the edge, where there are not so many. */
export function neighbour(
  from: Selection,
  down: number,
  right: number,
  keys: readonly string[],
  environments: readonly string[],
): Selection {
  const row = within(0, keys.indexOf(from.key) + down, keys.length - 1);
  const column = within(0, environments.indexOf(from.environment) + right, environments.length - 1);
  return { key: keys[row] ?? from.key, environment: environments[column] ?? from.environment };
}

/** The next cell in reading order, or the one before; nothing at the ends. */
export function next(
  from: Selection,
  by: 1 | -1,
  keys: readonly string[],
  environments: readonly string[],
): Selection | undefined {
  const width = environments.length;
  const place = keys.indexOf(from.key) * width + environments.indexOf(from.environment) + by;
  const key = keys[Math.floor(place / width)];
  const environment = environments[place % width];
  return key !== undefined && environment !== undefined ? { key, environment } : undefined;
}

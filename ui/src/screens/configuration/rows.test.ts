import { expect, test } from "vitest";
import type { Cell, Matrix, MatrixRow } from "../../backend";
import { counts, differs, filterRows, linesOf, sameness, stateOf } from "./rows";

const NONE: Cell = {
  value: null,
  secret: null,
  source: null,
  overridden: [],
  inherited: false,
  changed: false,
};
const source = { file: ".env", line: 1 };
const plain = (value: string): Cell => ({ ...NONE, value, source });
const secret = (version: number | null, same: number | null): Cell => ({
  ...NONE,
  source,
  secret: { name: "DB_PASSWORD", version, same },
});

function row(key: string, cells: Cell[], more: Partial<MatrixRow> = {}): MatrixRow {
  return { key, group: "", required: false, cells, ...more };
}

const MATRIX: Matrix = {
  environments: ["staging", "production"],
  problems: [],
  unread: [],
  rows: [
    row("PORT", [plain("80"), plain("80")]),
    row("LOG_LEVEL", [{ ...plain("debug"), changed: true }, plain("info")]),
    row("DB_HOST", [plain("db"), NONE], { required: true }),
    row("DB_PASSWORD", [secret(3, 1), secret(7, 2)]),
  ],
};

test("missing stops a deployment only where the key is required", () => {
  expect(stateOf(row("A", [NONE], { required: true }), NONE)).toBe("missing");
  expect(stateOf(row("A", [NONE]), NONE)).toBe("absent");
  expect(stateOf(row("A", [plain("")]), plain(""))).toBe("empty");
  expect(stateOf(row("A", []), secret(null, null))).toBe("secret-missing");
});

test("secrets are compared by their fingerprints, with the first environment that has one", () => {
  const cells = [secret(null, null), secret(3, 1), secret(9, 1), secret(3, 2)];
  const secrets = row("DB_PASSWORD", cells);
  expect(cells.map((_, column) => sameness(secrets, column))).toEqual([
    undefined,
    undefined,
    "same",
    "different",
  ]);
});

test("every filter shows what it says", () => {
  expect(counts(MATRIX)).toEqual({ all: 4, different: 3, missing: 1, secrets: 1, changed: 1 });
  const nowhere = row("STRIPE_KEY", [NONE, secret(null, null)], { required: true });
  expect(counts({ ...MATRIX, rows: [...MATRIX.rows, nowhere] }).missing, "as many as it shows rows").toBe(2);
  expect(filterRows(MATRIX, "missing", "").map(({ key }) => key)).toEqual(["DB_HOST"]);
  expect(
    filterRows(MATRIX, "all", "INFO").map(({ key }) => key),
    "values are searched too",
  ).toEqual(["LOG_LEVEL"]);
  expect(differs(row("PORT", [plain("80"), plain("80")]))).toBe(false);
});

test("a closed group hides its rows, not its name", () => {
  const rows = [row("A", [], { group: "Web" }), row("B", [], { group: "Web" }), row("C", [])];
  expect(linesOf(rows, new Set())).toHaveLength(5);
  expect(linesOf(rows, new Set(["Web"]))).toEqual([
    { group: "Web", size: 2 },
    { group: "", size: 1 },
    { row: rows[2] },
  ]);
});

test("rows without a group need no name first, and one of their own behind another group", () => {
  const [a, b, c] = [row("A", []), row("B", [], { group: "Web" }), row("C", [])];
  const lines = [{ row: a }, { group: "Web", size: 1 }, { row: b }, { group: "", size: 1 }, { row: c }];
  expect(linesOf([a, b, c], new Set())).toEqual(lines);
  expect(linesOf([a, b, c], new Set([""])), "what has no name to open it again stays in sight").toEqual(
    lines.slice(0, 4),
  );
});

import { expect, test } from "vitest";
import { unpacked } from "./backend";
import { matrix } from "./testing/data";

test("every environment gets its cell of a matrix that has equal ones once", () => {
  const whole = matrix();
  const rows = whole.rows.map((row) => ({ ...row, cells: [...new Set(row.cells)] }));
  const places = whole.rows.map((row, at) => row.cells.map((cell) => rows[at]?.cells.indexOf(cell) ?? -1));
  expect(unpacked({ matrix: { ...whole, rows }, places })).toEqual(whole);

  const [first] = rows;
  if (!first) throw new Error("the made-up matrix has rows");
  const one = unpacked({
    matrix: { ...whole, rows: [{ ...first, cells: first.cells.slice(0, 1) }] },
    places: [[0, 0, 0]],
  });
  expect(one.rows[0]?.cells).toEqual([first.cells[0], first.cells[0], first.cells[0]]);
});

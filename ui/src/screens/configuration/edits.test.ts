import { expect, test } from "vitest";
import { matrix } from "../../testing/data";
import { copy, fill, lineOf, movedOn, paste, takeAway, undoOf } from "./edits";
import { areaOf, cellsOf, neighbour, next, only } from "./range";

const MATRIX = matrix();
const KEYS = MATRIX.rows.map(({ key }) => key);
const ALL = MATRIX.environments;
const at = (key: string, environment: string) => ({ key, environment });
const area = (from: ReturnType<typeof at>, to: ReturnType<typeof at>) =>
  areaOf({ anchor: from, head: to }, KEYS, ALL);

test("a range is the rectangle between its ends, whichever way it was drawn", () => {
  const drawn = area(at("LOG_LEVEL", "staging"), at("PORT", "development"));
  expect(drawn).toEqual({ keys: ["PORT", "LOG_LEVEL"], environments: ["development", "staging"] });
  expect(cellsOf(drawn)).toHaveLength(4);
  expect(
    areaOf({ anchor: at("PORT", "staging"), head: at("LOG_LEVEL", "staging") }, ["LOG_LEVEL"], ALL),
    "an end that a filter hides leaves the other end",
  ).toEqual(areaOf(only(at("LOG_LEVEL", "staging")), KEYS, ALL));
});

test("the cursor stops at the edges, and the next cell after a row's last is the next row's first", () => {
  expect(neighbour(at("NODE_ENV", "development"), -5, -1, KEYS, ALL)).toEqual(at("NODE_ENV", "development"));
  expect(next(at("NODE_ENV", "production"), 1, KEYS, ALL)).toEqual(at("PORT", "development"));
  expect(next(at("NODE_ENV", "development"), -1, KEYS, ALL)).toBeUndefined();
});

test("writing into several cells leaves secrets alone and says so", () => {
  const cells = [at("PORT", "staging"), at("DB_PASSWORD", "staging"), at("STRIPE_KEY", "production")];
  const { edits, left } = fill(MATRIX, cells, "81");
  expect(edits).toEqual([
    { ...at("PORT", "staging"), value: "81" },
    { ...at("STRIPE_KEY", "production"), value: "81" },
  ]);
  expect(left.join()).toContain("One secret was left alone");
});

test("a secret never gets into what is copied", () => {
  const { rows, hidden } = copy(MATRIX, area(at("DB_USER", "staging"), at("DB_PASSWORD", "production")));
  expect(rows).toEqual([
    ["shop", "shop"],
    ["", ""],
  ]);
  expect(hidden).toBe(2);
});

test("a pasted table begins at the selection's first cell and ends at the matrix's edge", () => {
  const chosen = area(at("NODE_ENV", "staging"), at("PORT", "production"));
  const { edits, left } = paste(MATRIX, "a\tb\tc", chosen, KEYS, ALL);
  expect(edits.map(({ environment, value }) => [environment, value])).toEqual([
    ["staging", "a"],
    ["production", "b"],
  ]);
  expect(left).toEqual(["One value had no cell to go to."]);
  expect(paste(MATRIX, "same", chosen, KEYS, ALL).edits, "one value fills the selection").toHaveLength(4);
});

test("what is undone is what the file itself said", () => {
  expect(lineOf(MATRIX, "staging", "PORT"), "only inherited: there is no line of its own").toBeNull();
  expect(lineOf(MATRIX, "development", "PORT")).toBe("8080");
  expect(lineOf(MATRIX, null, "PORT")).toBe("80");
  expect(lineOf(MATRIX, "staging", "DB_PASSWORD"), "the reference, never the value").toBe(
    "keychain:DB_PASSWORD",
  );
  const masked = structuredClone(MATRIX);
  const cell = masked.rows[1]?.cells[0];
  if (cell) Object.assign(cell, { value: null, masked: "looks like a key" });
  expect(undoOf(masked, [{ environment: "development", key: "PORT", value: "1" }]), "not known").toEqual([]);
});

test("what somebody else wrote meanwhile is noticed", () => {
  expect(movedOn(MATRIX, [{ environment: "development", key: "PORT", value: "8080" }])).toEqual([]);
  expect(movedOn(MATRIX, [{ environment: "development", key: "PORT", value: "9090" }])).toEqual(["PORT"]);
});

test("only an environment's own lines are taken away", () => {
  const { edits, left } = takeAway(MATRIX, [at("PORT", "development"), at("PORT", "staging")]);
  expect(edits).toEqual([{ ...at("PORT", "development"), value: null }]);
  expect(left.join()).toContain("One value stays");
});

import { expect, test } from "vitest";
import { formatTable, parseTable } from "./table";

test("what a spreadsheet copies is read as its cells", () => {
  expect(parseTable("a\tb\nc\td\n")).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(parseTable('"two\nlines"\t"a ""word"""\r\n\tlast')).toEqual([
    ["two\nlines", 'a "word"'],
    ["", "last"],
  ]);
  expect(parseTable(""), "an empty cell is a cell").toEqual([[""]]);
});

test("a quote that encloses nothing is an ordinary sign", () => {
  expect(parseTable('"quoted" and more')).toEqual([['"quoted" and more']]);
  expect(parseTable('"never closed\tnext')).toEqual([['"never closed', "next"]]);
});

test("every table comes back as it was", () => {
  const table = [
    ["plain", "", 'say "yes"'],
    ['"begins', "tab\there", "line\nbreak"],
  ];
  expect(parseTable(formatTable(table))).toEqual(table);
});

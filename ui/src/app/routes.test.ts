import { expect, test } from "vitest";
import { href, type Place, parse } from "./routes";

const PROJECT = "/home/anna/my shop & co";

test.each<Place>([
  { page: "projects" },
  { page: "overview", project: PROJECT },
  { page: "environment", project: PROJECT, environment: "staging" },
  { page: "down", project: PROJECT, environment: "staging" },
  { page: "configuration", project: PROJECT, filter: "missing", select: "LOG_LEVEL" },
  { page: "history", project: PROJECT, environment: "staging", result: "went_back", text: "#4" },
  { page: "rollback", project: PROJECT, environment: "production", to: 41 },
  { page: "documents", project: PROJECT, file: "compose.yaml", line: 12 },
  { page: "secrets", project: PROJECT, select: "TOKEN", environment: "staging" },
  { page: "deployment", project: PROJECT, number: 45 },
  { page: "compare", project: PROJECT, a: 41, b: 44 },
])("a reload stays at $page", (place) => {
  expect(parse(href(place))).toEqual(place);
});

test("a link that means nothing leads to a place that exists", () => {
  expect(parse("#/nonsense")).toEqual({ page: "projects" });
  expect(parse(`#/deployment?project=shop&number=x`)).toEqual({ page: "overview", project: "shop" });
});

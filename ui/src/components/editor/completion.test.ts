import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { completeFrom, pathAt, type Schema } from "./completion";

const SCHEMA: Schema = {
  properties: {
    project: { type: "string", description: "Its name." },
    services: { additionalProperties: { $ref: "#/$defs/Service" } },
  },
  $defs: {
    Service: {
      properties: {
        restart: { anyOf: [{ enum: ["no", "always"] }, { type: "null" }] },
        ports: { items: { properties: { target: { type: "integer" }, mode: { const: "host" } } } },
        tty: { type: "boolean" },
        build: { $ref: "#/$defs/Service" },
      },
    },
  },
};

/** What is offered where the `|` stands. */
function offered(text: string, explicit = true): string[] | undefined {
  const at = text.indexOf("|");
  const state = EditorState.create({ doc: text.replace("|", "") });
  return completeFrom(SCHEMA)(new CompletionContext(state, at, explicit))?.options.map(({ label }) => label);
}

test("keys are offered where they may stand", () => {
  expect(offered("pro|")).toEqual(["project", "services"]);
  expect(offered("services:\n  web:\n    re|")).toEqual(["restart", "ports", "tty", "build"]);
  expect(offered("services:\n  web:\n    # a note\n\n    build:\n      p|")).toContain("ports");
  expect(offered("|", false), "nothing appears by itself on an empty line").toBeUndefined();
});

test("words are offered behind their key", () => {
  expect(offered("services:\n  web:\n    restart: al|")).toEqual(["no", "always"]);
  expect(offered("services:\n  web:\n    tty: |")).toEqual(["true", "false"]);
  expect(offered("project: |")).toBeUndefined();
});

test("what is in a list is known by its dash, wherever that stands", () => {
  expect(offered("services:\n  web:\n    ports:\n      - ta|")).toEqual(["target", "mode"]);
  expect(offered("services:\n  web:\n    ports:\n      - target: 1\n        mo|")).toEqual([
    "target",
    "mode",
  ]);
  expect(offered("services:\n  web:\n    ports:\n    - target: 1\n      mode: |")).toEqual(["host"]);
});

test("the way to a line is told by the lines above", () => {
  const lines = ["a:", "  b:", "    c: 1", "  d:", "    "];
  expect(pathAt(lines, 4)).toEqual(["a", "d"]);
  expect(pathAt(["list:", "- x: 1", "  "], 2)).toEqual(["list", undefined]);
});

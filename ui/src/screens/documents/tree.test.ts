import { expect, test } from "vitest";
import type { DocumentNode, PathStep } from "../../backend";
import { found, holders, idOf, labelOf, nodeAt, pathText, shown, sizes } from "./tree";

function node(path: PathStep[], line: number, more: Partial<DocumentNode> = {}): DocumentNode {
  return {
    path,
    kind: "string",
    value: "x",
    line,
    column: 1,
    depth: path.length - 1,
    secret: false,
    reference: null,
    value_type: null,
    problem: null,
    ...more,
  };
}

const NODES = [
  node([], 1, { kind: "object", value: null }),
  node(["database"], 2, { kind: "object", value: null }),
  node(["database", "hosts"], 3, { kind: "array", value: null }),
  node(["database", "hosts", 0], 4, { value: "db.internal" }),
  node(["database", "port"], 6, { kind: "number", value: "5432" }),
  node(["debug"], 8, { kind: "boolean", value: "false" }),
];
const ways = (nodes: DocumentNode[]) => nodes.map(({ path }) => pathText(path));

test("ways are written as people write them", () => {
  expect(pathText(["services", "web", "ports", 0, "a.b"])).toBe('services.web.ports[0]."a.b"');
});

test("what stands in something closed is not seen", () => {
  expect(ways(shown(NODES, new Set()))).toEqual([
    "database",
    "database.hosts",
    "database.hosts[0]",
    "database.port",
    "debug",
  ]);
  expect(ways(shown(NODES, new Set([idOf(["database"])])))).toEqual(["database", "debug"]);
  expect(ways(shown(NODES, new Set([idOf(["database", "hosts"])])))).toContain("database.port");
});

test("a search keeps what the found ones stand in", () => {
  expect(ways(found(NODES, "INTERNAL"))).toEqual(["database", "database.hosts", "database.hosts[0]"]);
  expect(sizes(holders(NODES)).get(idOf(["database"]))).toBe(2);
});

test("a line of the text leads to its value", () => {
  expect(nodeAt(NODES, 5)?.value).toBe("db.internal");
  expect(nodeAt(NODES, 1), "before the first one there is none").toBeUndefined();
});

test("a block is called by all its labels, and holds its own values only", () => {
  const holder = { kind: "object", value: null } as const;
  const block = ["resource", "aws_instance", "web"];
  const nodes = [
    node(block, 1, holder),
    node([...block, "ami"], 2),
    node([...block, "ebs_block_device", 1], 3, holder),
    node([...block, "ebs_block_device", 1, "size"], 4),
    node(["region"], 6),
  ];
  const standing = holders(nodes);
  const labels = nodes.map(({ path }) => labelOf(path, standing.get(idOf(path)) ?? [], "hcl"));
  expect(labels).toEqual(['resource "aws_instance" "web"', "ami", "ebs_block_device 2.", "size", "region"]);
  expect(sizes(standing).get(idOf(block))).toBe(2);
  expect(labelOf(["tool", "ruff"], [], "toml"), "a table's dotted name").toBe("tool.ruff");
});

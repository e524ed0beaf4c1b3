import { expect, test } from "vitest";
import { visible } from "./visible";

test("what steers is written by its number, and the rest stays", () => {
  expect(visible("a\u202etxt.\u2066b\u200f")).toBe("a\\u{202e}txt.\\u{2066}b\\u{200f}");
  expect(visible("\0\x1b[31m\x7f\x9b\r")).toBe("\\x00\\x1b[31m\\x7f\\x9b\\x0d");
  expect(visible("plain – ünï\n\tשלום")).toBe("plain – ünï\n\tשלום");
});

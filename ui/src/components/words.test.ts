import { expect, test } from "vitest";
import { ago, bytes, duration, publishedPorts, short, title, usually } from "./words";

test.each([
  [0.4, "0.4 s"],
  [14.4, "14 s"],
  [59.6, "1m 00s"],
  [64, "1m 04s"],
  [7500, "2h 05m"],
])("%f seconds are %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test.each([
  [3, "just now"],
  [42, "42 s ago"],
  [150, "2 min ago"],
  [7200, "2 h ago"],
  [100_000, "yesterday"],
  [300_000, "3 d ago"],
])("%i seconds ago is %s", (seconds, words) => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  expect(ago(new Date(now - seconds * 1000).toISOString(), now)).toBe(words);
});

test("a digest is twelve characters without its algorithm", () => {
  expect(short("sha256:ab12cd34ef56ab12cd34ef56")).toBe("ab12cd34ef56");
});

test("buttons and titles are verbs with their object", () => {
  expect(title({ kind: "deploy", environment: "staging" })).toBe("Deploy to staging");
  expect(title({ kind: "rollback", environment: "staging", target: 41 })).toBe("Go back to #41 in staging");
});

test("a published port is shown once, and opened only where a browser can", () => {
  expect(publishedPorts(["0.0.0.0:8080->80/tcp", "[::]:8080->80/tcp"])).toEqual([
    { port: 8080, text: ":8080", opens: true },
  ]);
  expect(publishedPorts(["127.0.0.1:53->53/udp"])).toEqual([
    { port: 53, text: "127.0.0.1:53/udp", opens: false },
  ]);
  expect(publishedPorts(["->80/tcp"])[0]?.opens).toBe(false);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [3_440_000, "3.4 MB"],
  [999_600_000, "1.0 GB"],
])("%d bytes are %s", (number, text) => {
  expect(bytes(number)).toBe(text);
});

test("a usual time that nobody waits for is not told", () => {
  expect(usually(0.9)).toBeUndefined();
  expect(usually(61)).toBe("1m 01s");
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showTooltips } from "./tooltips";

const shown = () => document.querySelector("[role=tooltip]")?.textContent;
const over = (element: Element) => element.dispatchEvent(new Event("pointerover", { bubbles: true }));
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = `<p title="all of it"><button title="Wrap lines"><i>w</i></button></p><hr>`;
  end = showTooltips();
});
afterEach(() => {
  end();
  document.body.innerHTML = "";
  vi.useRealTimers();
});

function rest(on: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(on);
  if (!element) throw new Error(`there is no ${on}`);
  over(element);
  vi.advanceTimersByTime(500);
  return element;
}

test("a tooltip comes when the mouse rests, and gives the title back when it leaves", () => {
  rest("i");
  expect(shown()).toBe("Wrap lines");
  expect(document.querySelector("button")?.title, "the webview has none to show").toBe("");
  rest("hr");
  expect(shown()).toBeUndefined();
  expect(document.querySelector("button")?.title).toBe("Wrap lines");
  rest("p");
  expect(shown()).toBe("all of it");
});

test("a click ends it until the mouse was elsewhere", () => {
  const button = rest("button");
  button.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(shown()).toBeUndefined();
  rest("i");
  expect(shown()).toBeUndefined();
  rest("hr");
  rest("button");
  expect(shown()).toBe("Wrap lines");
});

test("it goes with what it belongs to", async () => {
  rest("button").remove();
  await vi.advanceTimersByTimeAsync(0);
  expect(shown()).toBeUndefined();
});

test("it follows a title that changes", async () => {
  rest("button").title = "Do not wrap lines";
  await vi.advanceTimersByTimeAsync(0);
  expect(shown()).toBe("Do not wrap lines");
});

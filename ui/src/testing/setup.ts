/** What the tests' page lacks: a size. A virtual list draws nothing on a screen of no height. */
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { configurable: true, get: () => 800 },
  clientWidth: { configurable: true, get: () => 1280 },
});

afterEach(() => {
  cleanup();
  window.location.hash = "";
});

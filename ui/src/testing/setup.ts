/** What the tests' page lacks: a size. A virtual list draws nothing on a screen of no height. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { configurable: true, get: () => 800 },
  clientWidth: { configurable: true, get: () => 1280 },
});

// A busy machine draws slowly; a test that fails says so soon enough.
configure({ asyncUtilTimeout: 20_000 });

afterEach(() => {
  cleanup();
  window.location.hash = "";
});

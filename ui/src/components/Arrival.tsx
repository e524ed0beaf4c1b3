import { useEffect, useRef } from "react";
import { UNSEEN, useShown } from "../app/Succession";

/** Nothing on the page has the person's attention yet: the focus is nowhere, on the page as a whole, or where they came from. */
function unclaimed(): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.matches("main, nav a") || now.closest(UNSEEN) !== null;
}

interface Props {
  find: () => HTMLElement | null | undefined;
  there?: boolean;
}

/**
 * Moves the focus to where the person goes on, once it is there; never away from something they have turned to.
 * A part of a page goes before the page itself. A component, so that a screen that comes to sight is not drawn anew for it.
 */
export function Arrival({ find, there = true }: Props) {
  const latest = useRef(find);
  latest.current = find;
  const shown = useShown();
  useEffect(() => {
    if (!there || !shown) return;
    // A virtual list has its rows only after it was drawn once.
    const frame = requestAnimationFrame(() => {
      if (unclaimed()) latest.current()?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [there, shown]);
  return null;
}

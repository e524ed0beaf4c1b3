import type { KeyboardEvent } from "react";

/** Marks what the arrow keys move between in a list. */
export const ITEM = { "data-item": true };

/** Up, down, Home and End in a list whose rows are links or buttons marked with {@link ITEM}; Enter is theirs already. */
export function moveInList(event: KeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-item]")];
  const now = items.indexOf(document.activeElement as HTMLElement);
  if (now < 0) return;
  const to: Record<string, number> = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 };
  const next = to[event.key];
  if (next === undefined) return;
  items[Math.max(0, Math.min(items.length - 1, next))]?.focus();
  event.preventDefault();
}

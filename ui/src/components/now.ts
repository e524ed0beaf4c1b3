import { useCallback, useSyncExternalStore } from "react";

/** Everything that shows time at the same pace shares a clock: a long list has one timer, not one a row. */
interface Clock {
  now: number;
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval> | undefined;
}

const clocks = new Map<number, Clock>();

function clock(every: number): Clock {
  const known = clocks.get(every);
  if (known) return known;
  const made: Clock = { now: Date.now(), listeners: new Set(), timer: undefined };
  clocks.set(every, made);
  return made;
}

function follow(clock: Clock, every: number, listener: () => void): () => void {
  clock.listeners.add(listener);
  clock.timer ??= setInterval(() => {
    clock.now = Date.now();
    for (const each of clock.listeners) each();
  }, every);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size > 0) return;
    clearInterval(clock.timer);
    clock.timer = undefined;
  };
}

/** The time of a clock. One that nobody follows has stood still, and is set right first. */
function read(clock: Clock, every: number): number {
  const now = Date.now();
  if (clock.timer === undefined && now - clock.now > every) clock.now = now;
  return clock.now;
}

/** The time, in milliseconds, that ticks by itself; behind by at most `every` milliseconds. */
export function useNow(every = 30_000): number {
  const subscribe = useCallback((listener: () => void) => follow(clock(every), every, listener), [every]);
  return useSyncExternalStore(subscribe, () => read(clock(every), every));
}

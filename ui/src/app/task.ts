/** Work that a button starts. Unlike a query client's mutation it keeps no arguments: they may be secrets. */
import { useCallback, useRef, useState } from "react";
import { type Failure, failure } from "../backend";

export interface Task<A extends unknown[]> {
  /** Does the work; answers whether it was done. A second call while the first runs does nothing. */
  start: (...args: A) => Promise<boolean>;
  busy: boolean;
  /** Why the last time failed. */
  problem: Failure | undefined;
  clear: () => void;
}

export function useTask<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Task<A> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Failure>();
  const running = useRef(false);
  const latest = useRef(work);
  latest.current = work;
  const start = useCallback(async (...args: A) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await latest.current(...args);
      return true;
    } catch (thrown) {
      setProblem(failure(thrown));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setProblem(undefined), []);
  return { start, busy, problem, clear };
}

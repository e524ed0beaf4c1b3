/** Something that goes on for as long as somebody looks at it: output, measurements. */
import { useEffect, useRef, useState } from "react";
import { type Failure, type Followings, failure, useBackend } from "../backend";

export interface Followed {
  /** Why it broke off. */
  problem: Failure | undefined;
  /** There is no more. */
  ended: boolean;
  /** Begins anew. */
  again: () => void;
}

/**
 * Follows what `start` begins while the component is there, and begins anew when `key` changes.
 * `onItems` gets what comes; `onBegin` is called before the first of it.
 */
export function useFollowed<T>(
  key: string,
  start: (listener: (message: Followings<T>) => void) => Promise<number>,
  onItems: (items: T[]) => void,
  onBegin: () => void,
): Followed {
  const backend = useBackend();
  const [wish, setWish] = useState(0);
  const [problem, setProblem] = useState<Failure>();
  const [ended, setEnded] = useState(false);
  const latest = useRef({ start, onItems, onBegin });
  latest.current = { start, onItems, onBegin };
  useEffect(() => {
    let left = false;
    let number: number | undefined;
    const stop = (following: number) => void backend.stopFollowing(following);
    setProblem(undefined);
    setEnded(false);
    latest.current.onBegin();
    const listener = (message: Followings<T>) => {
      if (left) return;
      if (message === "ended") setEnded(true);
      else if (message.broken) setProblem(message.broken);
      else latest.current.onItems(message.items);
    };
    latest.current.start(listener).then(
      (begun) => {
        number = begun;
        if (left) stop(begun);
      },
      (thrown) => !left && setProblem(failure(thrown)),
    );
    return () => {
      left = true;
      if (number !== undefined) stop(number);
    };
  }, [backend, key, wish]);
  return { problem, ended, again: () => setWish((now) => now + 1) };
}

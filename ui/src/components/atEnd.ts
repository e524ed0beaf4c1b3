import { type UIEvent, useCallback, useRef, useState } from "react";

/** Closer to the end than this, in pixels, is at it. */
const NEAR = 40;

/**
 * Whether a view that goes along with the end of what it shows is there: until the person scrolls away from it, and again
 * once they are back. That the content has grown does not count: the view has not followed yet.
 */
export function useAtEnd(there: boolean) {
  const [atEnd, setAtEnd] = useState(there);
  const before = useRef(0);
  const onScroll = useCallback(({ currentTarget: view }: UIEvent<HTMLElement>) => {
    const left = view.scrollHeight - view.scrollTop - view.clientHeight;
    if (left < NEAR) setAtEnd(true);
    else if (view.scrollTop < before.current) setAtEnd(false);
    before.current = view.scrollTop;
  }, []);
  return { atEnd, setAtEnd, onScroll };
}

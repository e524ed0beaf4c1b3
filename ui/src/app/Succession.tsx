/** One screen after the other, so that what a person asked for is drawn before anything else is done. */
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import classes from "./Succession.module.css";

const ShownContext = createContext(true);

/** A screen that is on the page without being seen. */
export const UNSEEN = '[aria-hidden="true"]';

/** Whether the screen is what the person looks at, and not one that is kept for when they come back to it. */
export function useShown(): boolean {
  return useContext(ShownContext);
}

/** A screen that stays as it is while it is not seen: it keeps its place and its size. What is invisible cannot be reached. */
export function Kept({ shown, children }: { shown: boolean; children: ReactNode }) {
  return (
    <ShownContext value={shown}>
      <div className={shown ? classes.shown : classes.kept} aria-hidden={!shown}>
        {children}
      </div>
    </ShownContext>
  );
}

interface Stay {
  id: string;
  children: ReactNode;
}

/**
 * Shows its children. Those of another `id` that they follow are only covered, and taken away after the next frame: taking
 * a screen away takes about as long as showing one. For that long they are not even told.
 */
export function Succession({ id, children }: Stay) {
  const last = useRef<Stay>({ id, children });
  const [at, setAt] = useState(id);
  const [before, setBefore] = useState<Stay>();
  if (at !== id) {
    setAt(id);
    setBefore(last.current);
  }
  useEffect(() => {
    last.current = { id, children };
  });
  useEffect(() => {
    if (!before) return;
    let timer: ReturnType<typeof setTimeout>;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setBefore(undefined));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [before]);
  return [before, { id, children }].map((stay) => {
    if (!stay) return null;
    const gone = stay.id !== id;
    return (
      <div key={stay.id} className={gone ? classes.gone : classes.shown} aria-hidden={gone}>
        {stay.children}
      </div>
    );
  });
}

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { useAtEnd } from "../../components/atEnd";
import classes from "./Lines.module.css";

const LINE_HEIGHT = 20;
/** How many of the newest lines are kept. */
const KEPT = 5000;

/** Lines with more of them, without those that are too old to be kept. */
export function withMore<T>(before: readonly T[], more: readonly T[]): T[] {
  return [...before, ...more].slice(-KEPT);
}

interface Line {
  text: string;
  /** It was printed to standard error. */
  error: boolean;
}

interface Props<T extends Line> {
  lines: readonly T[];
  /** What is shown where there are none. */
  empty: ReactNode;
  /** What stands in front of a line. */
  before?: (line: T) => ReactNode;
  title?: (line: T) => string;
}

/** What was printed, line by line; the view goes along with the end while it is there. */
export function Lines<T extends Line>({ lines, empty, before, title }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const { atEnd, onScroll } = useAtEnd(true);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  useEffect(() => {
    if (atEnd && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [atEnd, lines, virtual]);
  return (
    <div ref={scroller} className={classes.lines} onScroll={onScroll}>
      {lines.length === 0 && empty}
      <div className={classes.all} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          return (
            line && (
              <div
                key={item.key}
                className={classes.line}
                style={{ transform: `translateY(${item.start}px)` }}
                title={title?.(line)}
              >
                {before?.(line)}
                <span className={classes.text} data-error={line.error}>
                  {line.text}
                </span>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

import { Select, Switch } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { useFollowed } from "../../app/followed";
import { type ServiceLine, useBackend } from "../../backend";
import { Empty } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { count, exact } from "../../components/words";
import classes from "./Output.module.css";

const LINE_HEIGHT = 20;
/** How many of the newest lines are kept. */
const KEPT = 5000;
/** Closer to the end than this, in pixels, the view goes along with it. */
const NEAR_END = 40;
const MINUTE = 60_000;

const ALL = "every service";

/** How far back to begin. */
const SINCE = {
  newest: { label: "newest 200 lines", tail: 200, minutes: null },
  quarter: { label: "last 15 minutes", tail: null, minutes: 15 },
  hour: { label: "last hour", tail: null, minutes: 60 },
  day: { label: "last 24 hours", tail: null, minutes: 1440 },
};
type Since = keyof typeof SINCE;

interface Props {
  project: string;
  environment: string;
  services: string[];
  /** Only this service. */
  service: string | undefined;
  onService: (service: string | undefined) => void;
}

/** What the services print, with secrets taken out; it goes on while it is followed. */
export function Output({ project, environment, services, service, onService }: Props) {
  const backend = useBackend();
  const [since, setSince] = useState<Since>("newest");
  const [follow, setFollow] = useState(true);
  const [lines, setLines] = useState<readonly ServiceLine[]>([]);
  const { problem, ended, again } = useFollowed<ServiceLine>(
    JSON.stringify([project, environment, service, since, follow]),
    (listener) => {
      const { tail, minutes } = SINCE[since];
      const from = minutes === null ? null : new Date(Date.now() - minutes * MINUTE).toISOString();
      const filter = { services: service ? [service] : [], follow, since: from, tail };
      return backend.serviceLogs(project, environment, filter, listener);
    },
    (items) => setLines((before) => [...before, ...items].slice(-KEPT)),
    () => setLines([]),
  );
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
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
    <section className={classes.output} aria-label="Output">
      <div className={classes.bar}>
        <h2 className={classes.heading}>Output</h2>
        <Select
          aria-label="Service"
          data={[ALL, ...services]}
          value={service ?? ALL}
          allowDeselect={false}
          onChange={(next) => onService(next === null || next === ALL ? undefined : next)}
        />
        <Select
          aria-label="How far back"
          data={Object.entries(SINCE).map(([value, { label }]) => ({ value, label }))}
          value={since}
          allowDeselect={false}
          onChange={(next) => next && setSince(next as Since)}
        />
        <Switch
          size="xs"
          label="Follow"
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        <span className={classes.count}>{count(lines.length, "line")}</span>
      </div>
      {problem && <Problem failure={problem} onRetry={again} doing="Reading the output" compact />}
      <div
        ref={scroller}
        className={classes.lines}
        onScroll={({ currentTarget: view }) =>
          setAtEnd(view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_END)
        }
      >
        {lines.length === 0 && !problem && (
          <Empty title={ended ? "Nothing was printed" : "Nothing was printed yet"} />
        )}
        <div className={classes.all} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return (
              line && (
                <div
                  key={item.key}
                  className={classes.line}
                  style={{ transform: `translateY(${item.start}px)` }}
                  title={exact(line.at)}
                >
                  {!service && <span className={classes.service}>{line.service}</span>}
                  <span className={classes.text} data-error={line.error}>
                    {line.text}
                  </span>
                </div>
              )
            );
          })}
        </div>
      </div>
    </section>
  );
}

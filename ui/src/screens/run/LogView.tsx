import { ActionIcon, Button, TextInput } from "@mantine/core";
import {
  IconArrowDown,
  IconCheck,
  IconChevronDown,
  IconChevronUp,
  IconCopy,
  IconSearch,
  IconTextWrap,
} from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { FILTER } from "../../app/keys";
import type { Live } from "../../app/live";
import { useQueries } from "../../app/queries";
import { useTask } from "../../app/task";
import { type LogLine, type Step, useBackend } from "../../backend";
import { useAtEnd } from "../../components/atEnd";
import { Empty } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { usePages } from "../../components/pages";
import { count } from "../../components/words";
import classes from "./LogView.module.css";
import { findIn, firstError, useLogSearch, wholeLog } from "./logSearch";
import { failedStep } from "./standing";

const PAGE = 500;
const LINE_HEIGHT = 20;

/** A line to show, and a number that changes with every wish to see it. */
export interface Jump {
  line: number;
  wish: number;
}

interface Props {
  project: string;
  number: number;
  total: number;
  steps: readonly Step[];
  live: Live | undefined;
  running: boolean;
  jump: Jump | undefined;
  onJump: (line: number) => void;
}

/** A deployment's log: only what is in sight is read and drawn. */
export function LogView({ project, number, total, steps, live, running, jump, onJump }: Props) {
  const ask = useQueries();
  const backend = useBackend();
  const scroller = useRef<HTMLDivElement>(null);
  const [wrap, setWrap] = useState(false);
  const { atEnd: follow, setAtEnd: setFollow, onScroll } = useAtEnd(running);
  const [wanted, setWanted] = useState("");
  const [place, setPlace] = useState(0);
  const search = useLogSearch(project, number, total, wanted);

  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;

  // What runs now is already here line by line; the record is read for what came before.
  let missing = first;
  while (missing <= last && live?.lines.has(missing + 1)) missing++;
  const range = missing > last ? { first: 0, last: -1 } : { first, last };
  const pages = usePages(
    range,
    PAGE,
    (page) => ({
      ...ask.log(project, number, page * PAGE, Math.min(PAGE, Math.max(1, total - page * PAGE))),
      enabled: range.last >= 0 && total > 0,
    }),
    ({ lines }) => lines,
  );
  const lineAt = (index: number): LogLine | undefined => live?.lines.get(index + 1) ?? pages.at(index);

  useEffect(() => {
    if (follow && total > 0) virtual.scrollToIndex(total - 1, { align: "end" });
  }, [follow, total, virtual]);

  useEffect(() => {
    if (!jump) return;
    setFollow(false);
    virtual.scrollToIndex(jump.line - 1, { align: "center" });
  }, [jump, virtual, setFollow]);

  const go = (to: number) => {
    if (search.matches.length === 0) return;
    const next = (to + search.matches.length) % search.matches.length;
    setPlace(next);
    onJump(search.matches[next] ?? 1);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") {
      const current = search.matches[place] === jump?.line;
      go(current ? place + (event.shiftKey ? -1 : 1) : place);
    } else if (event.key === "Escape") {
      setWanted("");
      event.currentTarget.blur();
    }
  };

  const failed = failedStep(steps);
  const [silent, setSilent] = useState(false);
  const toError = useTask(async (step: Step) => {
    const line = await firstError(backend, project, number, step);
    setSilent(line === undefined);
    if (line) onJump(line);
  });
  // Who looks at a deployment that failed wants to see why.
  const startAt = running ? undefined : failed;
  const shown = useRef(false);
  useEffect(() => {
    if (startAt === undefined || shown.current) return;
    shown.current = true;
    void toError.start(startAt);
  }, [startAt, toError.start]);
  const [copied, setCopied] = useState(false);
  const copy = useTask(async () => {
    // The text is handed over as a promise: a browser takes it only in the click itself.
    const text = wholeLog(backend, project, number, total).then(
      (log) => new Blob([log], { type: "text/plain" }),
    );
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    setCopied(true);
  });
  const problem = pages.problem ?? search.problem ?? toError.problem ?? copy.problem;
  const current = search.matches[place];
  const CopyIcon = copied ? IconCheck : IconCopy;

  return (
    <section className={classes.log} aria-label="Log">
      <div className={classes.bar}>
        <TextInput
          {...FILTER}
          className={classes.search}
          aria-label="Search the log"
          placeholder="Search the log  /"
          leftSection={<IconSearch className={classes.icon} aria-hidden />}
          value={wanted}
          onChange={(event) => {
            setWanted(event.currentTarget.value);
            setPlace(0);
          }}
          onKeyDown={onKey}
        />
        {wanted && (
          <>
            <span className={classes.found} role="status">
              {search.matches.length === 0
                ? search.scanned < total
                  ? "searching…"
                  : "no match"
                : `${place + 1} of ${count(search.matches.length, "match").replace("matchs", "matches")}`}
            </span>
            <ActionIcon aria-label="Previous match" onClick={() => go(place - 1)}>
              <IconChevronUp className={classes.icon} aria-hidden />
            </ActionIcon>
            <ActionIcon aria-label="Next match" onClick={() => go(place + 1)}>
              <IconChevronDown className={classes.icon} aria-hidden />
            </ActionIcon>
          </>
        )}
        <span className={classes.lines}>{count(total, "line")}</span>
        {failed && silent && <span className={classes.lines}>no line reads like an error</span>}
        {failed && !silent && (
          <Button color="danger" variant="light" onClick={() => toError.start(failed)} loading={toError.busy}>
            First error
          </Button>
        )}
        <ActionIcon
          aria-label="Wrap lines"
          aria-pressed={wrap}
          title="Wrap lines"
          variant={wrap ? "light" : "subtle"}
          color={wrap ? "accent" : "quiet"}
          onClick={() => {
            setWrap(!wrap);
            virtual.measure();
          }}
        >
          <IconTextWrap className={classes.icon} aria-hidden />
        </ActionIcon>
        <ActionIcon
          aria-label="Copy the log"
          title="Copy the log"
          onClick={() => copy.start()}
          loading={copy.busy}
        >
          <CopyIcon className={classes.icon} aria-hidden />
        </ActionIcon>
      </div>
      {problem && <Problem failure={problem} reading onRetry={pages.retry} doing="Reading the log" compact />}
      {total === 0 && (
        <Empty title={running ? "Nothing was printed yet" : "Nothing was printed"}>
          What the steps print appears here, with secrets taken out.
        </Empty>
      )}
      <div
        ref={scroller}
        className={classes.scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it has to be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-live="off"
      >
        <div className={classes.all} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const line = lineAt(item.index);
            const before = item.index === 0 ? undefined : lineAt(item.index - 1);
            const heading =
              line && (item.index === 0 || (before && before.step !== line.step))
                ? steps.find((step) => step.number === line.step)
                : undefined;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={classes.row}
                data-wrap={wrap}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {heading && <p className={classes.heading}>{heading.name}</p>}
                <div className={classes.line} data-current={jump?.line === item.index + 1}>
                  <span className={classes.number}>{item.index + 1}</span>
                  <span className={classes.text}>
                    {line && <Text text={line.text} wanted={wanted} current={current === line.line} />}
                  </span>
                </div>
              </div>
            );
          })}
        </div>
      </div>
      {running && !follow && total > 0 && (
        <Button
          className={classes.follow}
          leftSection={<IconArrowDown className={classes.icon} aria-hidden />}
          onClick={() => setFollow(true)}
        >
          Follow the log
        </Button>
      )}
    </section>
  );
}

function Text({ text, wanted, current }: { text: string; wanted: string; current: boolean }) {
  const at = wanted ? findIn(text, wanted) : -1;
  if (at < 0) return text;
  const end = at + wanted.length;
  return (
    <>
      {text.slice(0, at)}
      <mark className={classes.match} data-current={current}>
        {text.slice(at, end)}
      </mark>
      {text.slice(end)}
    </>
  );
}

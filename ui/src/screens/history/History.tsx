import { Button, Select, VisuallyHidden } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type SyntheticEvent,
  useEffect,
  useRef,
  useState,
} from "react";
import { HISTORY_PAGE, useQueries } from "../../app/queries";
import { go, type Place } from "../../app/routes";
import type { Deployment, HistoryFilter, Outcome, ProjectView } from "../../backend";
import { Arrival } from "../../components/Arrival";
import { FilterBar } from "../../components/FilterBar";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { usePages } from "../../components/pages";
import { RESULT_WORDS, ResultMark } from "../../components/state";
import { Time, Took } from "../../components/Time";
import { count, title } from "../../components/words";
import classes from "./History.module.css";

const ROW_HEIGHT = 32;
/** Long enough that typing a word asks once. */
const TYPING = 150;

interface Props {
  project: ProjectView;
  place: Extract<Place, { page: "history" }>;
}

/** Every deployment, with filters; any two can be compared. */
export default function History({ project, place }: Props) {
  const [text, setText] = useState(place.text ?? "");
  const [settled] = useDebouncedValue(text, TYPING);
  const [selected, setSelected] = useState<number[]>([]);
  // The screen stays when the person goes elsewhere: another address may lead back to it.
  const [address, setAddress] = useState(place.text);
  if (place.text !== address) {
    setAddress(place.text);
    if ((place.text ?? "") !== settled) setText(place.text ?? "");
  }
  const change = (to: Partial<Props["place"]>) =>
    go({ ...place, text: settled || undefined, ...to }, "replace");
  useEffect(() => {
    if (text === settled && (place.text ?? "") !== settled) {
      go({ ...place, text: settled || undefined }, "replace");
    }
  }, [text, settled, place]);

  const filter: Omit<HistoryFilter, "offset" | "limit"> = {
    environment: place.environment ?? null,
    result: place.result ?? null,
    text: settled || null,
  };
  const filtered = Boolean(place.environment || place.result || settled);
  const toggle = (number: number) =>
    setSelected((now) =>
      now.includes(number) ? now.filter((other) => other !== number) : [...now, number].slice(-2),
    );
  const [a, b] = [...selected].sort((x, y) => x - y);
  return (
    <Page
      title="History"
      name="History"
      fixed
      actions={
        <>
          {selected.length > 0 && (
            <Button variant="subtle" onClick={() => setSelected([])}>
              Clear selection
            </Button>
          )}
          <Button
            variant="filled"
            disabled={a === undefined || b === undefined}
            onClick={() => a && b && go({ page: "compare", project: project.path, a, b })}
          >
            {a && b ? `Compare #${a} with #${b}` : "Compare two"}
          </Button>
        </>
      }
    >
      <div className={classes.page}>
        <FilterBar label="Filter deployments" placeholder="Search deployments" text={text} onText={setText}>
          <Select
            className={classes.choice}
            aria-label="Environment"
            placeholder="Every environment"
            clearable
            data={project.environments.map(({ name }) => name)}
            value={place.environment ?? null}
            onChange={(environment) => change({ environment: environment ?? undefined })}
          />
          <Select
            className={classes.choice}
            aria-label="Result"
            placeholder="Every result"
            clearable
            data={RESULT_WORDS.map(({ result, word }) => ({ value: result, label: word }))}
            value={place.result ?? null}
            onChange={(result) => change({ result: (result as Outcome | null) ?? undefined })}
          />
        </FilterBar>
        <Rows
          key={JSON.stringify(filter)}
          project={project.path}
          filter={filter}
          filtered={filtered}
          selected={selected}
          onToggle={toggle}
          onReset={() => {
            setText("");
            change({ environment: undefined, result: undefined, text: undefined });
          }}
        />
      </div>
    </Page>
  );
}

interface RowsProps {
  project: string;
  filter: Omit<HistoryFilter, "offset" | "limit">;
  filtered: boolean;
  selected: number[];
  onToggle: (number: number) => void;
  onReset: () => void;
}

function Rows({ project, filter, filtered, selected, onToggle, onReset }: RowsProps) {
  const ask = useQueries();
  const page = (index: number) =>
    ask.history(project, { ...filter, offset: index * HISTORY_PAGE, limit: HISTORY_PAGE });
  const start = useQuery(page(0));
  const total = start.data?.total ?? 0;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 4,
    // Until it is known, and while the screen is made ready without being seen.
    initialRect: { width: 0, height: window.innerHeight },
  });
  const items = virtual.getVirtualItems();
  const pages = usePages(
    { first: items[0]?.index ?? 0, last: items.at(-1)?.index ?? 0 },
    HISTORY_PAGE,
    page,
    ({ deployments }) => deployments,
  );
  const [active, setActive] = useState(0);

  const focus = (index: number) => {
    const next = Math.max(0, Math.min(total - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true }),
    );
  };
  /** The row in which something was done. */
  const place = (event: SyntheticEvent) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-index]");
    return row ? Number(row.dataset.index) : undefined;
  };
  const at = (event: SyntheticEvent) => {
    const index = place(event);
    return index === undefined ? undefined : pages.at(index);
  };
  const isCheckbox = (event: SyntheticEvent) => event.target instanceof HTMLInputElement;
  const onClick = (event: MouseEvent) => {
    const deployment = at(event);
    if (deployment && !isCheckbox(event)) go({ page: "deployment", project, number: deployment.number });
  };
  const onKey = (event: KeyboardEvent) => {
    const deployment = at(event);
    if (!deployment) return;
    const screenful = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + screenful,
      PageUp: active - screenful,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) focus(move);
    else if (event.key === "Enter") go({ page: "deployment", project, number: deployment.number });
    else if (event.key === " " && deployment.release !== null && !isCheckbox(event))
      onToggle(deployment.number);
    else return;
    event.preventDefault();
  };

  const problem = start.error ?? pages.problem;
  if (start.isPending) return <LoadingRows rows={14} />;
  if (problem) {
    return (
      <div className={classes.padded}>
        <Problem
          failure={problem}
          reading
          onRetry={() => {
            void start.refetch();
            pages.retry();
          }}
          doing="Reading the history"
        />
      </div>
    );
  }
  if (total === 0) {
    return filtered ? (
      <Empty title="No deployment fits" action={<Button onClick={onReset}>Show all deployments</Button>} />
    ) : (
      <Empty
        title="Nothing was deployed yet"
        action={<Button onClick={() => go({ page: "overview", project })}>Go to Overview</Button>}
      >
        Every deployment is recorded here: what changed, who ran it, how it ended, and the way back.
      </Empty>
    );
  }
  return (
    <div
      className={classes.table}
      role="grid"
      aria-label="Deployments"
      aria-rowcount={total + 1}
      aria-multiselectable
    >
      <div className={classes.head} role="row" aria-rowindex={1}>
        <span role="columnheader">
          <VisuallyHidden>Selected</VisuallyHidden>
        </span>
        <span role="columnheader" className={classes.right}>
          #
        </span>
        <span role="columnheader">Result</span>
        <span role="columnheader">Deployment</span>
        <span role="columnheader">What changed</span>
        <span role="columnheader">By</span>
        <span role="columnheader" className={classes.right}>
          Took
        </span>
        <span role="columnheader" className={classes.right}>
          When
        </span>
      </div>
      <div
        ref={scroller}
        className={classes.scroller}
        role="rowgroup"
        onFocus={(event) => setActive(place(event) ?? active)}
        onClick={onClick}
        onChange={(event) => {
          const deployment = at(event);
          if (deployment) onToggle(deployment.number);
        }}
        onKeyDown={onKey}
      >
        <div className={classes.all} style={{ height: virtual.getTotalSize() }} role="presentation">
          {items.map((item) => {
            const deployment = pages.at(item.index);
            return (
              <Row
                key={item.key}
                index={item.index}
                start={item.start}
                deployment={deployment}
                active={item.index === active}
                selected={deployment !== undefined && selected.includes(deployment.number)}
              />
            );
          })}
        </div>
      </div>
      <div className={classes.foot}>{count(total, "deployment")}</div>
      <Arrival find={() => scroller.current?.querySelector("[data-index]")} />
    </div>
  );
}

interface RowProps {
  index: number;
  /** How far from the top, in pixels. */
  start: number;
  deployment: Deployment | undefined;
  active: boolean;
  selected: boolean;
}

/** A row. What is done with it is told to the list, which finds it by its index. */
const Row = memo(function Row({ index, start, deployment, active, selected }: RowProps) {
  return (
    <div
      role="row"
      className={classes.row}
      style={{ top: start }}
      data-index={index}
      aria-rowindex={index + 2}
      aria-label={deployment ? `Deployment #${deployment.number}` : "Loading"}
      aria-selected={deployment ? selected : undefined}
      tabIndex={active ? 0 : -1}
    >
      {deployment && <Cells deployment={deployment} selected={selected} />}
    </div>
  );
});

function Cells({ deployment, selected }: { deployment: Deployment; selected: boolean }) {
  return (
    <>
      <span role="gridcell">
        <input
          type="checkbox"
          className={classes.select}
          tabIndex={-1}
          aria-label={`Select #${deployment.number}`}
          title={deployment.release === null ? "It made no release that could be compared" : undefined}
          disabled={deployment.release === null}
          checked={selected}
          readOnly
        />
      </span>
      <span role="gridcell" className={classes.number}>
        #{deployment.number}
      </span>
      <span role="gridcell">
        <ResultMark result={deployment.result} />
      </span>
      <span role="gridcell" className={classes.what}>
        {title(deployment)}
      </span>
      <span role="gridcell" className={classes.quiet} title={deployment.summary}>
        {deployment.summary}
      </span>
      <span role="gridcell" className={classes.quiet}>
        {deployment.by}
      </span>
      <span role="gridcell" className={classes.right}>
        <Took deployment={deployment} />
      </span>
      <span role="gridcell" className={classes.right}>
        <Time at={deployment.started} />
      </span>
    </>
  );
}

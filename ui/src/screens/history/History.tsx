import { Button, Checkbox, Select, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { FILTER } from "../../app/keys";
import { HISTORY_PAGE, useQueries } from "../../app/queries";
import { go, type Place } from "../../app/routes";
import type { Deployment, HistoryFilter, Outcome, ProjectView } from "../../backend";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { usePages } from "../../components/pages";
import { RESULT_WORDS, ResultMark } from "../../components/state";
import { Elapsed, Time } from "../../components/Time";
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
  const change = (to: Partial<Props["place"]>) =>
    go({ ...place, text: settled || undefined, ...to }, "replace");
  useEffect(() => {
    if ((place.text ?? "") !== settled) go({ ...place, text: settled || undefined }, "replace");
  }, [settled, place]);

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
        <div className={classes.filters}>
          <TextInput
            {...FILTER}
            className={classes.search}
            aria-label="Filter deployments"
            placeholder="Number, person or what changed  /"
            leftSection={<IconSearch className={classes.icon} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && setText("")}
          />
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
        </div>
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
    overscan: 10,
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
  const onKey = (event: KeyboardEvent, deployment: Deployment) => {
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
    else if (event.key === " " && deployment.release !== null) onToggle(deployment.number);
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
      <div ref={scroller} className={classes.scroller} role="rowgroup">
        <div className={classes.all} style={{ height: virtual.getTotalSize() }} role="presentation">
          {items.map((item) => {
            const deployment = pages.at(item.index);
            return (
              <div
                key={item.key}
                role="row"
                className={classes.row}
                style={{ transform: `translateY(${item.start}px)` }}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                aria-label={deployment ? `Deployment #${deployment.number}` : "Loading"}
                aria-selected={deployment ? selected.includes(deployment.number) : undefined}
                tabIndex={item.index === active ? 0 : -1}
                onFocus={() => setActive(item.index)}
                onClick={() => deployment && go({ page: "deployment", project, number: deployment.number })}
                onKeyDown={(event) => deployment && onKey(event, deployment)}
              >
                {deployment && (
                  <Cells
                    deployment={deployment}
                    selected={selected.includes(deployment.number)}
                    onToggle={() => onToggle(deployment.number)}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
      <div className={classes.foot}>{count(total, "deployment")}</div>
    </div>
  );
}

function Cells({
  deployment,
  selected,
  onToggle,
}: {
  deployment: Deployment;
  selected: boolean;
  onToggle: () => void;
}) {
  return (
    <>
      <span role="gridcell">
        <Checkbox
          size="xs"
          tabIndex={-1}
          aria-label={`Select #${deployment.number}`}
          title={deployment.release === null ? "It made no release that could be compared" : undefined}
          disabled={deployment.release === null}
          checked={selected}
          onChange={onToggle}
          onClick={(event) => event.stopPropagation()}
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
        <Elapsed started={deployment.started} ended={deployment.ended} />
      </span>
      <span role="gridcell" className={classes.right}>
        <Time at={deployment.started} />
      </span>
    </>
  );
}

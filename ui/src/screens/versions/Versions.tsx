import { Button, Select } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useState } from "react";
import { useQueries } from "../../app/queries";
import { go, href, type Place } from "../../app/routes";
import type { ProjectView, VersionView } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { FilterBar } from "../../components/FilterBar";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Parts } from "../../components/Parts";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { origin, summary } from "./changes";
import { VersionDetail } from "./VersionDetail";
import classes from "./Versions.module.css";

const ALL = "all environments";
/** So many versions are read at once. */
const PAGE = 50;

interface Props {
  project: ProjectView;
  place: Extract<Place, { page: "versions" }>;
}

/** Every version of the configuration: who, when, why and what; compared, and brought back. */
export default function Versions({ project, place }: Props) {
  const { environment, key = "", version } = place;
  const [limit, setLimit] = useState(PAGE);
  const [text, setText] = useState(key);
  const wanted = useDeferredValue(text.trim());
  const versions = useQuery({
    ...useQueries().versions(project.path, {
      environment: environment ?? null,
      key: wanted === "" ? null : wanted,
      offset: 0,
      limit,
    }),
    placeholderData: keepPreviousData,
  });
  const list = versions.data?.versions ?? [];
  const selected = list.find(({ number }) => number === version);
  const filtered = environment !== undefined || wanted !== "";
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Escape") go({ ...place, version: undefined, file: undefined }, "replace");
    else moveInList(event);
  };
  return (
    <Page
      title="Configuration"
      name="Versions"
      fixed
      about={<Parts project={project.path} here="versions" />}
    >
      <div className={classes.page} data-detail={selected !== undefined}>
        <div className={classes.left}>
          <FilterBar
            label="Versions that changed this variable"
            placeholder="Variable"
            text={text}
            onText={setText}
          >
            <Select
              aria-label="Environment"
              data={[ALL, ...project.environments.map(({ name }) => name)]}
              value={environment ?? ALL}
              allowDeselect={false}
              onChange={(next) =>
                go({ ...place, environment: next === ALL || next === null ? undefined : next }, "replace")
              }
            />
          </FilterBar>
          <div className={classes.scroll}>
            {versions.isPending && <LoadingRows rows={10} />}
            {versions.error && (
              <div className={classes.problem}>
                <Problem
                  failure={versions.error}
                  reading
                  onRetry={() => versions.refetch()}
                  doing="Reading the versions"
                />
              </div>
            )}
            {versions.data && list.length === 0 && (
              <Empty title={filtered ? "No version fits" : "No versions yet"}>
                {filtered
                  ? "No version changed that."
                  : "Every save of a variable or a document becomes a version, with who made it and why; what other editors change is noticed too."}
              </Empty>
            )}
            <ul aria-label="Versions" onKeyDown={onKey}>
              {list.map((entry) => (
                <Row key={entry.number} entry={entry} place={place} current={entry.number === version} />
              ))}
            </ul>
            {versions.data && versions.data.total > list.length && (
              <div className={classes.more}>
                <Button onClick={() => setLimit(limit + PAGE)} loading={versions.isFetching}>
                  Show {Math.min(PAGE, versions.data.total - list.length)} more of {versions.data.total}
                </Button>
              </div>
            )}
          </div>
        </div>
        {selected && (
          <VersionDetail
            key={selected.number}
            project={project}
            version={selected}
            others={list.map(({ number }) => number).filter((number) => number !== selected.number)}
            file={place.file}
            onFile={(file) => go({ ...place, file }, "replace")}
            onClose={() => go({ ...place, version: undefined, file: undefined }, "replace")}
          />
        )}
      </div>
    </Page>
  );
}

function Row({ entry, place, current }: { entry: VersionView; place: Props["place"]; current: boolean }) {
  const { number, created, note, changes, more } = entry;
  return (
    <li>
      <a
        {...ITEM}
        className={classes.row}
        href={href({ ...place, version: number, file: undefined })}
        aria-label={`Version ${number}`}
        aria-current={current}
      >
        <span className={classes.number}>{number}</span>
        <span className={classes.what}>
          <span className={classes.summary}>{summary(changes, more)}</span>
          {note && <span className={classes.note}>{note}</span>}
        </span>
        <span className={classes.by}>{origin(entry)}</span>
        <span className={classes.when}>
          <Time at={created} />
        </span>
      </a>
    </li>
  );
}

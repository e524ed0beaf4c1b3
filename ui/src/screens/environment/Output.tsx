import { Select, Switch } from "@mantine/core";
import { useState } from "react";
import { useFollowed } from "../../app/followed";
import { type ServiceLine, useBackend } from "../../backend";
import { Empty } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { count, exact } from "../../components/words";
import { Lines, withMore } from "./Lines";
import classes from "./Output.module.css";

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
    (items) => setLines((before) => withMore(before, items)),
    () => setLines([]),
  );
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
      <Lines
        lines={lines}
        empty={!problem && <Empty title={ended ? "Nothing was printed" : "Nothing was printed yet"} />}
        before={(line) => !service && <span className={classes.service}>{line.service}</span>}
        title={(line) => exact(line.at)}
      />
    </section>
  );
}

import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useBackend } from "../backend";
import { Problem } from "../components/Problem";
import { ResultMark } from "../components/state";
import { Elapsed } from "../components/Time";
import { folderName, title, usually } from "../components/words";
import classes from "./Dock.module.css";
import { type Live, useAllLive, useLiveDeployments } from "./live";
import { useQueries } from "./queries";
import { go, usePlace } from "./routes";
import { useTask } from "./task";

/** What runs, wherever the person is; it stays until the result was seen. */
export function Dock() {
  const here = usePlace();
  const deployments = useLiveDeployments();
  const all = useAllLive();
  const open = all.find(
    (live) => here.page === "deployment" && here.number === live.number && here.project === live.project,
  );
  // Whoever leaves the page of a deployment that has ended has seen its result.
  const seen = open?.end ? open : undefined;
  const project = seen?.project;
  const number = seen?.number;
  useEffect(() => {
    if (project === undefined || number === undefined) return;
    return () => deployments.dismiss(project, number);
  }, [deployments, project, number]);
  const others = all.filter((live) => live !== open);
  if (others.length === 0) return null;
  return (
    <section className={classes.dock} aria-label="Running deployments">
      {others.map((live) => (
        <Running
          key={`${live.project} ${live.number}`}
          live={live}
          elsewhere={!("project" in here) || here.project !== live.project}
        />
      ))}
    </section>
  );
}

function Running({ live, elsewhere }: { live: Live; elsewhere: boolean }) {
  const { project, number } = live;
  const ask = useQueries();
  const backend = useBackend();
  const deployments = useLiveDeployments();
  const view = useQuery(ask.deployment(project, number));
  const open = useQuery({ ...ask.project(project), enabled: elsewhere });
  const [stopping, setStopping] = useState(false);
  const cancel = useTask(async () => {
    await backend.cancel(project, number);
    setStopping(true);
  });
  const deployment = view.data?.deployment;
  const done = live.steps.filter(({ state }) => state !== "pending" && state !== "running").length;
  const usual = usually(view.data?.usual.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0));
  const show = () => {
    if (live.end) deployments.dismiss(project, number);
    go({ page: "deployment", project, number });
  };
  return (
    <div className={classes.running}>
      <div className={classes.line}>
        <ResultMark result={live.end?.result ?? null} />
        <span className={classes.name}>
          #{number} {deployment && title(deployment)}
          {elsewhere && ` · ${open.data?.name ?? folderName(project)}`}
        </span>
        <span className={classes.state}>{live.end ? (live.end.message ?? "") : live.state}</span>
        <span className={classes.time}>
          {deployment && <Elapsed started={deployment.started} ended={live.end ? deployment.ended : null} />}
          {!live.end && usual && `, usually ${usual}`}
        </span>
        <Button onClick={show}>Show #{number}</Button>
        {live.end ? (
          <ActionIcon aria-label={`Dismiss #${number}`} onClick={() => deployments.dismiss(project, number)}>
            <IconX className={classes.icon} aria-hidden />
          </ActionIcon>
        ) : (
          <Button onClick={() => cancel.start()} loading={cancel.busy} disabled={stopping}>
            {stopping ? "Stopping…" : `Cancel #${number}`}
          </Button>
        )}
      </div>
      {(cancel.problem ?? live.problem) && (
        <Problem failure={(cancel.problem ?? live.problem) as NonNullable<typeof cancel.problem>} compact />
      )}
      {!live.end && (
        <progress
          className={classes.progress}
          value={done}
          max={Math.max(live.steps.length, 1)}
          aria-label={`Progress of #${number}`}
        />
      )}
    </div>
  );
}

import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useLive, withStep } from "../../app/live";
import { useQueries } from "../../app/queries";
import { useTask } from "../../app/task";
import { type DeploymentView, type ProjectView, type Step, useBackend } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { useResume } from "../../components/resume";
import { ProtectedMark, ResultMark } from "../../components/state";
import { Time, Took } from "../../components/Time";
import { title, usually } from "../../components/words";
import { After } from "./After";
import classes from "./DeploymentPage.module.css";
import { type Jump, LogView } from "./LogView";
import { firstLine } from "./logSearch";
import { reasonOf, standing, withoutStep } from "./standing";
import { Timeline } from "./Timeline";

const Release = lazy(() => import("./Release"));

/** How often a deployment of another program is looked at, in milliseconds. */
const ELSEWHERE = 2000;

interface Props {
  project: ProjectView;
  number: number;
  guarded: (environment: string) => boolean;
}

/** A deployment while it runs, and afterwards. */
export default function DeploymentPage({ project, number, guarded }: Props) {
  const ask = useQueries();
  const live = useLive(project.path, number);
  const view = useQuery({
    ...ask.deployment(project.path, number),
    // What another program runs is not heard live here; it is looked at now and then instead.
    refetchInterval: ({ state }) =>
      state.data?.deployment.result === null && (!live || live.problem) ? ELSEWHERE : false,
  });
  if (!view.data) {
    return (
      <Page title={`#${number}`} name={`Deployment #${number}`}>
        {view.isPending ? (
          <LoadingRows rows={10} />
        ) : (
          <Problem
            failure={view.error}
            reading
            onRetry={() => view.refetch()}
            doing={`Reading deployment #${number}`}
          />
        )}
      </Page>
    );
  }
  return <Loaded project={project} view={view.data} guarded={guarded(view.data.deployment.environment)} />;
}

function Loaded({
  project,
  view,
  guarded,
}: {
  project: ProjectView;
  view: DeploymentView;
  guarded: boolean;
}) {
  const { deployment: stored } = view;
  const { number } = stored;
  const backend = useBackend();
  const live = useLive(project.path, number);
  const [tab, setTab] = useState<string | null>("log");
  const [jump, setJump] = useState<Jump>();
  const show = (line: number) => {
    setTab("log");
    setJump((last) => ({ line, wish: (last?.wish ?? 0) + 1 }));
  };
  const toStep = useTask(async (step: Step) => {
    const line = await firstLine(backend, project.path, number, step.number);
    if (line) show(line);
  });
  const [stopping, setStopping] = useState(false);
  const cancel = useTask(async () => {
    await backend.cancel(project.path, number);
    setStopping(true);
  });

  // The record, and what this window has heard since.
  const steps = (live?.steps ?? []).reduce<readonly Step[]>(withStep, view.steps);
  const deployment = live?.end
    ? { ...stored, result: live.end.result, release: live.end.release, message: live.end.message }
    : stored;
  const running = deployment.result === null;
  const total = Math.max(view.log_lines, live?.total ?? 0);
  const usual = new Map(
    view.usual.flatMap(({ step, seconds }) => (seconds === null ? [] : [[step, seconds] as const])),
  );
  const whole = usually(steps.reduce((sum, { name }) => sum + (usual.get(name) ?? 0), 0));
  const name = `#${number} ${title(deployment)}`;
  const said = running ? "" : withoutStep(deployment.message ?? "", steps);
  const reason = reasonOf(deployment, steps);
  const more = reason?.more ?? said;
  const resume = useResume(project.path, stored, guarded);
  const problem = cancel.problem ?? resume.problem ?? toStep.problem ?? live?.problem;
  return (
    <Page
      title={name}
      name={name}
      guarded={guarded}
      fixed
      about={
        <>
          {guarded && <ProtectedMark />}
          <span>{deployment.by}</span>
          <Time at={deployment.started} />
        </>
      }
      actions={
        running ? (
          <Button
            color="danger"
            variant="light"
            onClick={() => cancel.start()}
            loading={cancel.busy}
            disabled={stopping}
          >
            {stopping ? "Stopping…" : `Cancel #${number}`}
          </Button>
        ) : (
          <After
            project={project.path}
            view={{ ...view, deployment }}
            guarded={guarded}
            resume={resume.button}
          />
        )
      }
    >
      <div className={classes.page}>
        <div className={classes.standing} data-result={deployment.result ?? "running"} role="status">
          <ResultMark result={deployment.result} />
          <div className={classes.words}>
            {reason && <p className={classes.reason}>{reason.first}</p>}
            <p className={reason ? classes.where : classes.reason}>
              {standing(deployment, steps, live?.state ?? "", view.reachable?.current ?? false)}{" "}
              {reason && <span>{reason.state}</span>}
            </p>
          </div>
          <span className={classes.time}>
            <Took deployment={deployment} />
            {running && whole && `, usually ${whole}`}
          </span>
        </div>
        {problem && <Problem failure={problem} compact />}
        {more && <pre className={classes.message}>{more}</pre>}
        <div className={classes.split}>
          <div className={classes.left}>
            <Timeline
              steps={steps}
              usual={usual}
              running={running}
              said={said}
              onStep={(step) => void toStep.start(step)}
            />
          </div>
          <Tabs className={classes.right} value={tab} onChange={setTab} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="log">Log</Tabs.Tab>
              <Tabs.Tab value="changes">Changes ({view.changes.length})</Tabs.Tab>
              {view.release && <Tabs.Tab value="release">Release</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="log" className={classes.panel}>
              <LogView
                project={project.path}
                number={number}
                total={total}
                steps={steps}
                live={live}
                running={running}
                jump={jump}
                onJump={show}
              />
            </Tabs.Panel>
            <Tabs.Panel value="changes" className={classes.panelScroll}>
              {view.changes.length === 0 ? (
                <Empty title="It changed nothing" />
              ) : (
                <ChangeList changes={view.changes} label={`Changes of #${number}`} />
              )}
            </Tabs.Panel>
            {view.release && (
              <Tabs.Panel value="release" className={classes.panelScroll}>
                <Suspense fallback={<LoadingRows rows={8} />}>
                  <Release release={view.release} />
                </Suspense>
              </Tabs.Panel>
            )}
          </Tabs>
        </div>
      </div>
    </Page>
  );
}

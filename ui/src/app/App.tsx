import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Backend, BackendContext, type Failure, type ProjectView, useBackend } from "../backend";
import { LoadingRows, Page } from "../components/Page";
import { Problem } from "../components/Problem";
import { SetUp } from "../components/SetUp";
import { folderName } from "../components/words";
import { Overview } from "../screens/overview/Overview";
import { Projects } from "../screens/projects/Projects";
import { AtHand, screen, useAhead, useVariablesAhead } from "./ahead";
import { LiveContext, LiveDeployments, useLiveDeployments } from "./live";
import { queryClient, useQueries, useRefresh } from "./queries";
import { go, href, type Place, usePlace } from "./routes";
import { Shell } from "./Shell";
import { Kept, Succession } from "./Succession";
import { useTask } from "./task";

// The first screen comes with the window, the others after it.
const Configuration = screen(() => import("../screens/configuration/Configuration"));
const Documents = screen(() => import("../screens/documents/Documents"));
const Versions = screen(() => import("../screens/versions/Versions"));
const Secrets = screen(() => import("../screens/secrets/Secrets"));
const EnvironmentPage = screen(() => import("../screens/environment/EnvironmentPage"));
const PlanPage = screen(() => import("../screens/run/PlanPage"));
const RollbackPage = screen(() => import("../screens/run/RollbackPage"));
const PromotePage = screen(() => import("../screens/run/PromotePage"));
const DownPage = screen(() => import("../screens/run/DownPage"));
const DeploymentPage = screen(() => import("../screens/run/DeploymentPage"));
const History = screen(() => import("../screens/history/History"));
const Compare = screen(() => import("../screens/history/Compare"));
const Settings = screen(() => import("../screens/settings/Settings"));

/** The window, on a core. */
export function App({ backend }: { backend: Backend }) {
  const [client] = useState(queryClient);
  return (
    <BackendContext value={backend}>
      <QueryClientProvider client={client}>
        <Following backend={backend}>
          <Shell>
            <Launches />
            <Screen />
          </Shell>
        </Following>
      </QueryClientProvider>
    </BackendContext>
  );
}

/** Follows what runs, also what was running before the window was opened or reloaded. */
function Following({ backend, children }: { backend: Backend; children: React.ReactNode }) {
  const refresh = useRefresh();
  const [live] = useState(() => new LiveDeployments(backend, refresh.deployment));
  return (
    <LiveContext value={live}>
      <Attach />
      {children}
    </LiveContext>
  );
}

function Attach() {
  const ask = useQueries();
  const live = useLiveDeployments();
  const running = useQuery(ask.running());
  useEffect(() => {
    for (const { project, deployment } of running.data ?? []) void live.watch(project, deployment);
  }, [running.data, live]);
  return null;
}

function Screen() {
  const place = usePlace();
  switch (place.page) {
    case "projects":
      return <Projects />;
    case "settings":
      return <Settings project={place.project} />;
    default:
      return <ProjectScreen key={place.project} place={place} />;
  }
}

type ProjectPlace = Exclude<Place, { page: "projects" | "settings" }>;

function ProjectScreen({ place }: { place: ProjectPlace }) {
  const ask = useQueries();
  const open = useQuery(ask.project(place.project));
  const loaded = useAhead();
  useVariablesAhead(place.project);
  const history = place.page === "history";
  const seen = useHistoryPlace(place);
  // From the first time on that it is not what the person looks at: it would be begun anew under their hands.
  const [kept, setKept] = useState(false);
  useEffect(() => {
    if (loaded && !history) setKept(true);
  }, [loaded, history]);
  if (open.isPending) {
    return (
      <Page title={folderName(place.project)} name={folderName(place.project)}>
        <LoadingRows rows={6} />
      </Page>
    );
  }
  if (!open.data) {
    return (
      <Page title={folderName(place.project)} name={folderName(place.project)}>
        <Unopened path={place.project} failure={open.error} onRetry={() => open.refetch()} />
      </Page>
    );
  }
  const view = open.data;
  return (
    <>
      <Succession id={place.page}>
        {!history && <Content view={view} place={place} />}
        {!kept && history && <History project={view} place={place} />}
      </Succession>
      {loaded && <AtHand project={place.project} />}
      {kept && (
        <Kept shown={history}>
          <History project={view} place={seen} />
        </Kept>
      )}
    </>
  );
}

/** A project that cannot be opened. A folder that never was one is not gone: it can be set up. */
function Unopened({ path, failure, onRetry }: { path: string; failure: Failure; onRetry: () => void }) {
  const ask = useQueries();
  const projects = useQuery(ask.projects());
  const known = projects.data?.some((entry) => entry.path === path) ?? true;
  return failure.code === "project_missing" && !known ? (
    <SetUp folder={path} />
  ) : (
    <Problem failure={failure} reading onRetry={onRetry} doing="Opening the project" />
  );
}

/** Where History is: at what is asked of it, otherwise where it begins. What is the same stays the same object. */
function useHistoryPlace(place: ProjectPlace): Extract<Place, { page: "history" }> {
  const wanted: Extract<Place, { page: "history" }> =
    place.page === "history" ? place : { page: "history", project: place.project };
  const [known, setKnown] = useState(wanted);
  if (href(known) === href(wanted)) return known;
  setKnown(wanted);
  return wanted;
}

/** Every screen of a project but the one that is kept. */
function Content({ view, place }: { view: ProjectView; place: Exclude<ProjectPlace, { page: "history" }> }) {
  const guarded = (environment: string) =>
    view.environments.some(({ name, protected: yes }) => name === environment && yes);
  switch (place.page) {
    case "overview":
      return <Overview project={view} />;
    case "configuration":
      return <Configuration project={view} place={place} />;
    case "documents":
      return <Documents project={view} place={place} />;
    case "versions":
      return <Versions key={place.key ?? ""} project={view} place={place} />;
    case "secrets":
      return <Secrets project={view} />;
    case "environment":
      return <EnvironmentPage key={place.environment} project={view} name={place.environment} />;
    case "plan":
      return (
        <PlanPage
          key={place.environment}
          project={view}
          environment={place.environment}
          guarded={guarded(place.environment)}
        />
      );
    case "down":
      return (
        <DownPage
          key={place.environment}
          project={view}
          environment={place.environment}
          guarded={guarded(place.environment)}
        />
      );
    case "promote":
      return (
        <PromotePage
          key={`${place.from} ${place.environment}`}
          project={view}
          from={place.from}
          environment={place.environment}
          guarded={guarded(place.environment)}
        />
      );
    case "rollback":
      return (
        <RollbackPage
          key={`${place.environment} ${place.to}`}
          project={view}
          environment={place.environment}
          to={place.to ?? null}
          guarded={guarded(place.environment)}
        />
      );
    case "deployment":
      return <DeploymentPage key={place.number} project={view} number={place.number} guarded={guarded} />;
    case "compare":
      return <Compare project={view} a={place.a} b={place.b} />;
  }
}

/** A later start of the program comes to this window: what it names is opened here. */
function Launches() {
  const backend = useBackend();
  const open = useTask(async () => {
    const project = await backend.launchProject();
    if (project) go({ page: "overview", project });
  });
  const listen = useTask(() => backend.launches(() => void open.start()));
  useEffect(() => void listen.start(), [listen.start]);
  const problem = listen.problem ?? open.problem;
  return problem ? <Problem failure={problem} doing="Opening what was asked for" compact /> : null;
}

/** Opens what was named on the command line, unless a reload brought the person back to a place. */
export async function enter(backend: Backend): Promise<void> {
  if (window.location.hash) return;
  const project = await backend.launchProject();
  if (project) go({ page: "overview", project }, "replace");
}

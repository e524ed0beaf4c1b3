import "@mantine/spotlight/styles.css";
import { useMantineColorScheme } from "@mantine/core";
import {
  createSpotlight,
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
} from "@mantine/spotlight";
import { useQueries as useAllQueries, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { nothingBefore } from "../components/wayBack";
import { title } from "../components/words";
import { useAllLive } from "./live";
import { useQueries } from "./queries";
import { go, usePlace } from "./routes";
import { sections } from "./Sidebar";

/** So many are shown at once; typing finds the others. A project may have thousands of variables. */
const SHOWN = 80;

/** How many of the newest deployments can be gone to by their number. */
const DEPLOYMENTS = 20;

const [store, spotlight] = createSpotlight();

/** Marks the first entry, which Enter takes. Spotlight does so by itself, but only once something was typed. */
function markFirst() {
  const { listId, query } = store.getState();
  const list = query === "" ? document.getElementById(listId) : null;
  if (!list) return;
  list.querySelector("[data-selected]")?.removeAttribute("data-selected");
  list.querySelector("[data-action]")?.setAttribute("data-selected", "true");
  store.updateState((state) => ({ ...state, selected: 0 }));
}

interface Props {
  onClose: () => void;
  onKeys: () => void;
}

/** Every action and every place, by typing a part of its name. */
export default function Palette({ onClose, onKeys }: Props) {
  const here = usePlace();
  const project = "project" in here ? here.project : undefined;
  const groups = useGroups(project, onKeys);
  useEffect(() => {
    spotlight.open();
    return () => spotlight.close();
  }, []);
  // What is read meanwhile comes before what is there already.
  const first = groups[0]?.actions[0]?.id;
  useEffect(() => {
    if (first) markFirst();
  }, [first]);
  return (
    <Spotlight
      store={store}
      actions={groups}
      onSpotlightClose={onClose}
      shortcut={null}
      filter={withAllWords}
      nothingFound="Nothing is called that"
      scrollable
      limit={SHOWN}
      maxHeight="70vh"
      // Where it begins does not move with how much is found.
      centered={false}
      yOffset="12vh"
      overlayProps={{ blur: 0 }}
      transitionProps={{ duration: 0 }}
      searchProps={{
        placeholder: "What do you want to do?",
        "aria-label": "Search every action and place",
        onFocus: markFirst,
      }}
    />
  );
}

type Entry = SpotlightActionData | SpotlightActionGroupData;

/** What has every word that was typed, in any order. What is called just that, or begins with it, comes first. */
function withAllWords(query: string, actions: Entry[]): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ label, description }: SpotlightActionData) => {
    const text = `${label ?? ""} ${description ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const typed = words.join(" ");
  const rank = (entry: Entry): number => {
    if ("actions" in entry) return Math.min(...entry.actions.map(rank));
    const label = entry.label?.toLowerCase() ?? "";
    if (label === typed) return 0;
    return label.startsWith(typed) ? 1 : 2;
  };
  const byRank = (a: Entry, b: Entry) => rank(a) - rank(b);
  const found = actions.flatMap((action): Entry[] => {
    if (!("actions" in action)) return fits(action) ? [action] : [];
    const inside = action.actions.filter(fits).sort(byRank);
    return inside.length > 0 ? [{ ...action, actions: inside }] : [];
  });
  return found.sort(byRank);
}

function useGroups(project: string | undefined, onKeys: () => void): SpotlightActionGroupData[] {
  const ask = useQueries();
  const { setColorScheme } = useMantineColorScheme();
  const enabled = project !== undefined;
  const path = project ?? "";
  const open = useQuery({ ...ask.project(path), enabled });
  const matrix = useQuery({ ...ask.matrix(path), enabled });
  const documents = useQuery({ ...ask.documents(path), enabled });
  const history = useQuery({
    ...ask.history(path, { environment: null, result: null, text: null, offset: 0, limit: DEPLOYMENTS }),
    enabled,
  });
  const projects = useQuery(ask.projects());
  const status = useQuery({ ...ask.status(path), enabled: open.isSuccess });
  const environments = open.data?.environments ?? [];
  const releases = useAllQueries({ queries: environments.map(({ name }) => ask.releases(path, name)) });
  const statusOf = (wanted: string) => status.data?.environments.find(({ name }) => name === wanted);
  const running = useAllLive().filter(({ end }) => !end);

  const places = [
    ...(project ? sections(project).map(({ label, place }) => ({ label, place })) : []),
    ...(project
      ? [
          { label: "Documents", place: { page: "documents", project } as const },
          { label: "Versions", place: { page: "versions", project } as const },
          { label: "Secrets", place: { page: "secrets", project } as const },
        ]
      : []),
    { label: "Projects", place: { page: "projects" } as const },
    { label: "Settings", place: { page: "settings", project } as const },
  ];
  return [
    {
      group: "Environments",
      actions: environments.flatMap(({ name }, place, all) => [
        {
          id: `environment ${name}`,
          label: `Open ${name}`,
          description: "Its services, their output and logs",
          onClick: () => go({ page: "environment", project: path, environment: name }),
        },
        {
          id: `deploy ${name}`,
          label: `Deploy to ${name}…`,
          description: "Shows the plan first",
          onClick: () => go({ page: "plan", project: path, environment: name }),
        },
        ...(nothingBefore(statusOf(name), releases[place]?.data)
          ? []
          : [
              {
                id: `back ${name}`,
                label: `Go back in ${name}…`,
                description: "To an earlier release; shows the plan first",
                onClick: () => go({ page: "rollback", project: path, environment: name }),
              },
            ]),
        ...all.slice(Math.max(0, place - 1), place).map((ahead) => ({
          id: `promote ${name}`,
          label: `Promote from ${ahead.name} to ${name}…`,
          description: "Compares them first",
          onClick: () => go({ page: "promote", project: path, environment: name, from: ahead.name }),
        })),
        {
          id: `history ${name}`,
          label: `History of ${name}`,
          onClick: () => go({ page: "history", project: path, environment: name }),
        },
      ]),
    },
    {
      group: "Running",
      actions: running.map((live) => ({
        id: `running ${live.project} ${live.number}`,
        label: `Follow #${live.number}, or cancel it`,
        description: live.state,
        onClick: () => go({ page: "deployment", project: live.project, number: live.number }),
      })),
    },
    {
      group: "Configuration",
      actions: project
        ? [
            {
              id: "add variable",
              label: "Add a variable…",
              onClick: () => go({ page: "configuration", project, dialog: "add" }),
            },
            {
              id: "import secrets",
              label: "Move secrets into the keychain…",
              onClick: () => go({ page: "configuration", project, dialog: "import" }),
            },
            {
              id: "leaks",
              label: "Look for leaked secrets…",
              onClick: () => go({ page: "secrets", project }),
            },
            {
              id: "missing",
              label: "Show missing variables",
              onClick: () => go({ page: "configuration", project, filter: "missing" }),
            },
          ]
        : [],
    },
    {
      group: "Places",
      actions: places.map(({ label, place }) => ({ id: `place ${label}`, label, onClick: () => go(place) })),
    },
    {
      group: "Documents",
      // One that is named and not there yet is made from the list of documents, which says so.
      actions: (documents.data?.documents ?? [])
        .filter(({ exists }) => exists)
        .map(({ path: file }) => ({
          id: `document ${file}`,
          label: file,
          description: "As a form and as text",
          onClick: () => go({ page: "documents", project: path, file }),
        })),
    },
    {
      group: "Variables",
      actions: (matrix.data?.rows ?? []).map(({ key }) => ({
        id: `variable ${key}`,
        label: key,
        description: "In Configuration",
        onClick: () => go({ page: "configuration", project: path, select: key }),
      })),
    },
    {
      group: "Deployments",
      actions: (history.data?.deployments ?? []).map((deployment) => ({
        id: `deployment ${deployment.number}`,
        label: `#${deployment.number} ${title(deployment)}`,
        description: deployment.summary,
        onClick: () => go({ page: "deployment", project: path, number: deployment.number }),
      })),
    },
    {
      group: "Projects",
      actions: (projects.data ?? [])
        .filter((entry) => !entry.problem && entry.path !== project)
        .map(({ name, path: folder }) => ({
          id: `project ${folder}`,
          label: `Open ${name}`,
          description: folder,
          onClick: () => go({ page: "overview", project: folder }),
        })),
    },
    {
      group: "Window",
      actions: [
        { id: "light", label: "Light appearance", onClick: () => setColorScheme("light") },
        { id: "dark", label: "Dark appearance", onClick: () => setColorScheme("dark") },
        { id: "auto", label: "Appearance like the system", onClick: () => setColorScheme("auto") },
        { id: "keys", label: "Keys", description: "What can be done without a mouse", onClick: onKeys },
      ],
    },
  ].filter(({ actions }) => actions.length > 0);
}

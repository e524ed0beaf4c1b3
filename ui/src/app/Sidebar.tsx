import { Kbd, Menu, UnstyledButton } from "@mantine/core";
import {
  IconAdjustments,
  IconFolders,
  IconHistory,
  IconLayoutColumns,
  IconSearch,
  IconSelector,
  IconSettings,
  IconShieldHalf,
  type TablerIcon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { Folder, inOrder } from "../components/Folder";
import { HealthMark } from "../components/state";
import { folderName } from "../components/words";
import { MOD } from "./keys";
import { useQueries } from "./queries";
import { go, href, type Place, usePlace } from "./routes";
import classes from "./Sidebar.module.css";

/** So many of the projects that were opened last can be switched to at once. */
const LATELY = 8;

interface Section {
  label: string;
  icon: TablerIcon;
  place: Place;
  /** Pages that belong to it. */
  pages: Place["page"][];
}

/** The sections of an open project, in the order of their keys. */
export function sections(project: string): Section[] {
  return [
    {
      label: "Overview",
      icon: IconLayoutColumns,
      place: { page: "overview", project },
      pages: ["overview"],
    },
    {
      label: "Configuration",
      icon: IconAdjustments,
      place: { page: "configuration", project },
      pages: ["configuration", "documents", "versions", "secrets"],
    },
    {
      label: "History",
      icon: IconHistory,
      place: { page: "history", project },
      pages: ["history", "deployment", "compare"],
    },
  ];
}

function Link({ section, here }: { section: Section; here: Place }) {
  const Icon = section.icon;
  return (
    <a
      className={classes.link}
      href={href(section.place)}
      aria-current={section.pages.includes(here.page) ? "page" : undefined}
    >
      <Icon className={classes.icon} aria-hidden />
      {section.label}
    </a>
  );
}

/** Project switcher, sections and environments. */
export function Sidebar({ onPalette }: { onPalette: () => void }) {
  const here = usePlace();
  const project = "project" in here ? here.project : undefined;
  return (
    <div className={classes.sidebar}>
      <Switcher project={project} />
      <UnstyledButton className={classes.search} onClick={onPalette} aria-label="Search everything">
        <IconSearch className={classes.icon} aria-hidden />
        <span>Search</span>
        <Kbd size="xs">{MOD} K</Kbd>
      </UnstyledButton>
      <nav className={classes.nav} aria-label="Sections">
        {project ? (
          sections(project).map((section) => <Link key={section.label} section={section} here={here} />)
        ) : (
          <Link
            section={{
              label: "Projects",
              icon: IconFolders,
              place: { page: "projects" },
              pages: ["projects"],
            }}
            here={here}
          />
        )}
      </nav>
      {project && <Environments project={project} current={environmentOf(here)} />}
      <nav className={classes.foot} aria-label="Application">
        <Link
          section={{
            label: "Settings",
            icon: IconSettings,
            place: { page: "settings", project },
            pages: ["settings"],
          }}
          here={here}
        />
      </nav>
    </div>
  );
}

/** The environment whose pages the person is on. */
function environmentOf(here: Place): string | undefined {
  const pages: Place["page"][] = ["environment", "plan", "rollback", "down"];
  return "environment" in here && pages.includes(here.page) ? here.environment : undefined;
}

// Each step of the person changes where they are; the project and its environments stay.
const Switcher = memo(function Switcher({ project }: { project: string | undefined }) {
  const ask = useQueries();
  const open = useQuery({ ...ask.project(project ?? ""), enabled: project !== undefined });
  const projects = useQuery(ask.projects());
  const name = project ? (open.data?.name ?? folderName(project)) : "Sternway";
  const shared = projects.data?.some((other) => other.name === name && other.path !== project) ?? false;
  const folder = shared ? project : undefined;
  return (
    <Menu width="target">
      <Menu.Target>
        <UnstyledButton
          className={classes.switcher}
          aria-label={`Project: ${project ? name : "none open"}${folder ? ` in ${folder}` : ""}`}
        >
          <span className={classes.project} title={project}>
            {name}
            {folder && <Folder path={folder} />}
          </span>
          <IconSelector className={classes.icon} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {inOrder((projects.data ?? []).filter((entry) => !entry.problem).slice(0, LATELY)).map((entry) => (
          <Menu.Item
            key={entry.path}
            onClick={() => go({ page: "overview", project: entry.path })}
            aria-current={entry.path === project ? "true" : undefined}
          >
            {entry.name}
            <Folder path={entry.path} />
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => go({ page: "projects" })}>All projects</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
});

const Environments = memo(function Environments({ project, current }: { project: string; current?: string }) {
  const ask = useQueries();
  const open = useQuery(ask.project(project));
  const status = useQuery({ ...ask.status(project), enabled: open.isSuccess });
  if (!open.data) return null;
  return (
    <nav className={classes.environments} aria-label="Environments">
      <p className={classes.heading}>Environments</p>
      {open.data.environments.map((environment) => {
        const now = status.data?.environments.find(({ name }) => name === environment.name);
        return (
          <a
            key={environment.name}
            className={classes.environment}
            data-protected={environment.protected}
            href={href({ page: "environment", project, environment: environment.name })}
            aria-current={current === environment.name ? "page" : undefined}
            aria-label={`Environment ${environment.name}${environment.protected ? " (protected)" : ""}`}
            title={environment.name}
          >
            <HealthMark health={now?.health ?? "unknown"} wordless />
            <span className={classes.name}>{environment.name}</span>
            {environment.protected && <IconShieldHalf className={classes.shield} aria-hidden />}
            <span className={classes.release}>{now?.release ? `#${now.release}` : ""}</span>
          </a>
        );
      })}
    </nav>
  );
});

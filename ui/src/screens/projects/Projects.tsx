import { ActionIcon, Button, UnstyledButton } from "@mantine/core";
import { IconFolder, IconFolderOff, IconFolderOpen, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { go } from "../../app/routes";
import { useTask } from "../../app/task";
import { type ProjectEntry, useBackend } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { Folder, inOrder } from "../../components/Folder";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { SetUp } from "../../components/SetUp";
import { Time } from "../../components/Time";
import { folderName } from "../../components/words";
import { ERRORS } from "../../errors";
import classes from "./Projects.module.css";

/** Folders that were opened lately; open a folder; try the sample. */
export function Projects() {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const projects = useQuery(ask.projects());
  // A chosen folder that has no sternway.yaml yet.
  const [bare, setBare] = useState<string>();

  const enter = (path: string) => {
    refresh.projects();
    go({ page: "overview", project: path });
  };
  const choose = useTask(async () => {
    setBare(undefined);
    const path = await backend.chooseFolder();
    if (path === null) return;
    try {
      enter((await backend.openProject(path)).path);
    } catch (thrown) {
      setBare(path);
      throw thrown;
    }
  });
  const sample = useTask(async () => enter((await backend.openSample()).path));
  const forget = useTask(async (path: string) => {
    await backend.forgetProject(path);
    refresh.projects();
  });

  const problem = sample.problem ?? forget.problem;
  const actions = (
    <>
      <Button onClick={() => sample.start()} loading={sample.busy}>
        Try the sample
      </Button>
      <Button
        variant="filled"
        leftSection={<IconFolderOpen className={classes.icon} aria-hidden />}
        onClick={() => choose.start()}
        loading={choose.busy}
      >
        Open a folder
      </Button>
    </>
  );
  return (
    <Page title="Projects" name="Projects" actions={projects.data?.length === 0 ? undefined : actions}>
      <div className={classes.page}>
        {problem && <Problem failure={problem} />}
        {choose.problem &&
          (bare && choose.problem.code === "project_missing" ? (
            <SetUp folder={bare} />
          ) : (
            <Problem failure={choose.problem} doing={bare ? `Opening ${folderName(bare)}` : undefined} />
          ))}
        {projects.isPending && <LoadingRows rows={5} />}
        {projects.error && (
          <Problem
            failure={projects.error}
            reading
            onRetry={() => projects.refetch()}
            doing="Reading the list of projects"
          />
        )}
        {projects.data?.length === 0 && (
          <Empty title="Deploy from your laptop, and always have the way back" action={actions}>
            A project is a folder with a Compose file and a sternway.yaml. Open one of yours, or try the
            sample: a small web application with a database, in three environments on this machine.
          </Empty>
        )}
        {projects.data && projects.data.length > 0 && (
          <ul className={classes.list} aria-label="Projects opened lately" onKeyDown={moveInList}>
            {inOrder(projects.data).map((entry) => (
              <Row key={entry.path} entry={entry} onOpen={enter} onForget={forget.start} />
            ))}
          </ul>
        )}
      </div>
    </Page>
  );
}

interface RowProps {
  entry: ProjectEntry;
  onOpen: (path: string) => void;
  onForget: (path: string) => void;
}

function Row({ entry, onOpen, onForget }: RowProps) {
  const Icon = entry.problem ? IconFolderOff : IconFolder;
  return (
    <li className={classes.row} data-problem={entry.problem !== null}>
      <UnstyledButton
        {...ITEM}
        className={classes.open}
        onClick={() => onOpen(entry.path)}
        aria-label={`Open ${entry.name} in ${entry.path}`}
      >
        <Icon className={classes.icon} aria-hidden />
        <span className={classes.name}>{entry.name}</span>
        <Folder path={entry.path} />
        <span className={classes.when}>
          {entry.problem ? ERRORS[entry.problem.code].title : <Time at={entry.opened} />}
        </span>
      </UnstyledButton>
      <ActionIcon
        aria-label={`Forget ${entry.name} in ${entry.path}`}
        title="Take it off this list"
        onClick={() => onForget(entry.path)}
      >
        <IconX className={classes.icon} aria-hidden />
      </ActionIcon>
    </li>
  );
}

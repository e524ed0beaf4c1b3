import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { FIRST_PAGE, useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type ProjectView, useBackend } from "../../backend";
import { Notice, Problem } from "../../components/Problem";

/** A project of the same name whose folder is gone was most likely moved here: its history can come along. */
export function Moved({ project }: { project: ProjectView }) {
  const ask = useQueries();
  const backend = useBackend();
  const refresh = useRefresh();
  const projects = useQuery(ask.projects());
  const history = useQuery(ask.history(project.path, FIRST_PAGE));
  const gone = projects.data?.find(
    ({ name, path, problem }) =>
      name === project.name && path !== project.path && problem?.code === "project_missing",
  );
  const bring = useTask(async (from: string) => {
    await backend.relocateProject(from, project.path);
    refresh.project(project.path);
  });
  if (!gone || history.data?.total !== 0) return null;
  return (
    <Notice severity="info" title={`Was ${project.name} moved here?`}>
      <p>
        {gone.path} is not there any more. Its deployments and releases can belong to this folder from now on.
      </p>
      {bring.problem && <Problem failure={bring.problem} compact />}
      <div>
        <Button onClick={() => bring.start(gone.path)} loading={bring.busy}>
          Bring its history along
        </Button>
      </div>
    </Notice>
  );
}

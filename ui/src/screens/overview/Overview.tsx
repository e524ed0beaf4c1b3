import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import type { ProjectView } from "../../backend";
import { LatestDeployments } from "../../components/LatestDeployments";
import { Empty, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { Untrusted } from "../../components/Trust";
import { EnvironmentColumn } from "./EnvironmentColumn";
import { Moved } from "./Moved";
import classes from "./Overview.module.css";

/** One column per environment: what runs, how it is, what waits. Deploying starts here. */
export function Overview({ project }: { project: ProjectView }) {
  const ask = useQueries();
  const status = useQuery(ask.status(project.path));
  const statusOf = (wanted: string | undefined) =>
    status.data?.environments.find(({ name }) => name === wanted);
  return (
    <Page title="Overview" name="Overview" about={<span title={project.path}>{project.name}</span>}>
      <div className={classes.page}>
        {status.error && (
          <Problem
            failure={status.error}
            reading
            onRetry={() => status.refetch()}
            doing="Looking at the environments"
          />
        )}
        <Moved project={project} />
        <Untrusted project={project.path} />
        {project.environments.length === 0 && (
          <Empty title="No environments yet">
            Name one below `environments:` in this project's sternway.yaml.
          </Empty>
        )}
        <div className={classes.columns}>
          {project.environments.map((environment, place) => (
            <EnvironmentColumn
              key={environment.name}
              project={project.path}
              environment={environment}
              status={statusOf(environment.name)}
              ahead={statusOf(project.environments[place - 1]?.name)}
              onRetry={() => status.refetch()}
            />
          ))}
        </div>
        <LatestDeployments project={project.path} />
      </div>
    </Page>
  );
}

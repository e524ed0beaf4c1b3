import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { ProjectView } from "../../backend";
import { DeployButton, Facts, Release } from "../../components/EnvironmentState";
import { LatestDeployments } from "../../components/LatestDeployments";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { ProtectedMark } from "../../components/state";
import { target } from "../../components/words";
import classes from "./EnvironmentPage.module.css";
import { ServiceTable } from "./ServiceTable";

interface Props {
  project: ProjectView;
  name: string;
}

/** One environment: its release, what waits, every service with its addresses, and its latest deployments. */
export default function EnvironmentPage({ project, name }: Props) {
  const ask = useQueries();
  const status = useQuery(ask.status(project.path));
  const environment = project.environments.find((other) => other.name === name);
  if (!environment) {
    return (
      <Page title={name} name={name}>
        <Empty
          title={`${project.name} has no environment ${name}`}
          action={
            <Button onClick={() => go({ page: "overview", project: project.path })}>Go to Overview</Button>
          }
        >
          Its environments are those below `environments:` in sternway.yaml.
        </Empty>
      </Page>
    );
  }
  const now = status.data?.environments.find((other) => other.name === name);
  return (
    <Page
      title={name}
      name={name}
      guarded={environment.protected}
      about={
        <>
          {environment.protected && <ProtectedMark />}
          <span>{target(environment.target)}</span>
        </>
      }
      actions={
        <>
          <Button
            leftSection={<IconArrowBackUp className={classes.icon} aria-hidden />}
            disabled={!now?.release}
            onClick={() => go({ page: "rollback", project: project.path, environment: name })}
          >
            Go back in {name}…
          </Button>
          <DeployButton project={project.path} environment={environment} status={now} />
        </>
      }
    >
      <div className={classes.page}>
        {status.error && (
          <Problem
            failure={status.error}
            onRetry={() => status.refetch()}
            doing="Looking at the environment"
          />
        )}
        <div className={classes.state}>
          <Release status={now} />
          <div className={classes.facts}>
            <Facts
              project={project.path}
              environment={environment}
              status={now}
              onRetry={() => status.refetch()}
            />
          </div>
        </div>
        <section aria-labelledby="services">
          <h2 id="services" className={classes.heading}>
            Services
          </h2>
          {!now && status.isPending && <LoadingRows rows={4} />}
          {now && now.services.length === 0 && (
            <Empty title={now.problem ? "They cannot be seen now" : "Nothing runs here yet"}>
              {!now.problem && "Deploy once, and its services appear here with their state and addresses."}
            </Empty>
          )}
          {now && now.services.length > 0 && (
            <ServiceTable project={project.path} environment={name} services={now.services} />
          )}
        </section>
        <LatestDeployments project={project.path} environment={name} />
      </div>
    </Page>
  );
}

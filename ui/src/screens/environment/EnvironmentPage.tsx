import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconArrowBackUp, IconDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { EnvironmentHead, ProjectView } from "../../backend";
import { DeployButton, Facts, Release } from "../../components/EnvironmentState";
import { LatestDeployments } from "../../components/LatestDeployments";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { ProtectedMark } from "../../components/state";
import { useNothingBefore } from "../../components/wayBack";
import { target } from "../../components/words";
import classes from "./EnvironmentPage.module.css";
import { Output } from "./Output";
import { Prune } from "./Prune";
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
  const now = status.data?.environments.find((other) => other.name === name);
  const [pruning, setPruning] = useState(false);
  const noWayBack = useNothingBefore(project.path, name, now);
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
            disabled={noWayBack !== undefined}
            title={noWayBack}
            onClick={() => go({ page: "rollback", project: project.path, environment: name })}
          >
            Go back in {name}…
          </Button>
          <DeployButton project={project.path} environment={environment} status={now} />
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label={`More for ${name}`}>
                <IconDots className={classes.icon} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => go({ page: "history", project: project.path, environment: name })}>
                History of {name}
              </Menu.Item>
              <Menu.Item onClick={() => setPruning(true)}>Images kept for {name}…</Menu.Item>
              <Menu.Item
                color="danger"
                onClick={() => go({ page: "down", project: project.path, environment: name })}
              >
                Take {name} down…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {pruning && (
        <Prune project={project.path} environment={environment} onClose={() => setPruning(false)} />
      )}
      <div className={classes.page}>
        {status.error && (
          <Problem
            failure={status.error}
            reading
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
        <Services project={project.path} environment={environment} />
        <LatestDeployments project={project.path} environment={name} />
      </div>
    </Page>
  );
}

/** What runs, and what it prints. */
function Services({ project, environment }: { project: string; environment: EnvironmentHead }) {
  const ask = useQueries();
  const services = useQuery(ask.services(project, environment.name));
  const [service, setService] = useState<string>();
  const seen = services.data?.services;
  return (
    <>
      <section className={classes.services} aria-labelledby="services">
        <h2 id="services" className={classes.heading}>
          Services
        </h2>
        {services.isPending && <LoadingRows rows={4} />}
        {services.error && (
          <Problem
            failure={services.error}
            reading
            onRetry={() => services.refetch()}
            doing="Looking at the services"
            compact
          />
        )}
        {seen?.length === 0 && (
          <Empty title="Nothing runs here yet">
            Deploy once, and its services appear here with their state and addresses.
          </Empty>
        )}
        {seen && seen.length > 0 && (
          <ServiceTable project={project} environment={environment} services={seen} onOutput={setService} />
        )}
      </section>
      {seen && seen.length > 0 && (
        <Output
          project={project}
          environment={environment.name}
          services={seen.map(({ name }) => name)}
          service={service}
          onService={setService}
        />
      )}
    </>
  );
}

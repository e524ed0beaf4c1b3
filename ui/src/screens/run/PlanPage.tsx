import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { ProjectView } from "../../backend";
import { PlanScreen } from "./PlanScreen";

interface Props {
  project: ProjectView;
  environment: string;
  guarded: boolean;
}

/** What a deployment of the folder, as it is now, would change. */
export default function PlanPage({ project, environment, guarded }: Props) {
  const ask = useQueries();
  const plan = useQuery(ask.plan(project.path, environment));
  return (
    <PlanScreen
      project={project.path}
      environment={environment}
      title={`Deploy to ${environment}`}
      verb={`Deploy to ${environment}`}
      guarded={guarded}
      plan={plan}
      made={plan.data}
      nothing={`${environment} is what the folder says.`}
      choice={
        <Select
          aria-label="Environment"
          data={project.environments.map(({ name }) => name)}
          value={environment}
          allowDeselect={false}
          onChange={(name) => name && go({ page: "plan", project: project.path, environment: name })}
        />
      }
    />
  );
}

import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import type { ProjectView } from "../../backend";
import { PlanScreen } from "./PlanScreen";

interface Props {
  project: ProjectView;
  environment: string;
  guarded: boolean;
}

/** What taking an environment down would remove. Volumes and images stay: going back finds the data again. */
export default function DownPage({ project, environment, guarded }: Props) {
  const ask = useQueries();
  const plan = useQuery(ask.down(project.path, environment));
  return (
    <PlanScreen
      project={project.path}
      environment={environment}
      title={`Take ${environment} down`}
      verb={`Take ${environment} down`}
      guarded={guarded}
      plan={plan}
      made={plan.data}
      nothing={`Nothing of ${environment} runs.`}
    />
  );
}

import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { ProjectView } from "../../backend";
import { PlanScreen } from "./PlanScreen";

interface Props {
  project: ProjectView;
  environment: string;
  /** The release to go back to; the one before unless given. */
  to: number | null;
  guarded: boolean;
}

/** What going back to an earlier release would change. It is the same move as a deployment. */
export default function RollbackPage({ project, environment, to, guarded }: Props) {
  const ask = useQueries();
  const plan = useQuery(ask.rollback(project.path, environment, to));
  const releases = useQuery(ask.releases(project.path, environment));
  const chosen = to ?? plan.data?.to ?? null;
  const verb = chosen ? `Go back to #${chosen}` : "Go back";
  return (
    <PlanScreen
      project={project.path}
      environment={environment}
      title={chosen ? `Go back to #${chosen} in ${environment}` : `Go back in ${environment}`}
      verb={verb}
      guarded={guarded}
      plan={plan}
      made={plan.data}
      absent={to === null ? "Nothing to go back to" : undefined}
      nothing={
        chosen ? `${environment} already is what release #${chosen} was.` : `${environment} already is there.`
      }
      choice={
        <Select
          aria-label="Release to go back to"
          placeholder="Release"
          data={releases.data?.deployments
            .filter(({ release }) => release !== null && release !== plan.data?.from)
            .map(({ release, summary }) => ({ value: String(release), label: `#${release} ${summary}` }))}
          value={chosen === null ? null : String(chosen)}
          allowDeselect={false}
          onChange={(value) =>
            value && go({ page: "rollback", project: project.path, environment, to: Number(value) })
          }
        />
      }
    />
  );
}

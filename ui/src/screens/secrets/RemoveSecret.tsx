import { useQuery } from "@tanstack/react-query";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type Backend, useBackend } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { Problem } from "../../components/Problem";

interface Props {
  project: string;
  environment: string;
  name: string;
  /** Nothing for all versions. */
  version: number | null;
  onClose: () => void;
}

/** Says what goes along with a version of a secret, or with all of them, then removes it. */
export function RemoveSecret({ project, environment, name, version, onClose }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const plan = useQuery(useQueries().secretRemoval(project, environment, name, version));
  const remove = useTask(async () => {
    const typed = plan.data?.guarded ? environment : null;
    refresh.secrets(project, await backend.removeSecret(project, environment, name, version, typed));
    onClose();
  });
  const problem = remove.problem ?? plan.error;
  const verb =
    version === null
      ? `Remove ${name} from ${environment}`
      : `Remove v${version} of ${name} from ${environment}`;
  return (
    <ConfirmName
      verb={verb}
      name={plan.data?.guarded ? environment : undefined}
      busy={remove.busy || plan.isPending}
      onConfirm={() => void remove.start()}
      onClose={onClose}
    >
      {plan.data && <p>{consequence(plan.data)}</p>}
      {problem && <Problem failure={problem} doing={verb} compact />}
    </ConfirmName>
  );
}

type SecretRemoval = Awaited<ReturnType<Backend["planSecretRemoval"]>>;

/** What removing versions of a secret means, in words. */
function consequence({ environment, versions, releases, running }: SecretRemoval): string {
  const what = versions.map((version) => `v${version}`).join(", ");
  const lost = releases.map((release) => `#${release}`).join(", ");
  return [
    `The keychain forgets ${what} in ${environment}.`,
    lost ? `Then it cannot be gone back to ${lost} any more.` : "No release needs it to be gone back to.",
    running ? "What runs now goes on, and cannot be made anew." : "",
  ].join(" ");
}

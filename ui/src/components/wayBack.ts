import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../app/queries";
import type { EnvironmentStatus, HistoryPage } from "../backend";

/** Why there is nothing to go back to in an environment, if so. `releases`: the newest deployments that succeeded. */
export function nothingBefore(
  status: EnvironmentStatus | undefined,
  releases: HistoryPage | undefined,
): string | undefined {
  if (!status) return "It is being looked at";
  if (!status.release) return "It has no release yet";
  // What did not succeed may have left it halfway: then the way back leads to the release that it has.
  if (status.deployment || status.last || !releases) return undefined;
  const { deployments, total } = releases;
  const earlier = deployments.some(({ release }) => release !== null && release !== status.release);
  return earlier || total > deployments.length ? undefined : "It has no release before the one that runs";
}

/** The same, asked for. */
export function useNothingBefore(
  project: string,
  environment: string,
  status: EnvironmentStatus | undefined,
) {
  const ask = useQueries();
  const releases = useQuery(ask.releases(project, environment));
  return nothingBefore(status, releases.data);
}

import type { Deployment } from "../backend";
import { useNow } from "./now";
import { ago, between, duration, exact } from "./words";

/** How long ago, with the exact time in a tooltip. */
export function Time({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, now)}
    </time>
  );
}

/** How long something took, or has been going on. */
export function Elapsed({ started, ended }: { started: string; ended?: string | null }) {
  return ended ? <span>{duration(between(started, ended))}</span> : <Running started={started} />;
}

/** How long a deployment took, or has been going on; of one that broke off nobody knows. */
export function Took({ deployment }: { deployment: Deployment }) {
  const { started, ended, result } = deployment;
  return result !== null && !ended ? <span>–</span> : <Elapsed started={started} ended={ended} />;
}

function Running({ started }: { started: string }) {
  const now = useNow(1000);
  return <span>{duration(between(started, now))}</span>;
}

import { IconCheck } from "@tabler/icons-react";
import type { DeploymentView, Step } from "../../backend";
import classes from "./Result.module.css";

/** At the end: what was verified, or why it did not succeed and what state things are in. */
export function Result({ view, steps }: { view: DeploymentView; steps: readonly Step[] }) {
  const { deployment, release } = view;
  const seen = release
    ? release.evidence.map(({ subject, seen: what }) => ({ subject, what }))
    : steps
        .filter(({ stage, state }) => stage === "verification" && state === "done")
        .map(({ name, detail }) => ({ subject: name, what: detail }));
  const succeeded = deployment.result === "succeeded";
  if (!deployment.message && (!succeeded || seen.length === 0)) return null;
  return (
    <section className={classes.result} aria-label="Result">
      {deployment.message && <pre className={classes.message}>{deployment.message}</pre>}
      {succeeded && (
        <ul className={classes.seen} aria-label="Verified">
          {seen.map(({ subject, what }) => (
            <li key={`${subject} ${what}`}>
              <IconCheck className={classes.icon} aria-hidden />
              <span className={classes.subject}>{subject}</span>
              <span className={classes.what}>{what}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

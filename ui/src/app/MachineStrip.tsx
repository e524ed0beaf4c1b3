import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { ERRORS } from "../errors";
import classes from "./MachineStrip.module.css";
import { useQueries } from "./queries";
import { href, usePlace } from "./routes";

/** Says on every page what of this machine is missing; what does not need it goes on working. */
export function MachineStrip() {
  const ask = useQueries();
  const here = usePlace();
  const machine = useQuery(ask.machine());
  if (!machine.data || here.page === "settings") return null;
  const { engine, keychain, history } = machine.data;
  const problems = [engine, keychain, history].flatMap(({ problem }) => (problem ? [problem] : []));
  if (problems.length === 0) return null;
  return (
    <div className={classes.strip} role="status">
      <IconAlertTriangle className={classes.icon} aria-hidden />
      <span className={classes.words}>
        {problems.map(({ code }) => `${ERRORS[code].title}. ${ERRORS[code].state}`).join(" ")}
      </span>
      <a href={href({ page: "settings", project: "project" in here ? here.project : undefined })}>
        What to do
      </a>
    </div>
  );
}

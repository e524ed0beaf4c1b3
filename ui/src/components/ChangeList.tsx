import {
  IconArrowRight,
  IconDownload,
  IconHammer,
  IconPencil,
  IconPlayerPlay,
  IconPlus,
  IconRefresh,
  IconTrash,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Action, Change } from "../backend";
import classes from "./ChangeList.module.css";

const ACTIONS: Record<Action, { icon: TablerIcon; tone: "good" | "warn" | "bad" | "busy" }> = {
  create: { icon: IconPlus, tone: "good" },
  update: { icon: IconPencil, tone: "busy" },
  recreate: { icon: IconRefresh, tone: "warn" },
  start: { icon: IconPlayerPlay, tone: "good" },
  remove: { icon: IconTrash, tone: "bad" },
  build: { icon: IconHammer, tone: "busy" },
  pull: { icon: IconDownload, tone: "busy" },
};

/** `variable LOG_LEVEL` as its kind and its name. */
function parts(subject: string): [string, string] {
  const space = subject.indexOf(" ");
  return space < 0 ? ["", subject] : [subject.slice(0, space), subject.slice(space + 1)];
}

/** A change, whatever layer it is of. */
type Shown = Omit<Change, "layer">;

/** What a move does to each thing, and why. */
export function ChangeList({ changes, label }: { changes: Shown[]; label: string }) {
  return (
    <ul className={classes.list} aria-label={label}>
      {changes.map((change, place) => {
        const { icon: Icon, tone } = ACTIONS[change.action];
        const [kind, name] = parts(change.subject);
        return (
          <li key={`${place} ${change.subject}`} className={classes.change}>
            <span className={classes.action} data-tone={tone}>
              <Icon className={classes.icon} aria-hidden />
              {change.action}
            </span>
            <span className={classes.subject}>
              <span className={classes.kind}>{kind}</span> <span className={classes.name}>{name}</span>
            </span>
            <span className={classes.what}>
              {(change.before !== undefined || change.after !== undefined) && <Values change={change} />}
              <span className={classes.reason}>{change.reason}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Values({ change }: { change: Shown }) {
  return (
    <span className={classes.values}>
      {change.before != null && <del className={classes.before}>{change.before}</del>}
      {change.before != null && change.after != null && (
        <IconArrowRight className={classes.arrow} aria-label="becomes" />
      )}
      {change.after != null && <ins className={classes.after}>{change.after}</ins>}
    </span>
  );
}

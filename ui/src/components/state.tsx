/** Colour says state, never alone: an icon and a word stand with it. One vocabulary for the whole window. */
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconHelpCircle,
  IconLoader2,
  IconPlayerStop,
  IconShieldHalf,
  IconTrendingDown,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Deployment, Health, Outcome, StepState } from "../backend";
import classes from "./state.module.css";

/** What a colour means. */
export type Tone = "good" | "warn" | "bad" | "busy" | "quiet";

interface Look {
  tone: Tone;
  word: string;
  icon: TablerIcon;
}

export const HEALTH: Record<Health, Look> = {
  healthy: { tone: "good", word: "healthy", icon: IconCircleCheck },
  degraded: { tone: "warn", word: "degraded", icon: IconAlertTriangle },
  failing: { tone: "bad", word: "failing", icon: IconCircleX },
  unknown: { tone: "quiet", word: "unknown", icon: IconHelpCircle },
  deploying: { tone: "busy", word: "deploying", icon: IconLoader2 },
  interrupted: { tone: "warn", word: "interrupted", icon: IconPlayerStop },
  empty: { tone: "quiet", word: "not deployed", icon: IconCircleDashed },
};

const RESULT: Record<Outcome | "running", Look> = {
  running: { tone: "busy", word: "running", icon: IconLoader2 },
  succeeded: { tone: "good", word: "succeeded", icon: IconCircleCheck },
  failed: { tone: "bad", word: "failed", icon: IconCircleX },
  went_back: { tone: "warn", word: "went back", icon: IconTrendingDown },
  cancelled: { tone: "quiet", word: "cancelled", icon: IconCircleMinus },
  interrupted: { tone: "warn", word: "interrupted", icon: IconPlayerStop },
  unknown: { tone: "warn", word: "unknown", icon: IconHelpCircle },
};

export const STEP: Record<StepState, Look> = {
  pending: { tone: "quiet", word: "waiting", icon: IconCircleDashed },
  running: { tone: "busy", word: "running", icon: IconLoader2 },
  done: { tone: "good", word: "done", icon: IconCircleCheck },
  failed: { tone: "bad", word: "failed", icon: IconCircleX },
  skipped: { tone: "quiet", word: "skipped", icon: IconCircleMinus },
  cancelled: { tone: "quiet", word: "cancelled", icon: IconPlayerStop },
};

/** The words of every result, for filters. */
export const RESULT_WORDS = Object.entries(RESULT)
  .filter(([result]) => result !== "running")
  .map(([result, look]) => ({ result: result as Outcome, word: look.word }));

function Mark({ look, wordless }: { look: Look; wordless?: boolean }) {
  const Icon = look.icon;
  return (
    <span className={classes.mark} data-tone={look.tone} title={wordless ? look.word : undefined}>
      <Icon className={look.icon === IconLoader2 ? classes.turning : classes.icon} aria-hidden />
      <span className={wordless ? classes.hidden : undefined}>{look.word}</span>
    </span>
  );
}

export function HealthMark({ health, wordless }: { health: Health; wordless?: boolean }) {
  return <Mark look={HEALTH[health]} wordless={wordless} />;
}

export function ResultMark({ result }: { result: Deployment["result"] }) {
  return <Mark look={RESULT[result ?? "running"]} />;
}

/** How a command in a container is, or how it ended. */
export function CommandMark(props: { state: "running" | "stopping" } | { code: number; stopped: boolean }) {
  if ("state" in props) return <Mark look={{ tone: "busy", word: props.state, icon: IconLoader2 }} />;
  const word = `ended with code ${props.code}`;
  if (props.stopped) return <Mark look={{ tone: "quiet", word: `stopped, ${word}`, icon: IconPlayerStop }} />;
  return <Mark look={props.code === 0 ? { ...STEP.done, word } : { ...STEP.failed, word }} />;
}

export function StepMark({ state }: { state: StepState }) {
  return <Mark look={STEP[state]} wordless />;
}

/** Says that an environment's name has to be typed before anything is changed. */
export function ProtectedMark() {
  return (
    <span className={classes.protected} title="Its name has to be typed before anything is changed">
      <IconShieldHalf className={classes.icon} aria-hidden />
      <span className={classes.word}>protected</span>
    </span>
  );
}

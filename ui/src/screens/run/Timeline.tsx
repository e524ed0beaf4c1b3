import { UnstyledButton } from "@mantine/core";
import type { Step } from "../../backend";
import { ITEM, moveInList } from "../../components/arrows";
import { STAGES } from "../../components/stages";
import { StepMark } from "../../components/state";
import { Elapsed } from "../../components/Time";
import { usually } from "../../components/words";
import classes from "./Timeline.module.css";

interface Props {
  steps: readonly Step[];
  /** Seconds that a step usually takes, by its name. */
  usual: ReadonlyMap<string, number>;
  /** The deployment runs: how long a step has been going on counts then alone. */
  running: boolean;
  /** What the page says in full already; a step does not say it again. */
  said: string;
  onStep: (step: Step) => void;
}

/** The steps by stage, with their state, their time and their usual time. A click leads to a step's log. */
export function Timeline({ steps, usual, running, said, onStep }: Props) {
  const stages = [...new Set(steps.map(({ stage }) => stage))];
  return (
    <ol className={classes.timeline} aria-label="Steps" onKeyDown={moveInList}>
      {stages.map((stage) => (
        <li key={stage}>
          <p className={classes.stage}>{STAGES[stage]}</p>
          <ol>
            {steps
              .filter((step) => step.stage === stage)
              .map((step) => (
                <li key={step.number}>
                  <UnstyledButton
                    {...ITEM}
                    className={classes.step}
                    data-state={step.state}
                    data-stage={step.stage}
                    onClick={() => onStep(step)}
                    aria-label={`Log of step ${step.number}: ${step.name}`}
                  >
                    <StepMark state={step.state} />
                    <span className={classes.name}>{step.name}</span>
                    <span className={classes.time}>
                      {step.started && (running || step.ended) && (
                        <Elapsed started={step.started} ended={step.ended} />
                      )}
                      <Usual step={step} seconds={usual.get(step.name)} />
                    </span>
                    {step.detail && step.state !== "pending" && !said.includes(step.detail) && (
                      <span className={classes.detail} title={step.detail}>
                        {step.detail}
                      </span>
                    )}
                  </UnstyledButton>
                </li>
              ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

function Usual({ step, seconds }: { step: Step; seconds: number | undefined }) {
  const time = usually(seconds);
  if (!time || (step.state !== "running" && step.state !== "pending")) return null;
  return <span className={classes.usual}>{step.started ? `, usually ${time}` : `≈ ${time}`}</span>;
}

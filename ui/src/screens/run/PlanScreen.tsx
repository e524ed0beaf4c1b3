import { Button, TextInput } from "@mantine/core";
import { IconRefresh, IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLiveDeployments } from "../../app/live";
import { go } from "../../app/routes";
import { useTask } from "../../app/task";
import type { Failure, Plan } from "../../backend";
import { Hash } from "../../components/Hash";
import { useNow } from "../../components/now";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { ProtectedMark } from "../../components/state";
import { count } from "../../components/words";
import { isFirst, mayNotRun, PlanBody } from "./PlanBody";
import classes from "./PlanScreen.module.css";

interface Props {
  project: string;
  environment: string;
  title: string;
  /** What the button that runs it says. */
  verb: string;
  guarded: boolean;
  plan: UseQueryResult<unknown, Failure>;
  /** The plan, once it is made. */
  made: Plan | undefined;
  /** What it is called if there is nothing to plan for. */
  absent?: string;
  /** What is true when nothing changes. */
  nothing: string;
  /** Another environment, or another release. */
  choice?: ReactNode;
  /** What else there is to know before it, behind what blocks. */
  children?: ReactNode;
  /** What blocks and is told there. */
  told?: string[];
}

/** A plan to read, and the one button that runs exactly it. */
export function PlanScreen(props: Props) {
  const { project, environment, title, verb, guarded, plan, absent, nothing, choice, children, told } = props;
  const again = () => void plan.refetch();
  const making = plan.isFetching;
  const made = making ? undefined : props.made;
  return (
    <Page
      title={title}
      name={title}
      guarded={guarded}
      fixed
      about={guarded && <ProtectedMark />}
      actions={
        <>
          {choice}
          <Button
            leftSection={<IconRefresh className={classes.icon} aria-hidden />}
            onClick={again}
            loading={making}
          >
            Plan again
          </Button>
        </>
      }
    >
      <div className={classes.screen}>
        <div className={classes.facts}>
          {made ? <Facts plan={made} /> : making && <span>Looking at {environment}…</span>}
        </div>
        <div className={classes.scroll}>
          {making && <LoadingRows rows={10} />}
          {!making && plan.error && (
            <div className={classes.padded}>
              <Problem
                failure={plan.error}
                title={plan.error.code === "not_found" ? absent : undefined}
                reading
                onRetry={again}
                doing="Planning"
              />
            </div>
          )}
          {made &&
            (made.changes.length === 0 && made.blockers.length === 0 ? (
              <Empty
                title="Nothing to do"
                action={<Button onClick={() => go({ page: "overview", project })}>Go to Overview</Button>}
              >
                {nothing}
              </Empty>
            ) : (
              <PlanBody plan={made} project={project} told={told}>
                {children}
              </PlanBody>
            ))}
        </div>
        {made && made.changes.length > 0 && (
          <Confirm
            key={made.hash}
            project={project}
            environment={environment}
            verb={verb}
            plan={made}
            onPlanAgain={again}
          />
        )}
      </div>
    </Page>
  );
}

/** From where to where, the plan's identity, how long it is valid, and whether there is a way back. */
function Facts({ plan }: { plan: Plan }) {
  const now = useNow(10_000);
  // The clock is up to ten seconds behind: just made it is not valid for longer than it ever is.
  const left = Math.round((Date.parse(plan.expires) - now) / 60_000);
  const { proven, reasons } = plan.ready_to_go_back;
  const Shield = proven ? IconShieldCheck : IconShieldX;
  return (
    <>
      <span className={classes.from}>
        {plan.from ? `#${plan.from}` : "nothing"} → {plan.to ? `what #${plan.to} was` : "a new release"}
      </span>
      <span>{count(plan.changes.length, "change")}</span>
      <span className={classes.hash}>
        plan <Hash of={plan.hash} what="the plan's hash" />
      </span>
      <span>{left > 0 ? `valid ${left} min` : "expired"}</span>
      {isFirst(plan) ? (
        <span className={classes.first}>first release, nothing to go back to yet</span>
      ) : (
        <span className={classes.back} data-proven={proven} title={reasons.join("\n")}>
          <Shield className={classes.icon} aria-hidden />
          going back: {proven ? "proven" : "not proven"}
        </span>
      )}
    </>
  );
}

interface ConfirmProps {
  project: string;
  environment: string;
  verb: string;
  plan: Plan;
  onPlanAgain: () => void;
}

function Confirm({ project, environment, verb, plan, onPlanAgain }: ConfirmProps) {
  const live = useLiveDeployments();
  const now = useNow(5000);
  const [typed, setTyped] = useState("");
  const run = useTask(async () => {
    const number = await live.run(project, plan.hash, plan.protected ? typed : null);
    go({ page: "deployment", project, number }, "replace");
  });
  const expired = Date.parse(plan.expires) <= now;
  const blocked = plan.blockers.length > 0 || mayNotRun(plan);
  const ready = !blocked && !expired && (!plan.protected || typed === environment);
  return (
    <form
      className={classes.confirm}
      data-guarded={plan.protected}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void run.start();
      }}
    >
      {run.problem && <Problem failure={run.problem} onRetry={onPlanAgain} doing={verb} />}
      <div className={classes.line}>
        <span className={classes.why}>
          {expired
            ? "The plan has expired: plan again."
            : blocked
              ? plan.blockers.length > 0
                ? "What blocks it has to be mended first."
                : "Its commands may not run on this machine yet."
              : "Runs exactly this plan, or refuses if anything has moved."}
        </span>
        {plan.protected && !blocked && (
          <TextInput
            className={classes.typed}
            aria-label={`Type ${environment} to confirm`}
            placeholder={`Type ${environment} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <Button onClick={() => go({ page: "overview", project })}>Cancel</Button>
        {expired ? (
          <Button variant="filled" onClick={onPlanAgain}>
            Make a new plan
          </Button>
        ) : (
          <Button
            type="submit"
            variant="filled"
            color={plan.protected ? "protected" : undefined}
            disabled={!ready}
            loading={run.busy}
          >
            {verb}
          </Button>
        )}
      </div>
    </form>
  );
}

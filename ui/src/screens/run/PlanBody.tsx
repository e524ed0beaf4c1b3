import { Button } from "@mantine/core";
import { IconCheck, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useQueries } from "../../app/queries";
import { go } from "../../app/routes";
import type { Layer, Plan } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { Notice } from "../../components/Problem";
import { Untrusted } from "../../components/Trust";
import { count } from "../../components/words";
import classes from "./PlanBody.module.css";

interface Props {
  plan: Plan;
  project: string;
  children?: ReactNode;
  /** What blocks and is told by the children. */
  told?: string[];
}

/** Whether nothing was released before it: that it has no way back is how things begin, and no fault. */
export function isFirst({ from }: Plan): boolean {
  return from === null;
}

/** Whether it would run commands of a project that nobody trusts yet. */
export function mayNotRun({ untrusted = [] }: Plan): boolean {
  return untrusted.length > 0;
}

/** The plan in the order of the road: what blocks, what to know, then stage after stage. */
export function PlanBody({ plan, project, children, told = [] }: Props) {
  const { proven, reasons } = plan.ready_to_go_back;
  const blockers = plan.blockers.filter((blocker) => !told.includes(blocker));
  return (
    <div className={classes.body}>
      {blockers.length > 0 && (
        <Notice severity="error" title="This has to be mended first">
          <List items={blockers} />
          {plan.kind !== "rollback" && (
            <div>
              <Button onClick={() => go({ page: "configuration", project, filter: "missing" })}>
                Open Configuration
              </Button>
            </div>
          )}
        </Notice>
      )}
      {mayNotRun(plan) && <Untrusted project={project} />}
      {children}
      {isFirst(plan) && (
        <Notice severity="info" title={`This is the first release of ${plan.environment}`}>
          <p>There is nothing to go back to yet; later deployments can go back to what this one makes.</p>
        </Notice>
      )}
      {!proven && !isFirst(plan) && (
        <Notice severity="warning" title="Going back is not proven">
          <List items={reasons} />
        </Notice>
      )}
      {plan.notes.length > 0 && (
        <Notice severity="info" title="Good to know">
          <List items={plan.notes} />
          <OpenSecrets project={project} environment={plan.environment} />
        </Notice>
      )}
      <Steps title="Checks" steps={plan.checks} about="before anything is touched" />
      <Steps title="Build" steps={plan.builds} about="before anything is touched" />
      <LayerSection plan={plan} layer="configuration" title="Configuration" />
      <LayerSection plan={plan} layer="application" title="Application">
        {plan.kept.length > 0 && (
          <p className={classes.kept}>
            <span>keep</span>
            <span>{plan.kept.join(", ")}</span>
            <span>unchanged, stays as it is</span>
          </p>
        )}
      </LayerSection>
      <Steps title="Verification" steps={plan.verifications} about="decides whether the change stays" />
      {proven && reasons.length > 0 && (
        <Section title="The way back" about="proven">
          <ul className={classes.proofs}>
            {reasons.map((reason) => (
              <li key={reason} className={classes.proof}>
                <IconCheck className={classes.icon} aria-hidden />
                {reason}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}

/** Values that look like secrets and stand in a file: they can be moved from here. */
function OpenSecrets({ project, environment }: { project: string; environment: string }) {
  const ask = useQueries();
  const importable = useQuery(ask.importable(project, environment));
  const found = importable.data?.found.length ?? 0;
  if (found === 0) return null;
  return (
    <div>
      <Button onClick={() => go({ page: "configuration", project, dialog: "import" })}>
        Move {count(found, "value")} into the keychain…
      </Button>
    </div>
  );
}

function List({ items }: { items: string[] }) {
  return (
    <ul className={classes.list}>
      {items.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  );
}

/** A part of the plan that can be folded away. */
export function Section({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <details className={classes.section} open>
      <summary className={classes.head}>
        <IconChevronRight className={classes.chevron} aria-hidden />
        <h2>{title}</h2>
        <span>{about}</span>
      </summary>
      {children}
    </details>
  );
}

function Steps({ title, steps, about }: { title: string; steps: string[]; about: string }) {
  if (steps.length === 0) return null;
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.road}>
        <h2>{title}</h2>
        <ul className={classes.steps}>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
        <span>{about}</span>
      </div>
    </section>
  );
}

interface LayerProps {
  plan: Plan;
  layer: Layer;
  title: string;
  children?: ReactNode;
}

function LayerSection({ plan, layer, title, children }: LayerProps) {
  const changes = plan.changes.filter((change) => change.layer === layer);
  return (
    <Section title={title} about={changes.length === 0 ? "no change" : count(changes.length, "change")}>
      {changes.length > 0 && <ChangeList changes={changes} label={`Changes of ${layer}`} />}
      {children}
    </Section>
  );
}

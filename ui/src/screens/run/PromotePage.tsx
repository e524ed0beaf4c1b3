import { Checkbox } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries } from "../../app/queries";
import { href } from "../../app/routes";
import type { ProjectView, Promotion } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { Notice } from "../../components/Problem";
import { count } from "../../components/words";
import { Section } from "./PlanBody";
import { PlanScreen } from "./PlanScreen";
import classes from "./PromotePage.module.css";

interface Props {
  project: ProjectView;
  /** The environment whose release is taken. */
  from: string;
  environment: string;
  guarded: boolean;
}

/** What moving an environment to the release of another one would change. It is the same move as a deployment. */
export default function PromotePage({ project, from, environment, guarded }: Props) {
  const [allowed, setAllowed] = useState<string[]>([]);
  const promotion = useQuery({
    ...useQueries().promotion(project.path, from, environment, allowed),
    placeholderData: keepPreviousData,
  });
  const what = promotion.data ? `#${promotion.data.release}` : `what ${from} has`;
  return (
    <PlanScreen
      project={project.path}
      environment={environment}
      title={`Promote ${what} to ${environment}`}
      verb={promotion.data ? `Promote ${what} to ${environment}` : `Promote to ${environment}`}
      guarded={guarded}
      plan={promotion}
      made={promotion.data?.plan}
      nothing={`${environment} already runs what ${from} has.`}
      told={promotion.data?.suspicious.map(({ key, reason }) => `${key} ${reason}`)}
    >
      {promotion.data && (
        <Comparison
          project={project.path}
          promotion={promotion.data}
          onAllow={(key, yes) =>
            setAllowed(yes ? [...allowed, key] : allowed.filter((other) => other !== key))
          }
        />
      )}
    </PlanScreen>
  );
}

interface ComparisonProps {
  project: string;
  promotion: Promotion;
  onAllow: (key: string, yes: boolean) => void;
}

/** How the two environments differ, and the values that may belong to the other one. */
function Comparison({ project, promotion, onAllow }: ComparisonProps) {
  const { from, to, differences, suspicious } = promotion;
  const open = suspicious.filter(({ allowed }) => !allowed).length;
  return (
    <>
      {suspicious.length > 0 && (
        <Notice
          severity={open > 0 ? "error" : "info"}
          title={
            open > 0
              ? `${count(open, "value")} of ${to} may belong to another environment`
              : `What looked odd in ${to} is meant`
          }
        >
          {open > 0 && <p>Nothing is promoted before each is mended, or said to be meant like that.</p>}
          <ul className={classes.suspicious} aria-label="Values that may belong to another environment">
            {suspicious.map(({ key, reason, allowed }) => (
              <li key={key}>
                <Checkbox
                  size="xs"
                  checked={allowed}
                  onChange={(event) => onAllow(key, event.currentTarget.checked)}
                  label={
                    <>
                      <a href={href({ page: "configuration", project, select: key })}>
                        <code>{key}</code>
                      </a>{" "}
                      {reason}
                    </>
                  }
                  description="It is meant like that"
                />
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Section
        title={`Variables of ${from} and ${to}`}
        about={
          differences.length === 0
            ? "the same"
            : `${count(differences.length, "difference")}; each keeps its own`
        }
      >
        {differences.length > 0 && (
          <ChangeList changes={differences} label={`How the variables of ${from} and ${to} differ`} />
        )}
      </Section>
    </>
  );
}

import { Button, type MantineColorScheme, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import type { Part } from "../../backend";
import { LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { TrustState } from "../../components/Trust";
import classes from "./Settings.module.css";

const SCHEMES: { value: MantineColorScheme; label: string }[] = [
  { value: "auto", label: "Like the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** What Sternway needs from this machine and whether it has it; how it looks. */
export default function Settings({ project }: { project?: string }) {
  const ask = useQueries();
  const machine = useQuery(ask.machine());
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const again = () => void machine.refetch();
  return (
    <Page
      title="Settings"
      name="Settings"
      actions={
        <Button onClick={again} loading={machine.isFetching}>
          Check again
        </Button>
      }
    >
      <div className={classes.page}>
        <section aria-labelledby="machine">
          <h2 id="machine" className={classes.heading}>
            This machine
          </h2>
          {machine.isPending && <LoadingRows rows={3} />}
          {machine.error && (
            <Problem failure={machine.error} reading onRetry={again} doing="Looking at this machine" />
          )}
          {machine.data && (
            <div className={classes.parts}>
              <PartRow
                name="Container engine"
                about="runs the environments whose target is local"
                part={machine.data.engine}
                onRetry={again}
              />
              <PartRow
                name="Keychain"
                about="the only place that holds secret values"
                part={machine.data.keychain}
                onRetry={again}
              />
              <PartRow
                name="History"
                about="deployments, releases and logs"
                part={machine.data.history}
                onRetry={again}
              />
            </div>
          )}
        </section>
        {project && (
          <section aria-labelledby="trust">
            <h2 id="trust" className={classes.heading}>
              Trust
            </h2>
            <TrustState project={project} />
          </section>
        )}
        <section aria-labelledby="appearance">
          <h2 id="appearance" className={classes.heading}>
            Appearance
          </h2>
          <SegmentedControl
            size="xs"
            aria-label="Appearance"
            data={SCHEMES}
            value={colorScheme}
            onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
          />
        </section>
        {machine.data && (
          <section aria-labelledby="about">
            <h2 id="about" className={classes.heading}>
              About
            </h2>
            <dl className={classes.facts}>
              <dt>Sternway</dt>
              <dd>{machine.data.version}</dd>
              <dt>Its data</dt>
              <dd>
                <code>{machine.data.home}</code>
              </dd>
            </dl>
          </section>
        )}
      </div>
    </Page>
  );
}

interface PartProps {
  name: string;
  about: string;
  part: Part;
  onRetry: () => void;
}

function PartRow({ name, about, part, onRetry }: PartProps) {
  const Icon = part.ok ? IconCircleCheck : IconCircleX;
  return (
    <div className={classes.part}>
      <div className={classes.line}>
        <Icon className={classes.icon} data-ok={part.ok} aria-label={part.ok ? "works" : "does not work"} />
        <span className={classes.name}>{name}</span>
        <span className={classes.about}>{about}</span>
        <code className={classes.detail}>{part.detail}</code>
      </div>
      {part.problem && <Problem failure={part.problem} reading onRetry={onRetry} />}
    </div>
  );
}

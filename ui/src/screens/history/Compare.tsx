import { Button } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useQueries } from "../../app/queries";
import { go, href } from "../../app/routes";
import type { Layer, ProjectView } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { Empty, LoadingRows, Page } from "../../components/Page";
import { Problem } from "../../components/Problem";
import { count } from "../../components/words";
import classes from "./Compare.module.css";

const LAYERS: { layer: Layer; title: string }[] = [
  { layer: "configuration", title: "Configuration" },
  { layer: "application", title: "Application" },
];

interface Props {
  project: ProjectView;
  a: number;
  b: number;
}

/** What a move from one deployment's release to another's changes, layer by layer. */
export default function Compare({ project, a, b }: Props) {
  const ask = useQueries();
  const comparison = useQuery(ask.compare(project.path, a, b));
  const name = `#${a} compared with #${b}`;
  return (
    <Page
      title={name}
      name={name}
      about={
        <>
          <a href={href({ page: "deployment", project: project.path, number: a })}>Show #{a}</a>
          <a href={href({ page: "deployment", project: project.path, number: b })}>Show #{b}</a>
        </>
      }
      actions={
        <>
          <Button
            leftSection={<IconArrowsExchange className={classes.icon} aria-hidden />}
            onClick={() => go({ page: "compare", project: project.path, a: b, b: a })}
          >
            Swap sides
          </Button>
          <Button onClick={() => go({ page: "history", project: project.path })}>Back to History</Button>
        </>
      }
    >
      {comparison.isPending && <LoadingRows rows={8} />}
      {comparison.error && (
        <Problem
          failure={comparison.error}
          reading
          onRetry={() => comparison.refetch()}
          doing={`Comparing #${a} with #${b}`}
        />
      )}
      {comparison.data &&
        (comparison.data.changes.length === 0 ? (
          <Empty title="No difference">
            #{a} and #{b} ran the same, in every layer.
          </Empty>
        ) : (
          <div className={classes.layers}>
            {LAYERS.map(({ layer, title }) => {
              const changes = comparison.data.changes.filter((change) => change.layer === layer);
              return (
                <section key={layer} className={classes.layer} aria-label={title}>
                  <header className={classes.head}>
                    <h2>{title}</h2>
                    <span>{changes.length === 0 ? "the same" : count(changes.length, "difference")}</span>
                  </header>
                  {changes.length > 0 && <ChangeList changes={changes} label={`Differences of ${layer}`} />}
                </section>
              );
            })}
          </div>
        ))}
    </Page>
  );
}

import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import { useQueries } from "../../app/queries";
import type { DocumentRelease } from "../../backend";
import { EarlierNote } from "../../components/Earlier";
import { Empty, LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import classes from "./DocumentEditor.module.css";
import type { OpenDocument } from "./useDocument";

const Difference = lazy(() => import("../../components/editor/Difference"));

const DISK = "disk";

interface Props {
  project: string;
  document: OpenDocument;
}

/** What is different from what an environment runs, or from the file. */
export function Changes({ project, document }: Props) {
  const { opened, text } = document;
  const ask = useQueries();
  const releases = useQuery(ask.documentReleases(project, opened?.path ?? ""));
  const [chosen, choose] = useState<string>();
  const known = releases.data?.filter(({ version }) => version !== null) ?? [];
  const release =
    chosen === DISK ? undefined : (known.find(({ environment }) => environment === chosen) ?? latest(known));
  const earlier = useQuery({
    ...ask.documentAt(project, opened?.path ?? "", release?.version ?? 0, opened?.stamp ?? null),
    enabled: release !== undefined,
  });
  if (!opened) return null;
  const choices = [
    ...(releases.data ?? []).map(({ environment, release: number, version }) => ({
      value: environment,
      label: `with what ${environment} runs (#${number})`,
      disabled: version === null,
    })),
    { value: DISK, label: "with the file on the disk" },
  ];
  const before = release ? (earlier.data?.text ?? "") : (opened.text ?? "");
  return (
    <div className={classes.changes}>
      <div className={classes.against}>
        <Select
          className={classes.with}
          size="xs"
          aria-label="Compared with"
          data={choices}
          value={release?.environment ?? DISK}
          allowDeselect={false}
          onChange={(next) => choose(next ?? DISK)}
        />
        {releases.data?.length === 0 && (
          <span className={classes.quiet}>No environment that reads this file was deployed yet.</span>
        )}
        {release && earlier.data && (
          <EarlierNote
            className={classes.quiet}
            document={earlier.data}
            where={`${release.environment}'s release #${release.release}`}
          />
        )}
      </div>
      {releases.error && (
        <div className={classes.notice}>
          <Problem
            failure={releases.error}
            reading
            onRetry={() => releases.refetch()}
            doing="Looking for what is deployed"
            compact
          />
        </div>
      )}
      {release && earlier.error ? (
        <div className={classes.notice}>
          <Problem
            failure={earlier.error}
            reading
            onRetry={() => earlier.refetch()}
            doing="Reading what is deployed"
            compact
          />
        </div>
      ) : releases.isPending || (release && earlier.isPending) ? (
        <LoadingRows rows={12} />
      ) : release && earlier.data?.kept === "nothing" ? (
        <Empty title="Nothing to compare with">Compare with another environment, or with the file.</Empty>
      ) : before === text ? (
        <Empty title="No difference">
          {release
            ? earlier.data?.withheld_differs
              ? "But for what is withheld, the text is what runs."
              : `The text is what ${release.environment} runs.`
            : "The text is what stands in the file."}
        </Empty>
      ) : (
        <Difference
          before={before}
          after={text}
          labels={[release ? `In ${release.environment}` : "On the disk", "Here"]}
          path={opened.path}
        />
      )}
    </div>
  );
}

/** The release that was made last: what a person who edits the file has in mind. */
function latest(releases: DocumentRelease[]): DocumentRelease | undefined {
  return releases.reduce<DocumentRelease | undefined>(
    (best, one) => (best && best.created >= one.created ? best : one),
    undefined,
  );
}

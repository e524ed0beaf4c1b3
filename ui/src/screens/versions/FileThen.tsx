import { Button, Modal, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useQueries } from "../../app/queries";
import { href } from "../../app/routes";
import { EarlierNote } from "../../components/Earlier";
import { Empty, LoadingRows } from "../../components/Page";
import { Problem } from "../../components/Problem";
import classes from "./FileThen.module.css";

// The editor's code is loaded when a text is looked at.
const Reader = lazy(() => import("../../components/editor/Reader"));
const Difference = lazy(() => import("../../components/editor/Difference"));

interface Props {
  project: string;
  version: number;
  file: string;
  onRestore: () => void;
  onClose: () => void;
}

/** A file as it was in a version: its text, or how that differs from the one of today. */
export function FileThen({ project, version, file, onRestore, onClose }: Props) {
  const ask = useQueries();
  const [shown, setShown] = useState<"text" | "now">("text");
  const now = useQuery(ask.document(project, file, false));
  const then = useQuery({
    ...ask.documentAt(project, file, version, now.data?.stamp ?? null),
    enabled: !now.isPending,
  });
  const text = then.data?.text ?? null;
  const today = now.data?.text ?? "";
  return (
    <Modal
      opened
      onClose={onClose}
      size="80rem"
      title={`${file}, as it was in version ${version}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className={classes.file}>
        <div className={classes.tools}>
          <SegmentedControl
            className={classes.views}
            size="xs"
            aria-label="What is shown"
            data={[
              { value: "text", label: "As it was" },
              { value: "now", label: "Difference to now" },
            ]}
            value={shown}
            onChange={(next) => setShown(next as typeof shown)}
          />
          {then.data && (
            <EarlierNote className={classes.quiet} document={then.data} where={`version ${version}`} />
          )}
        </div>
        <div className={classes.text}>
          {then.isPending && <LoadingRows rows={8} />}
          {then.error && (
            <Problem
              failure={then.error}
              reading
              onRetry={() => then.refetch()}
              doing={`Reading ${file} as it was`}
              compact
            />
          )}
          <Suspense fallback={<LoadingRows rows={8} />}>
            {then.data &&
              (text === null ? (
                <Empty title={then.data.kept === "absent" ? "It was not there" : "No text"} />
              ) : shown === "text" ? (
                <Reader text={text} label={`${file} in version ${version}`} path={file} />
              ) : text === today ? (
                <Empty title="No difference">
                  {then.data.withheld_differs
                    ? "But for what is withheld, it is what it was."
                    : "It is what it was."}
                </Empty>
              ) : (
                <Difference before={text} after={today} labels={[`Version ${version}`, "Now"]} path={file} />
              ))}
          </Suspense>
        </div>
        <div className={classes.buttons}>
          <Button component="a" href={href({ page: "documents", project, file })} variant="subtle">
            Edit {file}
          </Button>
          <span className={classes.space} />
          <Button onClick={onRestore} disabled={text === null}>
            Bring {file} back…
          </Button>
          <Button onClick={onClose}>Close</Button>
        </div>
      </div>
    </Modal>
  );
}

import { Button, Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { type RestoreScope, useBackend } from "../../backend";
import { ChangeList } from "../../components/ChangeList";
import { Empty, LoadingRows } from "../../components/Page";
import { Notice, Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { count } from "../../components/words";
import { listed, origin } from "./changes";
import classes from "./RestoreDialog.module.css";

interface Props {
  project: string;
  version: number;
  /** Everything, unless a part is named. */
  scope: RestoreScope;
  onClose: () => void;
}

/** Shows what bringing a version back would change, and does exactly that. */
export function RestoreDialog({ project, version, scope, onClose }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const plan = useQuery(useQueries().restore(project, version, scope));
  const [note, setNote] = useState("");
  const restore = useTask(async (stamp: string) => {
    await backend.restore(project, version, scope, stamp, note.trim() === "" ? null : note.trim());
    refresh.restored(project);
    onClose();
  });
  const made = plan.isFetching ? undefined : plan.data;
  const what =
    scope.key ?? scope.file ?? (scope.environment ? `what ${scope.environment} reads` : "everything");
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`Bring ${what} back to version ${version}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (made && made.changes.length > 0) void restore.start(made.stamp);
        }}
      >
        {plan.isFetching && <LoadingRows rows={4} />}
        {!plan.isFetching && plan.error && (
          <Problem
            failure={plan.error}
            reading
            onRetry={() => plan.refetch()}
            doing="Looking at what would change"
            compact
          />
        )}
        {made && (
          <>
            <p className={classes.hint}>
              Version {version}, {origin(made.version)} <Time at={made.version.created} />
              {made.version.note && `: ${made.version.note}`}. Bringing it back is a version of its own, and
              can be taken back like any other.
            </p>
            {made.changes.length === 0 ? (
              <Empty title="Nothing would change">It is as it was in version {version} already.</Empty>
            ) : (
              <div className={classes.changes}>
                <ChangeList changes={listed(made.changes)} label="What would change" />
              </div>
            )}
            {made.left.length > 0 && (
              <Notice
                severity="warning"
                title={`${count(made.left.length, "difference")} cannot be brought back`}
              >
                <ul>
                  {made.left.map(({ subject, reason }) => (
                    <li key={subject}>
                      {subject}: {reason}
                    </li>
                  ))}
                </ul>
              </Notice>
            )}
          </>
        )}
        {restore.problem && (
          <Problem
            failure={restore.problem}
            doing="Bringing it back"
            onRetry={() => {
              restore.clear();
              void plan.refetch();
            }}
            compact
          />
        )}
        <div className={classes.buttons}>
          <TextInput
            className={classes.note}
            aria-label="Why it is brought back"
            placeholder="Why (optional)"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            disabled={!made || made.changes.length === 0}
            loading={restore.busy}
          >
            Bring back {made ? count(made.changes.length, "change") : "…"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

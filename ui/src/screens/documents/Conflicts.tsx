import { Button, Modal, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { DocumentConflict, Failure, MergeResolution } from "../../backend";
import { Problem } from "../../components/Problem";
import { count } from "../../components/words";
import classes from "./Conflicts.module.css";
import { idOf, pathText } from "./tree";

interface Props {
  path: string;
  conflict: DocumentConflict;
  busy: boolean;
  problem: Failure | undefined;
  onSave: (resolutions: MergeResolution[]) => void;
  onClose: () => void;
}

type Take = MergeResolution["take"];

/** Values that both sides changed: each is chosen, then both sides' changes are saved together. */
export function Conflicts({ path, conflict, busy, problem, onSave, onClose }: Props) {
  const { conflicts } = conflict;
  const [chosen, setChosen] = useState<ReadonlyMap<string, Take>>(new Map());
  const choose = (id: string, take: Take) => setChosen(new Map(chosen).set(id, take));
  const all = (take: Take) => setChosen(new Map(conflicts.map(({ path: way }) => [idOf(way), take])));
  const open = conflicts.filter(({ path: way }) => !chosen.has(idOf(way))).length;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`${path} was changed here and outside`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.conflicts}
        onSubmit={(event) => {
          event.preventDefault();
          const resolutions = conflicts.flatMap(({ path: way, theirs }) => {
            const take = chosen.get(idOf(way));
            return take ? [{ path: way, take, theirs }] : [];
          });
          if (open === 0) onSave(resolutions);
        }}
      >
        <p className={classes.hint}>
          Nothing was written yet. {count(conflicts.length, "value")}{" "}
          {conflicts.length === 1 ? "was" : "were"} changed on both sides; everything else is brought together
          by itself.
        </p>
        <ul className={classes.list} aria-label="Values that both sides changed">
          {conflicts.map(({ path: way, base, ours, theirs }) => {
            const id = idOf(way);
            const name = way.length === 0 ? "the whole text" : pathText(way);
            const take = chosen.get(id);
            return (
              <li key={id} className={classes.conflict}>
                <div className={classes.head}>
                  <code className={classes.name}>{name}</code>
                  <SegmentedControl
                    size="xs"
                    aria-label={`Which ${name} is kept`}
                    data={[
                      { value: "ours", label: "Keep mine" },
                      { value: "theirs", label: "Take theirs" },
                    ]}
                    value={take ?? ""}
                    onChange={(value) => choose(id, value as Take)}
                  />
                </div>
                <dl className={classes.sides}>
                  <Side label="was" value={base} />
                  <Side label="mine" value={ours} chosen={take === "ours"} />
                  <Side label="theirs" value={theirs} chosen={take === "theirs"} />
                </dl>
              </li>
            );
          })}
        </ul>
        {problem && <Problem failure={problem} doing="Saving" compact />}
        <div className={classes.buttons}>
          <Button onClick={() => all("ours")}>Keep all of mine</Button>
          <Button onClick={() => all("theirs")}>Take all of theirs</Button>
          <span className={classes.space} />
          <Button onClick={onClose}>Go on editing</Button>
          <Button type="submit" variant="filled" disabled={open > 0} loading={busy}>
            {open > 0 ? `${open} to choose` : "Save what was chosen"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Side({ label, value, chosen }: { label: string; value: string | null; chosen?: boolean }) {
  return (
    <div className={classes.side} data-chosen={chosen}>
      <dt>{label}</dt>
      <dd>{value === null ? <span className={classes.hint}>not there</span> : <code>{value}</code>}</dd>
    </div>
  );
}

import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import type { Matrix } from "../../backend";
import { InspectorFrame } from "../../components/InspectorFrame";
import { count } from "../../components/words";
import { canCopy } from "./CopyTo";
import { cellOf, isHidden, takeAway } from "./edits";
import classes from "./Inspector.module.css";
import { type Area, cellsOf } from "./range";

interface Props {
  matrix: Matrix;
  area: Area;
  busy: boolean;
  /** Writes one value into every selected cell that is no secret. */
  onFill: (value: string) => Promise<boolean>;
  onRemove: () => void;
  onCopyTo: () => void;
  onClose: () => void;
}

/** Several cells: what they have in common, and what can be done with all of them at once. */
export function SelectionInspector({ matrix, area, busy, onFill, onRemove, onCopyTo, onClose }: Props) {
  const cells = cellsOf(area);
  const plain = cells.filter((at) => {
    const cell = cellOf(matrix, at);
    return cell && !isHidden(cell);
  });
  const values = new Set(plain.map((at) => cellOf(matrix, at)?.value ?? ""));
  const common = values.size === 1 ? [...values][0] : undefined;
  const [draft, setDraft] = useState(common ?? "");
  const [touched, setTouched] = useState(false);
  const removable = takeAway(matrix, cells).edits.length;
  const [key] = area.keys;
  return (
    <InspectorFrame
      label={`About ${cells.length} selected values`}
      title={
        <>
          <span className={classes.strong}>{count(cells.length, "value")} selected</span>
          <span className={classes.environment}>
            {area.keys.length === 1 ? (
              <code className={classes.mono}>{key}</code>
            ) : (
              count(area.keys.length, "variable")
            )}{" "}
            in{" "}
            {area.environments.length > 2
              ? count(area.environments.length, "environment")
              : area.environments.join(" and ")}
          </span>
        </>
      }
      onClose={onClose}
    >
      <form
        className={classes.part}
        onSubmit={(event) => {
          event.preventDefault();
          void onFill(draft);
        }}
      >
        <Textarea
          size="xs"
          label="One value for all of them"
          description={
            plain.length < cells.length
              ? `${count(cells.length - plain.length, "secret")} among them will be left alone.`
              : undefined
          }
          placeholder={common === undefined ? `${values.size} different values` : "empty"}
          classNames={{ input: classes.mono }}
          autosize={false}
          rows={1}
          resize="vertical"
          value={draft}
          onChange={(event) => {
            setDraft(event.currentTarget.value);
            setTouched(true);
          }}
          spellCheck={false}
          data-inspector-field
        />
        <div className={classes.line}>
          <span />
          <Button type="submit" disabled={!touched || plain.length === 0} loading={busy}>
            Set {count(plain.length, "value")}
          </Button>
        </div>
      </form>
      <section className={classes.part}>
        <h2 className={classes.heading}>More</h2>
        <div className={classes.buttons}>
          {area.environments.length === 1 && (
            <Button onClick={onCopyTo} disabled={!canCopy(matrix, cells)}>
              Copy to other environments…
            </Button>
          )}
          <Button onClick={onRemove} disabled={removable === 0}>
            Remove {count(removable, "own value")}…
          </Button>
        </div>
      </section>
    </InspectorFrame>
  );
}

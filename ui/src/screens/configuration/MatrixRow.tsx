import { UnstyledButton } from "@mantine/core";
import { IconAsterisk, IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type CSSProperties, memo } from "react";
import type { MatrixRow as Row } from "../../backend";
import { CellEditor, type EditorProps } from "./CellEditor";
import { CellText } from "./CellText";
import classes from "./MatrixGrid.module.css";

interface RowProps {
  row: Row;
  environments: string[];
  /** Its place among the lines, from 0, and in pixels. */
  index: number;
  top: number;
  /** The column of the cursor, if it is in this row; the first and the last selected column. */
  cursor: number | undefined;
  from: number | undefined;
  to: number | undefined;
  /** The column that the Tab key comes to, if it is in this row. */
  entrance: number | undefined;
  /** The cell under the cursor is being written. */
  editor: EditorProps | undefined;
}

/** A key in every environment. It is drawn again only when something about it is different. */
export const MatrixRow = memo(function MatrixRow(props: RowProps) {
  const { row, environments, index, top, cursor, from, to, entrance, editor } = props;
  return (
    <div
      role="row"
      className={classes.row}
      style={place(top)}
      aria-rowindex={index + 2}
      data-current={cursor !== undefined}
    >
      <span role="rowheader" className={classes.key} title={row.key} data-header={row.key}>
        <span className={classes.keyName}>{row.key}</span>
        {row.required && (
          <span className={classes.required} title="Required by sternway.yaml">
            <IconAsterisk className={classes.star} aria-label="required by sternway.yaml" />
          </span>
        )}
      </span>
      {environments.map((environment, column) => {
        const current = cursor === column;
        const selected = from !== undefined && to !== undefined && from <= column && column <= to;
        return (
          <div
            key={environment}
            role="gridcell"
            className={classes.cell}
            aria-label={`${row.key} in ${environment}`}
            aria-selected={selected}
            tabIndex={entrance === column ? 0 : -1}
            data-cursor={current}
            data-cell={column}
            data-key={row.key}
          >
            {current && editor ? <CellEditor {...editor} /> : <CellText row={row} column={column} />}
          </div>
        );
      })}
    </div>
  );
});

interface GroupProps {
  /** Empty for the rows that have none. */
  group: string;
  size: number;
  open: boolean;
  top: number;
  onToggle: () => void;
}

/** A group's name, which opens and closes it. */
export function Group({ group, size, open, top, onToggle }: GroupProps) {
  const name = group || "Other";
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <div role="row" className={classes.groupRow} style={place(top)}>
      <span role="gridcell">
        <UnstyledButton
          className={classes.group}
          onClick={onToggle}
          aria-expanded={open}
          aria-label={`Group ${name}`}
        >
          <Chevron className={classes.icon} aria-hidden />
          <span className={classes.groupName}>{name}</span>
          <span className={classes.size}>{size}</span>
        </UnstyledButton>
      </span>
    </div>
  );
}

function place(top: number): CSSProperties {
  return { transform: `translateY(${top}px)` };
}

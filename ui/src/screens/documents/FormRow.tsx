import { ActionIcon, Menu, Switch, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconDots } from "@tabler/icons-react";
import type { CSSProperties } from "react";
import type { DocumentEdit, DocumentNode, DocumentView } from "../../backend";
import { count } from "../../components/words";
import classes from "./Form.module.css";
import { isHolder, nameOf, pathText, typeName } from "./tree";
import { ValueField } from "./ValueField";

interface Props {
  node: DocumentNode;
  /** What it is called where it stands. */
  label: string;
  top: number;
  /** How many values it holds. */
  size: number;
  open: boolean;
  current: boolean;
  /** The format knows texts alone. */
  plain: boolean;
  onToggle: () => void;
  onEdit: (edit: DocumentEdit) => Promise<boolean>;
  onTry: (edit: DocumentEdit) => Promise<DocumentView | undefined>;
  onLine: (line: number) => void;
  /** Asks for a name: of a value to add, or a new one for this. */
  onName: (node: DocumentNode, add: boolean) => void;
}

/** A value: its key, a field of its type, and what can be done with it. */
export function FormRow(props: Props) {
  const { node, label, top, size, open, current, onToggle, onEdit, onLine, onName } = props;
  const name = pathText(node.path);
  const holder = isHolder(node);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  const style = { transform: `translateY(${top}px)`, "--depth": node.depth } as CSSProperties;
  return (
    <div
      role="treeitem"
      className={classes.row}
      style={style}
      aria-level={node.depth + 1}
      aria-label={name}
      aria-expanded={holder ? open : undefined}
      aria-selected={current}
      data-current={current}
      tabIndex={-1}
      onFocus={() => onLine(node.line)}
    >
      <span className={classes.name} title={name}>
        {holder ? (
          <UnstyledButton
            className={classes.holder}
            onClick={onToggle}
            onKeyDown={(event) => {
              if ((event.key === "ArrowLeft" && open) || (event.key === "ArrowRight" && !open)) onToggle();
            }}
            aria-label={`${open ? "Close" : "Open"} ${name}`}
            data-field
          >
            <Chevron className={classes.small} aria-hidden />
            <span className={classes.label}>{label}</span>
          </UnstyledButton>
        ) : (
          <span className={`${classes.label} ${classes.leaf}`}>{label}</span>
        )}
      </span>
      <span className={classes.value}>
        {holder ? (
          <span className={classes.quiet}>{count(size, node.kind === "array" ? "item" : "value")}</span>
        ) : (
          <Value {...props} name={name} />
        )}
      </span>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon className={classes.more} aria-label={`More for ${name}`}>
            <IconDots className={classes.small} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {holder && <Menu.Item onClick={() => onName(node, true)}>Add to {label}…</Menu.Item>}
          {typeof node.path.at(-1) === "string" && (
            <Menu.Item onClick={() => onName(node, false)}>Rename {nameOf(node.path)}…</Menu.Item>
          )}
          <Menu.Item onClick={() => onLine(node.line)}>Go to line {node.line}</Menu.Item>
          <Menu.Item color="danger" onClick={() => void onEdit({ unset: { path: node.path } })}>
            Remove {name}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

function Value({ node, name, plain, onEdit, onTry, onLine }: Props & { name: string }) {
  const { kind, value, secret, value_type: type } = node;
  if (secret && value === null) {
    return (
      <span className={classes.secret} title="It looks like a secret, and stands in the file in plain text">
        <span aria-hidden>●●●●</span> withheld
      </span>
    );
  }
  if (kind === "boolean") {
    return (
      <>
        <Switch
          size="xs"
          aria-label={name}
          checked={value === "true"}
          onChange={(event) =>
            void onEdit({ set: { path: node.path, value: String(event.currentTarget.checked) } })
          }
          data-field
        />
        <span className={classes.quiet}>{value}</span>
      </>
    );
  }
  if (kind === "other" || value?.includes("\n")) {
    return (
      <UnstyledButton className={classes.quiet} onClick={() => onLine(node.line)} data-field>
        {value?.includes("\n")
          ? `${count(value.split("\n").length, "line")}: edit in the text`
          : (value ?? "edit in the text")}
      </UnstyledButton>
    );
  }
  const label = type
    ? typeName(type)
    : kind === "expression"
      ? "worked out"
      : plain
        ? ""
        : kind === "string"
          ? "text"
          : kind;
  return <ValueField key={value} node={node} name={name} label={label} onEdit={onEdit} onTry={onTry} />;
}

import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./InspectorFrame.module.css";

interface Props {
  /** Its name. */
  label: string;
  /** What closing it is called. */
  close?: string;
  /** The title, and a smaller line below it. */
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** What is said about a selection, at the right of a page; `Esc` closes it. */
export function InspectorFrame({ label, close = "Close the inspector", title, onClose, children }: Props) {
  return (
    <aside
      className={classes.inspector}
      aria-label={label}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <header className={classes.head}>
        <div className={classes.title}>{title}</div>
        <ActionIcon aria-label={close} onClick={onClose}>
          <IconX className={classes.icon} aria-hidden />
        </ActionIcon>
      </header>
      {children}
    </aside>
  );
}

import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { useShown } from "../app/Succession";
import { Arrival } from "./Arrival";
import classes from "./Page.module.css";

interface Props {
  title: ReactNode;
  /** What the window's title says. */
  name: string;
  /** Beside the title: state, hashes, counts. */
  about?: ReactNode;
  /** At the right: filters and the page's one primary action. */
  actions?: ReactNode;
  /** Frames the page in the protected environments' colour. */
  guarded?: boolean;
  /** The page scrolls its parts itself. */
  fixed?: boolean;
  children: ReactNode;
}

/** A page: a header that stays, and what is below it. */
export function Page({ title, name, about, actions, guarded, fixed, children }: Props) {
  const main = useRef<HTMLElement>(null);
  return (
    <main ref={main} className={classes.page} data-guarded={guarded} aria-label={name} tabIndex={-1}>
      <header className={classes.header}>
        <h1 className={classes.title}>{title}</h1>
        <div className={classes.about}>{about}</div>
        <div className={classes.actions}>{actions}</div>
      </header>
      <div className={classes.body} data-fixed={fixed}>
        {children}
      </div>
      <WindowTitle name={name} />
      <Arrival find={() => main.current} />
    </main>
  );
}

/** Names the window after the page that is seen. */
function WindowTitle({ name }: { name: string }) {
  const shown = useShown();
  useEffect(() => {
    if (shown) document.title = `${name} – Sternway`;
  }, [name, shown]);
  return null;
}

/** What a list shows when there is nothing in it: what it is for, and the first step. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={classes.empty}>
      <p className={classes.emptyTitle}>{title}</p>
      {children && <p className={classes.emptyText}>{children}</p>}
      {action && <div className={classes.emptyAction}>{action}</div>}
    </div>
  );
}

/** Rows of the height that the list will have, while it loads. */
export function LoadingRows({ rows, dense }: { rows: number; dense?: boolean }) {
  return (
    <div className={classes.loading} data-dense={dense} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={classes.loadingRow}>
          <Skeleton className={classes.loadingBar} />
        </div>
      ))}
    </div>
  );
}

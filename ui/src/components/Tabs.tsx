import { href, type Place } from "../app/routes";
import classes from "./Tabs.module.css";

export interface Tab {
  label: string;
  place: Place;
  here: boolean;
}

/** The parts of a page that has several, as links beside its title. */
export function Tabs({ tabs, label }: { tabs: Tab[]; label: string }) {
  return (
    <nav className={classes.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.label}
          className={classes.tab}
          href={href(tab.place)}
          aria-current={tab.here ? "page" : undefined}
        >
          {tab.label}
        </a>
      ))}
    </nav>
  );
}

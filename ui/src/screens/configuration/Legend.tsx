import { IconAsterisk, IconPencil } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Legend.module.css";

const SIGNS: { sign: ReactNode; means: string }[] = [
  { sign: "·", means: "shared by all environments" },
  { sign: "●●●●", means: "in the keychain" },
  { sign: "= ≠", means: "the same secret, another one" },
  { sign: <IconPencil className={classes.icon} />, means: "changed since it was deployed" },
  { sign: <IconAsterisk className={classes.icon} />, means: "required" },
];

/** What the signs of the matrix mean. */
export function Legend() {
  return (
    <ul className={classes.legend} aria-label="What the signs mean">
      {SIGNS.map(({ sign, means }) => (
        <li key={means}>
          <span className={classes.sign} aria-hidden>
            {sign}
          </span>
          {means}
        </li>
      ))}
    </ul>
  );
}

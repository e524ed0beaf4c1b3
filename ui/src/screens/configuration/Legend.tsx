import { IconAsterisk, IconPencil } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Legend.module.css";

/** One sign with one meaning each, as they stand in a cell, in its order. */
const SIGNS: { sign: ReactNode; means: string }[] = [
  { sign: "·", means: "shared by all environments" },
  { sign: "—", means: "not set here" },
  { sign: "●●●● v2", means: "secret in the keychain, its version 2" },
  { sign: "=", means: "same secret as in the first environment" },
  { sign: "≠", means: "another secret" },
  { sign: <IconPencil className={classes.icon} />, means: "changed since it was deployed" },
  { sign: <IconAsterisk className={classes.icon} />, means: "required by sternway.yaml" },
];

/** What the signs of the matrix mean; after an edit of several cells, what came of it. */
export function Legend({ said }: { said: string }) {
  return (
    <div className={classes.line}>
      <ul className={classes.legend} aria-label="What the signs mean" hidden={said !== ""}>
        {SIGNS.map(({ sign, means }) => (
          <li key={means}>
            <span className={classes.sign} aria-hidden>
              {sign}
            </span>
            {means}
          </li>
        ))}
      </ul>
      <p className={classes.said} role="status">
        {said}
      </p>
    </div>
  );
}

import { ActionIcon, Popover } from "@mantine/core";
import { IconAsterisk, IconInfoCircle, IconPencil } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Legend.module.css";

/** One sign with one meaning each, as they stand in a cell, in its order; in a word, and in full. */
const SIGNS: { sign: ReactNode; word: string; means: string }[] = [
  { sign: "·", word: "shared", means: "shared by all environments" },
  { sign: "—", word: "not set", means: "not set here" },
  { sign: "●●●● v2", word: "secret", means: "secret in the keychain, its version 2" },
  { sign: "=", word: "same", means: "same secret as in the first environment" },
  { sign: "≠", word: "another", means: "another secret" },
  {
    sign: <IconPencil className={classes.icon} />,
    word: "changed",
    means: "changed since it was deployed",
  },
  {
    sign: <IconAsterisk className={classes.icon} />,
    word: "required",
    means: "required by sternway.yaml",
  },
];

/** What the signs of the matrix mean; after an edit of several cells, what came of it. */
export function Legend({ said }: { said: string }) {
  return (
    <div className={classes.line}>
      <ul className={classes.legend} aria-label="Signs" hidden={said !== ""}>
        {SIGNS.map(({ sign, word, means }) => (
          <li key={word} title={means}>
            <span className={classes.sign} aria-hidden>
              {sign}
            </span>
            {word}
          </li>
        ))}
      </ul>
      <p className={classes.said} role="status">
        {said}
      </p>
      <Popover position="top-end" shadow="md" transitionProps={{ duration: 0 }} trapFocus={false}>
        <Popover.Target>
          <ActionIcon aria-label="What the signs mean" title="What the signs mean">
            <IconInfoCircle className={classes.icon} aria-hidden />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <dl className={classes.meanings}>
            {SIGNS.map(({ sign, means }) => (
              <div key={means} className={classes.meaning}>
                <dt className={classes.sign}>{sign}</dt>
                <dd>{means}</dd>
              </div>
            ))}
          </dl>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

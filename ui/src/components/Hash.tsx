import { CopyButton, UnstyledButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import classes from "./Hash.module.css";
import { short } from "./words";

/** Twelve characters of a hash or digest; a click copies all of it. */
export function Hash({ of, what, shown }: { of: string; what: string; shown?: string }) {
  return (
    <CopyButton value={of}>
      {({ copied, copy }) => (
        <UnstyledButton className={classes.hash} onClick={copy} title={of} aria-label={`Copy ${what}`}>
          <code>{shown ?? short(of)}</code>
          {copied ? (
            <IconCheck className={classes.icon} aria-hidden />
          ) : (
            <IconCopy className={classes.icon} aria-hidden />
          )}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}

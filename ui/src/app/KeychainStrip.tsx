import { IconLock } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useBackend } from "../backend";
import { Problem } from "../components/Problem";
import classes from "./MachineStrip.module.css";
import { useTask } from "./task";

/** Says on every page that the keychain is waited for: whoever does not see its dialog would think that nothing happens. */
export function KeychainStrip() {
  const backend = useBackend();
  const [waits, setWaits] = useState(false);
  const listen = useTask(() => backend.keychainWaits(setWaits));
  useEffect(() => void listen.start(), [listen.start]);
  if (listen.problem) return <Problem failure={listen.problem} doing="Hearing of the keychain" compact />;
  if (!waits) return null;
  return (
    <div className={classes.strip} role="status">
      <IconLock className={classes.icon} aria-hidden />
      <span className={classes.words}>
        Waiting for the keychain. It may ask for its password in a dialog of its own.
      </span>
    </div>
  );
}

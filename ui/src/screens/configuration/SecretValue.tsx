import { Button, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { useBackend } from "../../backend";
import { ConfirmName } from "../../components/ConfirmName";
import { useNow } from "../../components/now";
import { Problem } from "../../components/Problem";
import classes from "./Inspector.module.css";

/** So many milliseconds a value is shown. */
const SHOWN = 15_000;

interface Props {
  project: string;
  environment: string;
  name: string;
  /** Its environment's name has to be typed. */
  guarded: boolean;
}

type Wish = "show" | "copy";

/** The one way to see a secret's value: asked for, written down, and gone again. */
export function SecretValue({ project, environment, name, guarded }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const [asked, setAsked] = useState<Wish>();
  const [why, setWhy] = useState("");
  const [revealed, setRevealed] = useState<{ value: string; until: number }>();
  const [copied, setCopied] = useState<number>();

  useEffect(() => {
    if (!revealed) return;
    const timer = setTimeout(() => setRevealed(undefined), revealed.until - Date.now());
    return () => clearTimeout(timer);
  }, [revealed]);
  useEffect(() => {
    if (copied === undefined) return;
    const timer = setTimeout(() => setCopied(undefined), copied * 1000);
    return () => clearTimeout(timer);
  }, [copied]);

  const show = useTask(async (typed: string | null) => {
    const value = await backend.revealSecret(
      project,
      environment,
      name,
      null,
      typed,
      why.trim() === "" ? null : why.trim(),
    );
    setRevealed({ value, until: Date.now() + SHOWN });
    setWhy("");
    setAsked(undefined);
    refresh.audited(project);
  });
  const copy = useTask(async (typed: string | null) => {
    setCopied(await backend.copySecretValue(project, environment, name, null, typed));
    setAsked(undefined);
    refresh.audited(project);
  });
  const problem = show.problem ?? copy.problem;
  return (
    <>
      {revealed ? (
        <Revealed value={revealed.value} until={revealed.until} onHide={() => setRevealed(undefined)} />
      ) : (
        <div className={classes.pair}>
          <Button onClick={() => setAsked("show")}>Show {name}…</Button>
          <Button onClick={() => (guarded ? setAsked("copy") : void copy.start(null))} loading={copy.busy}>
            Copy to the clipboard
          </Button>
        </div>
      )}
      <p className={classes.hint} role="status">
        {copied !== undefined && `On the clipboard for ${copied} s; the page has not seen it.`}
      </p>
      {problem && <Problem failure={problem} doing={show.problem ? "Showing it" : "Copying it"} compact />}
      {asked && (
        <ConfirmName
          verb={asked === "show" ? `Show ${name}` : `Copy ${name}`}
          name={guarded ? environment : undefined}
          busy={show.busy || copy.busy}
          onConfirm={(typed) => void (asked === "show" ? show.start(typed) : copy.start(typed))}
          onClose={() => setAsked(undefined)}
        >
          <p>
            {asked === "show"
              ? `The value of ${name} in ${environment} is shown for ${SHOWN / 1000} seconds. `
              : `The value of ${name} in ${environment} goes to the clipboard, and is gone from there soon. `}
            Who looked is written down.
          </p>
          {asked === "show" && (
            <TextInput
              label="Why (optional)"
              value={why}
              onChange={(event) => setWhy(event.currentTarget.value)}
              autoComplete="off"
            />
          )}
        </ConfirmName>
      )}
    </>
  );
}

function Revealed({ value, until, onHide }: { value: string; until: number; onHide: () => void }) {
  const now = useNow(500);
  return (
    <div className={classes.revealed}>
      <code className={classes.shown}>{value}</code>
      <div className={classes.line}>
        <span className={classes.hint}>gone in {Math.max(0, Math.ceil((until - now) / 1000))} s</span>
        <Button onClick={onHide}>Hide it now</Button>
      </div>
    </div>
  );
}

import { Button, Modal, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import classes from "./ConfirmName.module.css";

interface Props {
  /** What is about to be done, as the title and the button. */
  verb: string;
  /** What that means for what runs. */
  children?: ReactNode;
  /** The name that has to be typed; nothing has to be where it is absent. */
  name?: string;
  busy: boolean;
  onConfirm: (typed: string | null) => void;
  onClose: () => void;
}

/** Asks before something is done; for a protected environment its name has to be typed. */
export function ConfirmName({ verb, children, name, busy, onConfirm, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const ready = name === undefined || typed === name;
  return (
    <Modal opened onClose={onClose} title={verb} closeButtonProps={{ "aria-label": "Close" }}>
      <form
        className={classes.confirm}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm(name === undefined ? null : typed);
        }}
      >
        {children}
        {name !== undefined && <TypedName name={name} typed={typed} onType={setTyped} autofocus />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            data-autofocus={name === undefined || undefined}
            color={name === undefined ? undefined : "protected"}
            disabled={!ready}
            loading={busy}
          >
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

interface TypedProps {
  name: string;
  typed: string;
  onType: (typed: string) => void;
  /** The dialog that it is in begins here. */
  autofocus?: boolean;
}

/** Where the name of a protected environment is typed. */
export function TypedName({ name, typed, onType, autofocus }: TypedProps) {
  return (
    <TextInput
      label={`Type ${name} to confirm`}
      value={typed}
      onChange={(event) => onType(event.currentTarget.value)}
      autoComplete="off"
      data-autofocus={autofocus}
    />
  );
}

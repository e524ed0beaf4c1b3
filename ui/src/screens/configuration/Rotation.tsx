import { Button, Modal, PasswordInput, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useQueries, useRefresh } from "../../app/queries";
import { go } from "../../app/routes";
import { useTask } from "../../app/task";
import { type RotationView, useBackend } from "../../backend";
import { Notice, Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { count } from "../../components/words";
import dialog from "./Dialog.module.css";
import classes from "./Inspector.module.css";
import { RecipeFields, useRecipe } from "./RecipeFields";

interface Props {
  project: string;
  environment: string;
  name: string;
}

/** Takes a secret to a new value: where it is used, set it, deploy, drop the old one. */
export function Rotation({ project, environment, name }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const query = useQuery(useQueries().rotation(project, environment, name));
  const [asking, setAsking] = useState(false);
  const finish = useTask(async () => {
    await backend.finishRotation(project, environment, name);
    refresh.rotated(project);
  });
  const giveUp = useTask(async () => {
    await backend.giveUpRotation(project, environment, name);
    refresh.rotated(project);
  });
  const rotation = query.data;
  const problem = finish.problem ?? giveUp.problem ?? query.error;
  const running = rotation && ["begun", "set", "deployed"].includes(rotation.state);
  return (
    <>
      {rotation && running && (
        <Notice
          severity="info"
          title={rotation.state === "deployed" ? `v${rotation.new} runs` : `${name} is being rotated`}
        >
          <p>
            {rotation.state === "deployed"
              ? `A release runs with the new value. v${rotation.old} can be dropped; ${back(rotation)}.`
              : rotation.state === "set"
                ? `v${rotation.new} waits to be deployed; v${rotation.old} is dropped once a release runs with it.`
                : "The new value is not in the keychain yet."}
            {rotation.started && (
              <>
                {" "}
                Begun by {rotation.by} <Time at={rotation.started} />.
              </>
            )}
          </p>
          <div className={classes.pair}>
            {rotation.state === "begun" && (
              <Button onClick={() => setAsking(true)}>Set the new value…</Button>
            )}
            {rotation.state === "set" && (
              <Button onClick={() => go({ page: "plan", project, environment })}>
                Deploy to {environment}…
              </Button>
            )}
            {rotation.state === "deployed" && (
              <Button onClick={() => finish.start()} loading={finish.busy}>
                Drop v{rotation.old}
              </Button>
            )}
            {rotation.state !== "deployed" && (
              <Button variant="subtle" onClick={() => giveUp.start()} loading={giveUp.busy}>
                Give up, keep v{rotation.old}
              </Button>
            )}
          </div>
        </Notice>
      )}
      {rotation && !running && rotation.old !== null && (
        <div>
          <Button onClick={() => setAsking(true)}>Rotate {name}…</Button>
        </div>
      )}
      {problem && <Problem failure={problem} onRetry={() => query.refetch()} doing="The rotation" compact />}
      {asking && rotation && (
        <StartRotation project={project} rotation={rotation} onClose={() => setAsking(false)} />
      )}
    </>
  );
}

/** What dropping the old value means for going back. */
function back({ releases }: RotationView): string {
  if (releases.length === 0) return "no release needs it to be gone back to";
  const named = releases.map((release) => `#${release}`).join(", ");
  return `${count(releases.length, "release")} can then no longer be gone back to: ${named}`;
}

function StartRotation({
  project,
  rotation,
  onClose,
}: {
  project: string;
  rotation: RotationView;
  onClose: () => void;
}) {
  const { environment, name } = rotation;
  const backend = useBackend();
  const refresh = useRefresh();
  const [typed, setTyped] = useState(false);
  const [filled, setFilled] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const recipe = useRecipe();
  const start = useTask(async () => {
    const input = field.current;
    const value = typed ? (input?.value ?? "") : null;
    // The value lives in the field alone, until it is sent.
    if (input) input.value = "";
    setFilled(false);
    await backend.startRotation(project, environment, name, value, typed ? null : recipe.recipe);
    refresh.rotated(project);
    onClose();
  });
  const ready = typed ? filled : recipe.ready;
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Rotate ${name} in ${environment}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={dialog.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void start.start();
        }}
      >
        <ul className={dialog.facts}>
          <li>
            Used by {rotation.used_by.join(", ") || "no variable"}
            {rotation.services.length > 0 && `, in ${rotation.services.join(", ")}`}.
          </li>
          <li>The new value runs with the next deployment to {environment}; until then the old one does.</li>
          <li>
            Once that deployment has succeeded v{rotation.old} is dropped; {back(rotation)}.
          </li>
        </ul>
        <SegmentedControl
          size="xs"
          aria-label="Where the new value comes from"
          data={[
            { value: "generated", label: "Generate it" },
            { value: "typed", label: "Type it" },
          ]}
          value={typed ? "typed" : "generated"}
          onChange={(next) => setTyped(next === "typed")}
        />
        {typed ? (
          <PasswordInput
            ref={field}
            label={`New value of ${name}`}
            description="Set it where the secret is from as well, such as in the database."
            autoComplete="new-password"
            onChange={(event) => setFilled(event.currentTarget.value !== "")}
            visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
          />
        ) : (
          <RecipeFields {...recipe} />
        )}
        {start.problem && <Problem failure={start.problem} doing="Beginning the rotation" compact />}
        <div className={dialog.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={start.busy}>
            Begin to rotate {name}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

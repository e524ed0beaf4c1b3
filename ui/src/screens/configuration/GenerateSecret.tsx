import { Button, Modal } from "@mantine/core";
import { useRefresh } from "../../app/queries";
import { useTask } from "../../app/task";
import { useBackend } from "../../backend";
import { Problem } from "../../components/Problem";
import classes from "./Dialog.module.css";
import { RecipeFields, useRecipe } from "./RecipeFields";

interface Props {
  project: string;
  environment: string;
  name: string;
  onClose: () => void;
}

/** Gives a secret a random value, which only the keychain gets. */
export function GenerateSecret({ project, environment, name, onClose }: Props) {
  const backend = useBackend();
  const refresh = useRefresh();
  const recipe = useRecipe();
  const generate = useTask(async () => {
    refresh.secrets(project, await backend.generateSecret(project, environment, name, recipe.recipe));
    onClose();
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Generate ${name} for ${environment}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (recipe.ready) void generate.start();
        }}
      >
        <p className={classes.hint}>The value goes straight into the keychain; it is not shown.</p>
        <RecipeFields {...recipe} />
        {generate.problem && <Problem failure={generate.problem} doing="Generating it" compact />}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!recipe.ready} loading={generate.busy}>
            Generate {name}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

import { Button } from "@mantine/core";
import { useState } from "react";
import type { DocumentRole, DocumentView } from "../../backend";
import { Notice } from "../../components/Problem";
import { count } from "../../components/words";
import { ImportSecrets } from "../configuration/ImportSecrets";
import classes from "./DocumentEditor.module.css";

/** So many are named; the others are counted. */
const NAMED = 4;

/** What is withheld of a comment has such a name. */
const COMMENT = /^comment\.(\d+)$/;

interface Props {
  document: DocumentView;
  role: DocumentRole | undefined;
  project: string;
  environments: string[];
  /** There are unsaved edits: what is shown cannot change under them. */
  blocked: boolean;
  onReveal: () => void;
}

/** Says which values are withheld because they look like secrets, and offers what to do about it. */
export function WithheldNotice({ document, role, project, environments, blocked, onReveal }: Props) {
  const [moving, setMoving] = useState(false);
  const { withheld, path } = document;
  if (withheld.length === 0) return null;
  // Pieces of comments are numbered.
  const named = withheld
    .slice(0, NAMED)
    .map((key) => key.replace(COMMENT, "comment $1"))
    .join(", ");
  const inValues = withheld.some((key) => !COMMENT.test(key));
  const more = withheld.length > NAMED ? ` and ${withheld.length - NAMED} more` : "";
  const owner = environments.find((name) => path.endsWith(`.${name}`) || path.includes(`/${name}`));
  return (
    <div className={classes.notice}>
      <Notice
        severity="warning"
        title={`${count(withheld.length, "value")} of ${path} ${withheld.length === 1 ? "looks" : "look"} like a secret`}
      >
        <p>
          {named}
          {more}: withheld here; saving puts{" "}
          {withheld.length === 1 ? "it back as it is" : "them back as they are"}.
          {role !== "variables" &&
            inValues &&
            " To take one out of the file, write keychain:NAME in its place."}
        </p>
        <div className={classes.saving}>
          {role === "variables" && inValues && (
            <Button onClick={() => setMoving(true)} disabled={blocked}>
              Move into the keychain…
            </Button>
          )}
          <Button
            variant="subtle"
            onClick={onReveal}
            disabled={blocked}
            title={blocked ? "Save or discard what was edited first" : undefined}
          >
            Show all the same
          </Button>
        </div>
      </Notice>
      {moving && (
        <ImportSecrets
          project={project}
          environments={owner ? [owner, ...environments.filter((name) => name !== owner)] : environments}
          onClose={() => setMoving(false)}
        />
      )}
    </div>
  );
}

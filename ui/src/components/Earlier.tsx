/** What has to be said of a document as it was in a version of the configuration. */
import type { EarlierDocument } from "../backend";

interface Props {
  document: EarlierDocument;
  /** The version, as the sentence wants it: `version 12`, `release #41`. */
  where: string;
  className?: string;
}

/** Says what of an earlier text is not as it was; nothing where there is nothing to say. */
export function EarlierNote({ document, where, className }: Props) {
  const { kept, withheld_differs: differs } = document;
  const said = [
    kept === "values" && "Of env files the values are kept: comments and order are those of today.",
    kept === "absent" && `The file was not there in ${where}.`,
    kept === "nothing" &&
      `The text was not kept in ${where}: a secret stood in it where it cannot be told from the rest.`,
    differs && `A value that is withheld was another one in ${where}.`,
  ].filter(Boolean);
  if (said.length === 0) return null;
  return (
    <p className={className} role="note">
      {said.join(" ")}
    </p>
  );
}

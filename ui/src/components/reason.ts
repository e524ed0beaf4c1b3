/** Why a deployment did not succeed, apart. */
export interface Reason {
  /** What went wrong. */
  first: string;
  /** What else there is to know of it, such as what a program printed. */
  more: string;
  /** In what state things are. */
  state: string;
}

/** The parts of a deployment's message, which ends with a line that says in what state things are. */
export function apart(message: string): Reason {
  const [first = "", ...lines] = message.split("\n");
  const state = lines.pop() ?? "";
  return { first, more: lines.join("\n"), state };
}

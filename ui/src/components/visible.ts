/** Controls but for line ends and tabs, and marks that turn the direction of what follows (Unicode UAX #9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text that reads as what it is: what would hide or turn a part of it is written by its number, as the terminal front does. */
export function visible(text: string): string {
  return text.replace(STEERS, (sign) => {
    const code = sign.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Alphabet, Recipe } from "../../backend";
import classes from "./Dialog.module.css";

const ALPHABETS: { value: Alphabet; label: string; signs: number }[] = [
  { value: "letters", label: "letters and digits", signs: 62 },
  { value: "symbols", label: "letters, digits and signs", signs: 77 },
  { value: "hex", label: "hexadecimal digits", signs: 16 },
  { value: "url", label: "what may stand in an address", signs: 64 },
];
const LONGEST = 512;

/** How a secret is generated, while it is chosen. */
export function useRecipe() {
  const [length, setLength] = useState("32");
  const [alphabet, setAlphabet] = useState<Alphabet>("letters");
  const number = Number(length);
  const ready = Number.isInteger(number) && number > 0 && number <= LONGEST;
  return {
    length,
    setLength,
    alphabet,
    setAlphabet,
    ready,
    recipe: { length: number, alphabet } satisfies Recipe,
  };
}

/** Length and alphabet of a value that nobody has to see. */
export function RecipeFields({
  length,
  setLength,
  alphabet,
  setAlphabet,
  ready,
}: ReturnType<typeof useRecipe>) {
  const signs = ALPHABETS.find(({ value }) => value === alphabet)?.signs ?? 1;
  const bits = Math.floor(Number(length) * Math.log2(signs));
  return (
    <>
      <TextInput
        label="Length"
        inputMode="numeric"
        value={length}
        onChange={(event) => setLength(event.currentTarget.value)}
        error={ready ? undefined : `A whole number up to ${LONGEST}.`}
        data-autofocus
      />
      <Select
        label="Made of"
        data={ALPHABETS}
        value={alphabet}
        allowDeselect={false}
        onChange={(next) => setAlphabet((next as Alphabet | null) ?? "letters")}
      />
      {ready && <p className={classes.hint}>About {bits} bits: nobody guesses it from 80 on.</p>}
    </>
  );
}

import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { FILTER } from "../app/keys";
import classes from "./FilterBar.module.css";

interface Props {
  /** What is filtered, as the field's name. */
  label: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  /** Down, from the field into the list. */
  onDown?: () => void;
  /** The field takes the room that there is. */
  wide?: boolean;
  /** Further choices, behind the field. */
  children?: ReactNode;
}

/** The bar over a list: a field that `/` leads to and `Esc` empties, and what else narrows the list down. */
export function FilterBar({ label, placeholder, text, onText, onDown, wide, children }: Props) {
  return (
    <div className={classes.bar}>
      <TextInput
        {...FILTER}
        className={wide ? classes.wide : classes.field}
        aria-label={label}
        placeholder={`${placeholder}  /`}
        leftSection={<IconSearch className={classes.icon} aria-hidden />}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onText("");
          else if (event.key === "ArrowDown" && onDown) {
            event.preventDefault();
            onDown();
          }
        }}
        spellCheck={false}
      />
      {children}
    </div>
  );
}

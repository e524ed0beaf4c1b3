import { Chip, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { FILTER } from "../../app/keys";
import type { MatrixFilter } from "../../app/routes";
import classes from "./Configuration.module.css";

const FILTERS: { filter: MatrixFilter; label: string }[] = [
  { filter: "all", label: "All" },
  { filter: "different", label: "Different" },
  { filter: "missing", label: "Missing" },
  { filter: "secrets", label: "Secrets" },
  { filter: "changed", label: "Changed" },
];

interface Props {
  text: string;
  onText: (text: string) => void;
  filter: MatrixFilter;
  onFilter: (filter: MatrixFilter) => void;
  /** How many rows each filter shows. */
  number: Record<MatrixFilter, number> | undefined;
  /** Down, from the search into the matrix. */
  onDown: () => void;
}

/** What of the matrix is shown. */
export function Filters({ text, onText, filter, onFilter, number, onDown }: Props) {
  return (
    <div className={classes.filters}>
      <TextInput
        {...FILTER}
        className={classes.search}
        aria-label="Filter variables"
        placeholder="Filter  /"
        leftSection={<IconSearch className={classes.icon} aria-hidden />}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onText("");
          else if (event.key === "ArrowDown") {
            event.preventDefault();
            onDown();
          }
        }}
      />
      <Chip.Group value={filter} onChange={(value) => onFilter(value as MatrixFilter)}>
        {FILTERS.map((item) => (
          <Chip key={item.filter} value={item.filter} size="xs" radius="sm">
            <span className={item.filter === "missing" && number?.missing ? classes.urgent : undefined}>
              {item.label} {number?.[item.filter]}
            </span>
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}

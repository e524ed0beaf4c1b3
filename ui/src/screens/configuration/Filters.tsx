import { Chip } from "@mantine/core";
import type { MatrixFilter } from "../../app/routes";
import { FilterBar } from "../../components/FilterBar";
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
    <FilterBar label="Filter variables" placeholder="Filter" text={text} onText={onText} onDown={onDown}>
      <Chip.Group value={filter} onChange={(value) => onFilter(value as MatrixFilter)}>
        {FILTERS.map((item) => (
          <Chip key={item.filter} value={item.filter} size="xs" radius="sm">
            <span className={item.filter === "missing" && number?.missing ? classes.urgent : undefined}>
              {item.label} {number?.[item.filter]}
            </span>
          </Chip>
        ))}
      </Chip.Group>
    </FilterBar>
  );
}

/** Cells as text that spreadsheets write to the clipboard and read from it: tabs between cells, a line for a row. */

/** A cell as text; one with tabs, line breaks or a quote at its beginning stands in quotes. */
function quoted(cell: string): string {
  return /[\t\r\n]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Rows of cells as text. */
export function formatTable(rows: string[][]): string {
  return rows.map((row) => row.map(quoted).join("\t")).join("\n");
}

/** Rows of cells from text. The line break at the end that spreadsheets add makes no row of its own. */
export function parseTable(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let inside = false;
  const end = () => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < source.length; at++) {
    const sign = source[at] ?? "";
    if (inside) {
      if (sign !== '"') cell += sign;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else inside = false;
    } else if (sign === '"' && cell === "" && closes(source, at)) inside = true;
    else if (sign === "\t") end();
    else if (sign === "\n") {
      end();
      rows.push([]);
    } else cell += sign;
  }
  end();
  return rows;
}

/** Whether the quote at a cell's beginning has a partner at a cell's end; it is an ordinary sign otherwise. */
function closes(source: string, from: number): boolean {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] !== '"') continue;
    if (source[at + 1] === '"') at++;
    else return at + 1 === source.length || source[at + 1] === "\t" || source[at + 1] === "\n";
  }
  return false;
}

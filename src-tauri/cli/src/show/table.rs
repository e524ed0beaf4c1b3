//! Rows in columns that line up.

use std::io::IsTerminal;

use comfy_table::{ContentArrangement, Row, Table as Grid, presets};
use sternway_model::visible;
use unicode_width::UnicodeWidthStr;

/// The widest cell elsewhere than on a terminal that the others of its column line up with; a wider one has its row to itself, or
/// a single long value would make all rows as long.
const WIDEST: usize = 100;

/// Rows whose columns are as wide as their contents. On a terminal, what does not fit is cut and ends with `…`; elsewhere
/// everything is said in full.
pub struct Table {
    width: Option<u16>,
    head: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
    indent: &'static str,
}

impl Table {
    /// A table without a row.
    pub fn new() -> Self {
        Self::within(std::io::stdout().is_terminal().then(terminal_width).flatten())
    }

    fn within(width: Option<u16>) -> Self {
        Self { width, head: None, rows: Vec::new(), indent: "" }
    }

    /// With words over the columns.
    pub fn head<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.head = Some(words.into_iter().map(str::to_owned).collect());
        self
    }

    /// Below a line that it belongs to.
    pub fn indented(mut self) -> Self {
        self.indent = "  ";
        self.width = self.width.map(|width| width.saturating_sub(2));
        self
    }

    /// Adds a row. A line break in a value would break the table, and is shown as a sign.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        // More than a line of the terminal has is not shown anyway.
        let fits = |cell: String| match self.width {
            Some(width) => cell.chars().take(usize::from(width) + 1).collect(),
            None => cell,
        };
        self.rows.push(cells.into_iter().map(|cell| visible(&fits(cell).replace('\n', "⏎")).into_owned()).collect());
    }

    /// Cut to the width of a terminal.
    fn cut(&self, width: u16, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut grid = Grid::new();
        grid.load_preset(presets::NOTHING).set_truncation_indicator("…");
        grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        if let Some(head) = &self.head {
            grid.set_header(head.clone());
        }
        for cells in &self.rows {
            let mut row = Row::from(cells.clone());
            row.max_height(1);
            grid.add_row(row);
        }
        for line in grid.lines() {
            // The grid puts a space on each side of a column.
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
            writeln!(f, "{}{line}", self.indent)?;
        }
        Ok(())
    }

    /// In full.
    fn whole(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = || self.head.iter().chain(&self.rows);
        let mut widths = Vec::new();
        for cells in rows() {
            widths.resize(widths.len().max(cells.len()), 0);
            for (widest, cell) in widths.iter_mut().zip(cells) {
                let width = cell.width();
                if width <= WIDEST {
                    *widest = width.max(*widest);
                }
            }
        }
        for cells in rows() {
            let mut line = String::new();
            for (width, cell) in widths.iter().zip(cells) {
                line.push_str(cell);
                let gap = width.saturating_sub(cell.width()) + GAP;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            writeln!(f, "{}{}", self.indent, line.trim_end())?;
        }
        Ok(())
    }
}

/// Spaces between two columns.
const GAP: usize = 2;

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.width {
            _ if self.rows.is_empty() && self.head.is_none() => Ok(()),
            Some(width) => self.cut(width, f),
            None => self.whole(f),
        }
    }
}

/// `None` where a terminal does not say how wide it is; then nothing is cut.
fn terminal_width() -> Option<u16> {
    crossterm::terminal::size().ok().map(|(columns, _)| columns).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(width: Option<u16>) -> String {
        let mut table = Table::within(width).head(["key", "value"]);
        table.row(["A".to_owned(), "short".to_owned()]);
        table.row(["LONGER_KEY".to_owned(), format!("first\nsecond {}", "x".repeat(80))]);
        table.to_string()
    }

    #[test]
    fn columns_line_up_and_nothing_is_lost_in_a_pipe() {
        let text = filled(None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1].find("short"), lines[2].find("first"), "{text}");
        assert!(lines[2].ends_with("xxx") && lines[2].contains("first⏎second"), "{text}");
        assert_eq!(lines.len(), 3, "{text}");
    }

    #[test]
    fn one_long_value_does_not_make_all_rows_long() {
        let mut table = Table::within(None);
        table.row(["LONG".to_owned(), "x".repeat(1 << 20), "last".to_owned()]);
        for number in 0..10_000 {
            table.row([format!("KEY_{number}"), "value".to_owned(), "last".to_owned()]);
        }
        let text = table.to_string();
        assert!(
            text.contains("x  last\n") && text.contains("KEY_7     value  last\n"),
            "they line up as they would alone"
        );
        assert!(text.len() < 2 << 20, "{}", text.len());
    }

    #[test]
    fn a_narrow_terminal_cuts_long_values() {
        let text = filled(Some(40));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_eq!(text.lines().count(), 3, "one line a row: {text}");
        assert!(text.contains('…') && text.contains("LONGER_KEY"), "{text}");
    }
}

//! Rows in columns that line up.

use std::io::IsTerminal;

use comfy_table::{ContentArrangement, Row, Table as Grid, presets};
use sternway_model::visible;

/// Rows whose columns are as wide as their contents. On a terminal, what does not fit is cut and ends with `…`; elsewhere
/// everything is said in full.
pub struct Table {
    grid: Grid,
    indent: &'static str,
}

impl Table {
    /// A table without a row.
    pub fn new() -> Self {
        Self::within(std::io::stdout().is_terminal().then(terminal_width).flatten())
    }

    fn within(width: Option<u16>) -> Self {
        let mut grid = Grid::new();
        grid.load_preset(presets::NOTHING).set_truncation_indicator("…");
        match width {
            Some(width) => grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => grid.set_content_arrangement(ContentArrangement::Disabled),
        };
        Self { grid, indent: "" }
    }

    /// With words over the columns.
    pub fn head<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.grid.set_header(words.into_iter().map(str::to_owned).collect::<Vec<_>>());
        self
    }

    /// Below a line that it belongs to.
    pub fn indented(mut self) -> Self {
        self.indent = "  ";
        if let Some(width) = self.grid.width() {
            self.grid.set_width(width.saturating_sub(2));
        }
        self
    }

    /// Adds a row. A line break in a value would break the table, and is shown as a sign.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row =
            Row::from(cells.into_iter().map(|cell| visible(&cell.replace('\n', "⏎")).into_owned()).collect::<Vec<_>>());
        row.max_height(1);
        self.grid.add_row(row);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.grid.is_empty() && self.grid.header().is_none() {
            return Ok(());
        }
        for line in self.grid.lines() {
            // The grid puts a space on each side of a column.
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
            writeln!(f, "{}{line}", self.indent)?;
        }
        Ok(())
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
    fn a_narrow_terminal_cuts_long_values() {
        let text = filled(Some(40));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_eq!(text.lines().count(), 3, "one line a row: {text}");
        assert!(text.contains('…') && text.contains("LONGER_KEY"), "{text}");
    }
}

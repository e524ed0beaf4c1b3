//! The matrix on its way to the page.

use std::sync::Arc;

use serde::Serialize;
use specta::Type;
use sternway_core::view::{Cell, Matrix};

/// A matrix in which each row has every cell once that is the same in several environments. Most variables say the same
/// everywhere, and what the page reads is what a person waits for.
#[derive(Debug, Serialize, Type)]
pub struct PackedMatrix {
    /// Its rows have cells, each different from the others, and not one for each environment.
    pub matrix: Matrix,
    /// For each row, the place of each environment's cell among them.
    pub places: Vec<Vec<u32>>,
}

impl From<Matrix> for PackedMatrix {
    fn from(mut matrix: Matrix) -> Self {
        let places = matrix.rows.iter_mut().map(|row| pack(&mut row.cells)).collect();
        Self { matrix, places }
    }
}

/// Takes away cells that are there already, and says where each of them is now.
fn pack(cells: &mut Vec<Arc<Cell>>) -> Vec<u32> {
    let mut places = Vec::with_capacity(cells.len());
    let mut different: Vec<Arc<Cell>> = Vec::new();
    for cell in cells.drain(..) {
        let same = |known: &Arc<Cell>| Arc::ptr_eq(known, &cell) || *known == cell;
        let place = different.iter().position(same).unwrap_or(different.len());
        if place == different.len() {
            different.push(cell);
        }
        places.push(u32::try_from(place).unwrap_or(u32::MAX));
    }
    *cells = different;
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(value: &str) -> Arc<Cell> {
        Arc::new(Cell {
            value: Some(value.to_owned()),
            masked: None,
            secret: None,
            source: None,
            overridden: Vec::new(),
            inherited: false,
            changed: false,
            problem: None,
        })
    }

    #[test]
    fn a_cell_that_several_environments_share_is_sent_once() {
        let mut cells = vec![cell("a"), cell("b"), cell("a"), cell("c"), cell("b")];
        let before = cells.clone();
        let places = pack(&mut cells);
        assert_eq!(cells, [cell("a"), cell("b"), cell("c")]);
        let unpacked: Vec<Arc<Cell>> = places.iter().map(|place| cells[*place as usize].clone()).collect();
        assert_eq!(unpacked, before);
    }
}

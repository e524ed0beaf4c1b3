//! What has to wait for what. Everything else may be done at the same time.

mod direct;

use super::Work;
use crate::model::Model;
use crate::observe::Observed;

/// Notes for each piece of work what it waits for, without what that waits for anyway.
pub(super) fn order(work: &mut [Work], model: &Model, observed: &Observed) {
    let direct = direct::find(work, model, observed);
    for (work, after) in work.iter_mut().zip(without_detours(direct)) {
        work.after = after;
    }
}

/// Leaves out of each list, which has earlier places, those that another of them waits for.
fn without_detours(direct: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    // Whatever each waits for, directly or through others.
    let mut all: Vec<Places> = Vec::with_capacity(direct.len());
    let mut nearest = Vec::with_capacity(direct.len());
    for mut earlier in direct {
        earlier.sort_unstable();
        earlier.dedup();
        let mut through = Places::default();
        let mut after = Vec::new();
        // The latest first: nothing that comes after it can wait for it.
        for place in earlier.into_iter().rev().filter(|place| *place < all.len()) {
            if !through.has(place) {
                after.push(place);
                through.add(place);
                through.add_all(&all[place]);
            }
        }
        after.reverse();
        nearest.push(after);
        all.push(through);
    }
    nearest
}

/// A set of places, one bit for each.
#[derive(Default)]
struct Places(Vec<u64>);

impl Places {
    const BITS: usize = u64::BITS as usize;

    fn has(&self, place: usize) -> bool {
        self.0.get(place / Self::BITS).is_some_and(|bits| bits >> (place % Self::BITS) & 1 == 1)
    }

    fn add(&mut self, place: usize) {
        let at = place / Self::BITS;
        if at >= self.0.len() {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (place % Self::BITS);
    }

    fn add_all(&mut self, others: &Self) {
        if others.0.len() > self.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&others.0) {
            *mine |= theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_anyway_is_left_out() {
        let direct = vec![vec![], vec![0], vec![], vec![1, 0, 2], vec![3, 1, 3]];
        assert_eq!(without_detours(direct), [vec![], vec![0], vec![], vec![1, 2], vec![3]]);
    }
}

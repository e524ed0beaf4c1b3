//! Things in an order in which none comes before what it waits for, in a time that grows with how many there are and no faster.

use std::collections::BTreeSet;

/// Hands out places of a list, each behind those that it waits for; where there is a choice, as they stand in the list.
pub(crate) struct Waiting {
    left: BTreeSet<usize>,
    /// Those that wait for nothing that is left.
    ready: BTreeSet<usize>,
    /// Those of them that would not rather wait.
    free: BTreeSet<usize>,
    must: Counts,
    should: Counts,
}

/// How many each still waits for, and who waits for it.
struct Counts {
    open: Vec<usize>,
    waiters: Vec<Vec<usize>>,
}

impl Counts {
    fn new(awaited: &[Vec<usize>]) -> Self {
        let mut waiters = vec![Vec::new(); awaited.len()];
        for (place, others) in awaited.iter().enumerate() {
            for other in others {
                if let Some(waiters) = waiters.get_mut(*other) {
                    waiters.push(place);
                }
            }
        }
        Self { open: awaited.iter().map(Vec::len).collect(), waiters }
    }

    /// The places that wait for one thing less, now that this one is done.
    fn done(&mut self, place: usize) -> Vec<usize> {
        let waiters = std::mem::take(&mut self.waiters[place]);
        for waiter in &waiters {
            self.open[*waiter] -= 1;
        }
        waiters
    }
}

impl Waiting {
    /// By place: the places that must come before it, and those that should where that leaves a choice.
    pub fn new(must: &[Vec<usize>], should: &[Vec<usize>]) -> Self {
        let mut waiting = Self {
            left: (0..must.len()).collect(),
            ready: BTreeSet::new(),
            free: BTreeSet::new(),
            must: Counts::new(must),
            should: Counts::new(should),
        };
        (0..must.len()).for_each(|place| waiting.sort(place));
        waiting
    }

    /// The next place; `None` if nothing is left, or only what waits for itself.
    pub fn next(&mut self) -> Option<usize> {
        let next = self.free.first().or_else(|| self.ready.first()).copied()?;
        self.take(next);
        Some(next)
    }

    /// As [`Waiting::next`]; of what waits for itself the first goes as it comes.
    pub fn next_anyway(&mut self) -> Option<usize> {
        self.next().or_else(|| {
            let first = self.left.first().copied()?;
            self.take(first);
            Some(first)
        })
    }

    /// What is left, as it stands in the list.
    pub fn left(self) -> BTreeSet<usize> {
        self.left
    }

    fn take(&mut self, place: usize) {
        self.left.remove(&place);
        self.ready.remove(&place);
        self.free.remove(&place);
        let nearer = [self.must.done(place), self.should.done(place)].concat();
        nearer.into_iter().for_each(|place| self.sort(place));
    }

    fn sort(&mut self, place: usize) {
        if self.must.open[place] > 0 || !self.left.contains(&place) {
            return;
        }
        self.ready.insert(place);
        if self.should.open[place] == 0 {
            self.free.insert(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(must: &[Vec<usize>], should: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
        let mut waiting = Waiting::new(must, should);
        let order = std::iter::from_fn(|| waiting.next()).collect();
        (order, waiting.left().into_iter().collect())
    }

    #[test]
    fn each_comes_behind_what_it_waits_for_and_else_as_it_stands() {
        let nothing = vec![Vec::new(); 4];
        assert_eq!(order(&[vec![2], vec![], vec![1], vec![]], &nothing), (vec![1, 2, 0, 3], vec![]));
        assert_eq!(order(&nothing, &[vec![3], vec![], vec![], vec![]]).0, [1, 2, 3, 0], "a wish is heard");
        assert_eq!(order(&[vec![], vec![0]], &[vec![1], vec![]]).0, [0, 1], "where it can be");
    }

    #[test]
    fn what_waits_for_itself_is_left() {
        let circle = [vec![1], vec![0], vec![]];
        let nothing = vec![Vec::new(); 3];
        assert_eq!(order(&circle, &nothing), (vec![2], vec![0, 1]));
        let mut waiting = Waiting::new(&circle, &nothing);
        let all: Vec<usize> = std::iter::from_fn(|| waiting.next_anyway()).collect();
        assert_eq!(all, [2, 0, 1], "or goes as it comes");
    }
}

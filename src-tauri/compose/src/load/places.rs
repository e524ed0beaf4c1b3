//! Where each key of the model was written, so that later errors can say file, line and column.

use std::collections::BTreeMap;

use sternway_model::Location;

/// The place of every key, by its path: `services.web.ports[0]`.
///
/// After a merge the place is the one of the file that had the last word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    by_path: BTreeMap<String, Location>,
}

impl Places {
    /// The place of a key; where the key itself was not written (a default, a value of another file's list), the place
    /// of the nearest key above it.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Location> {
        let mut path = path;
        loop {
            if let Some(found) = self.by_path.get(path) {
                return Some(found);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// As [`Places::get`], with the key that was asked for in place of the one that was found.
    #[must_use]
    pub fn named(&self, path: &str) -> Option<Location> {
        self.get(path).map(|found| Location { key: Some(path.to_owned()), ..found.clone() })
    }

    pub(super) fn insert(&mut self, path: String, place: Location) {
        self.by_path.insert(path, place);
    }

    /// Takes over what another file says, over what is known.
    pub(super) fn absorb(&mut self, other: Self) {
        self.by_path.extend(other.by_path);
    }

    /// The places of everything below a key, by their paths from there.
    pub(super) fn below(&self, key: &str) -> Vec<(String, Location)> {
        let prefix = format!("{key}.");
        self.by_path
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, place)| (path[prefix.len()..].to_owned(), place.clone()))
            .collect()
    }

    /// What was said of one service also holds for the service that extends it, unless that one says it itself.
    pub(super) fn inherit(&mut self, below: Vec<(String, Location)>, heir: &str) {
        for (path, place) in below {
            self.by_path.entry(format!("{heir}.{path}")).or_insert(place);
        }
    }
}

//! Where each key of the model was written, so that later errors can say file, line and column.

use std::collections::BTreeMap;
use std::path::Path;

use sternway_model::{Error, Location};

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

    /// The same places, for people.
    pub(super) fn seen_from(mut self, dir: &Path) -> Self {
        self.by_path = self.by_path.into_iter().map(|(path, place)| (path, seen_from(place, dir))).collect();
        self
    }

    /// Adds the place of a key to an error that does not know a line yet.
    pub(super) fn locate(&self, error: Error, path: &str) -> Error {
        match self.named(path) {
            Some(place) if error.at.as_ref().is_none_or(|at| at.line.is_none()) => error.at(place),
            _ => error,
        }
    }

    pub(super) fn insert(&mut self, path: String, place: Location) {
        self.by_path.insert(path, place);
    }

    /// Takes over what a later file says, over what is known. Of a list that both have, only the list's own place stays:
    /// the items' numbers change when the lists are merged.
    pub(super) fn absorb(&mut self, mut later: Self) {
        let both: Vec<String> =
            later.by_path.keys().filter_map(|path| list_of(path)).filter(|list| self.has_items(list)).collect();
        for list in both {
            self.forget_items(&list);
            later.forget_items(&list);
        }
        self.by_path.extend(later.by_path);
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
        let mut inherited = Self::default();
        for (path, place) in below {
            inherited.insert(format!("{heir}.{path}"), place);
        }
        let own = Self {
            by_path: self.below(heir).into_iter().map(|(path, place)| (format!("{heir}.{path}"), place)).collect(),
        };
        for path in own.by_path.keys() {
            self.by_path.remove(path);
        }
        inherited.absorb(own);
        self.by_path.extend(inherited.by_path);
    }

    fn has_items(&self, list: &str) -> bool {
        let prefix = format!("{list}[");
        self.by_path.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    fn forget_items(&mut self, list: &str) {
        let prefix = format!("{list}[");
        let items = self.by_path.range(prefix.clone()..).map(|(path, _)| path);
        let items: Vec<String> = items.take_while(|path| path.starts_with(&prefix)).cloned().collect();
        for item in items {
            self.by_path.remove(&item);
        }
    }
}

/// A place as people name it: a file of the project's folder from there, any other with its whole path.
pub(super) fn seen_from(place: Location, dir: &Path) -> Location {
    match place.file.strip_prefix(dir) {
        Ok(inside) => Location { file: inside.to_owned(), ..place },
        Err(_) => place,
    }
}

/// The outermost list that a path leads into.
fn list_of(path: &str) -> Option<String> {
    path.find('[').map(|end| path[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(file: &str, paths: &[&str]) -> Places {
        let mut places = Places::default();
        for path in paths {
            let place = Location { file: file.into(), line: Some(1), column: Some(1), key: None };
            places.insert((*path).to_owned(), place);
        }
        places
    }

    #[test]
    fn a_merged_list_is_placed_as_a_whole() {
        let mut places = places("a", &["s.x.ports", "s.x.ports[0]", "s.x.ports[1].target", "s.x.dns[0]"]);
        places.absorb(self::places("b", &["s.x.ports", "s.x.ports[0]", "s.x.image"]));
        let file = |path: &str| places.get(path).map(|place| place.file.to_string_lossy().into_owned());
        assert_eq!(file("s.x.ports[1].target").as_deref(), Some("b"));
        assert_eq!(file("s.x.dns[0]").as_deref(), Some("a"));
        assert_eq!(file("s.x.image").as_deref(), Some("b"));
        assert_eq!(file("t"), None);
    }

    #[test]
    fn an_heir_speaks_for_itself_first() {
        let mut places = places("own", &["s.heir.image", "s.heir.ports", "s.heir.ports[0]"]);
        let base = self::places("base", &["s.base.image", "s.base.ports", "s.base.ports[0]", "s.base.user"]);
        places.inherit(base.below("s.base"), "s.heir");
        let file = |path: &str| places.get(path).map(|place| place.file.to_string_lossy().into_owned());
        assert_eq!(file("s.heir.image").as_deref(), Some("own"));
        assert_eq!(file("s.heir.user").as_deref(), Some("base"));
        assert_eq!(file("s.heir.ports[0]").as_deref(), Some("own"));
    }
}

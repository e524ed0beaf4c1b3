//! Where the keychain's values turn up in texts that are not ours: files, and what a repository remembers.

use std::collections::BTreeSet;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use sternway_model::{Error, Result, Sensitive};
use zeroize::Zeroizing;

use crate::bare::bare;
use crate::encodings::Spellings;
use crate::wrapped::Wrapped;

/// Values of fewer characters turn up in every other file.
pub const SHORTEST_FOUND: usize = 8;

/// Looks for values in all the forms in which the [`Redactor`](crate::Redactor) masks them.
pub struct Finder {
    as_written: Search,
    bare: Search,
    wrapped: Wrapped,
    short: BTreeSet<usize>,
}

/// Looks for patterns in one kind of text.
struct Search {
    search: AhoCorasick,
    /// For each pattern, the value that it is a form of. Equal values have patterns of their own.
    owners: Vec<usize>,
}

impl Search {
    fn new(patterns: Vec<(Zeroizing<Vec<u8>>, usize)>) -> Result<Self> {
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns.iter().map(|(pattern, _)| pattern.as_slice()))
            .map_err(|error| Error::failed(format!("the secrets are too much to be looked for: {error}")))?;
        Ok(Self { search, owners: patterns.into_iter().map(|(_, owner)| owner).collect() })
    }

    fn found<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let matches = self.search.find_overlapping_iter(text);
        matches.filter_map(|found| self.owners.get(found.pattern().as_usize()).copied())
    }
}

impl Finder {
    /// One that looks for these values; it tells them apart by their places.
    ///
    /// # Errors
    /// If they are too much to look for at once.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a Sensitive>) -> Result<Self> {
        let (mut as_written, mut bare, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
        let mut short = BTreeSet::new();
        for (place, value) in values.into_iter().enumerate() {
            if value.reveal().trim().chars().count() < SHORTEST_FOUND {
                short.insert(place);
                continue;
            }
            // The first and last line of a key file are those of every key file.
            let telling = |form: &[u8]| {
                String::from_utf8_lossy(form).chars().count() >= SHORTEST_FOUND && !form.starts_with(b"-----")
            };
            let known = Spellings::of(value.reveal());
            let written = known.plain.iter().chain(&known.encoded).map(|form| Zeroizing::new(form.as_bytes().to_vec()));
            as_written.extend(written.filter(|form| telling(form)).map(|form| (form, place)));
            wrapped.extend(known.encoded.iter().map(|form| (form.clone(), place)));
            bare.extend(known.bare.into_iter().filter(|form| telling(form)).map(|form| (form, place)));
        }
        Ok(Self {
            as_written: Search::new(as_written)?,
            bare: Search::new(bare)?,
            wrapped: Wrapped::new(wrapped),
            short,
        })
    }

    /// The places of the values that are in a text.
    #[must_use]
    pub fn found(&self, text: &[u8]) -> BTreeSet<usize> {
        let wrapped = self.wrapped.owners(text);
        self.as_written.found(text).chain(self.bare.found(&bare(text))).chain(wrapped).collect()
    }

    /// The places of the values that are too short to be looked for.
    #[must_use]
    pub fn too_short(&self) -> &BTreeSet<usize> {
        &self.short
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder").field("patterns", &self.as_written.owners.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn looking_for(values: &[&str]) -> Finder {
        let values: Vec<Sensitive> = values.iter().map(|value| Sensitive::new((*value).to_owned())).collect();
        Finder::new(&values).unwrap()
    }

    #[test]
    fn values_are_told_apart_in_every_form() {
        let finder = looking_for(&["hunter2-and-more", "p&ss w/rd", "short"]);
        let found = |text: &str| finder.found(text.as_bytes()).into_iter().collect::<Vec<_>>();
        assert_eq!(found("PASSWORD=hunter2-and-more # and p&ss w/rd"), [0, 1]);
        assert_eq!(found("?p=p%26ss%20w%2Frd"), [1]);
        assert_eq!(found("PASSWORD='p&ss w'/rd"), [1]);
        assert_eq!(found(&STANDARD.encode("user:hunter2-and-more@db")), [0]);
        let wrapped = STANDARD.encode("a long text with the password hunter2-and-more in it, which is wrapped");
        assert_eq!(found(&format!("{}\n{}\n", &wrapped[..56], &wrapped[56..])), [0]);
        assert_eq!(found("hunter2-and-less, short"), Vec::<usize>::new());
        assert_eq!(finder.too_short().iter().copied().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn equal_values_are_all_found_and_key_files_are_not_mixed_up() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END PRIVATE KEY-----\n";
        let finder = looking_for(&["the same value", "the same value", key]);
        assert_eq!(finder.found(b"x the same value y").len(), 2);
        assert!(finder.found(b"-----BEGIN PRIVATE KEY-----").is_empty());
        assert_eq!(finder.found(b"MIIEvQIBADANBgkqhkiG9w0BAQ").len(), 1);
        assert!(!format!("{finder:?}").contains("same value"));
    }
}

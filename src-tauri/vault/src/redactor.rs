//! Takes secrets out of texts.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use sternway_model::{Error, Result, Sensitive};
use zeroize::Zeroizing;

use crate::ansi::Plain;
use crate::encodings::{Forms, forms};

/// What stands where a secret was.
pub const MASK: &str = "[secret]";

/// Values of fewer characters are not masked: they would turn up in every other word.
pub(crate) const SHORTEST: usize = 4;

/// Knows the secrets of a run and takes them out of texts: as they are, base64, URL-encoded and JSON-escaped, and each
/// line of a value with several. A clone knows the same secrets, also those that are added later.
///
/// It is the last step before a text leaves the core. Nothing may be decided by a redacted text: a masked word is not
/// the word that was there.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Arc<Known>>>,
}

impl Redactor {
    /// Whether a value has so few characters (under four) that it is not masked. Whoever sets one should be told.
    #[must_use]
    pub fn too_short(value: &Sensitive) -> bool {
        value.reveal().trim().chars().count() < SHORTEST
    }

    /// Masks a value from now on.
    ///
    /// # Errors
    /// If the values known so far are too much to look for at once; then nothing must be printed.
    pub fn add(&self, value: &Sensitive) -> Result<()> {
        self.add_all([value])
    }

    /// Masks several values from now on.
    ///
    /// # Errors
    /// As for [`Redactor::add`].
    pub fn add_all<'a>(&self, values: impl IntoIterator<Item = &'a Sensitive>) -> Result<()> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut patterns = known.patterns.clone();
        for value in values {
            // Texts are searched without their terminal sequences, and so the value must have none either.
            patterns.extend(forms(value.reveal()).iter().map(|form| Zeroizing::new(Plain::of(form).text().to_owned())));
        }
        patterns.sort_by(|a, b| a.as_str().cmp(b));
        patterns.dedup();
        *known = Arc::new(Known::new(patterns)?);
        Ok(())
    }

    /// The text without secrets. Of several that begin at the same place the longest counts, so that no tail of one is
    /// left; terminal sequences inside of one do not hide it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.snapshot().redact(text)
    }

    pub(crate) fn snapshot(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("patterns", &self.snapshot().patterns.len()).finish()
    }
}

/// The secrets that were known at one moment.
#[derive(Default)]
pub(crate) struct Known {
    patterns: Forms,
    search: Option<AhoCorasick>,
    /// Bytes of the longest pattern.
    longest: usize,
}

impl Known {
    fn new(patterns: Forms) -> Result<Self> {
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(|pattern| pattern.as_bytes()))
            .map_err(|error| Error::failed(format!("the secrets are too much to be masked: {error}")))?;
        let longest = patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(0);
        Ok(Self { patterns, search: Some(search), longest })
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut done = 0;
        for place in self.found(text, &Plain::of(text)) {
            // Places are between characters: patterns are whole characters, and UTF-8 has none inside of another.
            redacted.push_str(&text[done..place.start]);
            redacted.push_str(MASK);
            done = place.end;
        }
        redacted.push_str(&text[done..]);
        redacted
    }

    /// Up to where a text that will go on can be redacted already: what follows cannot make a secret of what is before.
    pub(crate) fn decided(&self, text: &str) -> usize {
        let plain = Plain::of(text);
        let open = plain.text().len().saturating_sub(self.longest.saturating_sub(1));
        let mut decided = plain.start(plain.text().floor_char_boundary(open));
        for place in self.found(text, &plain) {
            if place.start < decided {
                decided = decided.max(place.end);
            }
        }
        decided
    }

    /// Where secrets are, in order and without overlaps. A text with terminal sequences is searched with and without
    /// them: a secret may be coloured in parts, and it may stand in a sequence, such as a window's title.
    fn found(&self, text: &str, plain: &Plain<'_>) -> Vec<Range<usize>> {
        let Some(search) = &self.search else { return Vec::new() };
        let mut places: Vec<Range<usize>> =
            search.find_iter(plain.text()).map(|found| plain.start(found.start())..plain.end(found.end())).collect();
        if plain.text().len() == text.len() {
            return places;
        }
        places.extend(search.find_iter(text).map(|found| found.range()));
        places.sort_by_key(|place| place.start);
        places.dedup_by(|next, place| {
            let overlap = next.start < place.end;
            if overlap {
                place.end = place.end.max(next.end);
            }
            overlap
        });
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(values: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        for value in values {
            redactor.add(&Sensitive::new((*value).to_owned())).unwrap();
        }
        redactor
    }

    #[test]
    fn no_tail_of_a_longer_secret_is_left() {
        for order in [["abcd", "abcdef"], ["abcdef", "abcd"]] {
            assert_eq!(knowing(&order).redact("x abcdef abcd abcdeg"), "x [secret] [secret] [secret]eg");
        }
    }

    #[test]
    fn colours_do_not_hide_a_secret() {
        let redactor = knowing(&["hunter2!", "with\u{1b}[1mbold"]);
        assert_eq!(redactor.redact("\u{1b}[31mhun\u{1b}[0mter2!\u{1b}[0m ü"), "\u{1b}[31m[secret]\u{1b}[0m ü");
        assert_eq!(redactor.redact("\u{1b}]0;hunter2!\u{7} \u{1b}]hunter2!"), "\u{1b}]0;[secret]\u{7} \u{1b}][secret]");
        assert_eq!(redactor.redact("withbold with\u{1b}[1mbold"), "[secret] [secret]");
    }

    #[test]
    fn a_clone_knows_what_is_added_later_and_nobody_prints_it() {
        let redactor = Redactor::default();
        let clone = redactor.clone();
        assert_eq!(clone.redact("s3cr3t"), "s3cr3t");
        redactor.add(&Sensitive::new("s3cr3t".into())).unwrap();
        assert_eq!(clone.redact("s3cr3t"), MASK);
        assert!(!format!("{redactor:?}").contains("s3cr3t"));
    }

    #[test]
    fn short_values_are_told_and_left_alone() {
        assert!(Redactor::too_short(&Sensitive::new(" abc\n".into())));
        assert!(!Redactor::too_short(&Sensitive::new("äöüß".into())));
        assert_eq!(knowing(&["abc", ""]).redact("abc"), "abc");
    }
}

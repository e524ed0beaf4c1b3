//! Takes secrets out of texts.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use sternway_model::{Error, LONGEST_LINE, Result, Sensitive, may_be_cut};
use zeroize::Zeroizing;

use crate::ansi::Plain;
use crate::bare::Bare;
use crate::encodings::{Forms, Spellings};
use crate::wrapped::Wrapped;

/// What stands where a secret was.
pub const MASK: &str = "[secret]";

/// Values of fewer characters are not masked: they would turn up in every other word.
pub(crate) const SHORTEST: usize = 4;

/// What stands at the end of a line that was cut.
const LEFT_OUT: &str = " … (the rest of this line is left out)";

/// The most bytes with which a byte is written, where quoting is nested.
const LONGEST_ESCAPE: usize = 8;

/// Knows the secrets of a run and takes them out of texts: as they are, quoted and escaped in whatever way ([`crate::bare`]), in base64
/// and hexadecimal digits, also where those were wrapped, and each line of a value with several. A clone knows the same secrets, also
/// those that are added later.
///
/// It is the last step before a text leaves the core: a text is redacted first and cut then. Nothing may be decided by a redacted
/// text: a masked word is not the word that was there.
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
        let mut all =
            Spellings { plain: known.patterns.clone(), encoded: known.encoded.clone(), bare: known.bare.clone() };
        for value in values {
            let Spellings { plain, encoded, bare } = Spellings::of(value.reveal());
            all.plain.extend(plain);
            all.encoded.extend(encoded);
            all.bare.extend(bare);
        }
        *known = Arc::new(Known::new(all)?);
        Ok(())
    }

    /// The text without secrets. Of several that begin at the same place the longest counts, so that no tail of one is
    /// left; terminal sequences inside of one do not hide it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.snapshot().redact(text)
    }

    /// The same for a text of which somebody else cut off the end or the beginning: what is left there of a secret, if it is as long
    /// as a secret must be, is masked, too.
    #[must_use]
    pub fn redact_cut(&self, text: &str) -> String {
        self.snapshot().redact_cut(text)
    }

    /// The same for a line of output. One that may have been cut where it was read ends with a note, and without half a secret.
    #[must_use]
    pub fn redact_line(&self, line: &str) -> String {
        if !may_be_cut(line) {
            return self.redact(line);
        }
        let mut redacted = self.redact_cut(line);
        redacted.truncate(redacted.floor_char_boundary(LONGEST_LINE));
        redacted.push_str(LEFT_OUT);
        redacted
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
    encoded: Forms,
    bare: Vec<Zeroizing<Vec<u8>>>,
    search: Option<Search>,
    /// Bytes of the longest secret as it may be written.
    longest: usize,
}

struct Search {
    as_written: AhoCorasick,
    bare: AhoCorasick,
    wrapped: Wrapped,
}

impl Known {
    fn new(known: Spellings) -> Result<Self> {
        let Spellings { plain: mut patterns, mut encoded, mut bare } = known;
        for forms in [&mut patterns, &mut encoded] {
            forms.sort_by(|a, b| a.as_str().cmp(b));
            forms.dedup();
        }
        bare.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
        bare.dedup();
        let search = Search {
            as_written: automaton(patterns.iter().chain(&encoded).map(|form| form.as_bytes()))?,
            bare: automaton(bare.iter().map(|form| form.as_slice()))?,
            wrapped: Wrapped::new(encoded.iter().map(|form| (form.clone(), 0))),
        };
        let written = patterns.iter().chain(&encoded).map(|form| form.len());
        let longest = written.chain(bare.iter().map(|form| form.len() * LONGEST_ESCAPE)).max().unwrap_or(0);
        let search = (!patterns.is_empty()).then_some(search);
        Ok(Self { patterns, encoded, bare, search, longest })
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        masked(text, &self.found(text, &Plain::of(text)))
    }

    fn redact_cut(&self, text: &str) -> String {
        let plain = Plain::of(text);
        let mut places = self.found(text, &plain);
        let (written, stripped) = (plain.text().as_bytes(), Bare::of(plain.text().as_bytes()));
        let as_written = self.patterns.iter().chain(&self.encoded).map(|form| form.as_bytes());
        let bare = self.bare.iter().map(|form| form.as_slice());
        for form in as_written {
            let (begun, rest) = halves(written, form);
            places.extend(begun.map(|length| plain.start(written.len() - length)..text.len()));
            places.extend(rest.map(|length| 0..plain.end(length)));
        }
        // The cut may have gone through an escape, too.
        let escape = written.len().saturating_sub(LONGEST_ESCAPE);
        let whole = written[escape..].iter().rposition(|byte| matches!(byte, b'\\' | b'%' | b'&'));
        let ends = [Some(stripped.bytes().len()), whole.map(|at| stripped.until(escape + at))];
        for form in bare {
            for end in ends.into_iter().flatten() {
                let (begun, rest) = halves(&stripped.bytes()[..end], form);
                places.extend(begun.map(|length| plain.start(stripped.place(end - length..end).start)..text.len()));
                places.extend(rest.map(|length| 0..plain.end(stripped.place(0..length).end)));
            }
        }
        masked(text, &settled(text, places))
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
        let original = |place: Range<usize>| plain.start(place.start)..plain.end(place.end);
        let mut places: Vec<Range<usize>> =
            search.as_written.find_iter(plain.text()).map(|found| original(found.range())).collect();
        if plain.text().len() != text.len() {
            places.extend(search.as_written.find_iter(text).map(|found| found.range()));
        }
        let bare = Bare::of(plain.text().as_bytes());
        places.extend(search.bare.find_iter(bare.bytes()).map(|found| original(bare.place(found.range()))));
        places.extend(search.wrapped.found(plain.text().as_bytes()).into_iter().map(original));
        settled(text, places)
    }
}

fn automaton<'a>(patterns: impl Iterator<Item = &'a [u8]>) -> Result<AhoCorasick> {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(patterns)
        .map_err(|error| Error::failed(format!("the secrets are too much to be masked: {error}")))
}

/// How much of a pattern's beginning stands at a text's end, and how much of its end at the text's beginning.
fn halves(text: &[u8], pattern: &[u8]) -> (Option<usize>, Option<usize>) {
    let most = text.len().min(pattern.len().saturating_sub(1));
    let begun = (SHORTEST..=most).rev().find(|length| text.ends_with(&pattern[..*length]));
    let rest = (SHORTEST..=most).rev().find(|length| text.starts_with(&pattern[pattern.len() - length..]));
    (begun, rest)
}

/// Places in order, without overlaps, and between characters.
fn settled(text: &str, mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    for place in &mut places {
        // A value that was itself a half of something escaped may be found in the middle of a character.
        *place = text.floor_char_boundary(place.start)..text.ceil_char_boundary(place.end);
    }
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

fn masked(text: &str, places: &[Range<usize>]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut done = 0;
    for place in places {
        redacted.push_str(&text[done..place.start]);
        redacted.push_str(MASK);
        done = place.end;
    }
    redacted.push_str(&text[done..]);
    redacted
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

    #[test]
    fn how_a_program_quotes_and_escapes_does_not_hide_a_secret() {
        let redactor = knowing(&["it's\"Gr8$Zk\\q/9+x", "user:pässword"]);
        for (text, wanted) in [
            (r#"{"body":"{\"pw\":\"it's\\\"Gr8$Zk\\\\q/9+x\"}"}"#, r#"{"body":"{\"pw\":\"[secret]\"}"}"#),
            (r#"+ true 'it'\''s"Gr8$Zk\q/9+x'"#, "+ true '[secret]'"),
            (r#"declare -x PW="it's\"Gr8\$Zk\\q/9+x" # é"#, r#"declare -x PW="[secret]" # é"#),
            ("postgres://app:it's%22Gr8$Zk%5Cq%2F9+x@db/shop", "postgres://app:[secret]@db/shop"),
            ("<td>it&#39;s&quot;Gr8$Zk\\q/9+x</td>", "<td>[secret]</td>"),
            (r#"{"p":"user:p\u00E4ssword"}"#, r#"{"p":"[secret]"}"#),
            ("user%3Ap%C3%A4ssword&x=1", "[secret]&x=1"),
            ("user:p\u{1b}[1m\\xc3\\xa4ss\u{1b}[0mword", "[secret]"),
        ] {
            assert_eq!(redactor.redact(text), wanted, "{text}");
        }
    }

    #[test]
    fn of_a_cut_text_no_half_of_a_secret_is_left() {
        let redactor = knowing(&["hunter2-and-more", "a/b&c d\"e"]);
        for (cut, wanted) in [
            ("password is hunter2-an", "password is [secret]"),
            ("and-more, says he", "[secret], says he"),
            ("-and-more hunt", "[secret] [secret]"),
            ("as \u{1b}[1mhunter\u{1b}[0m2-a", "as \u{1b}[1m[secret]"),
            ("url a%2Fb%26c%2", "url [secret]"),
            ("{\"p\":\"a/b\\u0026c\\u00", "{\"p\":\"[secret]"),
            ("hun", "hun"),
            ("a hunter", "a [secret]"),
            ("hunter2-and-more", MASK),
        ] {
            assert_eq!(redactor.redact_cut(cut), wanted, "{cut}");
        }
    }

    #[test]
    fn a_line_that_was_cut_says_so_and_ends_with_no_half_secret() {
        let redactor = knowing(&["hunter2-and-more"]);
        let begin = "x".repeat(LONGEST_LINE - 7);
        let line = redactor.redact_line(&format!("{begin}hunter2"));
        assert_eq!(line, format!("{begin}{}{LEFT_OUT}", &MASK[..7]));
        assert_eq!(redactor.redact_line("short hunter2"), "short hunter2");
    }
}

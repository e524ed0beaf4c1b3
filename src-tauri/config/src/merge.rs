//! A document that two have changed: somebody in Sternway, and somebody outside while it was open.
//!
//! What only one of them changed is taken over, comments and layout too. What both changed is a conflict, told value by
//! value, and nobody's is written until a person has chosen.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use similar::TextMerge;
use specta::Type;
use sternway_model::{Error, Result};

use crate::document::{Change, Data, Document, Format, Meaning, Numbering, Step, written};

/// Whose value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename = "MergeSide")]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// That of the person who saves.
    Ours,
    /// That of the file.
    Theirs,
}

/// What a person has chosen where both have changed a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename = "MergeResolution")]
pub struct Resolution {
    /// The value; empty for the whole text.
    pub path: Vec<Step>,
    /// Whose is taken.
    pub take: Side,
    /// What the file had when this was chosen: another value was not chosen about.
    pub theirs: Option<String>,
}

/// A value that both have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename = "MergeConflict")]
pub struct Conflict {
    /// The value; empty for the whole text.
    pub path: Vec<Step>,
    /// What it was; absent if there was none.
    pub base: Option<String>,
    /// What the person who saves has; absent if they removed it.
    pub ours: Option<String>,
    /// What the file has; absent if it was removed there.
    pub theirs: Option<String>,
}

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The text: everything that only one side changed, and the file's values where both did and nobody has chosen.
    pub text: String,
    /// What is left to choose.
    pub conflicts: Vec<Conflict>,
}

/// Merges two texts that were both made from `base`.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if the values cannot be brought together in one text.
pub fn merge(
    path: &Path,
    format: Format,
    [base, ours, theirs]: [&str; 3],
    resolutions: &[Resolution],
) -> Result<Merge> {
    let chosen = |path: &[Step], theirs: Option<&str>| {
        let mut about_this = resolutions.iter().rev().filter(|one| one.path == path && one.theirs.as_deref() == theirs);
        about_this.next().map(|one| one.take)
    };
    let documents = [base, ours, theirs].map(|text| Document::parse(path, format, text));
    let [Ok(was), Ok(here), Ok(there)] = &documents else {
        return Ok(texts(base, ours, theirs, chosen(&[], Some(theirs))));
    };
    if format == Format::Text {
        return Ok(texts(base, ours, theirs, chosen(&[], Some(theirs))));
    }
    let mut found = Found { chosen: &chosen, decided: Vec::new(), conflicts: Vec::new() };
    let [was, here, there_means] = [was, here, there].map(Document::meaning);
    found.look([Some(&was), Some(&here), Some(&there_means)], &mut Vec::new());
    // Text first, so that comments and layout of both sides come along; then the values, which count.
    let started = Document::parse(path, format, &lines(base, ours, theirs, Side::Theirs));
    let starts = started.iter().chain([there]);
    let mut refused = None;
    for start in starts {
        match found.applied(start) {
            Ok(text) => return Ok(Merge { text, conflicts: found.conflicts }),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(|| Error::internal("a merge had nothing to start with")))
}

/// The merge of texts without values.
fn texts(base: &str, ours: &str, theirs: &str, chosen: Option<Side>) -> Merge {
    let conflicted = TextMerge::from_lines(base, ours, theirs).is_conflicted();
    let text = lines(base, ours, theirs, chosen.unwrap_or(Side::Theirs));
    let open = conflicted && chosen.is_none();
    let [base, ours, theirs] = [base, ours, theirs].map(|text| Some(text.to_owned()));
    let conflict = Conflict { path: Vec::new(), base, ours, theirs };
    Merge { text, conflicts: if open { vec![conflict] } else { Vec::new() } }
}

/// Both sides' lines, and one side's where both changed the same ones.
fn lines(base: &str, ours: &str, theirs: &str, side: Side) -> String {
    use similar::MergeResolution as From;
    let merge = TextMerge::from_lines(base, ours, theirs);
    let mut text = String::new();
    for region in merge.regions() {
        let theirs = match region.resolution() {
            From::Ours => false,
            From::Conflict => side == Side::Theirs,
            // Where nothing changed, and where both did the same, it is everybody's.
            _ => true,
        };
        if theirs {
            text.extend(region.theirs_range().filter_map(|line| merge.theirs_line(line)));
        } else {
            text.extend(region.ours_range().filter_map(|line| merge.ours_line(line)));
        }
    }
    text
}

/// What the merged document shall have at a path.
struct Decided {
    path: Vec<Step>,
    want: Want,
}

/// What is wanted at a path.
enum Want {
    /// This value, or none.
    Value(Option<Data>),
    /// These, all under the same key.
    All(Vec<String>, Vec<Meaning>),
}

impl Want {
    fn holds(&self, document: &Document, path: &[Step]) -> bool {
        match self {
            Self::Value(value) => document.data(path) == *value,
            Self::All(key, wanted) => {
                let Some(Data::Object(parts)) = document.data(path) else { return wanted.is_empty() };
                parts.iter().filter(|part| part.words == *key).eq(wanted)
            }
        }
    }
}

/// Whose value a person has taken at a path, if the file still has what was shown.
type Chosen<'a> = &'a dyn Fn(&[Step], Option<&str>) -> Option<Side>;

struct Found<'a> {
    chosen: Chosen<'a>,
    decided: Vec<Decided>,
    conflicts: Vec<Conflict>,
}

impl Found<'_> {
    /// Compares what was, what we have and what they have.
    fn look(&mut self, [was, ours, theirs]: [Option<&Meaning>; 3], path: &mut Vec<Step>) {
        let same = |a: Option<&Meaning>, b: Option<&Meaning>| match (a, b) {
            (Some(a), Some(b)) => a.value == b.value && a.note == b.note,
            (None, None) => true,
            _ => false,
        };
        let value = |of: Option<&Meaning>| of.map(|meaning| meaning.value.clone());
        if same(ours, theirs) || same(ours, was) {
            return self.decide(path, value(theirs));
        }
        if same(theirs, was) {
            return self.decide(path, value(ours));
        }
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && let Some(parts) = parts(was, ours, theirs)
        {
            for part in parts {
                match part {
                    Part::One(step, three) => {
                        let length = path.len();
                        path.extend(step);
                        self.look(three, path);
                        path.truncate(length);
                    }
                    Part::Several(key, three) => self.look_at_all(key, three, path),
                }
            }
            return;
        }
        let text = |of: Option<&Meaning>| of.map(|meaning| meaning.value.text());
        let [base_text, our_text, their_text] = [was, ours, theirs].map(text);
        match (self.chosen)(path, their_text.as_deref()) {
            Some(Side::Ours) => self.decide(path, value(ours)),
            Some(Side::Theirs) => self.decide(path, value(theirs)),
            None => {
                let conflict = Conflict { path: path.clone(), base: base_text, ours: our_text, theirs: their_text };
                self.conflicts.push(conflict);
                self.decide(path, value(theirs));
            }
        }
    }

    /// Compares what stands several times under one key, of which one side has more than the other.
    fn look_at_all(&mut self, key: &[String], [was, ours, theirs]: [Vec<&Meaning>; 3], path: &[Step]) {
        let mut at = path.to_vec();
        at.extend(key.iter().cloned().map(Step::Key));
        let take = if ours == theirs || ours == was {
            Some(Side::Theirs)
        } else if theirs == was {
            Some(Side::Ours)
        } else {
            (self.chosen)(&at, None)
        };
        let taken = if take == Some(Side::Ours) { ours } else { theirs };
        let want = Want::All(key.to_vec(), taken.into_iter().cloned().collect());
        self.decided.push(Decided { path: path.to_vec(), want });
        if take.is_none() {
            self.conflicts.push(Conflict { path: at, base: None, ours: None, theirs: None });
        }
    }

    fn decide(&mut self, path: &[Step], value: Option<Data>) {
        self.decided.push(Decided { path: path.to_vec(), want: Want::Value(value) });
    }

    /// A document with every value as it was decided.
    fn applied(&self, start: &Document) -> Result<String> {
        let mut document = start.clone();
        for Decided { path, want } in &self.decided {
            let Want::Value(value) = want else { continue };
            let current = document.data(path);
            if current == *value {
                continue;
            }
            document = match (current, value) {
                (_, None) => document.changed(path, &Change::Unset)?,
                (Some(_), Some(value)) => document.changed(path, &Change::Set(value.clone()))?,
                (None, Some(value)) => {
                    let (last, above) = path.split_last().ok_or_else(|| Error::internal("a document went missing"))?;
                    let key = match last {
                        Step::Key(key) => Some(key.clone()),
                        Step::Index(_) => None,
                    };
                    document.changed(above, &Change::Insert(key, value.clone()))?
                }
            };
        }
        match self.decided.iter().find(|decided| !decided.want.holds(&document, &decided.path)) {
            None => Ok(document.text().to_owned()),
            Some(lost) => Err(Error::invalid(format!(
                "what both sides changed around {} cannot be brought together",
                written(&lost.path)
            ))
            .hint("Nothing was written. Take the file's text, then make the change again.")),
        }
    }
}

/// A part of three values.
enum Part<'a> {
    /// A key or a place, and what the three have there.
    One(Vec<Step>, [Option<&'a Meaning>; 3]),
    /// A key, and what each of the three has under it.
    Several(&'a [String], [Vec<&'a Meaning>; 3]),
}

/// The parts of three values, if they can be compared part by part.
fn parts<'a>(was: Option<&'a Meaning>, ours: &'a Meaning, theirs: &'a Meaning) -> Option<Vec<Part<'a>>> {
    match (was.map(|was| &was.value), &ours.value, &theirs.value) {
        (Some(Data::Object(was)), Data::Object(ours), Data::Object(theirs)) => Some(by_key([was, ours, theirs])),
        (None, Data::Object(ours), Data::Object(theirs)) => Some(by_key([&[], ours, theirs])),
        // A list in which something was added or removed has other values in the same places.
        (Some(Data::Array(was)), Data::Array(ours), Data::Array(theirs))
            if was.len() == ours.len() && was.len() == theirs.len() =>
        {
            let parts = was.iter().zip(ours).zip(theirs).enumerate();
            let part = |(place, ((was, ours), theirs))| {
                Part::One(vec![Step::index(place)], [Some(was), Some(ours), Some(theirs)])
            };
            Some(parts.map(part).collect())
        }
        _ => None,
    }
}

fn by_key(three: [&[Meaning]; 3]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut seen: HashSet<&[String]> = HashSet::new();
    for part in three.into_iter().rev().flatten() {
        let key = part.words.as_slice();
        if !seen.insert(key) {
            continue;
        }
        let path: Vec<Step> = key.iter().cloned().map(Step::Key).collect();
        let all = three.map(|parts| parts.iter().filter(|part| part.words == key).collect::<Vec<_>>());
        let count = all[0].len();
        let numbered = match part.numbering {
            Numbering::Never => {
                parts.push(Part::One(path, all.map(|alike| alike.last().copied())));
                continue;
            }
            Numbering::OfSeveral => count > 1,
            Numbering::Always => true,
        };
        if all.iter().any(|alike| alike.len() != count) {
            parts.push(Part::Several(key, all));
            continue;
        }
        for place in 0..count {
            let mut path = path.clone();
            path.extend(numbered.then(|| Step::index(place)));
            parts.push(Part::One(path, [0, 1, 2].map(|side: usize| all[side].get(place).copied())));
        }
    }
    parts
}

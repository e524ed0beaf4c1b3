//! Pinned secrets in texts that are put together from files.
//!
//! A pin stands inside a text as `⟦keychain:NAME@3⟧`, and a file could write the same. So wherever texts are made of what files say
//! (values filled into others, files merged over files), pins are *sealed*: the mark carries a number that was drawn at random for this
//! one reading and that no file can know. When the texts are complete the seal is opened: what carries the number becomes a pin, and a
//! mark without it was written by a file, in whatever way it came about, and is refused.

use std::fmt;
use std::path::Path;

use crate::secret::{CLOSE, MARK};
use crate::yaml::{Content, Node, join};
use crate::{Error, Result};

/// The seal of one reading of files. Two readings never have the same one.
#[derive(Clone)]
pub struct Seal {
    /// How a sealed pin begins.
    sealed: String,
    number: String,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// A seal with a number of its own, of 128 bits.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn draw() -> Result<Self> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::failed(format!("the system gives no random numbers: {error}")))?;
        let number = bytes.iter().fold(String::new(), |number, byte| number + &format!("{byte:02x}"));
        Ok(Self { sealed: format!("{}#{number}:", MARK.trim_end_matches(':')), number })
    }

    /// Seals the pins of a text. The text must come from a [`crate::Value`] or a release, never straight from a file.
    #[must_use]
    pub fn close(&self, text: &str) -> String {
        text.replace(MARK, &self.sealed)
    }

    /// Whether a text has a sealed pin in it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        text.contains(&self.sealed)
    }

    /// The text with its sealed pins as pins.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`], without a place, for a pin that is not sealed, and for one that was taken apart.
    pub fn open(&self, text: String) -> Result<String> {
        refuse_marks(&text)?;
        if !text.contains(&self.number) {
            return Ok(text);
        }
        let opened = text.replace(&self.sealed, MARK);
        let whole = opened.matches(MARK).count() == opened.split(MARK).skip(1).filter(|rest| is_whole(rest)).count();
        if opened.contains(&self.number) || !whole {
            return Err(Error::invalid("a secret is taken apart here").hint(
                "Give it to the service as an environment variable or as a `secrets:` file, and read it from there.",
            ));
        }
        Ok(opened)
    }

    /// A message as a person may read it: what it quotes of a sealed text has ordinary pins.
    #[must_use]
    pub fn shown(&self, message: &str) -> String {
        message.replace(&self.sealed, MARK).replace(&self.number, "")
    }
}

/// Whether what follows the beginning of a mark closes it before anything else begins.
fn is_whole(rest: &str) -> bool {
    rest.split_once(CLOSE).is_some_and(|(inside, _)| {
        inside.split_once('@').is_some_and(|(_, version)| version.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Refuses a text of a file that has the mark of a pinned secret in it: only Sternway makes those.
///
/// # Errors
/// [`crate::Code::InvalidInput`], without a place.
pub fn refuse_marks(text: &str) -> Result<()> {
    if text.contains(MARK) {
        return Err(Error::invalid(format!("this has `{MARK}` in it, the mark of a secret's version"))
            .hint("Only Sternway's own records name versions. Write `keychain:NAME` to use a secret."));
    }
    Ok(())
}

/// As [`refuse_marks`], for all keys and values of a YAML tree, whose own path is `path`.
///
/// # Errors
/// [`crate::Code::InvalidInput`] with file, line, column and key.
pub fn refuse_marks_in(node: &Node, file: &Path, path: &str) -> Result<()> {
    match &node.content {
        Content::Scalar(scalar) => refuse_marks(&scalar.text).map_err(|error| error.at(node.mark.location(file, path))),
        Content::Sequence(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| refuse_marks_in(item, file, &format!("{path}[{index}]"))),
        Content::Mapping(entries) => entries.iter().try_for_each(|(key, value)| {
            let path = join(path, &key.text);
            refuse_marks(&key.text).map_err(|error| error.at(key.mark.location(file, &path)))?;
            refuse_marks_in(value, file, &path)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "⟦keychain:DB_PASSWORD@3⟧";

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else() {
        let seal = Seal::draw().expect("random");
        let text = format!("pg://u:{PIN}@db/{PIN}?⟦x⟧");
        let sealed = seal.close(&text);
        assert!(!sealed.contains(MARK));
        assert_eq!(seal.open(sealed.clone()).expect("ours"), text);
        assert_eq!(seal.open("⟦plain⟧".to_owned()).expect("no mark"), "⟦plain⟧");
        seal.open(PIN.to_owned()).expect_err("nobody sealed it");
        seal.open(format!("{sealed}{PIN}")).expect_err("one of them nobody sealed");
        let other = Seal::draw().expect("random");
        let opened = other.open(sealed).expect("only a text to another reading");
        assert!(crate::mentions(&opened).expect("no pins").is_empty());
    }

    #[test]
    fn a_pin_that_is_taken_apart_is_refused() {
        let seal = Seal::draw().expect("random");
        let sealed = seal.close(PIN);
        for (index, _) in sealed.char_indices().skip(1) {
            let (left, right) = sealed.split_at(index);
            for part in [left, right] {
                if let Ok(text) = seal.open(part.to_owned()) {
                    assert!(crate::mentions(&text).expect("no broken mark").is_empty(), "{part}");
                }
            }
        }
        assert_eq!(seal.shown(&format!("`{sealed}` is no port")), format!("`{PIN}` is no port"));
    }
}

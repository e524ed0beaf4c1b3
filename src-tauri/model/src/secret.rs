//! Secrets by name and by version. Values are elsewhere: only in the keychain.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Error, Result, SecretName, Sensitive};

const SCHEME: &str = "keychain:";
/// Brackets that nobody types by accident, so that a pin can stand inside a longer text.
const OPEN: char = '⟦';
pub(crate) const CLOSE: char = '⟧';
/// How a pin begins inside a text.
pub(crate) const MARK: &str = "⟦keychain:";

/// A reference as it stands in a file: `keychain:DB_PASSWORD`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretRef {
    /// The secret's name in its environment.
    pub name: SecretName,
}

impl SecretRef {
    /// Reads a value that may be a reference: `None` if it is an ordinary value.
    ///
    /// # Errors
    /// (inner) If it begins like a reference and its name is none.
    pub fn parse(value: &str) -> Option<Result<Self>> {
        value.strip_prefix(SCHEME).map(|name| Ok(Self { name: name.parse()? }))
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.name)
    }
}

/// One version of a secret. As text, `⟦keychain:DB_PASSWORD@3⟧`, it stands for the value in everything that is planned,
/// compared and stored; [`expand`] puts the value in at the last moment. Texts of files never give one: see [`crate::Seal`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Type)]
pub struct SecretPin {
    /// The secret's name in its environment.
    pub name: SecretName,
    /// Its version, from 1.
    pub version: u32,
}

impl fmt::Display for SecretPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{SCHEME}{}@{}{CLOSE}", self.name, self.version)
    }
}

/// Gives the value of a pinned secret.
pub trait Reveal: Send + Sync {
    /// The value of this version.
    ///
    /// # Errors
    /// [`crate::Code::SecretMissing`] if the keychain has none, [`crate::Code::KeychainUnavailable`] if it does not answer.
    fn reveal(&self, pin: &SecretPin) -> Result<Sensitive>;
}

/// A piece of a text that may mention secrets.
enum Piece<'a> {
    Text(&'a str),
    Pin(SecretPin),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let after = &rest[start + OPEN.len_utf8()..];
        let Some(body) = after.strip_prefix(SCHEME) else {
            let end = start + OPEN.len_utf8();
            pieces.push(Piece::Text(&rest[..end]));
            rest = &rest[end..];
            continue;
        };
        let broken = || Error::invalid("a text looks like a pinned secret, and is none");
        let end = body.find(CLOSE).ok_or_else(broken)?;
        let (name, version) = body[..end].split_once('@').ok_or_else(broken)?;
        pieces.push(Piece::Text(&rest[..start]));
        pieces.push(Piece::Pin(SecretPin { name: name.parse()?, version: version.parse().map_err(|_| broken())? }));
        rest = &body[end + CLOSE.len_utf8()..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// The secrets that a text mentions, in order.
///
/// # Errors
/// If the text has something that looks like a pinned secret and is none.
pub fn mentions(text: &str) -> Result<Vec<SecretPin>> {
    if !text.contains(OPEN) {
        return Ok(Vec::new());
    }
    let pins = pieces(text)?.into_iter().filter_map(|piece| match piece {
        Piece::Pin(pin) => Some(pin),
        Piece::Text(_) => None,
    });
    Ok(pins.collect())
}

/// The text with the values of its secrets.
///
/// # Errors
/// As [`mentions`] and [`Reveal::reveal`].
pub fn expand(text: &str, secrets: &dyn Reveal) -> Result<Sensitive> {
    let mut whole = Sensitive::new(String::new());
    for piece in pieces(text)? {
        let next = match piece {
            Piece::Text(text) => format!("{}{text}", whole.reveal()),
            Piece::Pin(pin) => format!("{}{}", whole.reveal(), secrets.reveal(&pin)?.reveal()),
        };
        whole = Sensitive::new(next);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Reveal for Fixed {
        fn reveal(&self, pin: &SecretPin) -> Result<Sensitive> {
            Ok(Sensitive::new(format!("{}-{}", pin.name.as_str().to_lowercase(), pin.version)))
        }
    }

    #[test]
    fn a_pin_stands_inside_a_text() {
        let pin = SecretPin { name: "PW".parse().expect("a name"), version: 3 };
        let text = format!("postgres://u:{pin}@db/⟦x⟧?p={pin}");
        assert_eq!(mentions(&text).expect("valid"), [pin.clone(), pin]);
        assert_eq!(expand(&text, &Fixed).expect("valid").reveal(), "postgres://u:pw-3@db/⟦x⟧?p=pw-3");
    }

    #[test]
    fn a_broken_pin_is_an_error() {
        for bad in ["⟦keychain:A", "⟦keychain:A⟧", "⟦keychain:A@x⟧", "⟦keychain:1@1⟧"] {
            assert!(mentions(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_scheme_makes_a_reference() {
        assert!(SecretRef::parse("plain").is_none());
        assert!(SecretRef::parse("keychain:").expect("looks like one").is_err());
        assert_eq!(SecretRef::parse("keychain:A").expect("is one").expect("valid").to_string(), "keychain:A");
    }
}

//! What a generated secret looks like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::words::words;

words!(
    /// The characters of a generated secret. None of them has a meaning in an env file or to a shell.
    Alphabet {
        /// Letters and digits.
        Letters = "letters",
        /// Letters, digits and some signs.
        Symbols = "symbols",
        /// Hexadecimal digits.
        Hex = "hex",
        /// Letters, digits, `-` and `_`, as in addresses.
        Url = "url",
    }
);

impl Alphabet {
    /// All of them, for lists.
    pub const ALL: [Self; 4] = [Self::Letters, Self::Symbols, Self::Hex, Self::Url];

    /// Its characters, each once.
    #[must_use]
    pub fn characters(self) -> &'static str {
        match self {
            Self::Letters => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            Self::Symbols => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!%*+,-./:=?@^_~",
            Self::Hex => "0123456789abcdef",
            Self::Url => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        }
    }
}

/// How a secret is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Recipe {
    /// How many characters.
    pub length: u32,
    /// Which characters.
    pub alphabet: Alphabet,
}

impl Default for Recipe {
    /// 32 letters and digits: about 190 bits.
    fn default() -> Self {
        Self { length: 32, alphabet: Alphabet::Letters }
    }
}

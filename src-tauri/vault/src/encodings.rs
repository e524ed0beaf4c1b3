//! The forms in which a secret's value turns up in other programs' output, beside those that [`crate::bare`] strips.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use zeroize::Zeroizing;

use crate::ansi::Plain;
use crate::bare::bare;
use crate::redactor::SHORTEST;

/// The longest value that is looked for in hexadecimal digits, in bytes.
const LONGEST_HEX: usize = 512;

/// A set of texts that wipes them.
pub(crate) type Forms = Vec<Zeroizing<String>>;

/// Everything that gives a value away.
pub(crate) struct Spellings {
    /// The value itself, and each of its lines.
    pub plain: Forms,
    /// What it is turned into so that its characters cannot be seen any more: base64 and hexadecimal digits.
    pub encoded: Forms,
    /// The same as it is left when quotes and escapes are stripped: see [`crate::bare`].
    pub bare: Vec<Zeroizing<Vec<u8>>>,
}

impl Spellings {
    /// Nothing that is shorter than [`SHORTEST`], nothing twice.
    pub(crate) fn of(value: &str) -> Self {
        // Programs read a value from a file and drop the line end, or print it without the blanks around it. Terminal sequences are
        // taken out of a text before it is searched.
        let whole = [value, value.trim()].into_iter();
        let texts = whole.chain(value.lines().map(str::trim));
        let plain = settled(
            texts.flat_map(|text| [text.to_owned(), Plain::of(text).text().to_owned()]).map(Zeroizing::new).collect(),
        );
        let mut encoded = Forms::new();
        for value in [value, value.trim()] {
            base64(value.as_bytes(), &mut encoded);
            hexadecimal(value.as_bytes(), &mut encoded);
        }
        let encoded = settled(encoded);
        // Of the encoded ones only base64 with such characters is ever escaped.
        let escaped = encoded.iter().filter(|form| form.contains(['/', '+']));
        let bare = plain.iter().chain(escaped).map(|form| bare(form.as_bytes()));
        let mut bare: Vec<_> = bare.filter(|bare| String::from_utf8_lossy(bare).chars().count() >= SHORTEST).collect();
        bare.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
        bare.dedup();
        Self { plain, encoded, bare }
    }
}

fn settled(mut forms: Forms) -> Forms {
    forms.retain(|form| form.chars().count() >= SHORTEST);
    forms.sort_by(|a, b| a.as_str().cmp(b));
    forms.dedup();
    forms
}

/// The digits of all bytes, of either case, in a row and as tools set them apart (`od`, `openssl`, C). Nobody prints a long value
/// like that for people, and each form is several times as long as the value.
fn hexadecimal(value: &[u8], forms: &mut Forms) {
    if value.len() > LONGEST_HEX {
        return;
    }
    let lower: Vec<Zeroizing<String>> = value.iter().map(|byte| Zeroizing::new(hex::encode([*byte]))).collect();
    for between in ["", " ", ":", ", 0x"] {
        let mut digits = Zeroizing::new(String::with_capacity(value.len() * (between.len() + 2)));
        for (place, byte) in lower.iter().enumerate() {
            if place > 0 {
                digits.push_str(between);
            }
            digits.push_str(byte);
        }
        // The `x` between them stays as it is.
        forms.push(Zeroizing::new(digits.chars().map(|c| if c == 'x' { c } else { c.to_ascii_uppercase() }).collect()));
        forms.push(digits);
    }
}

/// RFC 4648 §4 and §5, wherever the value stands in what was encoded: three bytes become four characters, so that there
/// are three alignments. Characters that also hold bits of a neighbour are left out, or taken with the end of the data.
fn base64(value: &[u8], forms: &mut Forms) {
    let alphabets: [&Alphabet; 2] = [&STANDARD, &URL_SAFE];
    for alphabet in alphabets {
        let engine = GeneralPurpose::new(alphabet, NO_PAD);
        for before in 0..3 {
            let mut bytes = Zeroizing::new(vec![0; before]);
            bytes.extend_from_slice(value);
            let encoded = Zeroizing::new(engine.encode(bytes.as_slice()));
            // The characters that hold bits of the `before` bytes; the others are the value's alone.
            let own = encoded.get((before * 8).div_ceil(6)..).unwrap_or_default();
            let ends_with_neighbour = bytes.len() % 3 != 0;
            let alone = if ends_with_neighbour { &own[..own.len().saturating_sub(1)] } else { own };
            forms.push(Zeroizing::new(alone.to_owned()));
            forms.push(Zeroizing::new(own.to_owned()));
            forms.push(Zeroizing::new(format!("{own}{}", "=".repeat((3 - bytes.len() % 3) % 3))));
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn base64_is_known_wherever_the_value_stands() {
        let value = "pa?ss>wörd";
        let known = Spellings::of(value).encoded;
        for before in 0..7 {
            for after in 0..4 {
                let text = format!("{}{value}{}", "u".repeat(before), "v".repeat(after));
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let longest =
                        known.iter().filter(|form| encoded.contains(form.as_str())).map(|form| form.len()).max();
                    // At most one character at each side, which shares its bits with a neighbour, stays.
                    assert!(longest.unwrap_or(0) + 2 >= value.len() * 8 / 6, "{before} {after} {encoded}");
                }
            }
        }
    }

    #[test]
    fn each_line_of_a_value_is_known() {
        let value = (0..12).map(|line| format!("line {line} of a private key\n")).collect::<String>();
        assert!(Spellings::of(&value).plain.iter().any(|form| form.as_str() == "line 7 of a private key"));
    }

    #[test]
    fn hexadecimal_digits_are_known_as_tools_print_them() {
        let known = Spellings::of("kN1>").encoded;
        for digits in ["6b4e313e", "6B4E313E", "6b 4e 31 3e", "6B:4E:31:3E", "6B, 0x4E, 0x31, 0x3E"] {
            assert!(known.iter().any(|form| form.as_str() == digits), "{digits}");
        }
    }
}

//! Thousands of edits made at random, compared with what was meant. The same ones every time.

use std::path::Path;

use sternway_config::{Assignment, EnvFile};

/// Numbers that only look random (xorshift64*).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).expect("31 bits") % end
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A text of pieces that env files have trouble with.
    pub fn value(&mut self) -> String {
        const PIECES: [&str; 34] = [
            "a",
            "B",
            "7",
            "-",
            "_",
            ".",
            "/",
            ":",
            "=",
            "@",
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "#",
            " #",
            "$",
            "$$",
            "${A}",
            "$A",
            "'",
            "\"",
            "\\",
            "\\n",
            "\\$",
            "\\\"",
            "{\"k\": 1}",
            "é",
            "🦀",
            "\u{a0}",
            "`",
            "!",
        ];
        (0..self.below(7)).map(|_| self.pick(&PIECES)).collect()
    }
}

const LINES: [&str; 24] = [
    "# a comment",
    "",
    "   ",
    "A=1",
    "export B=two # note",
    "C: three",
    "D='four $A \\' #'",
    "E=\"five \\\"$A\\\" \\n \\$A\" # note",
    "F='two\nlines'",
    "G=\"x\"H=y",
    "I=",
    "J= # not a comment",
    "K",
    " L = spaced  ",
    "A=again",
    "M=${A:-x}y$A",
    "N=a#b",
    "#O=off",
    "P='keychain:P'",
    "Q=\"\"",
    "R=päß 🦀",
    "S=a\\b\\\\",
    "T=x$1 $ y$",
    "U=\"x$1 $ y\\$\"",
];

pub fn file(dice: &mut Dice) -> String {
    let newline = *dice.pick(&[&"\n", &"\r\n"]);
    let mut text = dice.pick(&["", "", "\u{feff}"]).to_owned();
    for _ in 0..dice.below(9) {
        text.push_str(dice.pick(&LINES));
        text.push_str(newline);
    }
    // The last line of a file may lack its end; a key without `=` there is refused.
    let ended = text.trim_end_matches(newline).len();
    if !text[..ended].ends_with('K') && dice.below(4) == 0 {
        text.truncate(ended);
    }
    text
}

fn state(file: &EnvFile) -> Vec<(String, Option<String>, bool)> {
    let of = |entry: sternway_config::Entry<'_>| {
        let template = (!entry.is_bare()).then(|| entry.template().into_owned());
        (entry.key().to_owned(), template, entry.exported())
    };
    file.entries().map(of).collect()
}

#[test]
fn every_edit_means_what_was_meant() {
    let keys = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "P", "NEW", "NEW_2"];
    let mut dice = Dice(0x5eed_0001);
    let mut edits = 0;
    for round in 0..5000 {
        let text = file(&mut dice);
        let mut file = EnvFile::parse(Path::new(".env"), text.as_bytes())
            .unwrap_or_else(|error| panic!("round {round}: {text:?}: {error}"));
        assert_eq!(file.bytes(), text.as_bytes(), "parsing keeps every byte");
        for _ in 0..=dice.below(4) {
            let key = dice.pick(&keys);
            let before = file.clone();
            let mut wanted = state(&file);
            if dice.below(5) == 0 {
                file.unset(key).unwrap_or_else(|error| panic!("round {round}: unset {key} in {text:?}: {error}"));
                wanted.retain(|(k, ..)| k != key);
            } else {
                let value = dice.value();
                file.set(key, Assignment::Value(&value))
                    .unwrap_or_else(|error| panic!("round {round}: {key}={value:?} in {text:?}: {error}"));
                let template = Some(value.replace('$', "$$"));
                match wanted.iter_mut().rfind(|(k, ..)| k == key) {
                    Some(entry) => entry.1 = template,
                    None => wanted.push((key.to_owned(), template, false)),
                }
                assert_eq!(
                    file.get(key).expect("set").fill(&|_| None).map(|filled| filled.text).as_deref(),
                    Ok(value.as_str())
                );
                assert_others_untouched(&before, &file, key);
            }
            assert_eq!(state(&file), wanted, "round {round}: {key} in {text:?}");
            edits += 1;
        }
    }
    assert!(edits > 10_000, "only {edits} edits");
}

/// Everything but the edited value is there byte for byte, in its order.
fn assert_others_untouched(before: &EnvFile, after: &EnvFile, key: &str) {
    let (old, new) = (before.bytes(), after.bytes());
    let (cut, insert) = match before.get(key) {
        Some(entry) => (entry.raw().len(), after.get(key).expect("set").raw().len() + usize::from(entry.is_bare())),
        None => (0, new.len() - old.len()),
    };
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let suffix = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    assert_eq!(old.len() - cut + insert, new.len());
    assert!(prefix + suffix + cut.max(insert) >= old.len().max(new.len()), "more than the value of {key} changed");
}

//! Splits a command like a shell does, as far as Compose goes: quotes and backslashes, but no variables and no commands
//! in commands. It ends at the first `;`, `&`, `|`, `<` or `>` outside quotes.

use sternway_model::{Error, Result};

/// The words of a command line.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if a quote or parenthesis is not closed.
pub(super) fn words(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    // A word may be empty: `''`.
    let mut begun = false;
    let mut open = Open::default();
    for c in line.chars() {
        if open.escaped {
            word.push(c);
            open.escaped = false;
            begun = true;
            continue;
        }
        match c {
            '\\' if !open.single => open.escaped = true,
            '\\' => word.push(c),
            ' ' | '\t' | '\r' | '\n' if open.any() => word.push(c),
            ' ' | '\t' | '\r' | '\n' => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            '"' if !open.single && !open.command => {
                begun |= open.double;
                open.double = !open.double;
            }
            '\'' if !open.double && !open.command => {
                begun |= open.single;
                open.single = !open.single;
            }
            ';' | '&' | '|' | '<' | '>' if !open.any() => {
                // `2>` is a redirection and no argument.
                begun &= !(c == '>' && word.starts_with(|c: char| c.is_ascii_digit()));
                break;
            }
            c => {
                match c {
                    '`' if !open.single && !open.double && !open.command => open.back = !open.back,
                    ')' if !open.single && !open.double && !open.back => open.command = !open.command,
                    '(' if !open.single && !open.double && !open.back => {
                        if open.command || !word.ends_with('$') {
                            return Err(unclosed(line));
                        }
                        open.command = true;
                    }
                    _ => {}
                }
                word.push(c);
                begun = true;
            }
        }
    }
    if open.escaped || open.any() {
        return Err(unclosed(line));
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

/// What has begun and not ended.
#[derive(Default)]
struct Open {
    escaped: bool,
    single: bool,
    double: bool,
    back: bool,
    command: bool,
}

impl Open {
    fn any(&self) -> bool {
        self.single || self.double || self.back || self.command
    }
}

fn unclosed(line: &str) -> Error {
    Error::invalid(format!("the command `{line}` cannot be split into words"))
        .hint("A quote, a parenthesis or a backslash stands alone. Write the command as a list of its words.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_like_compose() {
        for (line, expected) in [
            ("", vec![]),
            ("  sleep   infinity ", vec!["sleep", "infinity"]),
            ("sh -c 'echo \"a b\" && x'", vec!["sh", "-c", "echo \"a b\" && x"]),
            ("a\"b c\"'d' ''", vec!["ab cd", ""]),
            (r#"a\ b "\"" '\' "\n""#, vec!["a b", "\"", r"\", "n"]),
            ("echo $(date now) `x y`", vec!["echo", "$(date now)", "`x y`"]),
            ("echo a && echo b", vec!["echo", "a"]),
        ] {
            assert_eq!(words(line).expect(line), expected, "{line}");
        }
        for bad in ["'", "\"a", "a (b)", r"a\", "$(x"] {
            assert!(words(bad).is_err(), "{bad}");
        }
    }
}

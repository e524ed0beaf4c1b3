//! The terminal itself: keys as they are pressed, and values that nobody beside should read.

use std::io::{IsTerminal, stderr, stdin, stdout};

use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read,
};
use crossterm::execute;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use sternway_core::Patience;
use sternway_model::{Code, Error, Result};

use crate::out;

/// Whether a person can be asked.
pub fn is_there() -> bool {
    stdin().is_terminal()
}

/// How long the keychain is waited for: where nobody sees the dialog in which it asks for its password, not long.
pub fn patience(json: bool) -> Patience {
    if json {
        return Patience::unattended();
    }
    let attended = stderr().is_terminal() && (stdin().is_terminal() || stdout().is_terminal());
    let patience = if attended { Patience::of_a_person() } else { Patience::unattended() };
    patience.told(|waiting| {
        if waiting {
            out::aside(format_args!("sternway: waiting for the keychain …"));
        }
    })
}

/// The terminal hands on every key as it is, until this is dropped.
pub struct Raw;

impl Raw {
    /// From now on.
    ///
    /// # Errors
    /// If there is no terminal.
    pub fn new() -> Result<Self> {
        enable_raw_mode().map_err(|error| Error::failed(format!("the terminal cannot be prepared: {error}")))?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Err(error) = disable_raw_mode() {
            mention!("sternway: the terminal stays as it is ({error}); `reset` mends it");
        }
    }
}

/// What is pasted comes in one piece, line ends and all, until this is dropped.
struct Pasting;

impl Pasting {
    fn new() -> std::io::Result<Self> {
        execute!(stderr(), EnableBracketedPaste)?;
        Ok(Self)
    }
}

impl Drop for Pasting {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to be told.
        drop(execute!(stderr(), DisableBracketedPaste));
    }
}

/// Asks for a value that is not shown while it is typed. Enter ends it; what is pasted may have several lines.
///
/// # Errors
/// [`Code::Declined`] if the person breaks off.
pub fn hidden(prompt: &str) -> Result<String> {
    let fault = |error: std::io::Error| Error::failed(format!("cannot ask: {error}"));
    out::question(prompt).map_err(fault)?;
    let typed = {
        let _raw = Raw::new()?;
        let _pasting = Pasting::new().map_err(fault)?;
        typed(|| read().map_err(fault))
    };
    mention!("");
    typed
}

fn typed(mut next: impl FnMut() -> Result<Event>) -> Result<String> {
    let mut text = String::new();
    loop {
        match next()? {
            // Terminals send the key for line ends, too.
            Event::Paste(pasted) => text.push_str(&pasted.replace("\r\n", "\n").replace('\r', "\n")),
            Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => {}
            Event::Key(KeyEvent { code, modifiers, .. }) => match (code, modifiers.contains(KeyModifiers::CONTROL)) {
                (KeyCode::Enter, _) | (KeyCode::Char('d'), true) => return Ok(text),
                (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => {
                    return Err(Error::new(Code::Declined, "nothing was done"));
                }
                (KeyCode::Backspace, _) => drop(text.pop()),
                (KeyCode::Char('u'), true) => text.clear(),
                (KeyCode::Char(key), false) => text.push(key),
                _ => {}
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(events: Vec<Event>) -> Result<String> {
        let mut events = events.into_iter();
        typed(|| events.next().ok_or_else(|| Error::failed("there is no more")))
    }

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn what_is_typed_and_pasted_is_the_value() {
        let plain = |code| key(code, KeyModifiers::NONE);
        let events = vec![
            plain(KeyCode::Char('a')),
            plain(KeyCode::Char('x')),
            plain(KeyCode::Backspace),
            key(KeyCode::Char('B'), KeyModifiers::SHIFT),
            Event::Paste("-----\r\nkey\rend".into()),
            plain(KeyCode::Enter),
        ];
        assert_eq!(ask(events).expect("a value"), "aB-----\nkey\nend");
    }

    #[test]
    fn breaking_off_gives_no_value() {
        let events = vec![key(KeyCode::Char('a'), KeyModifiers::NONE), key(KeyCode::Char('c'), KeyModifiers::CONTROL)];
        assert_eq!(ask(events).expect_err("broken off").code, Code::Declined);
    }
}

//! Everything that is printed, but for what a command in a container prints: that is between it and the person.
//!
//! Texts have names and values of files in them, which may steer a terminal: they are shown and not sent. Standard output may have
//! nobody at its other end any more: `sternway history | head` is no mistake, and a deployment whose output nobody reads goes on.

use std::fmt::Arguments;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use sternway_model::{visible, visible_json, visible_output};

static UNREAD: AtomicBool = AtomicBool::new(false);

/// Prints a line for a person; what nobody reads is left unsaid.
pub fn line(text: Arguments<'_>) {
    write_line(&visible(&text.to_string()));
}

/// Prints a line that a program printed: colours stay.
pub fn output(text: &str) {
    write_line(&visible_output(text));
}

/// Prints a line of JSON.
pub fn json(text: &str) {
    write_line(&visible_json(text));
}

/// Prints a value or a file's text, and a line end: to a program as it is, to a person as on any other line.
pub fn exact(text: &str) {
    if std::io::stdout().is_terminal() { write_line(&visible(text)) } else { write_line(text) }
}

/// As [`exact`], without a line end.
pub fn exact_part(text: &str) {
    let shown = if std::io::stdout().is_terminal() { visible(text) } else { text.into() };
    written(write!(std::io::stdout().lock(), "{shown}"));
}

fn write_line(text: &str) {
    let mut out = std::io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()));
}

fn written(result: std::io::Result<()>) {
    if result.is_err() {
        UNREAD.store(true, Ordering::Relaxed);
    }
}

/// Prints a line on standard error. There may be no terminal any more, and then there is nobody to tell.
pub fn aside(text: Arguments<'_>) {
    drop(writeln!(std::io::stderr().lock(), "{}", visible(&text.to_string())));
}

/// Prints a line of JSON on standard error.
pub fn json_aside(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{}", visible_json(text)));
}

/// Asks on standard error, without a line end.
///
/// # Errors
/// If there is nowhere to ask.
pub fn question(text: &str) -> std::io::Result<()> {
    let mut error = std::io::stderr().lock();
    write!(error, "{}", visible(text))?;
    error.flush()
}

/// Whether the reader has gone: what is only printed need not go on.
pub fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// As `println!`, without its panic when the reader is gone.
macro_rules! say {
    ($($text:tt)*) => { $crate::out::line(format_args!($($text)*)) };
}

/// As `eprintln!`, without its panic when nobody reads it.
macro_rules! mention {
    ($($text:tt)*) => { $crate::out::aside(format_args!($($text)*)) };
}

//! Standard output that may have nobody at its other end any more: `sternway history | head` is no mistake, and a deployment
//! whose output nobody reads goes on.

use std::fmt::Arguments;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static UNREAD: AtomicBool = AtomicBool::new(false);

/// Prints a line; what nobody reads is left unsaid.
pub fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        UNREAD.store(true, Ordering::Relaxed);
    }
}

/// Whether the reader has gone: what is only printed need not go on.
pub fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// As `println!`, without its panic when the reader is gone.
macro_rules! say {
    ($($text:tt)*) => { $crate::out::line(format_args!($($text)*)) };
}

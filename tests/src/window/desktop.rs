//! The window from outside: what the window manager does with it.

use std::process::Command;

use crate::{Failure, Result};

/// Only windows on the screen that are called just this: the page's own title is longer.
const SEARCH: [&str; 4] = ["search", "--onlyvisible", "--name", "^Sternway$"];

/// Whether a window of the program is on the screen.
pub(super) fn is_shown() -> Result<bool> {
    let found = Command::new("xdotool").args(SEARCH).output()?;
    Ok(!found.stdout.is_empty())
}

/// Brings the window to the front and presses the key that closes it.
pub(super) fn close() -> Result<()> {
    xdotool(&[SEARCH.as_slice(), &["windowactivate", "--sync"]].concat())?;
    // A call of its own: after a search the key would be sent to the window, past the window manager.
    xdotool(&["key", "--clearmodifiers", "alt+F4"])
}

fn xdotool(arguments: &[&str]) -> Result<()> {
    let done = Command::new("xdotool").args(arguments).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("xdotool {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr))))
}

//! What a project would run on this machine, and whether it may.

use std::fmt::Write;

use sternway_core::view::TrustView;
use sternway_model::ProjectCommand;

use super::{line, local};

/// Commands by stage, each on a line below it.
pub fn commands(commands: &[ProjectCommand]) -> String {
    let (mut text, mut stage) = (String::new(), None);
    for command in commands {
        if stage != Some(command.stage) {
            line!(text, "  {}", command.stage);
            stage = Some(command.stage);
        }
        // A command of several lines must not look like several.
        line!(text, "    $ {}", command.line.trim_end().replace('\n', "⏎"));
    }
    text
}

/// Whether the project is trusted, since when, and with what.
pub fn trust(view: &TrustView) -> String {
    let mut text = match (&view.at, &view.by) {
        (Some(at), Some(by)) => format!("{} is trusted: by {by}, since {}\n", view.project, local(*at)),
        _ => format!("{} is not trusted on this machine\n", view.project),
    };
    if view.commands.is_empty() {
        line!(text, "it has no commands");
    } else {
        line!(text, "its commands:");
        text.push_str(&commands(&view.commands));
    }
    text
}

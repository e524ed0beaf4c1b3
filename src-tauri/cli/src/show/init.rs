//! What `init` found.

use std::fmt::Write;

use sternway_core::view::Initialised;
use sternway_model::EnvironmentName;

use super::line;
use super::table::Table;

/// What was written and from what, and what to do next.
pub fn initialised(made: &Initialised) -> String {
    let mut text = format!("wrote {}\n", made.file.display());
    let environments: Vec<&str> = made.environments.iter().map(EnvironmentName::as_str).collect();
    let listed = |files: &[String]| if files.is_empty() { "none".to_owned() } else { files.join(", ") };
    let mut found = Table::new().indented();
    found.row(["project".to_owned(), made.project.to_string()]);
    found.row(["environments".to_owned(), environments.join(", ")]);
    found.row(["Compose files".to_owned(), listed(&made.compose)]);
    found.row(["env files".to_owned(), listed(&made.variables)]);
    text.push_str(&found.to_string());
    for problem in &made.problems {
        line!(text, "✕ {problem}");
    }
    if !made.suspicious.is_empty() {
        line!(text, "these stand in files in plain text:");
        let mut table = Table::new().indented();
        for candidate in &made.suspicious {
            let place = format!("{}:{}", candidate.source.file.display(), candidate.source.line);
            table.row([candidate.key.clone(), place, candidate.reason.clone()]);
        }
        text.push_str(&table.to_string());
    }
    let Some(first) = environments.first() else { return text };
    line!(text, "next:");
    if !made.suspicious.is_empty() {
        line!(text, "  sternway secret import {first}");
    }
    line!(text, "  sternway plan {first}");
    line!(text, "  sternway deploy {first}");
    text
}

//! Variables and secrets.

use std::fmt::Write;

use sternway_core::view::{Cell, Import, Matrix, MatrixRow, SecretEntry, Secrets, Variables};
use sternway_model::{EnvironmentName, Value, Variable, counted, looks_like_secret};

use super::line;
use super::table::Table;

fn value(variable: &Variable) -> String {
    match &variable.value {
        Value::Plain(text) => match looks_like_secret(&variable.key, text) {
            Some(reason) => format!("●●●● in plain text, {reason}"),
            None => text.clone(),
        },
        Value::Secret { name, version: Some(version) } => format!("●●●● {name} v{version}"),
        Value::Secret { name, version: None } => format!("●●●● {name}, no value yet"),
    }
}

/// An environment's variables.
pub fn variables(variables: &Variables) -> String {
    let mut table = Table::new().head(["key", "value", "from"]);
    for variable in &variables.variables {
        let source = format!("{}:{}", variable.source.file.display(), variable.source.line);
        table.row([variable.key.clone(), value(variable), source]);
    }
    let mut text = table.to_string();
    for key in &variables.missing {
        line!(text, "✕ {key} is required and has no value");
    }
    text
}

/// All environments side by side.
pub fn matrix(matrix: &Matrix) -> String {
    let names = matrix.environments.iter().map(EnvironmentName::as_str);
    let mut table = Table::new().head(std::iter::once("").chain(names));
    for row in &matrix.rows {
        let cells = row.cells.iter().map(|shown| cell(row, shown));
        table.row(std::iter::once(row.key.clone()).chain(cells));
    }
    let mut text = table.to_string();
    for problem in &matrix.problems {
        line!(text, "✕ {problem}");
    }
    line!(text, "· from a file that all share   ●●●● in the keychain; equal letters in a row are equal values");
    text
}

fn cell(row: &MatrixRow, cell: &Cell) -> String {
    match (&cell.value, &cell.secret) {
        (Some(value), _) if cell.inherited => format!("·{value}"),
        (Some(value), _) => value.clone(),
        (None, Some(secret)) => match (secret.version, secret.same) {
            (None, _) => "●●●● no value".to_owned(),
            (Some(version), Some(same)) if with_versions(row) > 1 => format!("●●●● v{version} {}", letter(same)),
            (Some(version), _) => format!("●●●● v{version}"),
        },
        (None, None) if cell.masked.is_some() => "●●●● in plain text".to_owned(),
        (None, None) if row.required => "✕ missing".to_owned(),
        (None, None) => "—".to_owned(),
    }
}

fn with_versions(row: &MatrixRow) -> usize {
    row.cells.iter().filter(|cell| cell.secret.as_ref().is_some_and(|secret| secret.version.is_some())).count()
}

/// A, B, …; behind Z the number itself.
fn letter(place: u32) -> String {
    let letter = u8::try_from(place).ok().filter(|place| *place < 26).map(|place| char::from(b'A' + place));
    letter.map_or_else(|| place.to_string(), |letter| letter.to_string())
}

/// Secrets and their versions.
pub fn secrets(secrets: &Secrets) -> String {
    if secrets.secrets.is_empty() {
        return "no secret was set yet".to_owned();
    }
    let mut table = Table::new().head(["environment", "secret", "newest", "set by", "set", "used by"]);
    for secret in &secrets.secrets {
        let SecretEntry { environment, name, versions, used_by, services } = secret;
        // A service gets what its variables have; what it gets without one is worth saying.
        let users = if used_by.is_empty() {
            services.iter().map(|service| format!("service {service}")).collect::<Vec<_>>().join(", ")
        } else {
            used_by.join(", ")
        };
        let newest = versions.first();
        table.row([
            environment.to_string(),
            name.to_string(),
            newest.map_or_else(|| "no value".to_owned(), |newest| format!("v{}", newest.version)),
            newest.map(|newest| newest.by.clone()).unwrap_or_default(),
            newest.map(|newest| super::local(newest.created)).unwrap_or_default(),
            users,
        ]);
    }
    table.to_string()
}

/// What an import would move.
pub fn import(import: &Import) -> String {
    let mut table = Table::new().head(["variable", "line", "it", "read by"]);
    for candidate in &import.found {
        let place = format!("{}:{}", candidate.source.file.display(), candidate.source.line);
        let readers: Vec<&str> = candidate.environments.iter().map(EnvironmentName::as_str).collect();
        table.row([candidate.key.clone(), place, candidate.reason.clone(), readers.join(", ")]);
    }
    table.to_string()
}

/// What an import moved: lines of files, and the versions that came of them in each environment.
pub fn imported(import: &Import) -> String {
    let mut files: Vec<_> = import.found.iter().map(|moved| &moved.source.file).collect();
    files.sort();
    files.dedup();
    let lines = counted(import.found.len(), "value");
    let mut text = format!("moved {lines} of {} into the keychain\n", counted(files.len(), "file"));
    let mut environments: Vec<&EnvironmentName> = Vec::new();
    for environment in import.found.iter().flat_map(|moved| &moved.environments) {
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    let mut table = Table::new().indented();
    for environment in environments {
        let mut keys: Vec<&str> = Vec::new();
        for moved in import.found.iter().filter(|moved| moved.environments.contains(environment)) {
            if !keys.contains(&moved.key.as_str()) {
                keys.push(&moved.key);
            }
        }
        table.row([environment.to_string(), counted(keys.len(), "secret"), keys.join(", ")]);
    }
    text.push_str(&table.to_string());
    text.push_str("The files refer to them now; deploy to use them.");
    text
}

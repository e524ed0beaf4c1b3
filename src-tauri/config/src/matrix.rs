//! The variables of all environments side by side.

use std::collections::HashMap;
use std::path::Path;

use sternway_model::{EnvironmentName, Error, Origin, ProjectFile, Value, Variable};

use crate::env_file::EnvFile;
use crate::sources::Sources;
use crate::variables::Slot;

/// Keys × environments.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The columns, in the order of `sternway.yaml`.
    pub environments: Vec<EnvironmentName>,
    /// The rows, in the order of the files.
    pub rows: Vec<GridRow>,
    /// Files that could not be read and values that could not be filled in.
    pub problems: Vec<Error>,
}

/// A key in all environments.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// The variable's name.
    pub key: String,
    /// The title of the block that it stands in; empty if there is none.
    pub group: String,
    /// `sternway.yaml` requires it.
    pub required: bool,
    /// One cell per environment, in the order of [`Grid::environments`].
    pub cells: Vec<GridCell>,
}

/// A key in one environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GridCell {
    /// What the environment gets; `None` if it is not set. Secrets are without a version.
    pub value: Option<Value>,
    /// The text as it is written, if variables in it are filled in: what to show for editing, and to set again as an
    /// [`Assignment::Template`](crate::Assignment::Template).
    pub template: Option<String>,
    /// The line that the value comes from.
    pub source: Option<Origin>,
    /// The lines that it overrode, the nearest first.
    pub overridden: Vec<Origin>,
    /// It comes from a shared file, although the environment has a file of its own.
    pub inherited: bool,
}

/// Lays the variables of all environments side by side. A file that cannot be read is a problem, and leaves the values of
/// the other files where they are.
#[must_use]
pub fn grid(project_dir: &Path, project: &ProjectFile) -> Grid {
    let sources = Sources::open(project_dir, project);
    let environments: Vec<_> = project.environments.keys().cloned().collect();
    let mut problems: Vec<Error> = sources.problems().cloned().collect();
    let mut rows = rows(project, &sources, &environments);
    for environment in &environments {
        let mut merged = sources.merged(environment);
        for problem in merged.problems {
            // A shared line is read once per environment; it is one problem.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        let files: Vec<_> = sources.of(environment).collect();
        for row in &mut rows {
            row.cells.push(merged.variables.swap_remove(&row.key).map_or_else(GridCell::default, |v| cell(v, &files)));
        }
    }
    Grid { environments, rows, problems }
}

fn cell(variable: Variable, files: &[(Slot, &EnvFile)]) -> GridCell {
    let from = files.iter().find(|(slot, _)| slot.path == variable.source.file);
    let template = from.and_then(|(_, file)| {
        let mut entries = file.entries();
        let entry = entries.rfind(|entry| entry.key() == variable.key && entry.line() == variable.source.line)?;
        entry.has_variables().then(|| entry.template().into_owned())
    });
    GridCell {
        value: Some(variable.value),
        template,
        inherited: from.is_some_and(|(slot, _)| slot.inherited),
        source: Some(variable.source),
        overridden: variable.overridden,
    }
}

/// The rows without their cells: a key stands behind the one that stands before it in the first file that has it.
fn rows(project: &ProjectFile, sources: &Sources<'_>, environments: &[EnvironmentName]) -> Vec<GridRow> {
    let mut order: Vec<String> = Vec::new();
    let mut groups: HashMap<String, String> = HashMap::new();
    let mut seen = Vec::new();
    for (slot, file) in environments.iter().flat_map(|environment| sources.of(environment)) {
        if seen.contains(&slot.path) {
            continue;
        }
        seen.push(slot.path);
        let mut previous = None;
        for entry in file.entries() {
            let place = order.iter().position(|key| key == entry.key()).unwrap_or_else(|| {
                let place = previous.map_or(order.len(), |previous: usize| previous + 1);
                order.insert(place, entry.key().to_owned());
                place
            });
            previous = Some(place);
            let group = groups.entry(entry.key().to_owned()).or_default();
            if group.is_empty() {
                entry.group().clone_into(group);
            }
        }
    }
    for key in &project.configuration.required {
        if !order.contains(key) {
            order.push(key.clone());
        }
    }
    let row = |key: String| GridRow {
        group: groups.remove(&key).unwrap_or_default(),
        required: project.configuration.required.contains(&key),
        key,
        cells: Vec::with_capacity(environments.len()),
    };
    order.into_iter().map(row).collect()
}

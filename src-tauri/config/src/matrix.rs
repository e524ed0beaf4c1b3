//! The variables of all environments side by side.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use sternway_model::{EnvironmentName, Error, Origin, ProjectFile, Result, Value, ValueType, Variable};

use crate::edit::readers;
use crate::sources::Sources;
use crate::types;
use crate::variables::{Merged, Slot, Template};

/// Keys × environments.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The columns, in the order of `sternway.yaml`.
    pub environments: Vec<EnvironmentName>,
    /// The rows, in the order of the files.
    pub rows: Vec<GridRow>,
    /// Files that could not be read and values that could not be filled in.
    pub problems: Vec<Error>,
    /// Environments that have such a file: what it sets for them is not known.
    pub unread: Vec<EnvironmentName>,
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
    /// What its values have to be, or seem to be.
    pub kind: Option<ValueType>,
    /// `sternway.yaml` declares the type.
    pub declared: bool,
    /// The keys that its values mention.
    pub mentions: Vec<String>,
    /// The keys whose values mention it.
    pub mentioned_by: Vec<String>,
    /// One cell per environment, in the order of [`Grid::environments`]. Environments that have nothing of their own share one.
    pub cells: Vec<Arc<GridCell>>,
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
    /// Why it is not of the type that `sternway.yaml` declares. Few have one, and there are many cells.
    pub problem: Option<Box<Error>>,
}

/// Lays the variables of all environments side by side. A file that cannot be read is a problem, and leaves the values of
/// the other files where they are.
///
/// # Errors
/// If the system gives no random numbers.
pub fn grid(project_dir: &Path, project: &ProjectFile) -> Result<Grid> {
    let sources = Sources::open(project_dir, project)?;
    let environments: Vec<_> = project.environments.keys().cloned().collect();
    let mut problems: Vec<Error> = sources.problems().cloned().collect();
    let files = problems.iter().filter_map(|problem| problem.at.as_ref());
    let readers: BTreeSet<EnvironmentName> = files.flat_map(|at| readers(project, &at.file)).collect();
    let unread = environments.iter().filter(|name| readers.contains(*name)).cloned().collect();
    let mut rows = rows(project, &sources, &environments);
    let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
    let places: HashMap<&str, usize> = keys.iter().enumerate().map(|(place, key)| (key.as_str(), place)).collect();
    let mut mentioned: Vec<BTreeSet<String>> = vec![BTreeSet::new(); rows.len()];
    let common = sources.common();
    // Where an environment says nothing of its own the cell is the same in all of them.
    let slots: Vec<_> = sources.of_any().map(|(slot, _)| slot).collect();
    let mut inherited: Vec<Arc<GridCell>> = vec![Arc::default(); rows.len()];
    let mut templates = Vec::new();
    for found in found(&common) {
        let Some(place) = places.get(found.variable.key.as_str()) else { continue };
        templates.extend(found.template.map(|template| (*place, &template.mentions)));
        if let Some(empty) = inherited.get_mut(*place) {
            *empty = Arc::new(found.cell(&slots));
        }
    }
    problems.extend(common.problems.iter().cloned());
    // They have nothing to do with one another, and each takes as long as all the rest.
    let column = |environment| Column::of(environment, &sources, &common, &inherited, &places);
    let columns: Vec<Column> = environments.par_iter().map(column).collect();
    for column in columns {
        // A line of a file that several environments have is read for each of them; it is one problem.
        let new = column.problems.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>();
        problems.extend(new);
        for (place, mentions) in column.mentions {
            mention(&mut mentioned, place, mentions);
        }
        for (row, cell) in rows.iter_mut().zip(column.cells) {
            row.cells.push(cell);
        }
    }
    for (place, mentions) in templates {
        let (Some(row), Some(cell)) = (rows.get(place), inherited.get(place)) else { continue };
        // What every environment overrides counts nowhere.
        if row.cells.iter().any(|shown| Arc::ptr_eq(shown, cell)) {
            mention(&mut mentioned, place, mentions.clone());
        }
    }
    judge(project, &mut rows);
    refer(&mut rows, mentioned);
    Ok(Grid { environments, rows, problems, unread })
}

fn mention(mentioned: &mut [BTreeSet<String>], place: usize, keys: Vec<String>) {
    if let Some(known) = mentioned.get_mut(place) {
        known.extend(keys);
    }
}

/// What an environment has.
struct Column {
    /// A cell for each row.
    cells: Vec<Arc<GridCell>>,
    /// By row, the keys that its own values mention.
    mentions: Vec<(usize, Vec<String>)>,
    problems: Vec<Error>,
}

impl Column {
    /// Lays the environment's own files over the common ones, of which `inherited` has the cells.
    fn of(
        environment: &EnvironmentName,
        sources: &Sources<'_>,
        common: &Merged<'_>,
        inherited: &[Arc<GridCell>],
        places: &HashMap<&str, usize>,
    ) -> Self {
        let merged = sources.own(environment, common);
        let slots: Vec<_> = sources.of(environment).map(|(slot, _)| slot).collect();
        let mut cells = inherited.to_vec();
        let mut mentions = Vec::new();
        for found in found(&merged) {
            let Some(place) = places.get(found.variable.key.as_str()) else { continue };
            if let Some(cell) = cells.get_mut(*place) {
                *cell = Arc::new(found.cell(&slots));
            }
            mentions.extend(found.template.map(|template| (*place, template.mentions.clone())));
        }
        Self { cells, mentions, problems: merged.problems }
    }
}

/// What files say of a key.
#[derive(Clone, Copy)]
struct Found<'a> {
    variable: &'a Variable,
    template: Option<&'a Template>,
}

/// What files say; not what those below say.
fn found<'a>(merged: &'a Merged<'_>) -> impl Iterator<Item = Found<'a>> {
    merged.variables.values().map(|variable| Found { variable, template: merged.templates.get(&variable.key) })
}

impl Found<'_> {
    fn cell(&self, slots: &[Slot]) -> GridCell {
        let Variable { value, source, overridden, .. } = self.variable;
        // Both paths are written by the same hand: they need not be taken apart.
        let from = slots.iter().find(|slot| slot.path.as_os_str() == source.file.as_os_str());
        GridCell {
            value: Some(value.clone()),
            template: self.template.map(|template| template.text.clone()),
            inherited: from.is_some_and(|slot| slot.inherited),
            source: Some(source.clone()),
            overridden: overridden.clone(),
            problem: None,
        }
    }
}

/// Says of which type each key is, and which cells are not.
fn judge(project: &ProjectFile, rows: &mut [GridRow]) {
    for row in rows {
        match project.configuration.types.get(&row.key) {
            Some(kind) => {
                row.kind = Some(kind.clone());
                row.declared = true;
                for cell in &mut row.cells {
                    let problem = cell.value.as_ref().and_then(|value| types::problem(kind, value)).map(Box::new);
                    if problem.is_some() {
                        Arc::make_mut(cell).problem = problem;
                    }
                }
            }
            None => {
                let mut texts: Vec<&str> = Vec::with_capacity(row.cells.len());
                for cell in &row.cells {
                    // Most environments have the same one.
                    if let Some(Value::Plain(text)) = &cell.value
                        && !text.is_empty()
                        && texts.last() != Some(&text.as_str())
                    {
                        texts.push(text);
                    }
                }
                // Only what fits every environment is a type.
                let mut kinds = texts.into_iter().map(|text| ValueType::guess(&row.key, text));
                let first = kinds.next().flatten();
                row.kind = first.filter(|first| kinds.all(|kind| kind.as_ref() == Some(first)));
            }
        }
    }
}

/// Says which keys mention which.
fn refer(rows: &mut [GridRow], mentioned: Vec<BTreeSet<String>>) {
    let mut by: HashMap<String, Vec<String>> = HashMap::new();
    for (row, mentioned) in rows.iter_mut().zip(mentioned) {
        for key in &mentioned {
            by.entry(key.clone()).or_default().push(row.key.clone());
        }
        row.mentions = mentioned.into_iter().collect();
    }
    if by.is_empty() {
        return;
    }
    for row in rows {
        row.mentioned_by = by.remove(&row.key).unwrap_or_default();
    }
}

/// The rows without their cells: a key stands behind the one that stands before it in the first file that has it.
fn rows(project: &ProjectFile, sources: &Sources<'_>, environments: &[EnvironmentName]) -> Vec<GridRow> {
    let mut order = Order::default();
    let mut seen = Vec::new();
    for (slot, file) in environments.iter().flat_map(|environment| sources.of(environment)) {
        if seen.contains(&slot.path) {
            continue;
        }
        seen.push(slot.path);
        let mut previous = None;
        for entry in file.entries() {
            previous = Some(order.place(entry.key(), previous, entry.group()));
        }
    }
    for key in &project.configuration.required {
        order.place(key, None, "");
    }
    let row = |(key, group): (&str, &str)| GridRow {
        group: group.to_owned(),
        required: project.configuration.required.iter().any(|required| required == key),
        kind: None,
        declared: false,
        mentions: Vec::new(),
        mentioned_by: Vec::new(),
        cells: Vec::with_capacity(environments.len()),
        key: key.to_owned(),
    };
    order.keys().into_iter().map(row).collect()
}

/// Keys in an order in which a new one can be put behind any other.
#[derive(Default)]
struct Order<'a> {
    known: HashMap<&'a str, usize>,
    keys: Vec<(&'a str, &'a str)>,
    /// Which one comes after each; its own number if none does.
    next: Vec<usize>,
    last: usize,
}

impl<'a> Order<'a> {
    /// The number of a key. A new one is put behind `previous`, or behind all of them.
    fn place(&mut self, key: &'a str, previous: Option<usize>, group: &'a str) -> usize {
        if let Some(known) = self.known.get(key) {
            if let Some((_, title)) = self.keys.get_mut(*known).filter(|(_, title)| title.is_empty()) {
                *title = group;
            }
            return *known;
        }
        let new = self.keys.len();
        self.known.insert(key, new);
        self.keys.push((key, group));
        let previous = previous.unwrap_or(self.last);
        let after = self.next.get(previous).copied().filter(|after| *after != previous);
        self.next.push(after.unwrap_or(new));
        if let Some(next) = self.next.get_mut(previous) {
            *next = new;
        }
        if after.is_none() {
            self.last = new;
        }
        new
    }

    /// The keys and their groups, in order.
    fn keys(&self) -> Vec<(&'a str, &'a str)> {
        let mut keys = Vec::with_capacity(self.keys.len());
        let mut at = 0;
        while let Some(key) = self.keys.get(at) {
            keys.push(*key);
            match self.next.get(at) {
                Some(next) if *next != at => at = *next,
                _ => break,
            }
        }
        keys
    }
}

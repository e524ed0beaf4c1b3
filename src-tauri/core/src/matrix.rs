//! Use cases: the variables of all environments side by side.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use sternway_config::{Grid, GridCell, GridRow};
use sternway_history::StoredSecret;
use sternway_model::{EnvironmentName, Release, Result, SecretName, Value, Variable, looks_like_secret, mentions};

use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;
use crate::view::{Cell, Matrix, MatrixRow, SecretCell};

impl Core {
    /// All environments side by side. Works without a history, except for the versions of secrets and for what changed.
    ///
    /// # Errors
    /// None of its own; files that cannot be read are part of the answer.
    pub async fn matrix(&self, project: &Project) -> Result<Matrix> {
        let reading = project.clone();
        let grid = blocking(move || sternway_config::grid(&reading.folder, &reading.file)).await?;
        let mut problems = grid.problems.clone();
        let (secrets, releases) = match self.deployed(project, &grid).await {
            Ok(known) => known,
            Err(error) => {
                problems.push(error);
                (Vec::new(), vec![None; grid.environments.len()])
            }
        };
        blocking(move || {
            let Grid { environments, rows, unread, .. } = grid;
            let known = Known::new(&secrets, &releases);
            let mut rows: Vec<MatrixRow> =
                rows.into_par_iter().map(|row| matrix_row(row, &environments, &known)).collect();
            gather(&mut rows);
            Ok(Matrix { environments, rows, problems, unread })
        })
        .await
    }

    /// Why a value cannot be a variable's, by the type that `sternway.yaml` declares for it. A value with variables inside
    /// is judged when they are filled in.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] with what is wrong and what to write.
    pub fn check_value(&self, project: &Project, key: &str, value: &str) -> Result<()> {
        sternway_config::check_type(&project.file, key, value)
    }

    async fn deployed(&self, project: &Project, grid: &Grid) -> Result<(Vec<StoredSecret>, Vec<Option<Release>>)> {
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        let mut releases = Vec::new();
        for environment in &grid.environments {
            releases.push(history.current_release(id, environment).await?);
        }
        Ok((self.known_secrets(project).await?, releases))
    }
}

/// What the history says, to be looked up for every cell.
struct Known<'a> {
    /// The newest version of each secret.
    secrets: HashMap<(&'a EnvironmentName, &'a SecretName), &'a StoredSecret>,
    /// What each environment's release has, if it has one.
    deployed: Vec<Option<HashMap<&'a str, &'a Variable>>>,
}

impl<'a> Known<'a> {
    fn new(secrets: &'a [StoredSecret], releases: &'a [Option<Release>]) -> Self {
        let mut newest: HashMap<_, &StoredSecret> = HashMap::new();
        for secret in secrets {
            let known = newest.entry((&secret.environment, &secret.name)).or_insert(secret);
            if known.version < secret.version {
                *known = secret;
            }
        }
        let variables = |release: &'a Release| {
            release.configuration.iter().map(|variable| (variable.key.as_str(), variable)).collect()
        };
        let deployed = releases.iter().map(|release| release.as_ref().map(variables)).collect();
        Self { secrets: newest, deployed }
    }
}

/// Puts rows of the same group together, at the place of the group's first row: an environment's own file often repeats the
/// titles of the shared one.
fn gather(rows: &mut Vec<MatrixRow>) {
    let mut groups: HashMap<String, usize> = HashMap::new();
    let mut placed: Vec<(usize, MatrixRow)> = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        let next = groups.len();
        let place = match groups.get(&row.group) {
            Some(place) => *place,
            None => *groups.entry(row.group.clone()).or_insert(next),
        };
        placed.push((place, row));
    }
    placed.sort_by_key(|(place, _)| *place);
    rows.extend(placed.into_iter().map(|(_, row)| row));
}

fn matrix_row(row: GridRow, environments: &[EnvironmentName], known: &Known<'_>) -> MatrixRow {
    let GridRow { key, group, required, kind, declared, mentions, mentioned_by, cells } = row;
    let mut fingerprints: Vec<&str> = Vec::new();
    // What several environments share is the same cell for all of them, unless their releases differ.
    let mut shared: Option<(Arc<GridCell>, Arc<Cell>)> = None;
    let cells = cells.into_iter().zip(environments).zip(&known.deployed);
    let cells = cells.map(|((cell, environment), deployed)| {
        let secret = match &cell.value {
            Some(Value::Secret { name, .. }) => Some(secret_cell(name, environment, known, &mut fingerprints)),
            _ => None,
        };
        let changed =
            deployed.as_ref().is_some_and(|deployed| changed(&cell, secret.as_ref(), deployed.get(key.as_str())));
        if let Some((known, shown)) = &shared
            && Arc::ptr_eq(known, &cell)
            && shown.secret == secret
            && shown.changed == changed
        {
            return shown.clone();
        }
        let text = match &cell.value {
            Some(Value::Plain(text)) => Some(cell.template.as_ref().unwrap_or(text)),
            _ => None,
        };
        let masked = text.and_then(|text| looks_like_secret(&key, text)).map(str::to_owned);
        let value = text.filter(|_| masked.is_none()).cloned();
        let GridCell { source, overridden, inherited, problem, .. } = &*cell;
        let (source, overridden, problem) = (source.clone(), overridden.clone(), problem.clone());
        let inherited = *inherited;
        let shown = Arc::new(Cell { value, masked, secret, source, overridden, inherited, changed, problem });
        if inherited {
            shared = Some((cell, shown.clone()));
        }
        shown
    });
    let cells = cells.collect();
    MatrixRow { key, group, required, value_type: kind, declared, mentions, mentioned_by, cells }
}

/// A secret's newest version, and a number that equal values of the row share.
fn secret_cell<'a>(
    name: &SecretName,
    environment: &EnvironmentName,
    known: &Known<'a>,
    fingerprints: &mut Vec<&'a str>,
) -> SecretCell {
    let newest = known.secrets.get(&(environment, name));
    let same = newest.map(|newest| {
        let place = fingerprints.iter().position(|known| *known == newest.fingerprint).unwrap_or_else(|| {
            fingerprints.push(&newest.fingerprint);
            fingerprints.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    });
    SecretCell { name: name.clone(), version: newest.map(|newest| newest.version), same }
}

fn changed(cell: &GridCell, secret: Option<&SecretCell>, deployed: Option<&&Variable>) -> bool {
    match (deployed.map(|variable| &variable.value), &cell.value) {
        (None, None) => false,
        (Some(Value::Plain(was)), Some(Value::Plain(is))) => {
            // A text with a secret inside is stored with the version, which the file does not have.
            mentions(was).is_ok_and(|pins| pins.is_empty()) && was != is
        }
        (Some(Value::Secret { name, version }), Some(Value::Secret { .. })) => {
            secret.is_none_or(|secret| &secret.name != name || secret.version != *version)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_group_stand_together() {
        let row = |key: &str, group: &str| MatrixRow {
            key: key.to_owned(),
            group: group.to_owned(),
            required: false,
            value_type: None,
            declared: false,
            mentions: Vec::new(),
            mentioned_by: Vec::new(),
            cells: Vec::new(),
        };
        let mut rows = vec![row("A", "application"), row("B", "database"), row("C", "application"), row("D", "")];
        gather(&mut rows);
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["A", "C", "B", "D"]);
    }
}

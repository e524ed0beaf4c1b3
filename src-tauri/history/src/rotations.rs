//! Rotations of secrets that go on: each step is written before the next begins.

use sternway_model::{At, Code, EnvironmentName, Error, Result, SecretName};

use crate::{History, ProjectId};

/// A rotation that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRotation {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its secret.
    pub name: SecretName,
    /// The version that shall be dropped; none if there was no value.
    pub old: Option<u32>,
    /// The version that takes its place; none while it is not in the keychain.
    pub new: Option<u32>,
    /// Who began it.
    pub by: String,
    /// When.
    pub started: At,
}

impl History {
    /// Begins a rotation.
    ///
    /// # Errors
    /// [`Code::Interrupted`] if one of this secret goes on already.
    pub async fn begin_rotation(&self, project: ProjectId, rotation: &StoredRotation) -> Result<()> {
        let done = sqlx::query(
            "INSERT INTO rotation (project, environment, name, old_version, new_version, started_by, started)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(project.0)
        .bind(rotation.environment.as_str())
        .bind(rotation.name.as_str())
        .bind(rotation.old)
        .bind(rotation.new)
        .bind(&rotation.by)
        .bind(rotation.started.as_millis())
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        let (name, environment) = (&rotation.name, &rotation.environment);
        Err(Error::new(Code::Interrupted, format!("{name} of {environment} is being rotated already"))
            .hint("Finish that rotation, or give it up."))
    }

    /// Notes that the new value is in the keychain.
    ///
    /// # Errors
    /// If no rotation of this secret goes on.
    pub async fn set_in_rotation(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        new: u32,
    ) -> Result<()> {
        let done = sqlx::query(
            "UPDATE rotation SET new_version = ?
             WHERE project = ? AND environment = ? AND name = ? AND ended IS NULL",
        )
        .bind(new)
        .bind(project.0)
        .bind(environment.as_str())
        .bind(name.as_str())
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        went_on(done.rows_affected(), environment, name)
    }

    /// Ends a rotation: the old version is dropped (`done`), or it was given up.
    ///
    /// # Errors
    /// If no rotation of this secret goes on.
    pub async fn end_rotation(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        done: bool,
        at: At,
    ) -> Result<()> {
        let ended = sqlx::query(
            "UPDATE rotation SET ended = ?, done = ?
             WHERE project = ? AND environment = ? AND name = ? AND ended IS NULL",
        )
        .bind(at.as_millis())
        .bind(done)
        .bind(project.0)
        .bind(environment.as_str())
        .bind(name.as_str())
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        went_on(ended.rows_affected(), environment, name)
    }

    /// The rotations that go on, of all environments.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn rotations(&self, project: ProjectId) -> Result<Vec<StoredRotation>> {
        let statement = sqlx::query(
            "SELECT environment, name, old_version, new_version, started_by, started FROM rotation
             WHERE project = ? AND ended IS NULL ORDER BY environment, name",
        )
        .bind(project.0);
        self.all(statement, |row| {
            Ok(StoredRotation {
                environment: row.parse("environment")?,
                name: row.parse("name")?,
                old: row.get("old_version")?,
                new: row.get("new_version")?,
                by: row.get("started_by")?,
                started: row.at("started")?,
            })
        })
        .await
    }
}

fn went_on(rows: u64, environment: &EnvironmentName, name: &SecretName) -> Result<()> {
    if rows == 1 {
        return Ok(());
    }
    Err(Error::new(Code::NotFound, format!("no rotation of {name} in {environment} goes on")))
}

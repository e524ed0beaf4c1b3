//! Whose commands may run on this machine.

use sternway_model::{At, Result};

use crate::{History, ProjectId};

/// A person's word that a project's commands may run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTrust {
    /// When it was given.
    pub at: At,
    /// Who gave it.
    pub person: String,
}

impl History {
    /// Whether a person trusts the project; `None` as long as nobody has said so.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn trust(&self, project: ProjectId) -> Result<Option<StoredTrust>> {
        let statement =
            sqlx::query("SELECT trusted, trusted_by FROM project WHERE id = ? AND trusted IS NOT NULL").bind(project.0);
        let found = self
            .all(statement, |row| Ok(StoredTrust { at: row.at("trusted")?, person: row.get("trusted_by")? }))
            .await?;
        Ok(found.into_iter().next())
    }

    /// Notes a person's word, or that it was taken back. One that was given before stays as it is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn set_trust(&self, project: ProjectId, trust: Option<&StoredTrust>) -> Result<()> {
        let statement = match trust {
            Some(_) => "UPDATE project SET trusted = ?2, trusted_by = ?3 WHERE id = ?1 AND trusted IS NULL",
            None => "UPDATE project SET trusted = ?2, trusted_by = ?3 WHERE id = ?1",
        };
        sqlx::query(statement)
            .bind(project.0)
            .bind(trust.map(|trust| trust.at.as_millis()))
            .bind(trust.map(|trust| trust.person.as_str()))
            .execute(self.pool())
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }
}

//! Which secrets there are, by name and version. Never their values.

use sternway_model::{At, EnvironmentName, Error, Result, SecretName};

use crate::{History, ProjectId};

/// A version of a secret whose value is in the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub name: SecretName,
    /// Its version, from 1.
    pub version: u32,
    /// Equal fingerprints mean equal values.
    pub fingerprint: String,
    /// When it was set.
    pub created: At,
    /// Who set it.
    pub by: String,
}

impl History {
    /// Takes the next version number of a secret. A number is never given twice, also when its value is never stored or
    /// was dropped, because releases name versions.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn next_secret_version(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<u32> {
        sqlx::query_scalar(
            "INSERT INTO secret_version (project, environment, name, version)
             SELECT ?1, ?2, ?3, coalesce(max(version), 0) + 1 FROM secret_version
             WHERE project = ?1 AND environment = ?2 AND name = ?3
             RETURNING version",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .bind(name.as_str())
        .fetch_one(self.pool())
        .await
        .map_err(|error| self.fault(error))
    }

    /// Notes that the value of a version is in the keychain. The version's number comes from
    /// [`History::next_secret_version`], and its environment, name and version are those of the record.
    ///
    /// # Errors
    /// If the number was not taken before, or has a value already.
    pub async fn add_secret_version(&self, project: ProjectId, secret: &StoredSecret) -> Result<()> {
        let done = sqlx::query(
            "UPDATE secret_version SET fingerprint = ?, created_by = ?, created = ?
             WHERE project = ? AND environment = ? AND name = ? AND version = ? AND created IS NULL",
        )
        .bind(&secret.fingerprint)
        .bind(&secret.by)
        .bind(secret.created.as_millis())
        .bind(project.0)
        .bind(secret.environment.as_str())
        .bind(secret.name.as_str())
        .bind(secret.version)
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        if done.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Error::internal(format!("version {} of {} cannot be set", secret.version, secret.name)))
        }
    }

    /// Notes that the value of a version is not in the keychain any more. Nothing happens if it was not.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn drop_secret_version(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        version: u32,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE secret_version SET fingerprint = NULL
             WHERE project = ? AND environment = ? AND name = ? AND version = ?",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .bind(name.as_str())
        .bind(version)
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// All versions of all secrets that have a value, by environment and name, the newest version first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn secrets(&self, project: ProjectId) -> Result<Vec<StoredSecret>> {
        let statement = sqlx::query(
            "SELECT environment, name, version, fingerprint, created_by, created FROM secret_version
             WHERE project = ? AND fingerprint IS NOT NULL ORDER BY environment, name, version DESC",
        )
        .bind(project.0);
        self.all(statement, |row| {
            Ok(StoredSecret {
                environment: row.parse("environment")?,
                name: row.parse("name")?,
                version: row.get("version")?,
                fingerprint: row.get("fingerprint")?,
                created: row.at("created")?,
                by: row.get("created_by")?,
            })
        })
        .await
    }
}

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
    /// The keychain has it under the project's name, as earlier versions of Sternway kept it, until it is taken over.
    pub by_name: bool,
}

/// A version of a secret whose value is on its way into the keychain, or was when the process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunSecret {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub name: SecretName,
    /// Its version.
    pub version: u32,
    /// Of the value: what the keychain has under this number may be another's.
    pub fingerprint: String,
    /// Who sets it.
    pub by: String,
    /// As [`StoredSecret::by_name`].
    pub by_name: bool,
}

impl History {
    /// Takes the next version number of a secret, before its value goes into the keychain: so a value that is there is never
    /// unknown. A number is never given twice, also when its value is never stored or was dropped, because releases name
    /// versions.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn next_secret_version(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        fingerprint: &str,
        by: &str,
    ) -> Result<u32> {
        self.still_there()?;
        let version = sqlx::query_scalar(
            "INSERT INTO secret_version (project, environment, name, version, fingerprint, created_by)
             SELECT ?1, ?2, ?3, coalesce(max(version), 0) + 1, ?4, ?5 FROM secret_version
             WHERE project = ?1 AND environment = ?2 AND name = ?3
             RETURNING version",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .bind(name.as_str())
        .bind(fingerprint)
        .bind(by)
        .fetch_one(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        self.count().await;
        Ok(version)
    }

    /// Notes that the value of a version is in the keychain. The version's number comes from
    /// [`History::next_secret_version`], and its environment, name and version are those of the record. To note the same
    /// value again does nothing: another process may have found it in the keychain meanwhile.
    ///
    /// # Errors
    /// If the number was not taken before, or has another value already, or had one.
    pub async fn add_secret_version(&self, project: ProjectId, secret: &StoredSecret) -> Result<()> {
        let done = sqlx::query(
            "UPDATE secret_version SET fingerprint = ?1, created_by = ?2, created = coalesce(created, ?3)
             WHERE project = ?4 AND environment = ?5 AND name = ?6 AND version = ?7
             AND (created IS NULL OR fingerprint = ?1)",
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

    /// The versions whose numbers were taken and of which it is not known whether the keychain has their values.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn begun_secrets(&self, project: ProjectId) -> Result<Vec<BegunSecret>> {
        let statement = sqlx::query(
            "SELECT environment, name, version, fingerprint, created_by, by_name FROM secret_version
             WHERE project = ? AND fingerprint IS NOT NULL AND created IS NULL ORDER BY environment, name, version",
        )
        .bind(project.0);
        self.all(statement, |row| {
            Ok(BegunSecret {
                environment: row.parse("environment")?,
                name: row.parse("name")?,
                version: row.get("version")?,
                fingerprint: row.get("fingerprint")?,
                by: row.get("created_by")?,
                by_name: row.get("by_name")?,
            })
        })
        .await
    }

    /// Notes that the keychain has the value of a version under the project's identity from now on.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn secret_taken_over(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        version: u32,
    ) -> Result<()> {
        let statement = "UPDATE secret_version SET by_name = 0
             WHERE project = ? AND environment = ? AND name = ? AND version = ?";
        self.change_secret(statement, project, environment, name, version).await
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
        let statement = "UPDATE secret_version SET fingerprint = NULL
             WHERE project = ? AND environment = ? AND name = ? AND version = ?";
        self.change_secret(statement, project, environment, name, version).await
    }

    async fn change_secret(
        &self,
        statement: &'static str,
        project: ProjectId,
        environment: &EnvironmentName,
        name: &SecretName,
        version: u32,
    ) -> Result<()> {
        let statement = sqlx::query(statement).bind(project.0).bind(environment.as_str()).bind(name.as_str());
        statement.bind(version).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// All versions of all secrets that have a value, by environment and name, the newest version first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn secrets(&self, project: ProjectId) -> Result<Vec<StoredSecret>> {
        let statement = sqlx::query(
            "SELECT environment, name, version, fingerprint, created_by, created, by_name FROM secret_version
             WHERE project = ? AND fingerprint IS NOT NULL AND created IS NOT NULL ORDER BY environment, name, version DESC",
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
                by_name: row.get("by_name")?,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::old_file;

    #[tokio::test]
    async fn values_of_before_projects_had_an_identity_are_under_their_names() {
        let home = tempfile::tempdir().unwrap();
        let (environment, name) = ("staging".parse().unwrap(), "TOKEN".parse().unwrap());
        let statements = "INSERT INTO project (path, name, opened) VALUES ('/shop', 'shop', 1);
            INSERT INTO secret_version (project, environment, name, version, fingerprint, created_by)
            VALUES (1, 'staging', 'TOKEN', 1, 'f1', 'ann'), (1, 'staging', 'TOKEN', 2, NULL, 'ann')";
        old_file(home.path(), 2, statements).await;

        let history = History::open(home.path()).await.unwrap();
        let project = history.projects().await.unwrap()[0].id;
        history.identity(project).await.expect("it has one now");
        history.next_secret_version(project, &environment, &name, "f3", "ann").await.unwrap();
        let by_name = async || -> Vec<(u32, bool)> {
            let begun = history.begun_secrets(project).await.unwrap();
            begun.into_iter().map(|begun| (begun.version, begun.by_name)).collect()
        };
        assert_eq!(by_name().await, [(1, true), (3, false)]);
        history.secret_taken_over(project, &environment, &name, 1).await.unwrap();
        assert_eq!(by_name().await, [(1, false), (3, false)]);
    }
}

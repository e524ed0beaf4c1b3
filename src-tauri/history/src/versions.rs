//! Versions of the configuration: what each save changed, and what everything was at any of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use sternway_model::{At, Cause, DeploymentNumber, EnvironmentName, Error, Result, SecretName};

use crate::row::{Reader, to_json};
use crate::{History, ProjectId};

/// What has a value in a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A variable in an env file.
    Variable {
        /// The file, relative to the project.
        file: PathBuf,
        /// The variable.
        key: String,
    },
    /// A secret of an environment.
    Secret {
        /// The environment.
        environment: EnvironmentName,
        /// The secret.
        name: SecretName,
    },
    /// A document.
    Document {
        /// The file, relative to the project.
        file: PathBuf,
    },
}

impl Place {
    /// The file that it stands in; none for a secret.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Variable { file, .. } | Self::Document { file } => Some(file),
            Self::Secret { .. } => None,
        }
    }

    /// The columns that name it: kind, subject and key.
    fn columns(&self) -> Result<(&'static str, &str, &str)> {
        Ok(match self {
            Self::Variable { file, key } => ("variable", text(file)?, key),
            Self::Secret { environment, name } => ("secret", environment.as_str(), name.as_str()),
            Self::Document { file } => ("document", text(file)?, ""),
        })
    }

    pub(crate) fn read(history: &History, row: &Reader<'_>) -> Result<Self> {
        let subject: String = row.get("subject")?;
        Ok(match row.get::<&str>("kind")? {
            "variable" => Self::Variable { file: subject.into(), key: row.get("key")? },
            "secret" => Self::Secret { environment: row.parse("subject")?, name: row.parse("key")? },
            "document" => Self::Document { file: subject.into() },
            other => return Err(history.damaged(format!("`{other}` is no kind of an entry"))),
        })
    }
}

/// A file's name is a key here, and SQLite compares text.
pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::invalid(format!("the name of the file {} is not UTF-8", path.display())).hint("Rename the file.")
    })
}

/// What a place has. Never a secret's value, nor a text that may be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// A variable's value, exactly.
    Value(String),
    /// A variable's value that mentions others.
    Template(String),
    /// A variable that refers to this secret.
    Secret(SecretName),
    /// A variable whose value looks like a secret and is not kept. Equal fingerprints mean equal values; there is none
    /// where the keychain did not give the key for it.
    Withheld {
        /// The keyed fingerprint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
    /// A secret's newest version.
    Version(u32),
    /// A document's text.
    Text {
        /// Its content's hash, see [`History::configuration_text`].
        hash: String,
        /// Keys whose values look like secrets: they are masked in the text, which cannot be written back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        withheld: Vec<String>,
        /// The keyed fingerprint of the whole text, if something is masked in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
}

impl Held {
    /// Whether nothing changed, as far as can be said: a fingerprint that is missing counts as equal.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let alike = |a: &Option<String>, b: &Option<String>| a == b || a.is_none() || b.is_none();
        match (self, other) {
            (Self::Withheld { fingerprint: a }, Self::Withheld { fingerprint: b }) => alike(a, b),
            (
                Self::Text { hash: a, withheld: masked_a, fingerprint: print_a },
                Self::Text { hash: b, withheld: masked_b, fingerprint: print_b },
            ) => a == b && masked_a == masked_b && alike(print_a, print_b),
            (a, b) => a == b,
        }
    }
}

/// A version that is to be written.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// The project.
    pub project: ProjectId,
    /// How it came about.
    pub cause: Cause,
    /// Who made it.
    pub by: &'a str,
    /// When.
    pub created: At,
    /// Why, in the person's words.
    pub note: Option<&'a str>,
    /// All that there is now.
    pub now: &'a BTreeMap<Place, Held>,
    /// Files that could not be read: of them nothing is known, which is not the same as nothing.
    pub unread: &'a BTreeSet<PathBuf>,
    /// The texts of the documents, by hash.
    pub texts: &'a BTreeMap<String, String>,
}

/// A version as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// Its number within the project, from 1.
    pub number: u32,
    /// How it came about.
    pub cause: Cause,
    /// Who made it.
    pub by: String,
    /// When.
    pub created: At,
    /// Why, in the person's words.
    pub note: Option<String>,
}

/// The newest entry of a place at some version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The version that wrote it.
    pub version: u32,
    /// What the place has; `None` if it was removed.
    pub held: Option<Held>,
}

impl History {
    /// Writes a version, if something differs from the newest one. Gives the newest version then; none if there is none
    /// and nothing to write.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn record_version(&self, new: &NewVersion<'_>) -> Result<Option<u32>> {
        self.still_there()?;
        let mut transaction = self.write().await?;
        let newest = newest(self, &mut transaction, new.project).await?;
        let before = entries(self, &mut transaction, new.project, u32::MAX).await?;
        let had = |place: &Place| before.get(place).and_then(|entry| entry.held.as_ref());
        let written = new.now.iter().filter(|(place, held)| !had(place).is_some_and(|had| had.same(held)));
        let mut changes: Vec<(&Place, Option<&Held>)> = written.map(|(place, held)| (place, Some(held))).collect();
        let gone = before.iter().filter(|(place, entry)| entry.held.is_some() && !new.now.contains_key(place));
        let known_gone = gone.filter(|(place, _)| !place.file().is_some_and(|file| new.unread.contains(file)));
        changes.extend(known_gone.map(|(place, _)| (place, None)));
        if changes.is_empty() {
            return Ok(newest);
        }
        self.copy_of_the_day(new.created).await?;
        let number = newest.unwrap_or(0) + 1;
        sqlx::query(
            "INSERT INTO configuration_version (project, number, cause, created_by, created, note)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.project.0)
        .bind(number)
        .bind(new.cause.as_str())
        .bind(new.by)
        .bind(new.created.as_millis())
        .bind(new.note)
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        for (place, held) in changes {
            self.add_entry(&mut transaction, new, number, place, held).await?;
        }
        self.commit(transaction).await?;
        Ok(Some(number))
    }

    async fn add_entry(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        new: &NewVersion<'_>,
        number: u32,
        place: &Place,
        held: Option<&Held>,
    ) -> Result<()> {
        let (kind, subject, key) = place.columns()?;
        sqlx::query(
            "INSERT INTO configuration_entry (project, kind, subject, key, version, held) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.project.0)
        .bind(kind)
        .bind(subject)
        .bind(key)
        .bind(number)
        .bind(held.map(to_json).transpose()?)
        .execute(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let Some(Held::Text { hash, .. }) = held else { return Ok(()) };
        let body = new.texts.get(hash).ok_or_else(|| Error::internal("a document's text was not given"))?;
        sqlx::query("INSERT OR IGNORE INTO configuration_text (project, hash, body) VALUES (?, ?, ?)")
            .bind(new.project.0)
            .bind(hash)
            .bind(body)
            .execute(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// The newest version, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn newest_version(&self, project: ProjectId) -> Result<Option<u32>> {
        let mut connection = self.pool().acquire().await.map_err(|error| self.fault(error))?;
        newest(self, &mut connection, project).await
    }

    /// What everything was at a version, or is as of the newest: for each place its newest entry, removals included.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn configuration_at(
        &self,
        project: ProjectId,
        version: Option<u32>,
    ) -> Result<BTreeMap<Place, StoredEntry>> {
        let mut connection = self.pool().acquire().await.map_err(|error| self.fault(error))?;
        entries(self, &mut connection, project, version.unwrap_or(u32::MAX)).await
    }

    /// A document's text by its content's hash.
    ///
    /// # Errors
    /// If it is not there, or the file cannot be read.
    pub async fn configuration_text(&self, project: ProjectId, hash: &str) -> Result<String> {
        let body: Option<String> =
            sqlx::query_scalar("SELECT body FROM configuration_text WHERE project = ? AND hash = ?")
                .bind(project.0)
                .bind(hash)
                .fetch_optional(self.pool())
                .await
                .map_err(|error| self.fault(error))?;
        body.ok_or_else(|| self.damaged("the text of a document is missing"))
    }

    /// Notes from which version of the configuration a deployment is made.
    ///
    /// # Errors
    /// If there is no such deployment or version, or the file cannot be written.
    pub async fn link_configuration(
        &self,
        project: ProjectId,
        deployment: DeploymentNumber,
        version: u32,
    ) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO deployment_configuration (project, deployment, version) VALUES (?, ?, ?)")
            .bind(project.0)
            .bind(deployment.0)
            .bind(version)
            .execute(self.pool())
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// The version that a deployment was made from, if that is known.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn configuration_of(&self, project: ProjectId, deployment: DeploymentNumber) -> Result<Option<u32>> {
        sqlx::query_scalar("SELECT version FROM deployment_configuration WHERE project = ? AND deployment = ?")
            .bind(project.0)
            .bind(deployment.0)
            .fetch_optional(self.pool())
            .await
            .map_err(|error| self.fault(error))
    }

    /// The releases of an environment with the versions that they were made from, oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn released_versions(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
    ) -> Result<Vec<(DeploymentNumber, u32)>> {
        let rows: Vec<(u32, u32)> = sqlx::query_as(
            "SELECT release.number, linked.version FROM release
             JOIN deployment_configuration AS linked
                 ON linked.project = release.project AND linked.deployment = release.number
             WHERE release.project = ? AND release.environment = ? ORDER BY release.number",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .fetch_all(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        Ok(rows.into_iter().map(|(release, version)| (DeploymentNumber(release), version)).collect())
    }
}

async fn newest(history: &History, connection: &mut SqliteConnection, project: ProjectId) -> Result<Option<u32>> {
    sqlx::query_scalar("SELECT max(number) FROM configuration_version WHERE project = ?")
        .bind(project.0)
        .fetch_one(connection)
        .await
        .map_err(|error| history.fault(error))
}

async fn entries(
    history: &History,
    connection: &mut SqliteConnection,
    project: ProjectId,
    version: u32,
) -> Result<BTreeMap<Place, StoredEntry>> {
    // `held` is taken from the row that has the greatest version (<https://www.sqlite.org/lang_select.html>, section 2.5).
    let rows = sqlx::query(
        "SELECT kind, subject, key, max(version) AS version, held FROM configuration_entry
         WHERE project = ? AND version <= ? GROUP BY kind, subject, key",
    )
    .bind(project.0)
    .bind(version)
    .fetch_all(connection)
    .await
    .map_err(|error| history.fault(error))?;
    rows.iter()
        .map(|row| {
            let row = Reader::new(history, row);
            let entry = StoredEntry { version: row.get("version")?, held: row.maybe_json("held")? };
            Ok((Place::read(history, &row)?, entry))
        })
        .collect()
}

//! Reading versions of the configuration: a page of those that fit, with what each changed.

use std::path::PathBuf;

use sqlx::{QueryBuilder, Sqlite};
use sternway_model::{EnvironmentName, Result, SecretName};

use crate::row::Reader;
use crate::versions::{Held, Place, StoredVersion, text};
use crate::{History, ProjectId};

/// Which versions to list: those that changed something of this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionFilter {
    /// Only these env files and the secrets of this environment, and no documents.
    pub environment: Option<(EnvironmentName, Vec<PathBuf>)>,
    /// Only this variable, and the secrets of these names.
    pub key: Option<(String, Vec<SecretName>)>,
    /// Skip this many.
    pub offset: u32,
    /// At most this many.
    pub limit: u32,
}

/// What a version changed of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// The place.
    pub place: Place,
    /// What it had.
    pub before: Option<Held>,
    /// What it has.
    pub after: Option<Held>,
}

impl VersionFilter {
    /// Adds the conditions to a statement over `configuration_entry AS e`.
    fn conditions(&self, query: &mut QueryBuilder<Sqlite>) -> Result<()> {
        query.push("((e.kind = 'variable'");
        if let Some((_, files)) = &self.environment {
            query.push(" AND e.subject IN (");
            let mut list = query.separated(", ");
            for file in files {
                list.push_bind(text(file)?.to_owned());
            }
            query.push(")");
        }
        if let Some((key, _)) = &self.key {
            query.push(" AND e.key = ").push_bind(key.clone());
        }
        query.push(") OR (e.kind = 'secret'");
        if let Some((environment, _)) = &self.environment {
            query.push(" AND e.subject = ").push_bind(environment.as_str().to_owned());
        }
        if let Some((_, names)) = &self.key {
            query.push(" AND e.key IN (");
            let mut list = query.separated(", ");
            for name in names {
                list.push_bind(name.as_str().to_owned());
            }
            query.push(")");
        }
        let documents = self.environment.is_none() && self.key.is_none();
        query.push(if documents { ") OR e.kind = 'document')" } else { "))" });
        Ok(())
    }

    /// Adds the condition to a statement over `configuration_version AS v`.
    fn fits(&self, query: &mut QueryBuilder<Sqlite>, project: ProjectId) -> Result<()> {
        query.push(" WHERE v.project = ").push_bind(project.0);
        query.push(" AND EXISTS (SELECT 1 FROM configuration_entry AS e WHERE e.project = v.project");
        query.push(" AND e.version = v.number AND ");
        self.conditions(query)?;
        query.push(")");
        Ok(())
    }
}

impl History {
    /// The versions that fit, newest first, and how many fit in all.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn versions(&self, project: ProjectId, filter: &VersionFilter) -> Result<(Vec<StoredVersion>, u32)> {
        let mut transaction = self.read().await?;
        let mut page =
            QueryBuilder::new("SELECT number, cause, created_by, created, note FROM configuration_version AS v");
        filter.fits(&mut page, project)?;
        page.push(" ORDER BY v.number DESC LIMIT ").push_bind(filter.limit);
        page.push(" OFFSET ").push_bind(filter.offset);
        let rows = page.build().fetch_all(&mut *transaction).await.map_err(|error| self.fault(error))?;
        let mut count = QueryBuilder::new("SELECT count(*) FROM configuration_version AS v");
        filter.fits(&mut count, project)?;
        let total = count.build_query_scalar().fetch_one(&mut *transaction).await.map_err(|error| self.fault(error))?;
        let versions = rows.iter().map(|row| version(&Reader::new(self, row))).collect::<Result<_>>()?;
        Ok((versions, total))
    }

    /// A version, if there is one of this number.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn version(&self, project: ProjectId, number: u32) -> Result<Option<StoredVersion>> {
        let row = sqlx::query(
            "SELECT number, cause, created_by, created, note FROM configuration_version
             WHERE project = ? AND number = ?",
        )
        .bind(project.0)
        .bind(number)
        .fetch_optional(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        row.map(|row| version(&Reader::new(self, &row))).transpose()
    }

    /// What a version changed, of what the filter wants.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn version_changes(
        &self,
        project: ProjectId,
        number: u32,
        filter: &VersionFilter,
    ) -> Result<Vec<StoredChange>> {
        let mut query = QueryBuilder::new(
            "SELECT e.kind, e.subject, e.key, e.held,
                 (SELECT p.held FROM configuration_entry AS p
                  WHERE p.project = e.project AND p.kind = e.kind AND p.subject = e.subject AND p.key = e.key
                      AND p.version < e.version
                  ORDER BY p.version DESC LIMIT 1) AS before
             FROM configuration_entry AS e WHERE e.project = ",
        );
        query.push_bind(project.0).push(" AND e.version = ").push_bind(number).push(" AND ");
        filter.conditions(&mut query)?;
        query.push(" ORDER BY e.kind = 'document', e.kind = 'secret', e.subject, e.key");
        let rows = query.build().fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter()
            .map(|row| {
                let row = Reader::new(self, row);
                Ok(StoredChange {
                    place: Place::read(self, &row)?,
                    before: row.maybe_json("before")?,
                    after: row.maybe_json("held")?,
                })
            })
            .collect()
    }
}

fn version(row: &Reader<'_>) -> Result<StoredVersion> {
    Ok(StoredVersion {
        number: row.get("number")?,
        cause: row.cause()?,
        by: row.get("created_by")?,
        created: row.at("created")?,
        note: row.get("note")?,
    })
}

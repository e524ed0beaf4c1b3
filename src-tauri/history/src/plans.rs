//! Plans that were shown and may still be run.

use std::time::Duration;

use sternway_model::{At, EnvironmentName, Kind, Result};

use crate::row::{Reader, to_json};
use crate::{History, ProjectId};

/// How long a plan is kept after it has expired, so that it can be said that it has.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A plan with everything that is needed to run it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPlan {
    /// Identifies it: a hash of everything it was made from.
    pub hash: String,
    /// What it is for.
    pub kind: Kind,
    /// What it moves.
    pub environment: EnvironmentName,
    /// What its maker needs to run it. Never a secret's value.
    pub body: serde_json::Value,
    /// When it was made.
    pub created: At,
    /// Until when it may be run.
    pub expires: At,
}

impl History {
    /// Keeps a plan; one of the same hash is replaced. Plans that expired more than a day before are removed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn save_plan(&self, project: ProjectId, plan: &StoredPlan) -> Result<()> {
        let body = to_json(&plan.body)?;
        let oldest = plan.created.as_millis().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM saved_plan WHERE expires < ?")
            .bind(oldest)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        sqlx::query(
            "INSERT OR REPLACE INTO saved_plan (project, hash, kind, environment, body, created, expires)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(project.0)
        .bind(&plan.hash)
        .bind(plan.kind.as_str())
        .bind(plan.environment.as_str())
        .bind(body)
        .bind(plan.created.as_millis())
        .bind(plan.expires.as_millis())
        .execute(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.commit(transaction).await
    }

    /// The plan of this hash, also if it has expired.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn plan(&self, project: ProjectId, hash: &str) -> Result<Option<StoredPlan>> {
        let row = sqlx::query(
            "SELECT hash, kind, environment, body, created, expires FROM saved_plan WHERE project = ? AND hash = ?",
        )
        .bind(project.0)
        .bind(hash)
        .fetch_optional(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        row.map(|row| {
            let row = Reader::new(self, &row);
            Ok(StoredPlan {
                hash: row.get("hash")?,
                kind: row.kind()?,
                environment: row.parse("environment")?,
                body: row.json("body")?,
                created: row.at("created")?,
                expires: row.at("expires")?,
            })
        })
        .transpose()
    }
}

//! Who saw a secret's value or took it out of the keychain. Only ever appended to; the file itself refuses anything else.

use sternway_model::{At, EnvironmentName, Result};

use crate::{History, ProjectId};

/// Something that a person did with a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: At,
    /// Who.
    pub person: String,
    /// What was done, in a word or two.
    pub action: String,
    /// Where.
    pub environment: EnvironmentName,
    /// With what: the secret and its version. Never a value.
    pub subject: String,
    /// Why, in the person's words.
    pub why: Option<String>,
}

impl History {
    /// Appends an entry.
    ///
    /// # Errors
    /// If the file cannot be written; then what the entry is about must not happen.
    pub async fn audit(&self, project: ProjectId, entry: &AuditEntry) -> Result<()> {
        self.still_there()?;
        sqlx::query(
            "INSERT INTO audit (project, at, person, action, environment, subject, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(project.0)
        .bind(entry.at.as_millis())
        .bind(&entry.person)
        .bind(&entry.action)
        .bind(entry.environment.as_str())
        .bind(&entry.subject)
        .bind(&entry.why)
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        self.count().await;
        Ok(())
    }

    /// The newest entries, of all environments or of one, at most `limit`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn audit_entries(
        &self,
        project: ProjectId,
        environment: Option<&EnvironmentName>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>> {
        let statement = sqlx::query(
            "SELECT at, person, action, environment, subject, why FROM audit
             WHERE project = ?1 AND (?2 IS NULL OR environment = ?2) ORDER BY id DESC LIMIT ?3",
        )
        .bind(project.0)
        .bind(environment.map(EnvironmentName::as_str))
        .bind(limit);
        self.all(statement, |row| {
            Ok(AuditEntry {
                at: row.at("at")?,
                person: row.get("person")?,
                action: row.get("action")?,
                environment: row.parse("environment")?,
                subject: row.get("subject")?,
                why: row.get("why")?,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_itself_refuses_to_forget() {
        let home = tempfile::tempdir().unwrap();
        let history = History::open(home.path()).await.unwrap();
        let at = At::from_millis(5).unwrap();
        let project = history.remember_project("/shop".as_ref(), &"shop".parse().unwrap(), at).await.unwrap();
        let entry = AuditEntry {
            at,
            person: "ann".into(),
            action: "revealed".into(),
            environment: "staging".parse().unwrap(),
            subject: "TOKEN v1".into(),
            why: None,
        };
        history.audit(project, &entry).await.unwrap();
        for statement in ["UPDATE audit SET person = 'bob'", "DELETE FROM audit"] {
            let refused = sqlx::query(statement).execute(history.pool()).await.unwrap_err();
            assert!(refused.to_string().contains("only ever appended to"), "{refused}");
        }
        assert_eq!(history.audit_entries(project, None, 9).await.unwrap(), [entry]);
    }
}

//! What a deployment notes while it runs: its steps and its log.

use sqlx::{QueryBuilder, Sqlite, Transaction};
use sternway_model::{At, Code, DeploymentNumber, Error, Result, Stage, Step, StepState};

use crate::row::Reader;
use crate::{History, ProjectId};

/// Lines in one statement: SQLite takes at most 32,766 parameters, and more gain nothing.
const LINES_AT_ONCE: usize = 500;

/// A line of output, to be stored. It must have been redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// The step that printed it.
    pub step: u32,
    /// When.
    pub at: At,
    /// The text without its line end.
    pub text: String,
}

/// A stored line of a deployment's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its place among the deployment's lines, from 1.
    pub line: u32,
    /// The step that printed it; `None` for a sentence on where the deployment as a whole stands.
    pub step: Option<u32>,
    /// When.
    pub at: At,
    /// The text without its line end.
    pub text: String,
}

impl History {
    /// Adds a step at the end, and gives its number.
    ///
    /// # Errors
    /// If the deployment is not there, or the file cannot be written.
    pub async fn add_step(
        &self,
        project: ProjectId,
        deployment: DeploymentNumber,
        stage: Stage,
        name: &str,
    ) -> Result<u32> {
        let mut transaction = self.write().await?;
        let id = self.row_of(&mut transaction, project, deployment).await?;
        let number = sqlx::query_scalar(
            "INSERT INTO step (deployment, number, stage, name, state, detail)
             VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM step WHERE deployment = ?1), ?2, ?3, ?4, '')
             RETURNING number",
        )
        .bind(id)
        .bind(stage.as_str())
        .bind(name)
        .bind(StepState::Pending.as_str())
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        self.commit(transaction).await?;
        Ok(number)
    }

    /// Notes how far a step is: `running` before anything is touched (the intent), `done` or `failed` with what was seen
    /// afterwards (the evidence).
    ///
    /// # Errors
    /// If the deployment has no step of this number, or the file cannot be written.
    pub async fn update_step(&self, project: ProjectId, deployment: DeploymentNumber, step: &Step) -> Result<()> {
        let done = sqlx::query(
            "UPDATE step SET stage = ?, name = ?, state = ?, started = ?, ended = ?, detail = ?
             WHERE deployment = (SELECT id FROM deployment WHERE project = ? AND number = ?) AND number = ?",
        )
        .bind(step.stage.as_str())
        .bind(&step.name)
        .bind(step.state.as_str())
        .bind(step.started.map(At::as_millis))
        .bind(step.ended.map(At::as_millis))
        .bind(&step.detail)
        .bind(project.0)
        .bind(deployment.0)
        .bind(step.number)
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        if done.rows_affected() == 1 {
            Ok(())
        } else {
            Err(Error::internal(format!("deployment {deployment} has no step {}", step.number)))
        }
    }

    /// A deployment's steps, in order.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn steps(&self, project: ProjectId, deployment: DeploymentNumber) -> Result<Vec<Step>> {
        let rows = sqlx::query(
            "SELECT number, stage, name, state, started, ended, detail FROM step
             WHERE deployment = (SELECT id FROM deployment WHERE project = ? AND number = ?) ORDER BY number",
        )
        .bind(project.0)
        .bind(deployment.0)
        .fetch_all(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        rows.iter().map(|row| Reader::new(self, row).step()).collect()
    }

    /// Adds lines to the log, all or none, and gives the place of the first.
    ///
    /// # Errors
    /// If the deployment or one of the steps is not there, or the file cannot be written.
    pub async fn append_log(&self, project: ProjectId, deployment: DeploymentNumber, lines: &[NewLine]) -> Result<u32> {
        let lines: Vec<_> = lines.iter().map(|line| (Some(line.step), line.at, line.text.as_str())).collect();
        self.append(project, deployment, &lines).await
    }

    /// Notes where things stand, in a sentence about the deployment as a whole; gives its place in the log.
    ///
    /// # Errors
    /// If the deployment is not there, or the file cannot be written.
    pub async fn record_state(
        &self,
        project: ProjectId,
        deployment: DeploymentNumber,
        at: At,
        text: &str,
    ) -> Result<u32> {
        self.append(project, deployment, &[(None, at, text)]).await
    }

    async fn append(
        &self,
        project: ProjectId,
        deployment: DeploymentNumber,
        lines: &[(Option<u32>, At, &str)],
    ) -> Result<u32> {
        let mut transaction = self.write().await?;
        let id = self.row_of(&mut transaction, project, deployment).await?;
        let first: u32 = sqlx::query_scalar("SELECT coalesce(max(line), 0) + 1 FROM log_line WHERE deployment = ?")
            .bind(id)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let mut places = first..;
        for lines in lines.chunks(LINES_AT_ONCE) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO log_line (deployment, line, step, at, text) ");
            // The lines come first: a zip that has run out of lines must not have taken a place.
            insert.push_values(lines.iter().zip(places.by_ref()), |mut row, ((step, at, text), place)| {
                row.push_bind(id).push_bind(place).push_bind(*step).push_bind(at.as_millis()).push_bind(*text);
            });
            insert.build().execute(&mut *transaction).await.map_err(|error| self.fault(error))?;
        }
        self.commit(transaction).await?;
        Ok(first)
    }

    /// At most `limit` lines of a deployment's log behind line `after` (0: from the beginning), of one step or of all;
    /// and how many there are in all.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn log(
        &self,
        project: ProjectId,
        deployment: DeploymentNumber,
        step: Option<u32>,
        after: u32,
        limit: u32,
    ) -> Result<(Vec<LogLine>, u32)> {
        let mut transaction = self.read().await?;
        let id = self.row_of(&mut transaction, project, deployment).await?;
        let (page, count) = match step {
            // Lines are numbered without gaps, so that the last one's place is their count.
            None => (
                "SELECT line, step, at, text FROM log_line WHERE deployment = ?1 AND line > ?3 ORDER BY line LIMIT ?4",
                "SELECT coalesce(max(line), 0) FROM log_line WHERE deployment = ?1",
            ),
            Some(_) => (
                "SELECT line, step, at, text FROM log_line
                 WHERE deployment = ?1 AND step = ?2 AND line > ?3 ORDER BY line LIMIT ?4",
                "SELECT count(*) FROM log_line WHERE deployment = ?1 AND step = ?2",
            ),
        };
        let rows = sqlx::query(page)
            .bind(id)
            .bind(step)
            .bind(after)
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let total = sqlx::query_scalar(count)
            .bind(id)
            .bind(step)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let lines = rows
            .iter()
            .map(|row| {
                let row = Reader::new(self, row);
                Ok(LogLine {
                    line: row.get("line")?,
                    step: row.get("step")?,
                    at: row.at("at")?,
                    text: row.get("text")?,
                })
            })
            .collect::<Result<_>>()?;
        Ok((lines, total))
    }

    async fn row_of(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        project: ProjectId,
        deployment: DeploymentNumber,
    ) -> Result<i64> {
        sqlx::query_scalar("SELECT id FROM deployment WHERE project = ? AND number = ?")
            .bind(project.0)
            .bind(deployment.0)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(|error| self.fault(error))?
            .ok_or_else(|| Error::new(Code::NotFound, format!("there is no deployment {deployment}")))
    }
}

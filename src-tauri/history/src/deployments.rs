//! A deployment's beginning and its end.

use sqlx::{Sqlite, Transaction};
use sternway_model::{At, Code, Deployment, DeploymentNumber, Error, Outcome, Plan, Release, Result, Stage, StepState};

use crate::row::{Reader, select_deployments, to_json};
use crate::{History, ProjectId};

/// What is known of a deployment when it begins. Its kind, environment and target are those of its plan.
#[derive(Debug, Clone)]
pub struct NewDeployment<'a> {
    /// The project.
    pub project: ProjectId,
    /// What it will do.
    pub plan: &'a Plan,
    /// Where it moves to, complete enough to go on after a crash. Never a secret's value.
    pub want: &'a serde_json::Value,
    /// Who started it.
    pub by: &'a str,
    /// The process that runs it, in words that tell later whether it is still there.
    pub owner: &'a str,
    /// When it began.
    pub started: At,
    /// What changes, in a few words.
    pub summary: &'a str,
    /// The steps that are known already, in order.
    pub steps: &'a [(Stage, String)],
    /// A person knows that the deployment before was interrupted and goes on from there.
    pub after_interruption: bool,
}

impl History {
    /// Begins a deployment and gives it the project's next number.
    ///
    /// # Errors
    /// [`Code::Locked`] if one of the same environment runs, [`Code::Interrupted`] if the one before was interrupted and
    /// `after_interruption` is not set. Of two that begin at once, in whatever processes, one gets the error.
    /// [`Code::HistoryDamaged`] if the file was taken away.
    pub async fn begin(&self, new: &NewDeployment<'_>) -> Result<DeploymentNumber> {
        let plan = to_json(new.plan)?;
        let want = to_json(new.want)?;
        self.still_there()?;
        self.copy_of_the_day(new.started).await?;
        let mut transaction = self.write().await?;
        self.refuse_overlap(&mut transaction, new).await?;

        let row = sqlx::query(
            "INSERT INTO deployment
                 (project, number, environment, kind, target, started_by, owner, started, summary)
             VALUES
                 (?1, (SELECT coalesce(max(number), 0) + 1 FROM deployment WHERE project = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             RETURNING id, number",
        )
        .bind(new.project.0)
        .bind(new.plan.environment.as_str())
        .bind(new.plan.kind.as_str())
        .bind(new.plan.to.map(|number| number.0))
        .bind(new.by)
        .bind(new.owner)
        .bind(new.started.as_millis())
        .bind(new.summary)
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let row = Reader::new(self, &row);
        let (id, number): (i64, u32) = (row.get("id")?, row.get("number")?);

        sqlx::query("INSERT INTO deployment_plan (deployment, body, want) VALUES (?, ?, ?)")
            .bind(id)
            .bind(plan)
            .bind(want)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        for (place, (stage, name)) in (1_u32..).zip(new.steps) {
            sqlx::query("INSERT INTO step (deployment, number, stage, name, state, detail) VALUES (?, ?, ?, ?, ?, '')")
                .bind(id)
                .bind(place)
                .bind(stage.as_str())
                .bind(name)
                .bind(StepState::Pending.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.fault(error))?;
        }
        self.commit(transaction).await?;
        self.count().await;
        Ok(DeploymentNumber(number))
    }

    /// Deployments of one environment never overlap, so that only the newest one can stand in the way.
    async fn refuse_overlap(&self, transaction: &mut Transaction<'_, Sqlite>, new: &NewDeployment<'_>) -> Result<()> {
        let environment = &new.plan.environment;
        let row = sqlx::query(
            "SELECT number, kind, result, started_by, started FROM deployment
             WHERE project = ? AND environment = ? ORDER BY number DESC LIMIT 1",
        )
        .bind(new.project.0)
        .bind(environment.as_str())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let Some(row) = row else { return Ok(()) };
        let row = Reader::new(self, &row);
        let (number, by): (u32, &str) = (row.get("number")?, row.get("started_by")?);
        let which = format!("{} #{number}, which {by} started at {}", row.kind()?, row.at("started")?);
        match row.result()? {
            None => Err(Error::new(Code::Locked, format!("{environment} is being moved by {which}"))
                .hint("Wait until it has ended, or cancel it.")),
            Some(Outcome::Interrupted) if !new.after_interruption => {
                let ways = format!(
                    "Finish it with `sternway resume {environment}`, or go back with `sternway rollback {environment}`."
                );
                Err(Error::new(Code::Interrupted, format!("{environment} was left half-way by {which}")).hint(ways))
            }
            Some(_) => Ok(()),
        }
    }

    /// Ends a deployment, and writes the release that it made. From then on that is the environment's current release.
    ///
    /// # Errors
    /// If the deployment is not there or has ended already; if a release is given that is not its own, or one for a
    /// deployment that did not succeed. [`Code::HistoryDamaged`] if the file was taken away while the deployment ran.
    pub async fn finish(
        &self,
        project: ProjectId,
        number: DeploymentNumber,
        outcome: Outcome,
        message: Option<&str>,
        release: Option<&Release>,
        at: At,
    ) -> Result<()> {
        if release.is_some_and(|release| release.number != number || outcome != Outcome::Succeeded) {
            return Err(Error::internal(format!("{number} ended as {outcome} and cannot make this release")));
        }
        self.still_there()?;
        let mut transaction = self.write().await?;
        let environment: Option<String> = sqlx::query_scalar(
            "UPDATE deployment SET result = ?1, message = ?2, ended = ?3
             WHERE project = ?4 AND number = ?5 AND (result IS NULL OR result = ?6)
             RETURNING environment",
        )
        .bind(outcome.as_str())
        .bind(message)
        .bind(at.as_millis())
        .bind(project.0)
        .bind(number.0)
        .bind(Outcome::Interrupted.as_str())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(|error| self.fault(error))?;
        let Some(environment) = environment else {
            return Err(Error::failed(format!("deployment {number} is not running, so that it cannot end")));
        };
        if let Some(release) = release {
            if release.environment.as_str() != environment {
                return Err(Error::internal(format!("{number} is of {environment}, not of {}", release.environment)));
            }
            sqlx::query("INSERT INTO release (project, number, environment, body) VALUES (?, ?, ?, ?)")
                .bind(project.0)
                .bind(number.0)
                .bind(environment)
                .bind(to_json(release)?)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.fault(error))?;
        }
        self.commit(transaction).await?;
        self.count().await;
        Ok(())
    }

    /// Says more about how a deployment ended, once that is known: whether moving back after it succeeded.
    ///
    /// # Errors
    /// If it did not end as `from`.
    pub async fn amend(
        &self,
        project: ProjectId,
        number: DeploymentNumber,
        from: Outcome,
        to: Outcome,
        message: &str,
    ) -> Result<()> {
        let done = sqlx::query(
            "UPDATE deployment SET result = ?, message = ? WHERE project = ? AND number = ? AND result = ?",
        )
        .bind(to.as_str())
        .bind(message)
        .bind(project.0)
        .bind(number.0)
        .bind(from.as_str())
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        Err(Error::failed(format!("deployment {number} did not end as {from}, so that nothing can be added to it")))
    }

    /// Notes that the process which ran a deployment is gone. Its steps stay as they are: one that is `running` is the
    /// one whose effect is not known.
    ///
    /// Gives whether it was still running; if not, somebody else has seen to it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub async fn mark_interrupted(&self, project: ProjectId, number: DeploymentNumber, message: &str) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE deployment SET result = ?, message = ? WHERE project = ? AND number = ? AND result IS NULL",
        )
        .bind(Outcome::Interrupted.as_str())
        .bind(message)
        .bind(project.0)
        .bind(number.0)
        .execute(self.pool())
        .await
        .map_err(|error| self.fault(error))?;
        Ok(done.rows_affected() == 1)
    }

    /// The deployments that have not ended, each with its owner.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn running(&self, project: ProjectId) -> Result<Vec<(Deployment, String)>> {
        let statement = sqlx::query(select_deployments!("WHERE d.project = ? AND d.result IS NULL ORDER BY d.number"))
            .bind(project.0);
        self.all(statement, |row| Ok((row.deployment()?, row.get("owner")?))).await
    }
}

//! What ran after each deployment that succeeded, and what may be expected of the next.

use std::collections::BTreeMap;

use sternway_model::{DeploymentNumber, EnvironmentName, ImageId, Outcome, Release, Result, ServiceName, StepState};

use crate::row::Reader;
use crate::{History, ProjectId};

/// How many earlier successes tell what is usual.
const SAMPLE: u32 = 20;

impl History {
    /// The release that runs in an environment: the newest one that was made for it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn current_release(&self, project: ProjectId, environment: &EnvironmentName) -> Result<Option<Release>> {
        Ok(self.releases(project, environment, 1).await?.pop())
    }

    /// The newest releases of an environment, at most `limit`, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn releases(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Result<Vec<Release>> {
        let statement = sqlx::query(
            "SELECT body AS release FROM release WHERE project = ? AND environment = ? ORDER BY number DESC LIMIT ?",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .bind(limit);
        self.all(statement, |row| row.release()).await
    }

    /// The images of an environment's releases, newest first; bodies of releases are large, and here nothing else is wanted.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn released_images(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
    ) -> Result<Vec<(DeploymentNumber, BTreeMap<ServiceName, ImageId>)>> {
        let statement = sqlx::query(
            "SELECT number, json_extract(body, '$.images') AS images FROM release
             WHERE project = ? AND environment = ? ORDER BY number DESC",
        )
        .bind(project.0)
        .bind(environment.as_str());
        self.all(statement, |row| Ok((DeploymentNumber(row.get("number")?), row.json("images")?))).await
    }

    /// The release that a deployment made, if it made one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn release(&self, project: ProjectId, number: DeploymentNumber) -> Result<Option<Release>> {
        let row = sqlx::query("SELECT body AS release FROM release WHERE project = ? AND number = ?")
            .bind(project.0)
            .bind(number.0)
            .fetch_optional(self.pool())
            .await
            .map_err(|error| self.fault(error))?;
        row.map(|row| Reader::new(self, &row).release()).transpose()
    }

    /// How long each step usually takes in this environment, in seconds: the median over the last twenty successes, in
    /// the order of the latest.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn usual_step_seconds(
        &self,
        project: ProjectId,
        environment: &EnvironmentName,
    ) -> Result<Vec<(String, f64)>> {
        let rows = sqlx::query(
            "SELECT step.name, step.ended - step.started AS millis
             FROM (SELECT id, number FROM deployment
                   WHERE project = ? AND environment = ? AND result = ? ORDER BY number DESC LIMIT ?) AS latest
             JOIN step ON step.deployment = latest.id
             WHERE step.state = ? AND step.started IS NOT NULL AND step.ended IS NOT NULL
             ORDER BY latest.number DESC, step.number",
        )
        .bind(project.0)
        .bind(environment.as_str())
        .bind(Outcome::Succeeded.as_str())
        .bind(SAMPLE)
        .bind(StepState::Done.as_str())
        .fetch_all(self.pool())
        .await
        .map_err(|error| self.fault(error))?;

        let mut times: Vec<(String, Vec<i64>)> = Vec::new();
        for row in &rows {
            let row = Reader::new(self, row);
            let (name, millis): (&str, i64) = (row.get("name")?, row.get("millis")?);
            match times.iter_mut().find(|(known, _)| known == name) {
                Some((_, times)) => times.push(millis),
                None => times.push((name.to_owned(), vec![millis])),
            }
        }
        Ok(times.into_iter().map(|(name, millis)| (name, median_seconds(millis))).collect())
    }
}

/// The median of times in milliseconds (of an even number, the mean of the two in the middle), in seconds.
fn median_seconds(mut millis: Vec<i64>) -> f64 {
    millis.sort_unstable();
    let middle = &millis[(millis.len() - 1) / 2..=millis.len() / 2];
    // Milliseconds of a step are far below 2^52, so that nothing is lost.
    #[allow(clippy::cast_precision_loss)]
    let (sum, count) = (middle.iter().sum::<i64>() as f64, middle.len() as f64);
    sum / count / 1000.0
}

#[cfg(test)]
mod tests {
    use super::median_seconds;

    #[test]
    fn one_slow_run_is_not_usual() {
        assert_eq!(median_seconds(vec![2000]), 2.0);
        assert_eq!(median_seconds(vec![9_000_000, 1000, 2000]), 2.0);
        assert_eq!(median_seconds(vec![1000, 2000]), 1.5);
    }
}

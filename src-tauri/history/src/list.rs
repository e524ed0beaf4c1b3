//! Reading deployments: one, or a page of those that fit a filter.

use serde::de::DeserializeOwned;
use sqlx::{QueryBuilder, Sqlite};
use sternway_model::{
    Code, Deployment, DeploymentNumber, EnvironmentName, Error, Outcome, Plan, Result, name_kept_files,
};

use crate::row::{Reader, select_deployments};
use crate::{History, ProjectId};

/// Which deployments to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only this environment.
    pub environment: Option<EnvironmentName>,
    /// Only this result.
    pub result: Option<Outcome>,
    /// Only those whose summary, environment, person or number (`#12`) contains this text; upper and lower case are the same.
    pub text: Option<String>,
    /// Skip this many.
    pub offset: u32,
    /// At most this many.
    pub limit: u32,
}

impl Default for Filter {
    /// The newest hundred.
    fn default() -> Self {
        Self { environment: None, result: None, text: None, offset: 0, limit: 100 }
    }
}

impl Filter {
    /// Adds the conditions to a statement over `deployment AS d`. An index answers the project with the environment or
    /// with the result; what is left is looked for among the rows that it gives.
    fn conditions(&self, query: &mut QueryBuilder<Sqlite>, project: ProjectId) {
        query.push(" WHERE d.project = ").push_bind(project.0);
        if let Some(environment) = &self.environment {
            query.push(" AND d.environment = ").push_bind(environment.as_str().to_owned());
        }
        if let Some(result) = self.result {
            query.push(" AND d.result = ").push_bind(result.as_str());
        }
        if let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) {
            let pattern = contains(text);
            for (before, column) in [
                (" AND (", "d.summary"),
                (" OR ", "d.environment"),
                (" OR ", "d.started_by"),
                (" OR ", "'#' || d.number"),
            ] {
                query.push(before).push(column).push(" LIKE ").push_bind(pattern.clone()).push(r" ESCAPE '\'");
            }
            query.push(")");
        }
    }

    fn page(&self, project: ProjectId) -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new(select_deployments!(""));
        self.conditions(&mut query, project);
        query.push(" ORDER BY d.number DESC LIMIT ").push_bind(self.limit);
        query.push(" OFFSET ").push_bind(self.offset);
        query
    }

    fn count(&self, project: ProjectId) -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM deployment AS d");
        self.conditions(&mut query, project);
        query
    }
}

/// A pattern of `LIKE` for texts that contain this one as it stands.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl History {
    /// The deployments of a project that fit, newest first, and how many fit in all.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn history(&self, project: ProjectId, filter: &Filter) -> Result<(Vec<Deployment>, u32)> {
        let mut transaction = self.read().await?;
        let rows =
            filter.page(project).build().fetch_all(&mut *transaction).await.map_err(|error| self.fault(error))?;
        let total = filter
            .count(project)
            .build_query_scalar()
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(error))?;
        let deployments = rows.iter().map(|row| Reader::new(self, row).deployment()).collect::<Result<_>>()?;
        Ok((deployments, total))
    }

    /// A deployment, if there is one of this number.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn deployment(&self, project: ProjectId, number: DeploymentNumber) -> Result<Option<Deployment>> {
        let row = sqlx::query(select_deployments!("WHERE d.project = ? AND d.number = ?"))
            .bind(project.0)
            .bind(number.0)
            .fetch_optional(self.pool())
            .await
            .map_err(|error| self.fault(error))?;
        row.map(|row| Reader::new(self, &row).deployment()).transpose()
    }

    /// Where a deployment moved to, as its maker stored it.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such deployment.
    pub async fn want_of(&self, project: ProjectId, number: DeploymentNumber) -> Result<serde_json::Value> {
        let mut want: serde_json::Value = self.stored("want", project, number).await?;
        if let Some(application) = want.get_mut("application") {
            name_kept_files(application);
        }
        Ok(want)
    }

    /// The plan that a deployment ran.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such deployment.
    pub async fn plan_of(&self, project: ProjectId, number: DeploymentNumber) -> Result<Plan> {
        self.stored("plan", project, number).await
    }

    async fn stored<T: DeserializeOwned>(&self, what: &str, project: ProjectId, number: DeploymentNumber) -> Result<T> {
        let row = sqlx::query(
            "SELECT body AS plan, want FROM deployment_plan
             WHERE deployment = (SELECT id FROM deployment WHERE project = ? AND number = ?)",
        )
        .bind(project.0)
        .bind(number.0)
        .fetch_optional(self.pool())
        .await
        .map_err(|error| self.fault(error))?
        .ok_or_else(|| Error::new(Code::NotFound, format!("there is no deployment {number}")))?;
        Reader::new(self, &row).json(what)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row};

    use super::*;

    /// What SQLite would do, one line per loop.
    async fn loops(history: &History, query: QueryBuilder<Sqlite>) -> Vec<String> {
        let explained = format!("EXPLAIN QUERY PLAN {}", query.into_string());
        let rows = sqlx::query(AssertSqlSafe(explained)).fetch_all(history.pool()).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    #[tokio::test]
    async fn a_page_is_read_through_an_index_and_needs_no_sorting() {
        let home = tempfile::tempdir().unwrap();
        let history = History::open(home.path()).await.unwrap();
        let environment = Some("production".parse().unwrap());
        for filter in [
            Filter::default(),
            Filter { environment: environment.clone(), ..Filter::default() },
            Filter { result: Some(Outcome::Failed), ..Filter::default() },
            Filter { environment, result: Some(Outcome::Failed), text: Some("x".into()), ..Filter::default() },
        ] {
            for query in [filter.page(ProjectId(1)), filter.count(ProjectId(1))] {
                for line in loops(&history, query).await {
                    let good = line.contains("USING") || line.contains("CORRELATED");
                    assert!(good && !line.contains("SCAN") && !line.contains("SORT"), "{filter:?}: {line}");
                    assert!(!line.contains("log_line"), "listing deployments never reads the log: {line}");
                }
            }
        }
    }

    #[test]
    fn a_text_is_looked_for_as_it_stands() {
        assert_eq!(contains(r"50%_a\b"), r"%50\%\_a\\b%");
    }
}

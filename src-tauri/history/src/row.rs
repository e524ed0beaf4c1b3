//! From columns to the model's types. What the model does not know is damage.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};
use sternway_model::{
    At, Cause, Deployment, DeploymentNumber, Error, Kind, Outcome, Release, Result, Stage, Step, StepState,
    name_kept_files,
};

use crate::History;

impl History {
    /// Everything that a statement finds, read row by row.
    pub(crate) async fn all<T>(
        &self,
        statement: Query<'_, Sqlite, SqliteArguments>,
        read: impl Fn(&Reader<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = statement.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| read(&Reader::new(self, row))).collect()
    }
}

/// A row with the history that it came from, which words the failures.
pub(crate) struct Reader<'a> {
    history: &'a History,
    row: &'a SqliteRow,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(history: &'a History, row: &'a SqliteRow) -> Self {
        Self { history, row }
    }

    pub(crate) fn get<T>(&self, column: &str) -> Result<T>
    where
        T: sqlx::Decode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.row.try_get(column).map_err(|error| self.history.fault(error))
    }

    /// A text that the model checks.
    pub(crate) fn parse<T: FromStr<Err = Error>>(&self, column: &str) -> Result<T> {
        let text: &str = self.get(column)?;
        text.parse().map_err(|error: Error| self.history.damaged(error.message))
    }

    fn word<T>(&self, word: &str, from_word: fn(&str) -> Result<T>) -> Result<T> {
        from_word(word).map_err(|error| self.history.damaged(error.message))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|error| self.history.damaged(format!("`{column}` cannot be read: {error}")))
    }

    /// A release, in the words of today.
    pub(crate) fn release(&self) -> Result<Release> {
        let mut release: Release = self.json("release")?;
        name_kept_files(&mut release.application);
        Ok(release)
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        let read = |text| {
            serde_json::from_str(text)
                .map_err(|error| self.history.damaged(format!("`{column}` cannot be read: {error}")))
        };
        text.map(read).transpose()
    }

    pub(crate) fn at(&self, column: &str) -> Result<At> {
        let millis: i64 = self.get(column)?;
        At::from_millis(millis).map_err(|error| self.history.damaged(error.message))
    }

    pub(crate) fn maybe_at(&self, column: &str) -> Result<Option<At>> {
        let millis: Option<i64> = self.get(column)?;
        millis.map(At::from_millis).transpose().map_err(|error| self.history.damaged(error.message))
    }

    pub(crate) fn kind(&self) -> Result<Kind> {
        self.word(self.get("kind")?, Kind::from_word)
    }

    pub(crate) fn cause(&self) -> Result<Cause> {
        self.word(self.get("cause")?, Cause::from_word)
    }

    /// How a deployment ended; `None` while it runs.
    pub(crate) fn result(&self) -> Result<Option<Outcome>> {
        let word: Option<&str> = self.get("result")?;
        word.map(|word| self.word(word, Outcome::from_word)).transpose()
    }

    pub(crate) fn deployment(&self) -> Result<Deployment> {
        let release: Option<u32> = self.get("release")?;
        let target: Option<u32> = self.get("target")?;
        Ok(Deployment {
            number: DeploymentNumber(self.get("number")?),
            kind: self.kind()?,
            environment: self.parse("environment")?,
            result: self.result()?,
            release: release.map(DeploymentNumber),
            target: target.map(DeploymentNumber),
            by: self.get("started_by")?,
            started: self.at("started")?,
            ended: self.maybe_at("ended")?,
            summary: self.get("summary")?,
            message: self.get("message")?,
        })
    }

    pub(crate) fn step(&self) -> Result<Step> {
        Ok(Step {
            number: self.get("number")?,
            stage: self.word(self.get("stage")?, Stage::from_word)?,
            name: self.get("name")?,
            state: self.word(self.get("state")?, StepState::from_word)?,
            started: self.maybe_at("started")?,
            ended: self.maybe_at("ended")?,
            detail: self.get("detail")?,
        })
    }
}

/// The statement that reads deployments for [`Reader::deployment`], from `deployment AS d`, with what follows it.
macro_rules! select_deployments {
    ($rest:literal) => {
        concat!(
            "SELECT d.number, d.kind, d.environment, d.result, d.target, d.started_by, d.owner, d.started, d.ended, ",
            "d.summary, d.message, ",
            "(SELECT r.number FROM release AS r WHERE r.project = d.project AND r.number = d.number) AS release ",
            "FROM deployment AS d ",
            $rest
        )
    };
}
pub(crate) use select_deployments;

/// A value as the JSON text that is stored.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("a record cannot be stored: {error}")))
}

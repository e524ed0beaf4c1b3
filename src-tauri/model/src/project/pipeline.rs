//! `pipeline`: the steps around a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Seconds, ServiceName};

/// Steps around the change itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pipeline {
    /// Before anything is touched.
    pub checks: Vec<Check>,
    /// After the checks, still before anything is touched.
    pub build: Vec<RunStep>,
    /// After the change: decides whether it stays.
    pub verify: Vec<VerifyStep>,
    /// At the end, however it ended: tells people. A failure is recorded and changes nothing.
    pub notify: Vec<RunStep>,
}

/// A step before anything is touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawCheck", into = "RawCheck")]
#[schemars(with = "RawCheck")]
pub struct Check {
    /// What people read.
    pub name: String,
    /// What is checked.
    pub run: CheckRun,
    /// How long it may take.
    pub timeout: Seconds,
}

/// What a check looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckRun {
    /// The state of the project's git repository.
    Git(GitCheck),
    /// A command that has to end with 0.
    Command(String),
}

/// What has to be true of the git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GitCheck {
    /// Nothing is uncommitted.
    Clean,
    /// This branch is checked out.
    Branch(String),
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `clean`, or `{ branch: main }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    git: Option<GitCheck>,
    /// A shell command that has to end with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Seconds>,
}

/// Ten minutes: what a test suite may take before somebody should be told.
const COMMAND_TIMEOUT: Seconds = Seconds(600.0);

impl TryFrom<RawCheck> for Check {
    type Error = String;

    fn try_from(raw: RawCheck) -> std::result::Result<Self, String> {
        let (run, default) = match (raw.git, raw.run) {
            (Some(git @ GitCheck::Clean), None) => (CheckRun::Git(git), "clean tree".to_owned()),
            (Some(GitCheck::Branch(branch)), None) => {
                let name = format!("on branch {branch}");
                (CheckRun::Git(GitCheck::Branch(branch)), name)
            }
            (None, Some(command)) => (CheckRun::Command(command.clone()), command),
            _ => return Err("a check has either `git` or `run`".to_owned()),
        };
        Ok(Self { name: raw.name.unwrap_or(default), run, timeout: raw.timeout.unwrap_or(COMMAND_TIMEOUT) })
    }
}

impl From<Check> for RawCheck {
    fn from(check: Check) -> Self {
        let (git, run) = match check.run {
            CheckRun::Git(git) => (Some(git), None),
            CheckRun::Command(command) => (None, Some(command)),
        };
        Self { name: Some(check.name), git, run, timeout: Some(check.timeout) }
    }
}

/// A command of the build or the notification stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunStep {
    /// What people read; the command itself unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A shell command that has to end with 0.
    pub run: String,
    /// How long it may take; ten minutes unless given.
    #[serde(default = "command_timeout")]
    pub timeout: Seconds,
}

impl RunStep {
    /// What people read.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.run)
    }
}

fn command_timeout() -> Seconds {
    COMMAND_TIMEOUT
}

/// A step after the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawVerify", into = "RawVerify")]
#[schemars(with = "RawVerify")]
pub struct VerifyStep {
    /// What people read.
    pub name: String,
    /// What is verified.
    pub verify: Verify,
    /// How long one try may take.
    pub timeout: Seconds,
    /// How often it is tried again after a failure.
    pub retries: u32,
    /// The pause between two tries.
    pub interval: Seconds,
}

/// What a verification looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Verify {
    /// A request over HTTP.
    Http(HttpCheck),
    /// A command that has to end with 0.
    Command(String),
    /// The health that a service's containers report.
    Healthy(ServiceName),
}

/// A request and what has to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCheck {
    /// The address; variables of the environment as `${NAME}`.
    pub url: String,
    /// The status that is wanted; any of 200 to 299 unless given.
    pub status: Option<u16>,
    /// A text that the body has to contain.
    pub body: Option<String>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawVerify {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// An address that has to answer; variables of the environment as `${NAME}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    /// The status that is wanted; any of 200 to 299 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// A text that the body has to contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// A shell command that has to end with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// A service whose containers have to report healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    healthy: Option<ServiceName>,
    /// How long one try may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<Seconds>,
    /// How often it is tried again after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
    /// The pause between two tries; one second unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Seconds>,
}

impl TryFrom<RawVerify> for VerifyStep {
    type Error = String;

    fn try_from(raw: RawVerify) -> std::result::Result<Self, String> {
        if raw.http.is_none() && (raw.status.is_some() || raw.body.is_some()) {
            return Err("`status` and `body` go with `http`".to_owned());
        }
        // A service needs some seconds to come up; a command is asked once unless the file says otherwise.
        let (verify, name, timeout, retries) = match (raw.http, raw.run, raw.healthy) {
            (Some(url), None, None) => {
                let name = format!("GET {url}");
                (Verify::Http(HttpCheck { url, status: raw.status, body: raw.body }), name, Seconds(5.0), 20)
            }
            (None, Some(command), None) => (Verify::Command(command.clone()), command, Seconds(120.0), 0),
            (None, None, Some(service)) => {
                let name = format!("{service} is healthy");
                (Verify::Healthy(service), name, Seconds(5.0), 60)
            }
            _ => return Err("a verification has one of `http`, `run` and `healthy`".to_owned()),
        };
        Ok(Self {
            name: raw.name.unwrap_or(name),
            verify,
            timeout: raw.timeout.unwrap_or(timeout),
            retries: raw.retries.unwrap_or(retries),
            interval: raw.interval.unwrap_or(Seconds(1.0)),
        })
    }
}

impl From<VerifyStep> for RawVerify {
    fn from(step: VerifyStep) -> Self {
        let mut raw = Self {
            name: Some(step.name),
            http: None,
            status: None,
            body: None,
            run: None,
            healthy: None,
            timeout: Some(step.timeout),
            retries: Some(step.retries),
            interval: Some(step.interval),
        };
        match step.verify {
            Verify::Http(http) => {
                raw.http = Some(http.url);
                raw.status = http.status;
                raw.body = http.body;
            }
            Verify::Command(command) => raw.run = Some(command),
            Verify::Healthy(service) => raw.healthy = Some(service),
        }
        raw
    }
}

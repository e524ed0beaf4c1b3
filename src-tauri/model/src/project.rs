//! `sternway.yaml`.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EnvironmentName, Error, ProjectName, Result, Seconds, ServiceName, Target, ValueType, did_you_mean, yaml};

/// The file's name at a project's root.
pub const FILE_NAME: &str = "sternway.yaml";

/// What a project's `sternway.yaml` says. Safe to commit: it names secrets, it never holds them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectFile {
    /// The project's name.
    pub project: ProjectName,
    /// The places where the project runs, in the order in which releases travel.
    pub environments: IndexMap<EnvironmentName, Environment>,
    /// Variables and files.
    #[serde(default)]
    pub configuration: Configuration,
    /// What runs: Compose files.
    #[serde(default)]
    pub application: Application,
    /// Steps around the change itself.
    #[serde(default)]
    pub pipeline: Pipeline,

    /// Further files with sections like the ones below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<serde_json::Value>,
    /// Terraform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrastructure: Option<serde_json::Value>,
    /// Engine, migration and its way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<serde_json::Value>,
    /// Logging, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<serde_json::Value>,
    /// Metrics, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<serde_json::Value>,
    /// Alert rules, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<serde_json::Value>,
    /// People, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<serde_json::Value>,
    /// Roles, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<serde_json::Value>,
    /// Permissions, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<serde_json::Value>,
    /// Firewall rules, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall: Option<serde_json::Value>,
    /// Network policies, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<serde_json::Value>,
    /// Security settings, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<serde_json::Value>,
    /// Encryption settings, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<serde_json::Value>,
    /// Backup schedule and retention, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<serde_json::Value>,
    /// Recovery objectives, as in the deployment handbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disaster_recovery: Option<serde_json::Value>,
}

impl ProjectFile {
    /// Reads and checks a `sternway.yaml`.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`] with file, line, column and key.
    pub fn load(file: &Path, text: &str) -> Result<Self> {
        let documents = yaml::parse(file, text)?;
        let root = match documents.as_slice() {
            [root] => root,
            [] => &yaml::Node::null(yaml::Mark { line: 1, column: 1 }),
            [_, second, ..] => {
                return Err(Error::invalid("a sternway.yaml has one document").at(second.mark.location(file, "")));
            }
        };
        let project: Self = yaml::decode(file, root)?;
        if project.environments.is_empty() {
            let mark = root.get("environments").map_or(root.mark, |node| node.mark);
            return Err(Error::invalid("there is no environment")
                .hint("Name at least one, such as `development: { target: { docker: local } }`.")
                .at(mark.location(file, "environments")));
        }
        Ok(project)
    }

    /// The environment of that name.
    ///
    /// # Errors
    /// [`crate::Code::NotFound`], with the names that exist.
    pub fn environment(&self, name: &EnvironmentName) -> Result<&Environment> {
        self.environments.get(name).ok_or_else(|| {
            let known = self.environments.keys().map(EnvironmentName::as_str);
            Error::new(crate::Code::NotFound, format!("there is no environment `{name}` in {FILE_NAME}"))
                .hint(did_you_mean(name.as_str(), known))
        })
    }

    /// Sections that the file has and that this version accepts without doing anything about them.
    #[must_use]
    pub fn not_in_effect(&self) -> Vec<&'static str> {
        let sections = [
            ("include", &self.include),
            ("infrastructure", &self.infrastructure),
            ("database", &self.database),
            ("logging", &self.logging),
            ("metrics", &self.metrics),
            ("alerts", &self.alerts),
            ("users", &self.users),
            ("roles", &self.roles),
            ("permissions", &self.permissions),
            ("firewall", &self.firewall),
            ("network", &self.network),
            ("security", &self.security),
            ("encryption", &self.encryption),
            ("backup", &self.backup),
            ("disaster_recovery", &self.disaster_recovery),
        ];
        sections.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
    }

    /// The name under which Compose tools see an environment's containers.
    #[must_use]
    pub fn compose_project(&self, name: &EnvironmentName) -> String {
        self.environments
            .get(name)
            .and_then(|environment| environment.compose_project.as_ref())
            .map_or_else(|| format!("{}-{name}", self.project), ToString::to_string)
    }
}

/// Where an environment runs and how it is protected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Where it runs.
    pub target: Target,
    /// Its name must be typed before anything is changed.
    #[serde(default)]
    pub protected: bool,
    /// How many other people have to sign a plan. Not in effect yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<u32>,
    /// The Compose project's name, `<project>-<environment>` unless given: for taking over a stack that already runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_project: Option<ProjectName>,
}

/// Variables and files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Env files, later ones win; `{environment}` stands for the environment's name.
    pub variables: Vec<String>,
    /// Other configuration files.
    pub files: Vec<String>,
    /// Keys without which nothing is deployed.
    pub required: Vec<String>,
    /// What the values of keys have to be, such as `PORT: port` and `LOG_LEVEL: { enum: [debug, info] }`. Nothing is
    /// deployed while one is something else.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub types: IndexMap<String, ValueType>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            variables: vec![".env".into(), ".env.{environment}".into()],
            files: Vec::new(),
            required: Vec::new(),
            types: IndexMap::new(),
        }
    }
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Application {
    /// Compose files, later ones are merged over earlier ones; `{environment}` stands for the environment's name. A file
    /// whose name has the placeholder may be missing.
    pub compose: Vec<String>,
    /// Compose profiles that are active.
    pub profiles: Vec<String>,
}

impl Default for Application {
    fn default() -> Self {
        Self { compose: vec!["docker-compose.yml".into()], profiles: Vec::new() }
    }
}

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

/// A command of the build stage.
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "sternway.yaml";

    fn load(text: &str) -> Result<ProjectFile> {
        ProjectFile::load(Path::new(FILE), text)
    }

    #[test]
    fn reads_a_whole_file() {
        let project = load(
            r#"
project: shop
environments:
  development: { target: { docker: local } }
  production: { target: { docker: "tcp://203.0.113.5:2376" }, protected: true, approvals: 1 }
configuration: { required: [DB_HOST], types: { PORT: port, LOG_LEVEL: { enum: [debug, info] } } }
database: { engine: postgres }
pipeline:
  checks:
    - { name: clean tree, git: clean }
    - { git: { branch: main } }
    - { run: npm test }
  verify:
    - { name: health, http: "http://localhost/health", status: 204, retries: 3 }
    - { healthy: db }
"#,
        )
        .expect("valid");
        assert_eq!(project.not_in_effect(), ["database"]);
        assert_eq!(project.configuration.types["PORT"], ValueType::Port);
        let levels = ValueType::Enum(vec!["debug".to_owned(), "info".to_owned()]);
        assert_eq!(project.configuration.types["LOG_LEVEL"], levels);
        assert_eq!(project.pipeline.checks[1].name, "on branch main");
        assert_eq!(project.pipeline.verify[0].retries, 3);
        assert!(matches!(&project.pipeline.verify[1].verify, Verify::Healthy(db) if db.as_str() == "db"));
        assert_eq!(project.compose_project(&"development".parse().expect("a name")), "shop-development");
    }

    #[test]
    fn errors_say_where_and_what() {
        let cases = [
            ("project: Shop\nenvironments: {a: {target: {docker: local}}}", 1, "project", "is not a project name"),
            (
                "project: a\nenvironments:\n  x: {target: {dokker: local}}",
                3,
                "environments.x.target.dokker",
                "unknown key",
            ),
            ("project: a\nenvironments: {}\n", 2, "environments", "there is no environment"),
            (
                "project: a\nenvironments: {a: {target: {docker: local}}}\npipeline:\n  checks:\n    - {name: x}\n",
                5,
                "pipeline.checks[0]",
                "either `git` or `run`",
            ),
            (
                "project: a\nenvironments: {a: {target: {docker: local}}}\nconfiguration:\n  types: { PORT: prt }\n",
                4,
                "configuration.types.PORT",
                "prt",
            ),
            ("environments: {a: {target: {docker: local}}}", 1, "", "`project` is missing"),
            (
                "project: a\nenvironments:\n  x: { target: { docker: \"http://host:2375\" } }",
                3,
                "environments.x.target.docker",
                "`http://` is no way to a Docker engine",
            ),
            (
                "project: a\nenvironments: {a: {target: {docker: local}, protected: maybe}}",
                2,
                "environments.a.protected",
                "expected true or false, found the text `maybe`",
            ),
        ];
        for (text, line, key, message) in cases {
            let error = load(text).expect_err(text);
            assert!(error.message.contains(message), "{text:?} gives {error}");
            let at = error.at.expect("a place");
            assert_eq!((at.line, at.key.as_deref().unwrap_or("")), (Some(line), key), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = load("project: a\nenviroments: {}").expect_err("a typing error");
        assert_eq!(error.hint, "Did you mean `environments`?");
    }
}

//! `sternway.yaml`.

use std::path::Path;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{EnvironmentName, Error, ProjectName, Result, Target, ValueType, did_you_mean, refuse_marks_in, yaml};

mod pipeline;

pub use pipeline::{Check, CheckRun, GitCheck, HttpCheck, Pipeline, RunStep, Verify, VerifyStep};

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
        refuse_marks_in(root, file, "")?;
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

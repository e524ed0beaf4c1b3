//! Use cases in which a secret's value leaves the keychain for a person. Each is written into the audit first.

use serde::{Deserialize, Serialize};
use sternway_config::{Assignment, EnvFile};
use sternway_history::{AuditEntry, StoredSecret};
use sternway_model::{
    Code, EnvironmentName, Error, Result, Reveal, SecretName, SecretPin, Sensitive, Value, Variable, expand, mentions,
};

use crate::machine::Core;
use crate::project::Project;
use crate::run::confirm;
use crate::values::Use;
use crate::view::{Audit, AuditLine};
use crate::want::pinned;

/// Entries of the audit that are shown unless it is said.
const SHOWN: u32 = 100;

/// What a person wants a value for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read it.
    Reveal,
    /// To paste it somewhere.
    Copy,
}

/// What a person says who wants a value.
#[derive(Debug, Clone, Default)]
pub struct Asked<'a> {
    /// The environment's name, typed where it is protected.
    pub typed: Option<&'a str>,
    /// Why.
    pub why: Option<&'a str>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// An env file, as Compose reads it.
    Env,
    /// One JSON object.
    Json,
    /// Commands for a shell of POSIX.
    Shell,
}

impl Core {
    /// The value of a secret, for a person who wants to see it; the newest version unless one is named.
    ///
    /// # Errors
    /// [`Code::Protected`] if the environment's name has to be typed; [`Code::SecretMissing`] if there is no value. If the
    /// audit cannot be written, nothing is revealed.
    pub async fn reveal_secret(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: Option<u32>,
        purpose: Purpose,
        asked: &Asked<'_>,
    ) -> Result<(u32, Sensitive)> {
        confirm(environment, project.file.environment(environment)?.protected, asked.typed)?;
        let version = self.revealable(project, environment, name, version).await?;
        let used = match purpose {
            Purpose::Reveal => Use::Reveal(asked.why),
            Purpose::Copy => Use::Copy(asked.why),
        };
        let value = self.value(project, environment, &SecretPin { name: name.clone(), version }, used).await?;
        Ok((version, value))
    }

    /// The version of a secret that would be revealed: the newest unless one is named.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] if there is none.
    pub async fn revealable(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: Option<u32>,
    ) -> Result<u32> {
        let known = self.known_secrets(project).await?;
        let newest = crate::want::newest(&known, environment).get(name).copied().ok_or_else(|| {
            Error::new(Code::SecretMissing, format!("{name} has no value in {environment}"))
                .hint(format!("Set it with `sternway secret set {environment} {name}`."))
        })?;
        let version = version.unwrap_or(newest);
        let is_version =
            |row: &StoredSecret| row.environment == *environment && row.name == *name && row.version == version;
        if !known.iter().any(is_version) {
            return Err(Error::new(Code::SecretMissing, format!("{name} has no version {version} in {environment}"))
                .hint(format!("The newest is {newest}; `sternway secret list {environment}` names them.")));
        }
        Ok(version)
    }

    pub(crate) async fn audited(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        action: &str,
        subject: &str,
        why: Option<&str>,
    ) -> Result<()> {
        let entry = AuditEntry {
            at: self.parts.clock.now(),
            person: self.parts.person.clone(),
            action: action.to_owned(),
            environment: environment.clone(),
            subject: subject.to_owned(),
            why: why.map(str::trim).filter(|why| !why.is_empty()).map(str::to_owned),
        };
        let id = self.project_id(project).await?;
        self.history().await?.audit(id, &entry).await
    }

    /// Who saw secrets, newest first.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn audit(
        &self,
        project: &Project,
        environment: Option<&EnvironmentName>,
        limit: Option<u32>,
    ) -> Result<Audit> {
        let id = self.project_id(project).await?;
        let entries = self.history().await?.audit_entries(id, environment, limit.unwrap_or(SHOWN)).await?;
        if let Some(name) = environment.filter(|_| entries.is_empty()) {
            project.file.environment(name)?;
        }
        let entries = entries.into_iter().map(|entry| {
            let AuditEntry { at, person, action, environment, subject, why } = entry;
            AuditLine { at, by: person, action, environment, subject, why }
        });
        Ok(Audit { entries: entries.collect() })
    }

    /// The variables of an environment as a text for other programs. Secrets stay references, unless they are asked for.
    ///
    /// # Errors
    /// As [`Core::reveal_secret`] if secrets are asked for; if a value cannot stand in the format.
    pub async fn export(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        format: ExportFormat,
        secrets: Option<&Asked<'_>>,
    ) -> Result<Sensitive> {
        let variables = self.variables(project, environment).await?.variables;
        let Some(asked) = secrets else { return written(format, &referred(&variables)?) };
        confirm(environment, project.file.environment(environment)?.protected, asked.typed)?;
        let mut pins = Vec::new();
        let mut texts = Vec::new();
        for variable in &variables {
            let text = pinned(variable, environment)?;
            pins.extend(mentions(&text)?);
            texts.push((variable.key.clone(), text));
        }
        if pins.is_empty() {
            return written(format, &referred(&variables)?);
        }
        let values = self.values(project, environment, &pins, Use::Export(asked.why)).await?;
        let reveal: &dyn Reveal = &values;
        let filled = texts.into_iter().map(|(key, text)| Ok((key, Exported::Value(expand(&text, reveal)?))));
        written(format, &filled.collect::<Result<Vec<_>>>()?)
    }
}

/// What is exported of a variable.
enum Exported {
    /// Exactly this.
    Value(Sensitive),
    /// A reference to a secret.
    Reference(String),
    /// A text with a secret inside: without the value there is nothing to give.
    Partly,
}

fn referred(variables: &[Variable]) -> Result<Vec<(String, Exported)>> {
    let exported = variables.iter().map(|Variable { key, value, .. }| {
        let exported = match value {
            Value::Secret { name, .. } => Exported::Reference(format!("keychain:{name}")),
            Value::Plain(text) if !mentions(text)?.is_empty() => Exported::Partly,
            Value::Plain(text) => Exported::Value(Sensitive::new(text.clone())),
        };
        Ok((key.clone(), exported))
    });
    exported.collect()
}

fn written(format: ExportFormat, variables: &[(String, Exported)]) -> Result<Sensitive> {
    let text = match format {
        ExportFormat::Env => env(variables)?,
        ExportFormat::Json => json(variables)?,
        ExportFormat::Shell => shell(variables)?,
    };
    Ok(text)
}

fn left_out(key: &str) -> String {
    format!("# {key} has a secret inside; --secrets gives its value\n")
}

fn env(variables: &[(String, Exported)]) -> Result<Sensitive> {
    let mut text = String::new();
    for (key, exported) in variables {
        let value = match exported {
            Exported::Value(value) => value.reveal(),
            Exported::Reference(reference) => reference,
            Exported::Partly => {
                text.push_str(&left_out(key));
                continue;
            }
        };
        // Each line by itself: the whole file would be read once more for every line.
        let mut line = EnvFile::parse("export".as_ref(), b"")?;
        line.set(key, Assignment::Value(value))?;
        text.push_str(&String::from_utf8_lossy(line.bytes()));
    }
    Ok(Sensitive::new(text))
}

fn json(variables: &[(String, Exported)]) -> Result<Sensitive> {
    let object: serde_json::Map<String, serde_json::Value> = variables
        .iter()
        .map(|(key, exported)| {
            let value = match exported {
                Exported::Value(value) => value.reveal().into(),
                Exported::Reference(reference) => reference.as_str().into(),
                Exported::Partly => serde_json::Value::Null,
            };
            (key.clone(), value)
        })
        .collect();
    let text = serde_json::to_string_pretty(&object)
        .map_err(|error| Error::internal(format!("an export is no JSON: {error}")))?;
    Ok(Sensitive::new(text + "\n"))
}

/// POSIX.1-2024, Shell Command Language, 2.2.2: nothing between single quotes has a meaning.
fn shell(variables: &[(String, Exported)]) -> Result<Sensitive> {
    let mut text = String::new();
    for (key, exported) in variables {
        let value = match exported {
            Exported::Value(value) => value.reveal(),
            Exported::Reference(reference) => reference,
            Exported::Partly => {
                text.push_str(&left_out(key));
                continue;
            }
        };
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Error::invalid(format!("`{key}` is no name of a variable to a shell"))
                .hint("Export it as JSON or as an env file."));
        }
        text.push_str(&format!("export {key}='{}'\n", value.replace('\'', r"'\''")));
    }
    Ok(Sensitive::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that has been mangled somewhere.
    const VALUES: [&str; 9] = [
        "plain",
        "",
        " spaces around ",
        "a 'single' and \"double\" `back`",
        "$HOME ${X} $$ \\n \\",
        "two\nlines\n",
        "# no comment",
        "ü €\t=x=",
        "{\"json\": [1, \"x\"]}",
    ];

    fn variables() -> Vec<(String, Exported)> {
        let values = VALUES.iter().enumerate();
        let value = |text: &str| Exported::Value(Sensitive::new(text.to_owned()));
        values.map(|(index, text)| (format!("V{index}"), value(text))).collect()
    }

    #[test]
    fn an_env_file_reads_back_as_it_was() {
        let text = env(&variables()).expect("written");
        let file = EnvFile::parse("x".as_ref(), text.reveal().as_bytes()).expect("an env file");
        let read: Vec<String> =
            file.evaluate(&|_| None, &|_| None).expect("readable").into_iter().map(|(_, value, _)| value).collect();
        assert_eq!(read, VALUES);
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_it_was() {
        let text = shell(&variables()).expect("written");
        for (index, value) in VALUES.iter().enumerate() {
            let script = format!("{}printf %s \"$V{index}\"", text.reveal());
            let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), *value, "V{index}");
        }
    }

    #[test]
    fn without_their_values_secrets_are_references() {
        let origin = || sternway_model::Origin { file: ".env".into(), line: 1 };
        let variable = |key: &str, value| Variable { key: key.to_owned(), value, source: origin(), overridden: vec![] };
        let variables = [
            variable("PW", Value::Secret { name: "PW".parse().expect("a name"), version: Some(1) }),
            variable("URL", Value::Plain("pg://u:⟦keychain:PW@1⟧@db".to_owned())),
        ];
        let exported = referred(&variables).expect("exported");
        let text = |format| written(format, &exported).expect("written").reveal().to_owned();
        assert_eq!(text(ExportFormat::Json), "{\n  \"PW\": \"keychain:PW\",\n  \"URL\": null\n}\n");
        assert!(text(ExportFormat::Env).starts_with("PW=keychain:PW\n# URL has a secret inside"));
        assert!(text(ExportFormat::Shell).starts_with("export PW='keychain:PW'\n# URL has"));
    }
}

//! What an environment should run: from the project's folder, or from an earlier release. From here on both are the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sternway_compose::{FromFile, Loaded, Model, Places, Removal, Sources};
use sternway_config::NO_VERSION;
use sternway_history::StoredSecret;
use sternway_model::{
    Code, DeploymentNumber, EnvironmentName, Error, FILE_NAME, ImageId, Kind, Location, Origin, PathKind, Release,
    Result, Revision, SecretName, SecretPin, SecretRef, ServiceName, Value, Variable, Verify, VerifyStep, did_you_mean,
    looks_like_secret, mentions, template,
};

use crate::kept::{self, ToKeep};
use crate::project::Project;

/// What an environment should run. Complete: together with the keychain it is all that a move needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Want {
    /// What the move is for.
    pub kind: Kind,
    /// The release that it goes to, for a rollback or a promotion.
    pub target: Option<DeploymentNumber>,
    /// The environment whose release that is, for a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EnvironmentName>,
    /// The variables, secrets by version.
    pub configuration: Vec<Variable>,
    /// The canonical Compose model, secrets as pins.
    pub application: serde_json::Value,
    /// Images by content; empty where the Compose file's names decide.
    pub images: BTreeMap<ServiceName, ImageId>,
    /// Those of them that are on the engine of [`Want::source`] only, and are brought from there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub brought: BTreeSet<ImageId>,
    /// The sources.
    pub revision: Option<Revision>,
    /// What decides whether it works: an earlier release is verified by what was asked of it then.
    pub verify: Vec<VerifyStep>,
    /// What goes that otherwise stays.
    #[serde(default, skip_serializing_if = "Removal::is_nothing")]
    pub remove: Removal,
    /// What each path was that its services mount, where it ran before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mounted: BTreeMap<String, PathKind>,
}

/// A want, and what was noticed while it was put together.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The want.
    pub want: Want,
    /// What the person should know.
    pub notes: Vec<String>,
    /// What must be mended before it can be moved to.
    pub blockers: Vec<String>,
    /// Where the Compose files say what they say; what comes from a release has no places.
    pub places: Places,
    /// The sources are those of the project's folder; their commit is asked for while the target is observed.
    pub of_folder: bool,
    /// The copies of configs that it names and that are made when it is moved to.
    pub copies: Vec<ToKeep>,
}

impl Wanted {
    /// A want with nothing to say about it.
    #[must_use]
    pub fn plain(want: Want) -> Self {
        Self {
            want,
            notes: Vec::new(),
            blockers: Vec::new(),
            places: Places::default(),
            of_folder: false,
            copies: Vec::new(),
        }
    }
}

impl Want {
    /// What the project's folder says.
    ///
    /// # Errors
    /// If an env file or a Compose file is wrong, with file, line, column and key.
    pub fn from_folder(project: &Project, environment: &EnvironmentName, secrets: &[StoredSecret]) -> Result<Wanted> {
        let versions = newest(secrets, environment);
        let sternway_config::Read { variables: configuration, unset } =
            sternway_config::load_pinned(&project.folder, &project.file, environment, &|name| {
                versions.get(name).copied()
            })?;
        let mut blockers: Vec<String> = sternway_config::required_missing(&project.file, &configuration)
            .into_iter()
            .map(|key| format!("{key} is required and has no value in {environment}"))
            .collect();
        blockers.extend(
            sternway_config::wrong_types(&project.file, &configuration)
                .into_iter()
                .map(|(key, problem)| format!("{key} in {environment}: {}. {}", problem.message, problem.hint)),
        );

        let (loaded, copies) = compose_of(project, environment, &configuration, &versions)?;
        let hidden = hidden_variables(&configuration, &loaded);
        let loaded_from = loaded.from_files;
        let verify = project.file.pipeline.verify.clone();
        let want = Self {
            kind: Kind::Deploy,
            target: None,
            source: None,
            configuration,
            application: loaded.model,
            images: BTreeMap::new(),
            brought: BTreeSet::new(),
            revision: None,
            verify,
            remove: Removal::default(),
            mounted: BTreeMap::new(),
        };
        let model = want.model().map_err(|error| placed(error, &loaded.places))?;
        model.check_slips().map_err(|error| placed(error, &loaded.places))?;
        known_services(&want.verify, &model)?;
        let missing: BTreeSet<SecretName> =
            want.secrets()?.into_iter().filter(|pin| pin.version == NO_VERSION).map(|pin| pin.name).collect();
        blockers.extend(missing.into_iter().map(|name| format!("the secret {name} has no value in {environment}")));

        let mut notes = loaded.warnings;
        notes.extend(unset.iter().map(|(key, at)| template::unset_in(key, &at.file, at.line)));
        notes.extend(hidden);
        let open: Vec<&str> = want.configuration.iter().filter_map(open_secret).collect();
        let open_in_files = open_in_files(&loaded_from, &want.application);
        let open: Vec<&str> = open.into_iter().chain(open_in_files.iter().map(String::as_str)).collect();
        if !open.is_empty() {
            let (a_secret, it) = if open.len() == 1 { ("a secret", "it") } else { ("secrets", "them") };
            notes.push(format!(
                "{} may be {a_secret} in plain text; `sternway secret import {environment}` moves {it} into the keychain",
                open.join(", ")
            ));
        }
        let idle = project.file.not_in_effect();
        if !idle.is_empty() {
            notes.push(format!("sternway.yaml has sections that are not in effect yet: {}", idle.join(", ")));
        }
        if project.file.environment(environment)?.approvals.is_some() {
            notes.push("approvals are not in effect yet: nobody else has to sign this plan".to_owned());
        }
        Ok(Wanted { want, notes, blockers, places: loaded.places, of_folder: true, copies })
    }

    /// What a release was.
    #[must_use]
    pub fn from_release(release: &Release) -> Self {
        Self {
            kind: Kind::Rollback,
            target: Some(release.number),
            source: None,
            configuration: release.configuration.clone(),
            application: release.application.clone(),
            images: release.images.clone(),
            brought: BTreeSet::new(),
            revision: release.revision.clone(),
            verify: release.verify.clone(),
            remove: Removal::default(),
            mounted: release.mounted.clone(),
        }
    }

    /// Nothing: the variables stay as they are, and no service is wanted.
    #[must_use]
    pub fn nothing(compose_project: &str, have: Option<&Release>, remove: Removal) -> Self {
        Self {
            kind: Kind::Down,
            target: None,
            source: None,
            configuration: have.map(|have| have.configuration.clone()).unwrap_or_default(),
            application: serde_json::json!({ "name": compose_project, "services": {} }),
            images: BTreeMap::new(),
            brought: BTreeSet::new(),
            revision: None,
            verify: Vec::new(),
            remove,
            mounted: BTreeMap::new(),
        }
    }

    /// The Compose model, with what its secrets and configs take from the variables.
    ///
    /// # Errors
    /// If the stored model is none, or uses what cannot be carried out.
    pub fn model(&self) -> Result<Model> {
        Model::decode(&self.application)?.with_environment(|key| self.variable(key))
    }

    /// The images that are brought, each with whose engine has it.
    #[must_use]
    pub fn elsewhere(&self) -> BTreeMap<ImageId, String> {
        let whose = self.source.as_ref().map(|source| format!("the engine of {source}")).unwrap_or_default();
        self.brought.iter().map(|image| (image.clone(), whose.clone())).collect()
    }

    /// Every secret version that it needs.
    ///
    /// # Errors
    /// If the Compose model is none.
    pub fn secrets(&self) -> Result<Vec<SecretPin>> {
        let mut pins: BTreeSet<SecretPin> = self.model()?.secrets().into_iter().collect();
        for variable in &self.configuration {
            pins.extend(mentions(&text_of(&variable.value))?);
        }
        Ok(pins.into_iter().collect())
    }

    /// Looks a variable up as text, secrets as pins.
    #[must_use]
    pub fn variable(&self, key: &str) -> Option<String> {
        self.configuration.iter().find(|variable| variable.key == key).map(|variable| text_of(&variable.value))
    }
}

/// The Compose model that an environment's files give with these variables, references to secrets as pins and configs as
/// copies, which are not made yet.
///
/// # Errors
/// If a file is wrong, or uses what cannot be carried out.
pub(crate) fn compose_of(
    project: &Project,
    environment: &EnvironmentName,
    configuration: &[Variable],
    versions: &BTreeMap<SecretName, u32>,
) -> Result<(Loaded, Vec<ToKeep>)> {
    let mut loaded = loaded(project, environment, configuration)?;
    resolve_references(&mut loaded.model, versions)?;
    let (copies, notes) = kept::name(&mut loaded.model)?;
    loaded.warnings.extend(notes);
    Ok((loaded, copies))
}

/// What an environment's Compose files give with these variables.
///
/// # Errors
/// If a file is wrong.
pub(crate) fn loaded(project: &Project, environment: &EnvironmentName, configuration: &[Variable]) -> Result<Loaded> {
    sternway_compose::load(&Sources {
        project_dir: project.folder.clone(),
        files: project.compose_files(environment)?,
        project_name: Some(project.file.compose_project(environment)),
        environment: configuration.iter().map(|v| (v.key.clone(), text_of(&v.value))).collect(),
        origins: configuration.iter().map(|v| (v.key.clone(), v.source.clone())).collect(),
        profiles: project.file.application.profiles.clone(),
    })
}

/// Variables that services have from an `env_file` of their own and that look like secrets in plain text, each with its file.
fn open_in_files(from_files: &[FromFile], application: &serde_json::Value) -> Vec<String> {
    let open = from_files.iter().filter(|FromFile { service, key, .. }| {
        let text = application["services"][service]["environment"][key].as_str().unwrap_or_default();
        let in_keychain = mentions(text).is_ok_and(|pins| !pins.is_empty());
        !in_keychain && looks_like_secret(key, text).is_some()
    });
    let named: BTreeSet<String> =
        open.map(|FromFile { key, file, .. }| format!("{key} ({})", file.display())).collect();
    named.into_iter().collect()
}

/// What to say about variables that do not reach a service, because it reads the same names from an `env_file` of its own: there
/// Compose asks for nothing else.
fn hidden_variables(configuration: &[Variable], loaded: &Loaded) -> Vec<String> {
    let mut hidden: BTreeMap<(&str, &Path), Vec<String>> = BTreeMap::new();
    let ours: HashMap<&str, &Variable> =
        configuration.iter().map(|variable| (variable.key.as_str(), variable)).collect();
    for FromFile { service, key, file } in &loaded.from_files {
        let Some(variable) = ours.get(key.as_str()) else { continue };
        let theirs = loaded.model["services"][service]["environment"][key].as_str();
        if theirs.is_some_and(|theirs| theirs.replace("$$", "$") != text_of(&variable.value)) {
            let Origin { file: set_in, line } = &variable.source;
            let named = format!("{key} ({}:{line})", set_in.display());
            hidden.entry((service.as_str(), file.as_path())).or_default().push(named);
        }
    }
    let say = |((service, file), keys): ((&str, &Path), Vec<String>)| {
        format!(
            "{} does not reach {service}, whose `env_file` {} says something else; name it under its `environment`, as in \
             `NAME: ${{NAME}}`, or give each environment an `env_file` of its own",
            keys.join(", "),
            file.display()
        )
    };
    hidden.into_iter().map(say).collect()
}

/// The newest version of each secret of an environment.
pub fn newest(secrets: &[StoredSecret], environment: &EnvironmentName) -> BTreeMap<SecretName, u32> {
    let mut newest = BTreeMap::new();
    for row in secrets.iter().filter(|row| &row.environment == environment) {
        let version = newest.entry(row.name.clone()).or_insert(row.version);
        *version = row.version.max(*version);
    }
    newest
}

/// An error about the canonical model, at the line of the file that the key comes from. One that knows its line keeps it.
pub fn placed(error: Error, places: &Places) -> Error {
    let at = error.at.as_ref().filter(|at| at.line.is_none());
    let place = at.and_then(|at| places.named(at.key.as_ref()?));
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}

/// A verification of a service that does not exist would only be found out after the change.
fn known_services(verify: &[VerifyStep], model: &Model) -> Result<()> {
    for step in verify {
        let Verify::Healthy(service) = &step.verify else { continue };
        if !model.services.contains_key(service) {
            let known = model.services.keys().map(ServiceName::as_str);
            return Err(Error::invalid(format!(
                "`{}` asks for the service `{service}`, which no Compose file has",
                step.name
            ))
            .hint(did_you_mean(service.as_str(), known))
            .at(Location {
                file: FILE_NAME.into(),
                line: None,
                column: None,
                key: Some("pipeline.verify".to_owned()),
            }));
        }
    }
    Ok(())
}

/// A variable whose plain value looks like a secret.
fn open_secret(variable: &Variable) -> Option<&str> {
    match &variable.value {
        Value::Plain(text) => looks_like_secret(&variable.key, text).map(|_| variable.key.as_str()),
        Value::Secret { .. } => None,
    }
}

/// A variable as text, secrets as pins.
///
/// # Errors
/// [`Code::SecretMissing`] if it is a secret that has no value.
pub(crate) fn pinned(variable: &Variable, environment: &EnvironmentName) -> Result<String> {
    let Variable { key, value, .. } = variable;
    value.pinned().ok_or_else(|| {
        let name = match value {
            Value::Secret { name, .. } => name.as_str(),
            Value::Plain(_) => key,
        };
        Error::new(Code::SecretMissing, format!("{key} refers to a secret that has no value"))
            .hint(format!("Set it with `sternway secret set {environment} {name}`."))
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Plain(text) => text.clone(),
        Value::Secret { name, version } => {
            SecretPin { name: name.clone(), version: version.unwrap_or(NO_VERSION) }.to_string()
        }
    }
}

/// `keychain:NAME` written in a Compose file or in a service's `env_file` means the same as in an env file of ours.
fn resolve_references(application: &mut serde_json::Value, versions: &BTreeMap<SecretName, u32>) -> Result<()> {
    let Some(services) = application.get_mut("services").and_then(serde_json::Value::as_object_mut) else {
        return Ok(());
    };
    for (service, body) in services {
        let Some(environment) = body.get_mut("environment").and_then(serde_json::Value::as_object_mut) else {
            continue;
        };
        for (key, value) in environment {
            let Some(reference) = value.as_str().and_then(SecretRef::parse) else { continue };
            let name =
                reference.map_err(|error: Error| error.context(format!("services.{service}.environment.{key}")))?.name;
            let version = versions.get(&name).copied().unwrap_or(NO_VERSION);
            *value = SecretPin { name, version }.to_string().into();
        }
    }
    Ok(())
}

/// Refuses a text that would show a secret to everybody, such as an address.
///
/// # Errors
/// [`sternway_model::Code::Unsupported`] if it mentions one.
pub fn without_secrets(what: &str, text: &str) -> Result<()> {
    match mentions(text)?.first() {
        None => Ok(()),
        Some(pin) => {
            Err(Error::new(Code::Unsupported, format!("{what} would show the secret {} to everybody", pin.name))
                .hint("Use a variable that is no secret."))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_that_an_env_file_hides_are_named() {
        let variable = |key: &str, value: &str| Variable {
            key: key.to_owned(),
            value: Value::Plain(value.to_owned()),
            source: Origin { file: ".env.staging".into(), line: 3 },
            overridden: Vec::new(),
        };
        let from = |key: &str| FromFile { service: "web".to_owned(), key: key.to_owned(), file: ".env".into() };
        let loaded = Loaded {
            model: json!({ "services": { "web": { "environment": { "LEVEL": "info", "PRICE": "5$$", "OTHER": "1" } } } }),
            warnings: Vec::new(),
            places: Places::default(),
            from_files: vec![from("LEVEL"), from("PRICE"), from("OTHER")],
        };
        let notes = hidden_variables(&[variable("LEVEL", "debug"), variable("PRICE", "5$")], &loaded);
        let [note] = notes.as_slice() else { panic!("{notes:?}") };
        assert!(note.starts_with("LEVEL (.env.staging:3) does not reach web, whose `env_file` .env"), "{note}");
        assert!(!note.contains("debug"), "a value may be a secret");
    }
}

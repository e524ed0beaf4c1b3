//! Configuration files of every format, as forms and as text.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use sternway_config::document::{Format, Kind, Step};
use sternway_config::{Conflict, Resolution};
use sternway_model::{At, DeploymentNumber, EnvironmentName, Error, SecretName, ValueType};

/// The configuration files of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Documents {
    /// In the order in which `sternway.yaml` names them, itself first.
    pub documents: Vec<DocumentEntry>,
}

/// A configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentEntry {
    /// The file, relative to the project.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// What it is for.
    pub role: DocumentRole,
    /// It is there.
    pub exists: bool,
    /// Why it cannot be read, if so.
    pub problem: Option<Error>,
}

/// What a configuration file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum DocumentRole {
    /// `sternway.yaml`.
    Project,
    /// Variables of environments.
    Variables,
    /// A Compose file.
    Compose,
    /// Any other configuration file.
    File,
}

/// A configuration file that is open: as text, and as values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentView {
    /// The file, relative to the project.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// The text. A value that looks like a secret is a mark such as `⟦withheld:database.password⟧`, which can be edited around
    /// and is put back when the text is saved. `null` if a secret in it cannot be told from the rest: it is shown when asked for.
    pub text: Option<String>,
    /// What the file was when it was read: to be given back when it is saved. `null` while there is no such file.
    pub stamp: Option<String>,
    /// The values in the text's order, objects and lists before what they hold. Empty if the text cannot be read.
    pub nodes: Vec<DocumentNode>,
    /// Why the text cannot be read, with line and column.
    pub problem: Option<Error>,
    /// What is withheld, by path.
    pub withheld: Vec<String>,
    /// The JSON Schema of such files, as JSON; `null` if none is known.
    pub schema: Option<String>,
}

/// A document as it was in a version of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct EarlierDocument {
    /// The version.
    pub version: u32,
    /// How much of it is known.
    pub kept: Kept,
    /// The text, with marks in the place of what looked like a secret; `null` if there is none.
    pub text: Option<String>,
    /// Some of what is withheld was another value then than it is now.
    pub withheld_differs: bool,
}

/// How much of a document a version keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Its text.
    Whole,
    /// The values of an env file. Comments and order in the text are those of today's file.
    Values,
    /// Nothing, because a secret stood where it could not be told from the rest.
    Nothing,
    /// It was not there.
    Absent,
}

/// In which release of an environment a document runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentRelease {
    /// The environment, which reads the document.
    pub environment: EnvironmentName,
    /// Its release.
    pub release: DeploymentNumber,
    /// When the release was complete.
    pub created: At,
    /// The version of the configuration that it was made from; `null` if that is not known.
    pub version: Option<u32>,
}

/// A value of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentNode {
    /// The way to it: keys and places. Of several with the same path the last one counts.
    pub path: Vec<Step>,
    /// What it is.
    pub kind: Kind,
    /// Its text; `null` for objects, lists and nothing, and if it is withheld.
    pub value: Option<String>,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// How many objects and lists it stands in.
    pub depth: u32,
    /// It stands in the file and looks like a secret.
    pub secret: bool,
    /// The secret in the keychain that it names.
    pub reference: Option<SecretName>,
    /// The type that its value seems to have, or that `sternway.yaml` declares for the variable.
    pub value_type: Option<ValueType>,
    /// What is wrong with it.
    pub problem: Option<Error>,
}

/// What came of saving a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SavedDocument {
    /// It is saved; what was changed outside meanwhile is in it.
    Saved(Box<SavedView>),
    /// Somebody outside changed the same values. Nothing was written.
    Conflict(Box<DocumentConflict>),
}

/// A document that was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SavedView {
    /// The document as it is now.
    pub document: DocumentView,
    /// Why there is no version of the configuration with it, if so. The file is saved all the same.
    pub unversioned: Option<Error>,
}

/// A document that two have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DocumentConflict {
    /// What the file was when it was opened.
    pub base: Option<String>,
    /// What the file is now.
    pub theirs: Option<String>,
    /// Everything that only one side changed, and the file's values where both did.
    pub merged_text: String,
    /// The values that both changed.
    pub conflicts: Vec<Conflict>,
}

/// What a person wants to save.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentSave {
    /// The text, with the marks of what is withheld.
    pub text: String,
    /// The stamp that it was opened with.
    pub base: Option<String>,
    /// The text that it was opened with: what makes a merge possible if the file was changed meanwhile.
    pub base_text: Option<String>,
    /// Why it is changed.
    pub note: Option<String>,
    /// What was chosen where both sides changed a value.
    pub resolutions: Vec<Resolution>,
}

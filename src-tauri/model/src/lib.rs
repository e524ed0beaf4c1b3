//! The words of Sternway as types: what every other crate speaks.
//!
//! - [`Error`], [`Code`], [`Location`]: the one vocabulary of failure
//! - [`ProjectFile`]: `sternway.yaml`, read by [`ProjectFile::load`]
//! - [`yaml`]: a YAML tree in which every node knows its line and column
//! - [`Target`], [`EngineAddress`]: where an environment runs
//! - [`SecretRef`], [`SecretPin`], [`Sensitive`]: secrets by name, by version, and in memory
//! - [`ValueType`]: what a variable's value has to be
//! - [`Lines`]: what programs print, line by line, with an end to each
//! - [`looks_like_secret`]: values in files that should be in the keychain
//! - [`Plan`], [`Change`], [`Release`], [`Deployment`]: what a move will do, what ran, and the record of it
//!
//! ```
//! use sternway_model::{EnvironmentName, SecretRef};
//! let staging: EnvironmentName = "staging".parse()?;
//! let reference = SecretRef::parse("keychain:DB_PASSWORD").ok_or("not a reference")??;
//! assert_eq!(reference.name.as_str(), "DB_PASSWORD");
//! assert_eq!(staging.as_str(), "staging");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counted;
mod deployment;
mod duration;
mod error;
mod kept;
mod lines;
mod names;
mod nearest;
mod plan;
mod project;
mod read_file;
mod recipe;
mod release;
mod seal;
mod secret;
mod sensitive;
mod suspicion;
mod target;
pub mod template;
mod text_secrets;
mod time;
mod value_type;
mod version;
mod visible;
mod words;
pub mod yaml;

pub use counted::counted;
pub use deployment::{Deployment, Event, Kind, Outcome, Stage, Step, StepState};
pub use duration::Seconds;
pub use error::{Code, Error, Location, Result};
pub use kept::{KeptFile, name_kept_files};
pub use lines::{LONGEST_LINE, Lines, may_be_cut};
pub use names::{DeploymentNumber, EnvironmentName, ImageId, ProjectIdentity, ProjectName, SecretName, ServiceName};
pub use nearest::{did_you_mean, nearest};
pub use plan::{Action, Change, Layer, Plan, ProjectCommand, Readiness};
pub use project::{
    Application, Check, CheckRun, Configuration, Environment, FILE_NAME, GitCheck, HttpCheck, Pipeline, ProjectFile,
    RunStep, Verify, VerifyStep,
};
pub use read_file::{
    MOST_OF_CONTENT, MOST_OF_TEXT, MOST_OF_VALUES, open_file, read_file, read_piped, read_text, regular, text_of,
};
pub use recipe::{Alphabet, Recipe};
pub use release::{Evidence, Origin, PathKind, Release, Revision, Value, Variable};
pub use seal::{Seal, refuse_marks, refuse_marks_in};
pub use secret::{Reveal, SecretPin, SecretRef, expand, mentions};
pub use sensitive::Sensitive;
pub use suspicion::{MASK, is_name_of_name, is_name_of_value, looks_like_secret, shown, token_in};
pub use target::{EngineAddress, SshAddress, Target, TcpAddress};
pub use text_secrets::{Finding, Manner, is_secret_file, secrets_in};
pub use time::At;
pub use value_type::ValueType;
pub use version::Cause;
pub use visible::{visible, visible_json, visible_output};

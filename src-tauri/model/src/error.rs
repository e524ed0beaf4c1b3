//! The one vocabulary of failure.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What every fallible function of the workspace returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is. A code exists only where a front does something different with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A file or an argument is not what was expected; [`Error::at`] says where.
    InvalidInput,
    /// The thing named does not exist.
    NotFound,
    /// The command was called in a way that it does not have.
    Usage,
    /// A file uses something that Sternway cannot do yet; nothing was touched.
    Unsupported,
    /// The environment is protected and its name was not typed.
    Protected,
    /// A project's command would run on this machine, and nobody trusts the project yet.
    Untrusted,
    /// The plan's inputs have moved, or the plan is too old: plan again.
    PlanMoved,
    /// Another deployment holds the environment's lock.
    Locked,
    /// An earlier deployment of the environment was interrupted: resume it or go back first.
    Interrupted,
    /// The container engine does not answer.
    EngineUnreachable,
    /// The operating system has no keychain that can be used, or it is locked.
    KeychainUnavailable,
    /// A secret is named but the keychain has no value for it.
    SecretMissing,
    /// The history database cannot be read.
    HistoryDamaged,
    /// The history database was written by a newer version.
    HistoryNewer,
    /// The project's folder or its `sternway.yaml` is not there any more.
    ProjectMissing,
    /// A file was changed by somebody else since it was read.
    FileChanged,
    /// A step of the work failed.
    Failed,
    /// A person stopped the work.
    Cancelled,
    /// A person who was asked did not say yes; nothing was touched.
    Declined,
    /// A remote call did not end in its time limit.
    TimedOut,
    /// Whether the work was done cannot be said.
    Unknown,
    /// A bug in Sternway.
    Internal,
}

impl Code {
    /// The terminal front's exit code (`product.md` §2): 1 failed, 2 wrong usage, 3 refused, 4 unknown outcome.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Protected | Self::Untrusted | Self::PlanMoved | Self::Locked | Self::Interrupted | Self::Declined => {
                3
            }
            Self::Unknown => 4,
            _ => 1,
        }
    }
}

/// A place in a file. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Type)]
pub struct Location {
    /// The file, as the person named it or relative to the project.
    pub file: PathBuf,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Path of the key, such as `services.web.ports[0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(key) = &self.key {
            write!(f, " ({key})")?;
        }
        Ok(())
    }
}

/// A failure, ready to be shown: what happened, what to do, and where.
///
/// Messages never contain a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Error {
    /// What kind of failure it is.
    pub code: Code,
    /// What happened, in a sentence.
    pub message: String,
    /// What to do next; empty where there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Where, if it is about a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
}

impl Error {
    /// A failure with a code and what happened.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new(), at: None }
    }

    /// Shorthand for [`Code::InvalidInput`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput, message)
    }

    /// Shorthand for [`Code::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// Shorthand for [`Code::Internal`]: a state that the program's own logic rules out.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).hint("This is a bug in Sternway; please report it.")
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds where it happened.
    #[must_use]
    pub fn at(mut self, at: Location) -> Self {
        self.at = Some(at);
        self
    }

    /// Puts what was being done in front of the message.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// A failed file operation, with the file's name.
    pub fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => Code::NotFound,
            _ => Code::Failed,
        };
        Self::new(code, format!("cannot {doing} {}: {error}", path.display())).at(Location {
            file: path.to_owned(),
            line: None,
            column: None,
            key: None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            // An i/o message already names its file.
            Some(at) if at.line.is_some() || at.key.is_some() => write!(f, "{at}: {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}

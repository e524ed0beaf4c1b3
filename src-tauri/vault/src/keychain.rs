//! What the vault needs of a keychain, and how its entries are named.

use sternway_model::{EnvironmentName, ProjectIdentity, ProjectName, Result, SecretPin, Sensitive};

/// Whose secrets: names of secrets are unique within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Who may reach them.
    pub holder: Holder,
    /// The project's name, for people.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
}

/// Who may reach an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// One project, whatever its name is.
    Project(ProjectIdentity),
    /// Every project of the name, as in earlier versions; only to take entries over from there.
    Name,
}

/// One entry of the keychain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryName {
    /// Written, read and removed again to see whether the keychain works. Each probe has a number of its own, so that
    /// two programs do not remove each other's.
    Probe(u64),
    /// The key of the fingerprints.
    FingerprintKey,
    /// A version of a secret, or a part of it where the platform's entries are too short for the whole.
    Secret {
        /// Whose.
        scope: Scope,
        /// Which.
        pin: SecretPin,
        /// From 0.
        part: usize,
    },
}

impl EntryName {
    /// The service under which all entries are kept.
    pub const SERVICE: &str = "sternway";

    /// The entry's unique name within the service: `@IDENTITY/production/DB_PASSWORD/3`, or with the project's name in place of
    /// its identity. None of the names in it can have a slash or begin with `@`.
    #[must_use]
    pub fn account(&self) -> String {
        match self {
            Self::Probe(number) => format!("probe/{number:016x}"),
            Self::FingerprintKey => "fingerprint-key".into(),
            Self::Secret { scope: Scope { holder, project, environment }, pin: SecretPin { name, version }, part } => {
                let whose = match holder {
                    Holder::Project(identity) => format!("@{identity}"),
                    Holder::Name => project.to_string(),
                };
                let first = format!("{whose}/{environment}/{name}/{version}");
                if *part == 0 { first } else { format!("{first}/{part}") }
            }
        }
    }

    /// What people read in the system's own tool.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Probe(_) => "Sternway: test entry".into(),
            Self::FingerprintKey => "Sternway: key of the fingerprints".into(),
            Self::Secret { scope: Scope { project, environment, .. }, pin: SecretPin { name, version }, part } => {
                let part = if *part == 0 { String::new() } else { format!(", part {}", part + 1) };
                format!("Sternway: {project} {environment} {name} (version {version}{part})")
            }
        }
    }

    /// What people and programs can search for, where the platform has attributes.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Probe(_) | Self::FingerprintKey => Vec::new(),
            Self::Secret { scope, pin, .. } => vec![
                ("project", scope.project.to_string()),
                ("environment", scope.environment.to_string()),
                ("name", pin.name.to_string()),
                ("version", pin.version.to_string()),
            ],
        }
    }
}

/// A place for secret texts, by name. Calls may block for as long as a person takes to unlock it.
pub trait Keychain: Send + Sync {
    /// What it is, for people.
    fn name(&self) -> String;

    /// How many bytes an entry can hold, if that is little enough to matter.
    fn limit(&self) -> Option<usize>;

    /// Writes an entry; an earlier value is replaced.
    ///
    /// # Errors
    /// [`Code::KeychainUnavailable`](sternway_model::Code::KeychainUnavailable) if it does not answer or stays locked;
    /// also for the other functions.
    fn set(&self, entry: &EntryName, value: &Sensitive) -> Result<()>;

    /// Reads an entry; `None` if there is none.
    ///
    /// # Errors
    /// As for [`Keychain::set`].
    fn get(&self, entry: &EntryName) -> Result<Option<Sensitive>>;

    /// Removes an entry. Nothing happens if there is none.
    ///
    /// # Errors
    /// As for [`Keychain::set`].
    fn delete(&self, entry: &EntryName) -> Result<()>;
}

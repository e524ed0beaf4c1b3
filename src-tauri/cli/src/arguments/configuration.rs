//! The command line of `config` and `secret`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sternway_core::ExportFormat;
use sternway_model::{Alphabet, EnvironmentName, Recipe, SecretName};

use super::Consent;

/// Variables.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// List an environment's variables and where they come from.
    List {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Print a variable's value.
    Get {
        /// The environment.
        environment: EnvironmentName,
        /// The variable.
        key: String,
    },
    /// Set a variable; without a value, to the bytes of standard input as they are.
    Set {
        /// The environment.
        environment: EnvironmentName,
        /// The variable.
        key: String,
        /// The value.
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
        /// Even if the variable refers to a secret: the value then stands in the file in plain text.
        #[arg(long)]
        force: bool,
        /// Why, for the list of versions.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Remove a variable.
    Unset {
        /// The environment.
        environment: EnvironmentName,
        /// The variable.
        key: String,
        /// Why, for the list of versions.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Show all environments side by side.
    Matrix,
    /// Show how an environment's variables differ from its release, or from another environment.
    Diff {
        /// The environment.
        environment: EnvironmentName,
        /// The other one.
        other: Option<EnvironmentName>,
        /// End with 1 if they differ.
        #[arg(long)]
        exit_code: bool,
    },
    /// List the versions of the configuration, newest first.
    Versions {
        /// Only those that changed something which this environment reads.
        environment: Option<EnvironmentName>,
        /// Only those that changed this variable.
        key: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Skip this many.
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Show what differs between two versions, or between one and the configuration as it is.
    Compare {
        /// The earlier one.
        from: u32,
        /// The later one.
        to: Option<u32>,
    },
    /// Show who set each variable, when, and in which deployment it first ran.
    Blame {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Bring back what an environment read in an earlier version, or one variable of it. That is a new version.
    Restore(Restore),
    /// Print an environment's variables for other programs.
    Export {
        /// The environment.
        environment: EnvironmentName,
        /// As an env file, JSON, or commands for a shell.
        #[arg(long, default_value = "env", value_parser = export_format)]
        format: ExportFormat,
        /// With the values of secrets, not references to them.
        #[arg(long)]
        secrets: bool,
        /// With secrets: why, for the audit.
        #[arg(long, value_name = "TEXT", requires = "secrets")]
        why: Option<String>,
        /// With secrets: the environment's name, if it is protected.
        #[arg(long, value_name = "NAME", requires = "secrets")]
        confirm: Option<String>,
    },
}

/// What is brought back.
#[derive(Debug, Args)]
pub struct Restore {
    /// The environment. Files that others read too are changed for them as well; the list says so.
    #[arg(required_unless_present_any = ["file", "all"])]
    pub environment: Option<EnvironmentName>,
    /// Only this variable.
    pub key: Option<String>,
    /// The version.
    #[arg(long, value_name = "NUMBER")]
    pub version: u32,
    /// Only this file.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Everything, in all environments.
    #[arg(long, conflicts_with_all = ["environment", "file"])]
    pub all: bool,
    /// Only say what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Why, for the list of versions.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

fn export_format(text: &str) -> Result<ExportFormat, String> {
    match text {
        "env" => Ok(ExportFormat::Env),
        "json" => Ok(ExportFormat::Json),
        "shell" => Ok(ExportFormat::Shell),
        _ => Err("there are `env`, `json` and `shell`".to_owned()),
    }
}

/// Secrets.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// List secrets and their versions.
    List {
        /// Only this environment.
        environment: Option<EnvironmentName>,
    },
    /// Set a secret to a new version: from standard input, a file, or at random.
    Set {
        /// The environment.
        environment: EnvironmentName,
        /// The secret.
        name: SecretName,
        #[command(flatten)]
        value: NewValue,
        /// Why, for the list of versions.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Print a secret's value. It is written into the audit first.
    Reveal {
        /// The environment.
        environment: EnvironmentName,
        /// The secret.
        name: SecretName,
        /// This version; else the newest.
        #[arg(long)]
        version: Option<u32>,
        /// Why, for the audit.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// The environment's name, if it is protected.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// Give a secret a new value, deploy it, and drop the old one when it is proven not to be needed. Called again, it goes
    /// on where it stopped.
    Rotate {
        /// The environment.
        environment: EnvironmentName,
        /// The secret.
        name: SecretName,
        #[command(flatten)]
        value: NewValue,
        /// Drop the new value of a rotation that was begun; the old one counts again.
        #[arg(long, conflicts_with_all = ["generate", "from_file"])]
        give_up: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// Look for secrets in the project's files and in what its git repository remembers. Ends with 1 if there are any.
    Scan {
        /// Only the files as they are.
        #[arg(long)]
        no_history: bool,
    },
    /// Copy a secret's newest value to another environment.
    Copy {
        /// From this environment.
        #[arg(value_parser = copied_from)]
        from: EnvironmentName,
        /// To this environment.
        to: EnvironmentName,
        /// The secret.
        name: SecretName,
    },
    /// Remove a secret, or one version of it.
    Rm {
        /// The environment.
        environment: EnvironmentName,
        /// The secret.
        name: SecretName,
        /// Only this version.
        #[arg(long)]
        version: Option<u32>,
        /// Only say which versions go, and which releases need them.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask. A protected environment, and a version that is in use, want the environment's name all the same.
        #[arg(long)]
        yes: bool,
        /// The environment's name, where that is wanted.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// Move values that look like secrets from the env files into the keychain.
    Import {
        /// The environment.
        environment: EnvironmentName,
        /// Only these variables.
        #[arg(long, value_delimiter = ',')]
        keys: Vec<String>,
        /// Only say which values look like secrets.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Make secrets this project's own that earlier versions of Sternway kept under the project's name.
    TakeOver {
        /// Only say which.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// The order of the words of `secret copy`, for whoever puts the secret first.
pub const COPY_ORDER: &str = "The environments come first: `sternway secret copy FROM TO NAME`.";

/// The names of most secrets are none of environments, so that the wrong order is found here.
fn copied_from(text: &str) -> Result<EnvironmentName, String> {
    text.parse().map_err(|error| format!("{error}. {COPY_ORDER}"))
}

/// Where a new value comes from; without any of it, from standard input.
#[derive(Debug, Args)]
pub struct NewValue {
    /// The bytes of this file, as they are.
    #[arg(long = "file", value_name = "FILE", conflicts_with = "generate")]
    pub from_file: Option<PathBuf>,
    /// At random. Nobody sees it.
    #[arg(long)]
    pub generate: bool,
    /// How many characters.
    #[arg(long, value_name = "CHARACTERS", requires = "generate", default_value_t = Recipe::default().length)]
    pub length: u32,
    /// Which characters: letters, symbols, hex or url.
    #[arg(long, requires = "generate", default_value = "letters", value_parser = alphabet)]
    pub alphabet: Alphabet,
}

fn alphabet(text: &str) -> Result<Alphabet, String> {
    let found = Alphabet::ALL.into_iter().find(|alphabet| alphabet.as_str() == text);
    found.ok_or_else(|| format!("there are {}", Alphabet::ALL.map(Alphabet::as_str).join(", ")))
}

//! The command line.

mod configuration;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sternway_core::KEEP;
use sternway_model::{At, EnvironmentName, Seconds, ServiceName};

pub use configuration::{COPY_ORDER, Config, NewValue, Restore, Secret};

/// Deploy from your laptop, and always have the way back.
#[derive(Debug, Parser)]
#[command(name = "sternway", version, max_term_width = 100)]
pub struct Arguments {
    /// The project's folder; else the folder above, this one included, that has a sternway.yaml.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Answer in JSON: one object, or one object a line for a stream.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a sternway.yaml from what the folder has.
    Init,
    /// Let the project's commands run on this machine: say which they are, and ask.
    Trust {
        /// Do not ask.
        #[arg(long, short, conflicts_with = "revoke")]
        yes: bool,
        /// Take it back: from now on they are not run.
        #[arg(long)]
        revoke: bool,
    },
    /// Show what a deployment would change; change nothing.
    Plan {
        /// The environment.
        environment: EnvironmentName,
        /// End with 1 if it would change something.
        #[arg(long)]
        exit_code: bool,
    },
    /// Move an environment to what the folder says.
    Deploy {
        /// The environment.
        environment: EnvironmentName,
        /// Run exactly the plan with this hash, or refuse.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
        #[command(flatten)]
        consent: Consent,
    },
    /// Move an environment to an earlier release; to the one before unless one is named.
    Rollback {
        /// The environment.
        environment: EnvironmentName,
        /// The number of the release.
        #[arg(long, value_name = "RELEASE", value_parser = number)]
        to: Option<u32>,
        /// Only these layers. Not possible yet: configuration and application go back together.
        #[arg(long, value_delimiter = ',')]
        layers: Vec<String>,
        #[command(flatten)]
        consent: Consent,
    },
    /// Move an environment to the release of another: the same images and Compose files, with the variables of its own.
    Promote {
        /// The environment whose release is taken.
        from: EnvironmentName,
        /// The environment that is moved.
        to: EnvironmentName,
        /// This variable's value is meant, although it looks as if it belonged to another environment.
        #[arg(long, value_name = "KEY", value_delimiter = ',')]
        allow: Vec<String>,
        /// Only say what would change and what speaks against it.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// How the environments are.
    Status {
        /// Only this environment.
        environment: Option<EnvironmentName>,
    },
    /// How an environment differs from its release.
    Drift {
        /// The environment.
        environment: EnvironmentName,
        /// End with 1 if it differs.
        #[arg(long)]
        exit_code: bool,
    },
    /// Go on with an interrupted deployment, from what is really there.
    Resume {
        /// The environment.
        environment: EnvironmentName,
        #[command(flatten)]
        consent: Consent,
    },
    /// Remove a lock whose holder is gone.
    Unlock {
        /// The environment.
        environment: EnvironmentName,
    },
    /// List deployments, newest first.
    History {
        /// Only this environment.
        environment: Option<EnvironmentName>,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Skip this many.
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Show a deployment: its steps, its changes and its release.
    Show {
        /// Its number.
        #[arg(value_parser = number)]
        deployment: u32,
    },
    /// Compare the releases of two deployments.
    Compare {
        /// The earlier one.
        #[arg(value_parser = number)]
        a: u32,
        /// The later one.
        #[arg(value_parser = number)]
        b: u32,
    },
    /// Print a deployment's log, or what an environment's services print.
    Logs(Logs),
    /// What an environment's running services use: processors and memory.
    Stats {
        /// The environment.
        environment: EnvironmentName,
        /// Go on until it is stopped.
        #[arg(long, short)]
        follow: bool,
    },
    /// Start services anew, as they are.
    Restart {
        /// The environment.
        environment: EnvironmentName,
        /// Only these services; else all but jobs that run once.
        services: Vec<ServiceName>,
        /// The environment's name, if it is protected.
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// Run a command in a service's container that runs; on a terminal, with a terminal.
    Exec(Exec),
    /// Remove what runs in an environment. Volumes and images stay unless they are asked for.
    Down {
        /// The environment.
        environment: EnvironmentName,
        /// The project's volumes too, with the data in them.
        #[arg(long)]
        volumes: bool,
        /// The images too that were built for it or are kept for its releases.
        #[arg(long)]
        images: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// Give up the images of old releases, which keep them for going back.
    Prune(Prune),
    /// Look at and edit variables.
    #[command(subcommand)]
    Config(Config),
    /// Look at and set secrets. Values come from standard input, never from the command line.
    #[command(subcommand)]
    Secret(Secret),
    /// Run a command with an environment's variables, secrets resolved; here, or in a new container of a service. What is piped in is
    /// the command's input.
    Run {
        /// The environment.
        environment: EnvironmentName,
        /// In a container of this service, which is removed afterwards.
        #[arg(long, value_name = "SERVICE")]
        service: Option<ServiceName>,
        /// The environment's name, if it is protected and a service is named.
        #[arg(long, value_name = "NAME", requires = "service")]
        confirm: Option<String>,
        /// The command and its arguments; the service's own if it is left out.
        #[arg(last = true, required_unless_present = "service")]
        command: Vec<String>,
    },
    /// Work with Compose files.
    #[command(subcommand)]
    Compose(Compose),
    /// Who saw secrets: the newest entries.
    Audit {
        /// Only this environment.
        environment: Option<EnvironmentName>,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// What Sternway needs from this machine, and whether it has it.
    Doctor,
}

/// How a person agrees beforehand.
#[derive(Debug, Args)]
pub struct Consent {
    /// Do not ask. A protected environment wants its name all the same.
    #[arg(long)]
    pub yes: bool,
    /// The environment's name, for one that is protected.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Which kept images are given up.
#[derive(Debug, Args)]
pub struct Prune {
    /// The environment.
    pub environment: EnvironmentName,
    /// Keep the images of this many releases; those with the same images count once, and what runs always stays.
    #[arg(long, value_name = "RELEASES", default_value_t = KEEP, value_parser = number)]
    pub keep: u32,
    /// Also give up images that no release of this history names: of deployments that did not succeed, or of somebody else's.
    #[arg(long)]
    pub unknown: bool,
    /// Only say what would go.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub consent: Consent,
}

/// What is wanted of a log.
#[derive(Debug, Args)]
pub struct Logs {
    /// A deployment's number, or an environment.
    #[arg(value_name = "DEPLOYMENT|ENV")]
    pub subject: Subject,
    /// Of an environment: only these services.
    pub services: Vec<ServiceName>,
    /// Of a deployment: only this step.
    #[arg(long, conflicts_with_all = ["services", "follow", "since", "tail", "timestamps"])]
    pub step: Option<u32>,
    /// Of an environment: go on with what is printed from now on.
    #[arg(long, short)]
    pub follow: bool,
    /// Of an environment: only lines since then: an age such as `10m`, or a time such as `2026-11-02T14:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// Of an environment: only so many of the newest lines of each container.
    #[arg(long, short = 'n', value_name = "LINES")]
    pub tail: Option<u32>,
    /// Of an environment: with the time of each line.
    #[arg(long, short)]
    pub timestamps: bool,
}

/// Whose log it is.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A deployment's.
    Deployment(u32),
    /// That of an environment's services.
    Environment(EnvironmentName),
}

/// A number, with or without its `#`, is a deployment; everything else an environment.
impl std::str::FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match number(text) {
            Ok(number) => Ok(Self::Deployment(number)),
            Err(_) => text.parse().map(Self::Environment).map_err(|error| error.to_string()),
        }
    }
}

/// From when on.
#[derive(Debug, Clone, Copy)]
pub enum Since {
    /// This long ago.
    Ago(std::time::Duration),
    /// This time.
    Time(At),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::Time(At(time)));
    }
    let age = Seconds::parse(text).map_err(|error| format!("{}. {}", error.message, error.hint))?;
    Ok(Since::Ago(age.to_duration()))
}

/// A command for a container.
#[derive(Debug, Args)]
pub struct Exec {
    /// The environment.
    pub environment: EnvironmentName,
    /// The service.
    pub service: ServiceName,
    /// Of several containers of the service, the one with this number.
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<u32>,
    /// The user that it runs as.
    #[arg(long, short)]
    pub user: Option<String>,
    /// The folder that it runs in.
    #[arg(long, short = 'w', value_name = "FOLDER")]
    pub folder: Option<String>,
    /// No terminal, even where there is one.
    #[arg(long, short = 'T')]
    pub no_terminal: bool,
    /// The environment's name, typed: protected environments want it.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, required = true)]
    pub command: Vec<String>,
}

/// Compose files.
#[derive(Debug, Subcommand)]
pub enum Compose {
    /// Print the canonical model as YAML; with `--json` as `docker compose config --format json` does.
    Config {
        /// A Compose file; several are merged in their order.
        #[arg(long, short, required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
        /// An env file for interpolation.
        #[arg(long, value_name = "FILE")]
        env_file: Vec<PathBuf>,
        /// A profile that is active.
        #[arg(long)]
        profile: Vec<String>,
        /// The Compose project's name.
        #[arg(long, short = 'p', value_name = "NAME")]
        project_name: Option<String>,
    },
}

/// A deployment's number, with or without its `#`.
fn number(text: &str) -> Result<u32, String> {
    text.strip_prefix('#').unwrap_or(text).parse().map_err(|_| "a deployment's number is wanted, such as 41".to_owned())
}

//! The core and what it is built from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sternway_compose::{Engine, Engines, Observer};
use sternway_history::{History, ProjectId};
use sternway_model::{EngineAddress, EnvironmentName, Error, Result, Target};
use sternway_vault::{OsKeychain, Patience, Vault};
use tokio::sync::OnceCell;

use crate::clock::{Clock, SystemClock};
use crate::documents::KnownIn;
use crate::home::Home;
use crate::journal::Lives;
use crate::notify::Channel;
use crate::planning::Idle;
use crate::project::Project;
use crate::values::Masked;
use crate::view::{Machine, Part, TargetPart};

/// What the core gets from outside, so that tests can give something else.
pub struct Parts {
    /// Where its data is.
    pub home: Home,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The keychain, which may be locked or missing until it is used.
    pub vault: Vault,
    /// Who works with it.
    pub person: String,
    /// Ways to reach people, beside those of a project.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Called at every place of a deployment where a crash would matter; crash tests end the process in it.
    pub boundary: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Parts {
    /// The machine's own, with this much patience for its keychain.
    ///
    /// # Errors
    /// If there is no folder for its data.
    pub fn system(patience: Patience) -> Result<Self> {
        Ok(Self {
            home: Home::find()?,
            clock: Arc::new(SystemClock),
            vault: Vault::with_patience(Arc::new(OsKeychain::new()), patience)?,
            person: whoami::username().unwrap_or_else(|_| "somebody".to_owned()),
            channels: Vec::new(),
            boundary: Arc::new(|_| {}),
        })
    }
}

/// The core. It opens without an engine, a keychain and a history; what needs one of them says so.
pub struct Core {
    pub(crate) parts: Parts,
    pub(crate) lives: Arc<Lives>,
    history: OnceCell<History>,
    engines: Engines,
    /// Projects that were opened since the program started, by folder.
    known: Mutex<HashMap<PathBuf, ProjectId>>,
    /// The last plan that this program made, if running it does nothing.
    pub(crate) idle: Mutex<Option<Idle>>,
    /// What of the documents that are open is a secret of the keychain.
    pub(crate) known_in: Mutex<KnownIn>,
    masked: Mutex<Masked>,
    /// The right to read a project's files as a whole: see [`Core::wanted_of_folder`].
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Core {
    /// The core with these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            lives: Arc::default(),
            history: OnceCell::new(),
            engines: Engines::default(),
            known: Mutex::default(),
            idle: Mutex::default(),
            known_in: Mutex::default(),
            masked: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The history. It is opened when it is first needed, and again as long as that fails.
    pub(crate) async fn history(&self) -> Result<&History> {
        let open = || async {
            self.parts.home.make()?;
            History::open(self.parts.home.root()).await
        };
        self.history.get_or_try_init(open).await
    }

    /// The project's number in history. Only the first call of a program writes.
    pub(crate) async fn project_id(&self, project: &Project) -> Result<ProjectId> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&project.folder).copied();
        match known {
            Some(id) => Ok(id),
            None => self.remember(project).await,
        }
    }

    /// Puts the project at the top of the list of those that were opened.
    pub(crate) async fn remember(&self, project: &Project) -> Result<ProjectId> {
        let now = self.parts.clock.now();
        let id = self.history().await?.hasty().remember_project(&project.folder, &project.file.project, now).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(project.folder.clone(), id);
        Ok(id)
    }

    /// Projects changed places in history: their numbers are looked up anew.
    pub(crate) fn forget_known(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.parts.vault
    }

    /// What of the audit's entries about masked values is written already.
    pub(crate) fn masked(&self) -> MutexGuard<'_, Masked> {
        self.masked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to an environment's target for reading.
    pub(crate) fn observer(&self, project: &Project, environment: &EnvironmentName) -> Result<Observer> {
        let observer = self.engines.observer(&project.file.environment(environment)?.target);
        observer.map_err(|error| project.at_target(environment, error))
    }

    /// Connects to an environment's target for changing it.
    pub(crate) fn engine(&self, project: &Project, environment: &EnvironmentName) -> Result<Engine> {
        let engine = self.engines.engine(&project.file.environment(environment)?.target);
        engine.map_err(|error| project.at_target(environment, error))
    }

    /// What Sternway needs from this machine, and whether it has it. Never fails: that is what it is for.
    pub async fn machine(&self) -> Machine {
        let local = Target::Docker(EngineAddress::Local);
        let history = async {
            let history = self.history().await?;
            let copy = history.newest_copy();
            let copy =
                copy.as_deref().and_then(Path::file_name).map(|name| format!(", newest copy {}", name.display()));
            Ok(format!("{}{}", history.file().display(), copy.unwrap_or_default()))
        };
        let keychain = async {
            self.vault().probe().await?;
            Ok(self.vault().keychain().to_owned())
        };
        let (engine, history, keychain) = tokio::join!(self.version_of(&local), history, keychain);
        Machine {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            home: self.parts.home.root().to_owned(),
            engine: part(engine),
            keychain: part(keychain),
            history: part(history),
        }
    }

    /// The engines of a project's environments. One that does not answer is part of the answer.
    pub async fn targets(&self, project: &Project) -> Vec<TargetPart> {
        let each = project.file.environments.iter().map(|(name, environment)| async move {
            let target = environment.target.clone();
            let version = self.version_of(&target).await.map_err(|error| project.at_target(name, error));
            TargetPart { environment: name.clone(), part: part(version), target }
        });
        futures_util::future::join_all(each).await
    }

    /// An engine's version, where it is, and how it is reached.
    async fn version_of(&self, target: &Target) -> Result<String> {
        let info = self.engines.observer(target)?.info().await?;
        Ok(format!("Docker {} (API {}) on {}, reached by {}", info.version, info.api_version, info.name, info.reached))
    }

    /// Where the sample project is put when somebody wants to try it.
    #[must_use]
    pub fn sample_folder(&self) -> PathBuf {
        self.parts.home.sample()
    }
}

fn part(result: Result<String, Error>) -> Part {
    match result {
        Ok(detail) => Part { ok: true, detail, problem: None },
        Err(error) => Part { ok: false, detail: String::new(), problem: Some(error) },
    }
}

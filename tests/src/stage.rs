//! A project of a test's own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::call::program;
use crate::{Call, Failure, Result, engine};

/// Names of stages begin like this; then the process that made them, and a number.
const PREFIX: &str = "e2e-";

/// A copy of a project with a home, a name and ports of its own. What it made on the engine is removed when it is dropped.
pub struct Stage {
    folder: TempDir,
    name: String,
}

impl Stage {
    /// The sample project.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn shop() -> Result<Self> {
        Self::of(&repository()?.join("examples/shop"))
    }

    /// The smallest project with a job, a server, a secret and two environments: staging, and a protected production.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn light() -> Result<Self> {
        Self::of(&repository()?.join("tests/fixtures/light"))
    }

    fn of(template: &Path) -> Result<Self> {
        static SWEPT: Once = Once::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        SWEPT.call_once(sweep);
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix(&name).tempdir()?;
        let stage = Self { folder, name };
        fs::create_dir(stage.home())?;
        copy(template, &stage.project())?;
        stage.own_contexts()?;
        stage
            .edit("sternway.yaml", |line| line.starts_with("project: ").then(|| format!("project: {}", stage.name)))?;
        for entry in fs::read_dir(stage.project())? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            if file.starts_with(".env.") {
                let port = free_port()?;
                stage.edit(&file, |line| line.starts_with("WEB_PORT=").then(|| format!("WEB_PORT={port}")))?;
            }
        }
        stage.trust()?;
        Ok(stage)
    }

    /// Lets its commands run, as somebody does who has read them.
    ///
    /// # Errors
    /// If the program does not answer.
    fn trust(&self) -> Result<()> {
        let answer = std::process::Command::new(program("sternway")?)
            .args(["trust", "--yes", "--project"])
            .arg(self.project())
            .env("STERNWAY_HOME", self.home())
            .output()?;
        if answer.status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the project is not trusted: {}", String::from_utf8_lossy(&answer.stderr))))
    }

    /// Makes what its images are built from its own: an image that another stage made of the same sources would be found by a
    /// plan, and be gone when that stage is over.
    fn own_contexts(&self) -> Result<()> {
        for entry in WalkDir::new(self.project()) {
            let entry = entry?;
            if entry.file_name() == "Dockerfile" {
                let text = fs::read_to_string(entry.path())?;
                fs::write(entry.path(), format!("{text}# {}\n", self.name))?;
            }
        }
        Ok(())
    }

    /// The project's folder.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// What `STERNWAY_HOME` is set to.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The project's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name under which Compose tools see an environment.
    #[must_use]
    pub fn compose_project(&self, environment: &str) -> String {
        format!("{}-{environment}", self.name)
    }

    /// The address of a page of an environment's application.
    ///
    /// # Errors
    /// If the environment has no port.
    pub fn address(&self, environment: &str, path: &str) -> Result<String> {
        Ok(format!("http://127.0.0.1:{}{path}", self.port(environment)?))
    }

    /// The port on which an environment's application answers.
    ///
    /// # Errors
    /// If its own env file sets none.
    pub fn port(&self, environment: &str) -> Result<u16> {
        let file = format!(".env.{environment}");
        fs::read_to_string(self.project().join(&file))?
            .lines()
            .find_map(|line| line.strip_prefix("WEB_PORT=")?.parse().ok())
            .ok_or_else(|| Failure::new(format!("{file} sets no WEB_PORT")))
    }

    /// Changes the lines of a file for which `change` gives something; at least one has to change.
    ///
    /// # Errors
    /// If the file cannot be read or written, or no line changed.
    pub fn edit(&self, file: &str, change: impl Fn(&str) -> Option<String>) -> Result<()> {
        let path = self.project().join(file);
        let text = fs::read_to_string(&path)?;
        let changed: Vec<String> = text.lines().map(|line| change(line).unwrap_or_else(|| line.to_owned())).collect();
        let changed = changed.join("\n") + "\n";
        if changed == text {
            return Err(Failure::new(format!("no line of {file} was changed")));
        }
        Ok(fs::write(path, changed)?)
    }

    /// A command of the terminal front on this project, with JSON as its answer.
    pub fn call<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Call {
        self.call_in(&self.project(), arguments)
    }

    /// As [`Stage::call`], on the project of another folder.
    pub fn call_in<'a>(&self, folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Call {
        let project = folder.to_string_lossy().into_owned();
        let before = ["--project".to_owned(), project, "--json".to_owned()];
        Call::new(before.into_iter().chain(arguments.into_iter().map(str::to_owned)).collect())
            .environment("STERNWAY_HOME", &self.home().to_string_lossy())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let mine = format!("{}-", self.name);
        if let Err(failure) = engine::remove(|name| name.starts_with(&mine)) {
            eprintln!("what {} made is not removed: {failure}", self.name);
        }
    }
}

/// Removes what stages of processes left behind that were killed.
fn sweep() {
    let left_behind = |name: &str| {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists())
    };
    if let Err(failure) = engine::remove(left_behind) {
        eprintln!("what earlier runs left behind is not removed: {failure}");
    }
}

/// The checkout that the program was started in. It may have been compiled in another one: they share a target folder.
///
/// # Errors
/// If it was not started in one.
pub fn repository() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    let root = here.ancestors().find(|folder| folder.join("examples/shop/sternway.yaml").is_file());
    root.map(Path::to_owned).ok_or_else(|| Failure::new(format!("{} is not in the repository", here.display())))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// A port that nobody listens on. The system hands them out in turn, so the next stage gets another one.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("0.0.0.0", 0))?.local_addr()?.port())
}

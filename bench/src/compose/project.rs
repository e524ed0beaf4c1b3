//! The projects that both carry out: the same Compose file, each under a name of its own.

use std::fmt::Write;
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sternway_e2e::{Failure, Result, engine};
use tempfile::TempDir;

use super::program::{Measured, Tool, run};

/// Our one environment.
const ENVIRONMENT: &str = "bench";

/// A project on the engine. What it made goes with it.
pub struct Project {
    /// What carries it out.
    pub tool: Tool,
    /// The port that it publishes, if it does.
    pub port: u16,
    folder: TempDir,
    name: String,
}

impl Project {
    /// So many services that do nothing. One of them has the variable that changes.
    ///
    /// # Errors
    /// If its files cannot be written.
    pub fn idle(tool: Tool, count: usize) -> Result<Self> {
        let mut compose = "services:\n".to_owned();
        for number in 0..count {
            let version = if number == count / 2 { "${VERSION}" } else { "1" };
            write!(
                compose,
                "  s{number:02}:\n    image: busybox:1.36\n    command: [sleep, \"86400\"]\n    stop_signal: SIGKILL\n    \
                 environment: {{ VERSION: \"{version}\" }}\n"
            )?;
        }
        Self::new(tool, &compose, 0)
    }

    /// A server, published or behind another one, whose service of this name is the one that changes. Both are well-behaved:
    /// they end what they began when they are told to stop.
    ///
    /// # Errors
    /// As [`Project::idle`].
    pub fn served(tool: Tool, changes: &str, behind: bool) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let program = std::env::current_exe()?;
        let program = program.display();
        let service = |name: &str, does: &str, rest: &str| {
            let version = if name == changes { "${VERSION}" } else { "1" };
            format!(
                "  {name}:\n    image: debian:bookworm-slim\n    command: [/bench, {does}]\n    environment: {{ VERSION: \"{version}\" }}\n    \
                 volumes: [\"{program}:/bench:ro\"]\n    healthcheck: {{ test: [CMD, /bench, probe], interval: 200ms, timeout: 2s, \
                 retries: 20 }}\n{rest}"
            )
        };
        let published = format!("    ports: [\"127.0.0.1:{port}:8000\"]\n");
        let services = if behind {
            service("front", "forward, back", &published) + &service("back", "serve", "")
        } else {
            service("front", "serve", &published)
        };
        Self::new(tool, &format!("services:\n{services}"), port)
    }

    fn new(tool: Tool, compose: &str, port: u16) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix(&name).tempdir()?;
        fs::write(folder.path().join("compose.yaml"), compose)?;
        let sternway = format!(
            "project: {name}\nenvironments:\n  {ENVIRONMENT}: {{ target: {{ docker: local }} }}\nconfiguration:\n  variables: [\".env\"]\n\
             application: {{ compose: [\"compose.yaml\"] }}\n"
        );
        fs::write(folder.path().join("sternway.yaml"), sternway)?;
        fs::create_dir(folder.path().join("home"))?;
        let project = Self { tool, port, folder, name };
        project.version("first")?;
        Ok(project)
    }

    fn version(&self, version: &str) -> Result<()> {
        Ok(fs::write(self.folder.path().join(".env"), format!("VERSION={version}\n"))?)
    }

    /// Changes the one variable.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn change(&self, turn: usize) -> Result<()> {
        self.version(&format!("turn-{turn}"))
    }

    /// Makes what runs be what the files say.
    ///
    /// # Errors
    /// If the tool fails.
    pub fn up(&self) -> Result<Measured> {
        run(&mut match self.tool {
            Tool::Sternway { .. } => self.command(&["deploy", ENVIRONMENT, "--yes", "--json"]),
            Tool::Compose { waits: false, .. } => self.command(&["up", "--detach"]),
            Tool::Compose { waits: true, .. } => self.command(&["up", "--detach", "--wait"]),
        })
    }

    /// Removes what runs.
    ///
    /// # Errors
    /// If the tool fails.
    pub fn down(&self) -> Result<Measured> {
        run(&mut match self.tool {
            Tool::Sternway { .. } => self.command(&["down", ENVIRONMENT, "--yes", "--json"]),
            Tool::Compose { .. } => self.command(&["down"]),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.tool.program());
        command.current_dir(self.folder.path()).env("STERNWAY_HOME", self.folder.path().join("home"));
        if let Tool::Compose { .. } = self.tool {
            command.args(["--project-name", &self.compose_project()]);
        }
        command.args(arguments);
        command
    }

    fn compose_project(&self) -> String {
        format!("{}-{ENVIRONMENT}", self.name)
    }

    /// Its containers that run, by id.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub fn containers(&self) -> Result<Vec<String>> {
        let containers = engine::containers(&self.compose_project())?;
        let running = containers.iter().filter(|container| container["State"]["Running"] == true);
        let ids: Option<Vec<String>> = running.map(|container| Some(container["Id"].as_str()?.to_owned())).collect();
        ids.ok_or_else(|| Failure::new("a container has no id"))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mine = self.compose_project();
        if let Err(failure) = engine::remove(|name| name == mine || name.starts_with(&format!("{mine}/"))) {
            eprintln!("what {mine} made is not removed: {failure}");
        }
    }
}

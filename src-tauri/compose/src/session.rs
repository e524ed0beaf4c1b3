//! A command inside a container that runs, connected to whoever started it.

use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use sternway_model::{Code, Error, Result, ServiceName};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;

use crate::engine::{Engine, REQUEST, failure, limited};
use crate::observe::{Container, Detail, State, which_service};

/// A command to run in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// It gets a terminal of its own.
    pub terminal: bool,
    /// The user that it runs as; the container's own if absent.
    pub user: Option<String>,
    /// The folder that it runs in; the container's own if absent.
    pub folder: Option<String>,
    /// Variables on top of the container's, as `NAME=value`.
    pub variables: Vec<String>,
}

/// What a command printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Printed {
    /// To standard output; with a terminal, everything.
    Out(Vec<u8>),
    /// To standard error.
    Error(Vec<u8>),
}

/// The next piece of a command's input; where there is none (any more) it never comes.
pub async fn next_piece(input: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}

/// How often it is looked whether a command still runs that prints nothing any more.
const LOOK: Duration = Duration::from_millis(100);

/// A command that runs. What it prints is not redacted: it is between the person and the program.
pub struct Session {
    engine: Engine,
    pub(crate) id: String,
    /// What it prints; it ends when the command does.
    pub output: BoxStream<'static, Result<Printed>>,
    /// What it reads. Closing it is the end of its standard input.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
}

impl Engine {
    /// Starts a command in the container that has a service's first running place, or the place that is named.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the service has no container there that runs; [`Code::Failed`] if the engine cannot start it.
    pub async fn exec(
        &self,
        project: &str,
        service: &ServiceName,
        number: Option<u32>,
        command: &Command,
    ) -> Result<Session> {
        let container = self.running(project, service, number).await?;
        let doing = format!("run a command in {}", container.name);
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(command.terminal),
            env: Some(command.variables.clone()),
            cmd: Some(command.words.clone()),
            user: command.user.clone(),
            working_dir: command.folder.clone(),
            ..CreateExecOptions::default()
        };
        self.start(doing, &container.id, options).await
    }

    /// A service's first container that runs, or the one with a number.
    pub(crate) async fn running(&self, project: &str, service: &ServiceName, number: Option<u32>) -> Result<Container> {
        let containers = self.observer().containers(project, Detail::Enough).await?;
        let found = containers.iter().find(|container| {
            let here = number.is_none_or(|number| number == container.number);
            container.service == service.as_str() && here && container.state == State::Running
        });
        found.cloned().ok_or_else(|| {
            Error::new(Code::NotFound, format!("service {service} has no container that runs"))
                .hint(which_service(service, &containers))
        })
    }

    /// Starts a command in a container and connects to it.
    pub(crate) async fn start(
        &self,
        doing: String,
        container: &str,
        options: CreateExecOptions<String>,
    ) -> Result<Session> {
        let start = StartExecOptions { tty: options.tty.unwrap_or_default(), ..StartExecOptions::default() };
        let created = limited(&doing, REQUEST, self.docker().create_exec(container, options)).await?;
        match limited(&doing, REQUEST, self.docker().start_exec(&created.id, Some(start))).await? {
            StartExecResults::Attached { output, input } => {
                let output = output.map_err(move |error| failure(&doing, error)).map_ok(Printed::from).boxed();
                Ok(Session { engine: self.clone(), id: created.id, output, input })
            }
            StartExecResults::Detached => Err(Error::internal("the engine did not connect the command")),
        }
    }

    /// How a command ended, by the engine's id of it; it is waited for if it still runs, as one may that has closed its output.
    pub(crate) async fn exit_code(&self, id: &str) -> Result<i64> {
        loop {
            let question = || self.docker().inspect_exec(id);
            let inspected = self.observer().ask("ask how the command ended", question).await?;
            if inspected.running != Some(true) {
                let unknown = || Error::new(Code::Unknown, "the engine does not know how the command ended");
                return inspected.exit_code.ok_or_else(unknown);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl From<LogOutput> for Printed {
    fn from(piece: LogOutput) -> Self {
        match piece {
            LogOutput::StdErr { message } => Self::Error(message.to_vec()),
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                Self::Out(message.to_vec())
            }
        }
    }
}

impl Session {
    /// Tells the command's terminal how large it is, in characters.
    ///
    /// # Errors
    /// If the engine does not answer, or the command has ended.
    pub async fn resize(&self, width: u16, height: u16) -> Result<()> {
        let call = self.engine.docker().resize_exec(&self.id, ResizeExecOptions { height, width });
        limited("tell the terminal's size", REQUEST, call).await
    }

    /// The command's exit code, after its output has ended.
    ///
    /// # Errors
    /// [`Code::Unknown`] if the engine does not know it.
    pub async fn exit_code(&self) -> Result<i64> {
        self.engine.exit_code(&self.id).await
    }
}

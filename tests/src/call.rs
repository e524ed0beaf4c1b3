//! The terminal front.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::{Failure, Result};

/// Longer than anything that a test deploys may take.
const TIME_LIMIT: Duration = Duration::from_secs(240);

/// A program of this workspace: beside the test program, or in the folder that `STERNWAY_PROGRAMS` names.
///
/// # Errors
/// If it is not there.
pub fn program(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os("STERNWAY_PROGRAMS") {
        Some(folder) => PathBuf::from(folder),
        // target/debug/deps/it-0123… → target/debug
        None => std::env::current_exe()?.ancestors().nth(2).map(PathBuf::from).unwrap_or_default(),
    };
    let program = folder.join(name);
    if program.is_file() {
        Ok(program)
    } else {
        Err(Failure::new(format!("{} is not there: build it first, as scripts/test does", program.display())))
    }
}

/// A command of the terminal front that is about to be run.
pub struct Call {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    input: String,
}

impl Call {
    pub(crate) fn new(arguments: Vec<String>) -> Self {
        Self { arguments, environment: Vec::new(), input: String::new() }
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// A variable of the program's own environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it; nobody gives it input, and nobody waits for it. It is killed when the answer is dropped.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(self) -> Result<Child> {
        let mut command = self.command()?;
        command.stdin(Stdio::null());
        Ok(command.spawn()?)
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(program("sternway")?);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(command)
    }

    /// Runs it, however it ends.
    ///
    /// # Errors
    /// If it cannot be started, takes too long, or prints something else than JSON.
    pub async fn answer(self) -> Result<Answer> {
        let mut child = self.command()?.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            match stdin.write_all(self.input.as_bytes()).await {
                // A command that reads nothing may be over already.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error.into()),
                _ => {}
            }
        }
        let said = self.arguments.join(" ");
        let output = tokio::time::timeout(TIME_LIMIT, child.wait_with_output())
            .await
            .map_err(|_| Failure::new(format!("`sternway {said}` is not over after {} s", TIME_LIMIT.as_secs())))??;
        let lines = String::from_utf8(output.stdout)?
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .map_err(|error| Failure::new(format!("`sternway {said}` printed `{line}`: {error}")))
            })
            .collect::<Result<_>>()?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Answer { call: said, exit: output.status.code(), lines, errors })
    }

    /// Runs it, and fails unless it ends with `exit`.
    ///
    /// # Errors
    /// As [`Call::answer`], and if it ends with another number.
    pub async fn ends(self, exit: i32) -> Result<Answer> {
        let answer = self.answer().await?;
        if answer.exit == Some(exit) {
            return Ok(answer);
        }
        Err(Failure::new(format!("exit {exit} was expected\n{}", answer.describe())))
    }

    /// Runs it, and fails unless it ends with 0.
    ///
    /// # Errors
    /// As [`Call::ends`].
    pub async fn done(self) -> Result<Answer> {
        self.ends(0).await
    }

    /// Runs it, and fails unless it ends with `exit`; gives the error that it printed.
    ///
    /// # Errors
    /// As [`Call::ends`].
    pub async fn refused(self, exit: i32) -> Result<Value> {
        self.ends(exit).await?.error()
    }
}

/// What a command of the terminal front printed.
pub struct Answer {
    call: String,
    /// Its exit code; none if a signal ended it.
    pub exit: Option<i32>,
    /// The objects on standard output.
    pub lines: Vec<Value>,
    /// Standard error as it is.
    pub errors: String,
}

impl Answer {
    /// The only object, or the last one of a stream.
    ///
    /// # Errors
    /// If there is none.
    pub fn last(&self) -> Result<&Value> {
        self.lines.last().ok_or_else(|| Failure::new(self.describe()))
    }

    /// What standard error says: `{error: {code, message, …}}`.
    ///
    /// # Errors
    /// If there is no such object.
    pub fn error(&self) -> Result<Value> {
        self.errors
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|mut line| line.get_mut("error").map(Value::take))
            .ok_or_else(|| Failure::new(format!("no error object\n{}", self.describe())))
    }

    /// For a message: what was called, how it ended and the end of what it printed.
    #[must_use]
    pub fn describe(&self) -> String {
        let tail: Vec<String> = self.lines.iter().rev().take(15).rev().map(Value::to_string).collect();
        format!("`sternway {}` ended with {:?}\n{}\n{}", self.call, self.exit, tail.join("\n"), self.errors)
    }
}

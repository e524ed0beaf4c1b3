//! A line for the shell of a container that runs: what it prints, how it ends, and ending it before that.
//!
//! The engine has no call that ends a command which was started inside a container. So the shell first prints its process
//! id, which nobody gets to see, and a second command sends the signal.

use std::collections::VecDeque;
use std::time::Duration;

use bollard::exec::CreateExecOptions;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use sternway_model::{Code, Error, Result, ServiceName};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, REQUEST, timed_out};
use crate::session::Printed;

/// How long a command that was asked to end may take before it is killed, and then until it is given up.
const GRACE: Duration = Duration::from_secs(5);
/// Prints its own process id, then becomes the shell that runs the line.
const STARTS: &str = r#"echo $$; exec sh -c "$1""#;
/// Whatever the engine starts in a container leads a process group: what the line has started ends with it. The second
/// form is for runtimes that do it otherwise.
const SIGNALS: &str = r#"kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" "$2""#;
/// Exit codes of a program that is not there or cannot be started (POSIX, `sh`, exit status).
const NOT_STARTED: [i64; 2] = [126, 127];
/// So much waits to be read before the command has to.
const WAITING: usize = 64;

/// What a line for the shell does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It printed something. It may hold anything: redact it before it is stored or shown.
    Printed(Printed),
    /// It ended, with this exit code; nothing comes after it.
    Ended(i64),
}

impl Engine {
    /// Runs a line with `sh -c` in a service's first container that runs, without a terminal and without input. What it
    /// started ends, by force if need be, when `stop` is cancelled or nobody reads any more; its end is told in the first
    /// case. What it put into a session of its own goes on.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the service has no container that runs; [`Code::Failed`] if the container has no `sh`.
    pub async fn shell(
        &self,
        project: &str,
        service: &ServiceName,
        line: &str,
        stop: &CancellationToken,
    ) -> Result<BoxStream<'static, Result<Shown>>> {
        let container = self.running(project, service, None).await?;
        let doing = format!("run a command in {}", container.name);
        let words = ["sh", "-c", STARTS, "sh", line].map(str::to_owned).to_vec();
        let session = self.start(doing.clone(), &container.id, options(words)).await?;
        let mut shell = Shell {
            process: Process {
                engine: self.clone(),
                container: container.id,
                name: container.name,
                exec: session.id,
                pid: 0,
            },
            output: Some(session.output),
            before: VecDeque::new(),
        };
        let begun = tokio::time::timeout(REQUEST, shell.begin()).await;
        begun.map_err(|_| timed_out(&doing, REQUEST))??;

        let (told, shown) = mpsc::channel(WAITING);
        let stop = stop.clone();
        tokio::spawn(async move {
            let last = match shell.follow(&told, &stop).await {
                Ok(code) => Ok(Shown::Ended(code)),
                Err(error) => Err(error),
            };
            // Nobody may be there any more to hear it.
            drop(told.send(last).await);
        });
        Ok(stream::unfold(shown, |mut shown| async move { Some((shown.recv().await?, shown)) }).boxed())
    }
}

/// A command that is read and nothing else.
fn options(words: Vec<String>) -> CreateExecOptions<String> {
    CreateExecOptions {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(words),
        ..CreateExecOptions::default()
    }
}

/// A shell that runs a line.
struct Shell {
    process: Process,
    /// What it prints; none once that has ended.
    output: Option<BoxStream<'static, Result<Printed>>>,
    /// What came together with its process id.
    before: VecDeque<Printed>,
}

impl Shell {
    /// Reads the process id that the shell prints first.
    async fn begin(&mut self) -> Result<()> {
        let mut first = Vec::new();
        while let Some(printed) = read(&mut self.output).await? {
            let Printed::Out(bytes) = printed else {
                self.before.push_back(printed);
                continue;
            };
            first.extend(bytes);
            let Some(end) = first.iter().position(|byte| *byte == b'\n') else { continue };
            let rest = first.split_off(end + 1);
            let Some(pid) = number(&first) else { break };
            self.process.pid = pid;
            if !rest.is_empty() {
                self.before.push_back(Printed::Out(rest));
            }
            return Ok(());
        }
        let name = &self.process.name;
        // What the engine says instead of a program's output is the reason.
        let reason = String::from_utf8_lossy(&first).trim().to_owned();
        if NOT_STARTED.contains(&self.process.exit_code().await?) {
            return Err(Error::failed(format!("{name} has no shell that runs the command: {reason}"))
                .hint("`sternway exec ENVIRONMENT SERVICE -- PROGRAM` runs a program without a shell."));
        }
        Err(Error::failed(format!("cannot run a command in {name}: {reason}")))
    }

    /// Tells what it does until it has ended; the exit code.
    async fn follow(&mut self, told: &mpsc::Sender<Result<Shown>>, stop: &CancellationToken) -> Result<i64> {
        let Self { process, output, before } = self;
        for printed in before.drain(..) {
            // If nobody listens, it is seen below.
            drop(told.send(Ok(Shown::Printed(printed))).await);
        }
        // Signals that are still to be sent, and when it is time for the next.
        let mut signals = ["TERM", "KILL"].into_iter();
        let mut asked: Option<Instant> = None;
        loop {
            let next = async {
                tokio::time::sleep_until(asked?).await;
                Some(())
            };
            tokio::select! {
                printed = read(output) => match printed? {
                    // Whoever has stopped listening is noticed as such.
                    Some(printed) => drop(told.send(Ok(Shown::Printed(printed))).await),
                    None => *output = None,
                },
                code = process.exit_code(), if output.is_none() => return code,
                () = left(told, stop), if asked.is_none() => asked = Some(Instant::now()),
                Some(()) = next => {
                    let Some(signal) = signals.next() else { return Err(process.goes_on()) };
                    process.signal(signal).await?;
                    asked = Some(Instant::now() + GRACE);
                }
            }
        }
    }
}

/// What is printed next, or that there is no more; after that it never answers.
async fn read(output: &mut Option<BoxStream<'static, Result<Printed>>>) -> Result<Option<Printed>> {
    match output {
        Some(output) => output.try_next().await,
        None => std::future::pending().await,
    }
}

/// Returns when the command is no longer wanted.
async fn left(told: &mpsc::Sender<Result<Shown>>, stop: &CancellationToken) {
    tokio::select! {
        () = told.closed() => {}
        () = stop.cancelled() => {}
    }
}

fn number(line: &[u8]) -> Option<u32> {
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// A process that the engine started in a container.
struct Process {
    engine: Engine,
    /// The container's id.
    container: String,
    /// The container's name.
    name: String,
    /// The engine's id of the command.
    exec: String,
    /// Its id as the container's own processes see it.
    pid: u32,
}

impl Process {
    async fn exit_code(&self) -> Result<i64> {
        self.engine.exit_code(&self.exec).await
    }

    /// Sends a signal to it and to what it has started.
    async fn signal(&self, signal: &str) -> Result<()> {
        let doing = format!("end the command in {}", self.name);
        let words = ["sh", "-c", SIGNALS, "sh", signal, &self.pid.to_string()].map(str::to_owned).to_vec();
        let session = self.engine.start(doing.clone(), &self.container, options(words)).await?;
        // If it could not be sent, the command goes on, or has ended already; that is what counts.
        let sent = tokio::time::timeout(REQUEST, session.output.try_for_each(|_| std::future::ready(Ok(()))));
        sent.await.map_err(|_| timed_out(&doing, REQUEST))?
    }

    /// Says that it could not be ended.
    fn goes_on(&self) -> Error {
        Error::new(Code::Unknown, format!("the command in {} was told to end, and killed, and did not end", self.name))
            .hint(format!("It may run as another user. It is process {} in the container.", self.pid))
    }
}

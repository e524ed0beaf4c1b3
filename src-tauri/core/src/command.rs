//! Commands of the pipeline: run in the project's folder, their output line by line, stopped with all their children.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use sternway_model::{Code, Error, Result, Sensitive};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

/// The variable with which the window tells its webview how to work. What a project runs does not get it.
pub const OF_THE_PAGE: &str = "JSC_useDFGJIT";

/// How long a command that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A command and what it gets.
pub struct Command<'a> {
    /// A line for the system's shell.
    pub line: &'a str,
    /// The folder that it runs in.
    pub folder: &'a Path,
    /// Variables beside those of this process.
    pub variables: &'a BTreeMap<String, Sensitive>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Runs a command; `output` gets each line as it is printed.
///
/// # Errors
/// [`Code::Failed`] with the exit code, [`Code::TimedOut`], or [`Code::Cancelled`].
pub async fn run(
    command: &Command<'_>,
    cancel: &CancellationToken,
    output: &(dyn Fn(String) + Send + Sync),
) -> Result<()> {
    let mut child = spawn(command)?;
    let stdout = child.stdout().take();
    let stderr = child.stderr().take();
    let ended = async {
        let (out, err) = tokio::join!(lines(stdout, output), lines(stderr, output));
        out?;
        err?;
        child.wait().await.map_err(|error| Error::failed(format!("cannot wait for `{}`: {error}", command.line)))
    };
    let stopped = tokio::select! {
        status = ended => {
            let status = status?;
            if status.success() {
                return Ok(());
            }
            let how = status.code().map_or_else(|| "was killed by a signal".to_owned(), |code| format!("ended with exit code {code}"));
            return Err(Error::failed(format!("`{}` {how}", command.line)).hint("Its output is in the log."));
        }
        () = tokio::time::sleep(command.timeout) => Error::new(
            Code::TimedOut,
            format!("`{}` did not end within {} s and was stopped", command.line, command.timeout.as_secs()),
        )
        .hint("Give the step a larger `timeout` in sternway.yaml if it needs longer."),
        () = cancel.cancelled() => Error::new(Code::Cancelled, format!("`{}` was stopped", command.line)),
    };
    stop(child).await?;
    Err(stopped)
}

fn spawn(command: &Command<'_>) -> Result<Box<dyn ChildWrapper>> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut wrap = CommandWrap::with_new(shell, |process| {
        process
            .arg(flag)
            .arg(command.line)
            .current_dir(command.folder)
            .env_remove(OF_THE_PAGE)
            .envs(command.variables.iter().map(|(key, value)| (key, value.reveal())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    });
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    wrap.wrap(process_wrap::tokio::JobObject);
    wrap.wrap(KillOnDrop);
    wrap.spawn().map_err(|error| Error::failed(format!("cannot start `{}`: {error}", command.line)))
}

/// Reads lines as they come. Bytes that are no UTF-8 are replaced: it is output to read, not data.
async fn lines<R: AsyncRead + Unpin>(from: Option<R>, output: &(dyn Fn(String) + Send + Sync)) -> Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut pending = Vec::new();
    let mut buffer = vec![0_u8; 8192];
    loop {
        let read = from
            .read(&mut buffer)
            .await
            .map_err(|error| Error::failed(format!("cannot read the command's output: {error}")))?;
        if read == 0 {
            break;
        }
        pending.extend_from_slice(&buffer[..read]);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            output(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned());
        }
    }
    if !pending.is_empty() {
        output(String::from_utf8_lossy(&pending).into_owned());
    }
    Ok(())
}

/// Asks the whole group to end, then kills it.
async fn stop(mut child: Box<dyn ChildWrapper>) -> Result<()> {
    #[cfg(unix)]
    if child.signal(libc_sigterm()).is_ok() && tokio::time::timeout(GRACE, child.wait()).await.is_ok() {
        return Ok(());
    }
    let killed = Box::into_pin(child.kill());
    killed.await.map_err(|error| Error::failed(format!("cannot stop the command: {error}")))
}

/// `SIGTERM`, the same number on every Unix (POSIX, `kill`).
#[cfg(unix)]
fn libc_sigterm() -> i32 {
    15
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Instant;

    async fn run_line(line: &str, timeout: f64, cancel: &CancellationToken) -> (Result<()>, Vec<String>) {
        let printed = Mutex::new(Vec::new());
        let folder = std::env::temp_dir();
        let variables = BTreeMap::from([("GREETING".to_owned(), Sensitive::new("hello".to_owned()))]);
        let timeout = Duration::from_secs_f64(timeout);
        let command = Command { line, folder: &folder, variables: &variables, timeout };
        let result = run(&command, cancel, &|line| printed.lock().expect("no panic").push(line)).await;
        (result, printed.into_inner().expect("no panic"))
    }

    #[tokio::test]
    async fn output_comes_line_by_line_with_the_variables() {
        let (result, printed) = run_line("echo $GREETING; printf tail", 10.0, &CancellationToken::new()).await;
        assert_eq!(result, Ok(()));
        assert_eq!(printed, ["hello", "tail"]);
    }

    #[tokio::test]
    async fn a_failure_says_the_exit_code() {
        let (result, _) = run_line("exit 3", 10.0, &CancellationToken::new()).await;
        assert!(result.expect_err("failed").message.contains("exit code 3"));
    }

    #[tokio::test]
    async fn a_time_limit_ends_the_children_too() {
        let begin = Instant::now();
        let (result, _) = run_line("sleep 60 & sleep 60; wait", 0.2, &CancellationToken::new()).await;
        assert_eq!(result.expect_err("too long").code, Code::TimedOut);
        assert!(begin.elapsed() < Duration::from_secs(5), "the children do not hold the pipe open");
    }

    #[tokio::test]
    async fn cancelling_stops_the_real_work() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let (result, _) = run_line("sleep 60", 60.0, &cancel).await;
        assert_eq!(result.expect_err("stopped").code, Code::Cancelled);
    }
}

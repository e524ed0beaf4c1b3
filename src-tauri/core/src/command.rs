//! Commands of the pipeline: run in the project's folder, their output line by line, stopped with all their children, by whatever
//! this program ends.

#[cfg(unix)]
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use sternway_model::{Code, Error, Lines, Result, Sensitive};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

use crate::owner::Owner;
use crate::trust::Trusted;

/// The variable with which the window tells its webview how to work. What a project runs does not get it.
pub const OF_THE_PAGE: &str = "JSC_useDFGJIT";

/// How much of a command's output is read at once.
const PIECE: usize = 64 * 1024;

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
    /// On whose behalf it runs: that one counts as gone only when the command is.
    pub owner: &'a Owner,
}

/// Runs a command of a project that a person trusts; `output` gets each line as it is printed.
///
/// # Errors
/// [`Code::Failed`] with the exit code, [`Code::TimedOut`], or [`Code::Cancelled`].
pub async fn run(
    _trusted: &Trusted,
    command: &Command<'_>,
    cancel: &CancellationToken,
    output: &(dyn Fn(&str) + Send + Sync),
) -> Result<()> {
    let mut started = Started::new(command).await?;
    let stopped = tokio::select! {
        status = started.ended(command.line, output) => {
            let status = status?;
            started.tidy_up().await;
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
    started.stop().await?;
    Err(stopped)
}

/// A command that runs. Dropped, it is ended with all its children.
struct Started {
    child: Box<dyn ChildWrapper>,
    #[cfg(unix)]
    watch: watch::Watch,
}

impl Started {
    /// It begins only when it is watched over: it waits for a word on its input, which it has none of afterwards.
    #[cfg(unix)]
    async fn new(command: &Command<'_>) -> Result<Self> {
        use tokio::io::AsyncWriteExt;
        const SCRIPT: &str = "read -r begin || exit 1; exec sh -c \"$1\" </dev/null";
        let failed = |why: String| Error::failed(format!("cannot start `{}`: {why}", command.line));
        let mut wrap = CommandWrap::with_new("sh", |process| {
            process.args(["-c", SCRIPT, "sh", command.line]).stdin(Stdio::piped());
            command.prepare(process);
        });
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader()).wrap(KillOnDrop);
        let mut child = wrap.spawn().map_err(|error| failed(error.to_string()))?;
        let group = child.id().ok_or_else(|| failed("it has ended at once".to_owned()))?;
        let watch = watch::Watch::over(group, command.owner.mark()?)?;
        let mut input = child.stdin().take().ok_or_else(|| failed("it has no input".to_owned()))?;
        input.write_all(b"begin\n").await.map_err(|error| failed(error.to_string()))?;
        Ok(Self { child, watch })
    }

    /// The system itself ends a job whose last handle is closed.
    #[cfg(windows)]
    #[allow(clippy::unused_async, reason = "elsewhere it waits")]
    async fn new(command: &Command<'_>) -> Result<Self> {
        let mut wrap = CommandWrap::with_new("cmd", |process| {
            process.arg("/C").arg(command.line).stdin(Stdio::null());
            command.prepare(process);
        });
        wrap.wrap(process_wrap::tokio::JobObject).wrap(KillOnDrop);
        let child = wrap.spawn();
        let child = child.map_err(|error| Error::failed(format!("cannot start `{}`: {error}", command.line)))?;
        Ok(Self { child })
    }

    /// Passes its output on until it has ended.
    async fn ended(&mut self, line: &str, output: &(dyn Fn(&str) + Send + Sync)) -> Result<ExitStatus> {
        let (stdout, stderr) = (self.child.stdout().take(), self.child.stderr().take());
        let (out, err) = tokio::join!(lines(stdout, output), lines(stderr, output));
        out?;
        err?;
        self.child.wait().await.map_err(|error| Error::failed(format!("cannot wait for `{line}`: {error}")))
    }

    /// It has ended by itself.
    #[cfg_attr(windows, allow(clippy::unused_async, reason = "elsewhere it waits"))]
    async fn tidy_up(self) {
        #[cfg(unix)]
        self.watch.done().await;
    }

    /// Asks the whole group to end, then kills it.
    async fn stop(self) -> Result<()> {
        let mut child = self.child;
        #[cfg(unix)]
        {
            let (_, ended) =
                tokio::join!(self.watch.end_command(), tokio::time::timeout(watch::GRACE * 2, child.wait()));
            if ended.is_ok() {
                return Ok(());
            }
        }
        let killed = Box::into_pin(child.kill());
        killed.await.map_err(|error| Error::failed(format!("cannot stop the command: {error}")))
    }
}

impl Command<'_> {
    fn prepare(&self, process: &mut tokio::process::Command) {
        process
            .current_dir(self.folder)
            .env_remove(OF_THE_PAGE)
            .envs(self.variables.iter().map(|(key, value)| (key, value.reveal())))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }
}

/// Reads lines as they come.
async fn lines<R: AsyncRead + Unpin>(from: Option<R>, output: &(dyn Fn(&str) + Send + Sync)) -> Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut lines = Lines::default();
    let mut buffer = vec![0_u8; PIECE];
    loop {
        let read = from
            .read(&mut buffer)
            .await
            .map_err(|error| Error::failed(format!("cannot read the command's output: {error}")))?;
        if read == 0 {
            break;
        }
        lines.push(&buffer[..read], output);
    }
    lines.end(output);
    Ok(())
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
        let owners = tempfile::tempdir().expect("a folder");
        let owner = Owner::register(owners.path(), "test".to_owned()).expect("registered");
        let command = Command { line, folder: &folder, variables: &variables, timeout, owner: &owner };
        let result = run(&Trusted::of_a_test(), &command, cancel, &|line| {
            printed.lock().expect("no panic").push(line.to_owned())
        })
        .await;
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

    /// Not a test of its own: what is killed in the next one. It says which processes it has begun.
    #[tokio::test]
    #[ignore = "it is started by another test"]
    async fn runs_until_it_is_killed() {
        let folder = std::path::PathBuf::from(std::env::var_os("STERNWAY_TEST_FOLDER").expect("a folder"));
        let owner = Owner::register(&folder, "killed".to_owned()).expect("registered");
        // Of the processes one ends when it is asked to, one must be killed, and one has closed its output.
        let line = "pids=$$; (trap '' TERM; sleep 1000) & pids=\"$pids $!\"; sleep 1000 >/dev/null 2>&1 & pids=\"$pids $!\"; \
                    sleep 1000 & echo $pids $! > begun; mv begun pids; wait";
        let (variables, timeout) = (BTreeMap::new(), Duration::from_secs(1000));
        let command = Command { line, folder: &folder, variables: &variables, timeout, owner: &owner };
        drop(run(&Trusted::of_a_test(), &command, &CancellationToken::new(), &|_| {}).await);
    }

    #[tokio::test]
    async fn nothing_of_a_command_outlives_a_program_that_is_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut program = tokio::process::Command::new(std::env::current_exe().expect("this program"));
        program.args(["--exact", "command::tests::runs_until_it_is_killed", "--ignored"]);
        program.env("STERNWAY_TEST_FOLDER", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut program = program.spawn().expect("started");
        let pids = folder.path().join("pids");
        until(|| pids.exists()).await;
        let begun: Vec<u32> = std::fs::read_to_string(&pids)
            .expect("readable")
            .split_whitespace()
            .map(|pid| pid.parse().expect("a number"))
            .collect();
        assert!(begun.len() > 3, "{begun:?}");
        assert_eq!(Owner::lives(folder.path(), "killed"), Ok(true));
        program.kill().await.expect("killed with SIGKILL");
        assert_eq!(Owner::lives(folder.path(), "killed"), Ok(false), "the program itself is gone at once");
        assert_eq!(Owner::left_nothing(folder.path(), "killed").await, Ok(true));
        for pid in begun {
            assert!(!runs(pid), "process {pid} is still there");
        }
    }

    /// Whether there is such a process; one that nobody has asked how it ended is none.
    fn runs(pid: u32) -> bool {
        let state =
            std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().expect("ps");
        let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
        !state.is_empty() && !state.starts_with('Z')
    }

    /// Waits for something that comes soon; a minute is only for the busiest machine.
    async fn until(so: impl Fn() -> bool) {
        let waited = async {
            while !so() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waited).await.expect("it comes");
    }

    #[tokio::test]
    async fn cancelling_stops_the_real_work() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let (result, _) = run_line("sleep 60", 60.0, &cancel).await;
        assert_eq!(result.expect_err("stopped").code, Code::Cancelled);
    }
}

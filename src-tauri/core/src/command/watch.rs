//! Sees to it that a command does not outlive this program, in whatever way this program ends.
//!
//! Beside each command runs a small shell that reads from a pipe whose other end only this program holds. While the command runs nothing
//! is written. When it has ended the shell is told and ends, too. When the pipe is closed without a word, this program is gone or has
//! given up on the command: the shell asks the command's process group to end, and kills it after a while. That needs neither a
//! process that looks after others for ever nor anything that only one system has.

use std::process::Stdio;
use std::time::Duration;

use sternway_model::{Error, Result};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

/// How long a command that was asked to end may take before it is killed: 50 looks, as the script below takes them.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// `$1` is the process group. What ends a whole session must not end the shell first.
const SCRIPT: &str = "trap '' HUP INT QUIT TERM
read -r ended && exit 0
kill -s TERM -- \"-$1\" 2>/dev/null || exit 0
looks=0
while [ $looks -lt 50 ]; do
  sleep 0.1
  kill -s 0 -- \"-$1\" 2>/dev/null || exit 0
  looks=$((looks + 1))
done
kill -s KILL -- \"-$1\" 2>/dev/null";

/// The shell beside a command.
pub(super) struct Watch {
    shell: Child,
    pipe: ChildStdin,
}

impl Watch {
    /// Watches over a process group. The shell has `mark` open for as long as it lives.
    ///
    /// # Errors
    /// If the shell cannot be started: then the command must not begin.
    pub(super) fn over(group: u32, mark: Stdio) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh", &group.to_string()]).current_dir("/").process_group(0);
        shell.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        shell.stdin(Stdio::piped()).stdout(mark).stderr(Stdio::null());
        let failed = |why: String| Error::failed(format!("what ends a command cannot be started: {why}"));
        let mut shell = shell.spawn().map_err(|error| failed(error.to_string()))?;
        let pipe = shell.stdin.take().ok_or_else(|| failed("it has no input".to_owned()))?;
        Ok(Self { shell, pipe })
    }

    /// The command has ended.
    pub(super) async fn done(mut self) {
        // A shell that somebody ended has nothing to be told.
        drop(self.pipe.write_all(b"ended\n").await);
        self.ended().await;
    }

    /// Ends the command with all its children. Whoever started it has to wait for it meanwhile.
    pub(super) async fn end_command(self) {
        self.ended().await;
    }

    async fn ended(self) {
        let Self { mut shell, pipe } = self;
        drop(pipe);
        // It ends within its time, or somebody has stopped it; then the command is killed by whoever started it.
        drop(tokio::time::timeout(GRACE * 2, shell.wait()).await);
    }
}

//! The system's own `ssh` as a way to an engine: it logs in, and Docker's program there passes the bytes on.
//!
//! Keys, agent, known hosts, jump hosts and aliases are those of the person's ssh configuration. It never asks anything:
//! where a person would have to type, it fails and says what to do.

use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use sternway_model::{Code, Error, Result, SshAddress};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// How much of what ssh says is kept: its last words are about the reason.
const KEPT: usize = 4096;
/// How long ssh may take to say its last words after its output ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A login, as a stream of bytes. The program ends with it.
pub(super) struct Login {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    listening: JoinHandle<()>,
}

impl Login {
    /// Starts ssh. Whether the login works is only known when somebody answers.
    ///
    /// # Errors
    /// [`Code::EngineUnreachable`] if there is no `ssh` on this machine.
    pub fn start(address: &SshAddress) -> Result<Self> {
        let mut command = Command::new("ssh");
        command.args(arguments(address)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        // Ctrl+C on our terminal is for us: what it begins still needs the connection.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
        let mut child = command.spawn().map_err(|error| {
            Error::new(Code::EngineUnreachable, format!("cannot run `ssh`: {error}"))
                .hint("Install the OpenSSH client; `ssh` has to be on the PATH.")
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::internal("ssh was started without its streams"));
        };
        let said = Arc::default();
        let listening = tokio::spawn(listen(stderr, Arc::clone(&said)));
        Ok(Self { stdin: Some(stdin), stdout, child, said, listening })
    }

    /// Why nobody answered, once the output has ended.
    pub async fn reason(mut self, address: &SshAddress) -> Error {
        drop(self.stdin.take());
        let ended = async {
            // Both end by themselves when the connection does; what they return is in the words already.
            let (status, _) = tokio::join!(self.child.wait(), &mut self.listening);
            status.ok().and_then(|status| status.code())
        };
        let code = tokio::time::timeout(LAST_WORDS, ended).await.unwrap_or_default();
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        explain(address, &String::from_utf8_lossy(&said), code)
    }
}

/// `CREATE_NO_WINDOW` and `CREATE_NEW_PROCESS_GROUP` of the Windows API, process creation flags.
#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
#[cfg(windows)]
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

fn arguments(address: &SshAddress) -> Vec<String> {
    let options = [
        "BatchMode=yes", // never asks, so it cannot wait for somebody who is not there
        "ConnectTimeout=15",
        "ServerAliveInterval=10", // a line that was cut is noticed after half a minute
        "ServerAliveCountMax=3",
        "ClearAllForwardings=yes", // several logins at once would quarrel about the ports
    ];
    let mut arguments = vec!["-T".to_owned()];
    arguments.extend(options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]));
    arguments.extend(address.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
    arguments.extend(address.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    arguments.push("--".to_owned());
    arguments.push(address.host.clone());
    arguments.extend(["docker", "system", "dial-stdio"].map(str::to_owned));
    arguments
}

/// Keeps the end of what ssh and the program behind it say.
async fn listen(mut stderr: ChildStderr, said: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0_u8; 1024];
    // An error ends it like its end does: there is nothing more to hear.
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&buffer[..read]);
        let surplus = said.len().saturating_sub(KEPT);
        said.drain(..surplus);
    }
}

/// What ssh said, as what happened and what to do.
fn explain(address: &SshAddress, said: &str, code: Option<i32>) -> Error {
    let login = address.user.as_ref().map_or_else(|| address.host.clone(), |user| format!("{user}@{}", address.host));
    // A domain's users have a backslash, which a shell would take away.
    let plain = login.chars().all(|c| c.is_ascii_alphanumeric() || "._-+@:".contains(c));
    let login = if plain { login } else { format!("'{}'", login.replace('\'', r"'\''")) };
    let port = address.port.map(|port| format!("-p {port} ")).unwrap_or_default();
    let by_hand = format!("`ssh {port}{login}`");
    let has = |text: &str| said.contains(text);
    let (what, hint) = if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        (
            "the host's key is not the one that it had before",
            "If the host was set up anew, remove its old key with `ssh-keygen -R`. If not, somebody may be in between."
                .to_owned(),
        )
    } else if has("Host key verification failed") {
        ("the host's key is not known", format!("Log in once with {by_hand}, and compare the key that it shows."))
    } else if has("docker.sock") || has("Docker daemon") || has("docker daemon") {
        (
            "the login works, but Docker there does not answer",
            format!(
                "Log in with {by_hand} and look at `docker version`: the engine has to run, and the user has to be in the group `docker`."
            ),
        )
    } else if code == Some(127) || has("command not found") || has("docker: not found") {
        (
            "the login works, but there is no `docker` program",
            "Install Docker on the host; `docker` has to be on the PATH of a login without a terminal.".to_owned(),
        )
    } else if has("Permission denied") || has("Too many authentication failures") {
        (
            "the host refused the login",
            format!("Look at {by_hand}: it has to work without a password. `ssh-add` unlocks a key for the agent."),
        )
    } else if has("Could not resolve hostname") {
        (
            "there is no host of that name",
            "Look at the address in sternway.yaml, and at the ssh configuration.".to_owned(),
        )
    } else if has("onnection refused") || has("timed out") || has("No route to host") || has("unreachable") {
        (
            "the host does not answer",
            "Look whether it is up, and whether its ssh server listens on that port.".to_owned(),
        )
    } else {
        ("the login did not lead to an engine", format!("Try {by_hand} and there `docker system dial-stdio`."))
    };
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let last = last.map(|line| format!(" ({line})")).unwrap_or_default();
    Error::new(Code::EngineUnreachable, format!("cannot reach {address}: {what}{last}")).hint(hint)
}

impl AsyncRead for Login {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

impl AsyncWrite for Login {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.stdin.as_mut() {
            Some(stdin) => Pin::new(stdin).poll_write(cx, bytes),
            None => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.stdin.as_mut().map_or(Poll::Ready(Ok(())), |stdin| Pin::new(stdin).poll_flush(cx))
    }

    /// A pipe is shut down by closing it.
    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        drop(self.stdin.take());
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SshAddress {
        SshAddress { user: Some("deploy".into()), host: "far.example.com".into(), port: Some(2222) }
    }

    #[test]
    fn the_host_is_the_last_argument_before_the_command_and_no_option() {
        let arguments = arguments(&address());
        let tail: Vec<&str> = arguments.iter().skip_while(|argument| *argument != "-l").map(String::as_str).collect();
        assert_eq!(
            tail,
            ["-l", "deploy", "-p", "2222", "--", "far.example.com", "docker", "system", "dial-stdio"],
            "{arguments:?}"
        );
        assert!(arguments.contains(&"BatchMode=yes".to_owned()), "it must never wait for somebody to type");
    }

    #[test]
    fn what_is_to_be_typed_means_to_a_shell_what_it_says() {
        let hint = |user: &str| {
            let address = SshAddress { user: Some(user.to_owned()), port: None, ..address() };
            explain(&address, "Permission denied", Some(255)).hint
        };
        assert!(hint("deploy").contains("`ssh deploy@far.example.com`"));
        assert!(hint(r"CORP\ann").contains(r"`ssh 'CORP\ann@far.example.com'`"));
        assert!(hint("a$(b)'c").contains(r"`ssh 'a$(b)'\''c@far.example.com'`"), "{}", hint("a$(b)'c"));
    }

    #[test]
    fn each_failure_says_what_to_do() {
        for (said, code, what) in [
            (
                "No ED25519 host key is known for [h]:2222.\r\nHost key verification failed.\r\n",
                255,
                "key is not known",
            ),
            ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", 255, "not the one"),
            ("deploy@h: Permission denied (publickey).", 255, "refused the login"),
            ("ssh: Could not resolve hostname far: Name or service not known", 255, "no host of that name"),
            ("ssh: connect to host h port 22: Connection refused", 255, "does not answer"),
            ("bash: line 1: docker: command not found", 127, "no `docker` program"),
            (
                "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
                1,
                "Docker there does not answer",
            ),
            ("", 1, "did not lead to an engine"),
        ] {
            let error = explain(&address(), said, Some(code));
            assert!(error.message.contains(what), "{said:?} gives {error}");
            assert!(!error.hint.is_empty() && error.message.contains("ssh://deploy@far.example.com:2222"), "{error:?}");
        }
    }
}

//! Questions to git that run nothing of the repository's own: neither its hooks, filters, monitors and helpers, nor those of its submodules.
//!
//! A repository's configuration comes with the folder and names programs. Most can be turned off by name. Filters have names of the
//! repository's choosing, so the names are read first, by a command that runs nothing, and each is turned off by its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use sternway_model::{Code, Error, Result};
use tokio::io::AsyncWriteExt;

/// A local command that reads; more than this means that it hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// What is turned off whatever the configuration says; see git-config(1).
const OFF: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.sshCommand", "false"),
    ("core.pager", "cat"),
    ("log.showSignature", "false"),
    ("status.submoduleSummary", "false"),
    ("submodule.recurse", "false"),
    ("protocol.allow", "never"),
    // A folder that only looks like a repository is none.
    ("safe.bareRepository", "explicit"),
];

/// What is turned off of each section that has a name of its own. An empty filter passes on what it gets.
const OFF_BY_NAME: &[(&str, &[(&str, &str)])] = &[
    ("filter", &[("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")]),
    ("hook", &[("enabled", "false"), ("command", "")]),
];

/// A folder, and what has to be turned off in it.
pub(crate) struct Silent {
    folder: PathBuf,
    off: Vec<(String, String)>,
    /// Whether there are filters: what a file that has one is in the repository is not known then.
    pub filters: bool,
}

impl Silent {
    /// Looks at the configuration that git would use in a folder. `None` if git is not installed or cannot read it.
    ///
    /// # Errors
    /// If git does not answer in time, or names something so that it cannot be turned off.
    pub async fn of(folder: &Path) -> Result<Option<Self>> {
        let off = OFF.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut silent = Self { folder: folder.to_owned(), off, filters: false };
        let Some(names) = silent.answer(&["config", "--list", "--name-only", "-z"], None).await? else {
            return Ok(None);
        };
        let mut named = BTreeSet::new();
        for key in names.split(|byte| *byte == 0) {
            let Some((section, rest)) = split(key) else { continue };
            if let Some((section, off)) = OFF_BY_NAME.iter().find(|(known, _)| known.as_bytes() == section) {
                let name = std::str::from_utf8(rest).map_err(|_| {
                    Error::invalid(format!("the git configuration has a {section} whose name is not UTF-8"))
                        .hint("`git config --list --show-origin` says in which file.")
                })?;
                named.insert((*section, name.to_owned(), *off));
            }
        }
        for (section, name, off) in named {
            silent.filters |= section == "filter";
            silent.off.extend(off.iter().map(|(key, value)| (format!("{section}.{name}.{key}"), (*value).to_owned())));
        }
        Ok(Some(silent))
    }

    /// Git in the folder, with everything turned off.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut git = std::process::Command::new("git");
        // A plan must not write: not even the index's stat cache.
        git.arg("--no-optional-locks").arg("--no-pager").args(arguments).current_dir(&self.folder);
        // What the person's own environment configures stays in front.
        let before: usize = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
        for (at, (key, value)) in (before..).zip(&self.off) {
            git.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        git.env("GIT_CONFIG_COUNT", (before + self.off.len()).to_string());
        // Objects that a partial clone left out are not fetched: no protocol is allowed, whatever the configuration says of each.
        git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "").env("GIT_TERMINAL_PROMPT", "0");
        git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        git
    }

    /// What git prints; `None` if it says no or is not installed.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub async fn answer(&self, arguments: &[&str], input: Option<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        let mut git = self.command(arguments);
        if input.is_some() {
            git.stdin(Stdio::piped());
        }
        let mut git = tokio::process::Command::from(git);
        git.kill_on_drop(true);
        let output = async {
            // Whoever starts a program waits until it has begun; the questions to the engine, asked meanwhile, should not.
            let mut child = tokio::task::spawn_blocking(move || git.spawn()).await??;
            let words = child.stdin.take();
            let told = async {
                if let (Some(mut words), Some(input)) = (words, input) {
                    words.write_all(&input).await?;
                }
                Ok::<_, std::io::Error>(())
            };
            let (_, output) = tokio::try_join!(told, child.wait_with_output())?;
            Ok::<_, std::io::Error>(output)
        };
        match tokio::time::timeout(LIMIT, output).await {
            Ok(Ok(output)) => Ok(Some(output.stdout).filter(|_| ExitStatus::success(&output.status))),
            Ok(Err(_)) => Ok(None),
            Err(_) => Err(Error::new(Code::TimedOut, "git does not answer")
                .hint("Look for a stuck git process, and for files in the repository that are no files.")),
        }
    }
}

/// The section of a key and the name behind it, which may have dots: `filter.a.b.clean`. Git writes sections in lower case.
fn split(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = key.iter().position(|byte| *byte == b'.')?;
    let last = key.iter().rposition(|byte| *byte == b'.')?;
    (first < last).then(|| (&key[..first], &key[first + 1..last]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_section_and_its_name() {
        let parts =
            |key: &'static str| split(key.as_bytes()).map(|(section, name)| [section, name].map(<[u8]>::to_vec));
        assert_eq!(parts("filter.a.b=\n.clean"), Some([b"filter".to_vec(), b"a.b=\n".to_vec()]));
        assert_eq!(parts("filter..clean"), Some([b"filter".to_vec(), Vec::new()]), "an empty name is one");
        assert_eq!(parts("core.fsmonitor"), None);
        assert_eq!(parts(""), None);
    }
}

//! What the project's git repository says. Without a repository there is nothing to say.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sternway_model::{Code, Error, GitCheck, Result, Revision, counted};
use tokio::process::Command;

/// A local command that reads; more than this means that it hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// The commit, branch and cleanliness of the folder; `None` outside a repository or before its first commit.
///
/// # Errors
/// If git is there and does not answer in time.
pub async fn revision(folder: &Path) -> Result<Option<Revision>> {
    // One question instead of three: starting a program is most of its cost.
    let status = git(folder, &["status", "--porcelain=v2", "--branch", "--", "."]).await?;
    Ok(status.as_deref().and_then(understood))
}

/// From `git status --porcelain=v2 --branch` (git-status(1), "Porcelain Format Version 2").
fn understood(status: &str) -> Option<Revision> {
    let header = |name: &str| {
        let value =
            status.lines().find_map(|line| line.strip_prefix("# branch.")?.strip_prefix(name)?.strip_prefix(' '));
        // `(initial)` and `(detached)` stand for what is not there.
        value.filter(|value| !value.starts_with('(')).map(str::to_owned)
    };
    let dirty = status.lines().any(|line| !line.starts_with('#'));
    Some(Revision { commit: header("oid")?, branch: header("head"), dirty })
}

/// Checks what `sternway.yaml` wants of the repository; says what was seen.
///
/// # Errors
/// [`Code::Failed`] with what is not so.
pub async fn check(folder: &Path, wanted: &GitCheck) -> Result<String> {
    let Some(revision) = revision(folder).await? else {
        return Err(Error::failed(format!("{} is in no git repository with a commit", folder.display()))
            .hint("Commit the project, or remove the `git` check from sternway.yaml."));
    };
    let short = revision.commit.get(..12).unwrap_or(&revision.commit);
    match wanted {
        GitCheck::Clean if revision.dirty => {
            let files = git(folder, &["status", "--porcelain", "--", "."]).await?.unwrap_or_default();
            Err(Error::failed(format!("{} not committed", counted(files.lines().count(), "file")))
                .hint(format!("Commit or discard them:\n{files}")))
        }
        GitCheck::Clean => Ok(format!("nothing uncommitted at {short}")),
        GitCheck::Branch(branch) => match revision.branch {
            Some(current) if &current == branch => Ok(format!("on {branch} at {short}")),
            current => Err(Error::failed(format!(
                "{} is checked out, not `{branch}`",
                current.map_or_else(|| "no branch".to_owned(), |name| format!("`{name}`"))
            ))
            .hint(format!("Run `git switch {branch}`."))),
        },
    }
}

/// The output of a git command that only reads; `None` if git says no or is not installed.
async fn git(folder: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let mut command = Command::new("git");
    // A plan must not write: not even the index's stat cache.
    command.arg("--no-optional-locks").args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let output = async {
        // Whoever starts a program waits until it has begun; the questions to the engine, asked meanwhile, should not.
        let child = tokio::task::spawn_blocking(move || command.spawn()).await??;
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(LIMIT, output).await {
        Ok(Ok(output)) => output,
        Ok(Err(_)) => return Ok(None),
        Err(_) => return Err(Error::new(Code::TimedOut, "git does not answer").hint("Look for a stuck git process.")),
    };
    if !output.status.success() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_understood() {
        let seen = |status: &str| understood(status).map(|it| (it.commit, it.branch, it.dirty));
        let commit = "1234567890abcdef1234567890abcdef12345678";
        let clean = format!("# branch.oid {commit}\n# branch.head main\n# branch.upstream o/main\n# branch.ab +0 -0\n");
        assert_eq!(seen(&clean), Some((commit.to_owned(), Some("main".to_owned()), false)));
        assert_eq!(seen(&format!("{clean}? new.txt\n")), Some((commit.to_owned(), Some("main".to_owned()), true)));
        let detached = format!("# branch.oid {commit}\n# branch.head (detached)\n");
        assert_eq!(seen(&detached), Some((commit.to_owned(), None, false)));
        assert_eq!(seen("# branch.oid (initial)\n# branch.head main\n"), None, "nothing is committed yet");
    }
}

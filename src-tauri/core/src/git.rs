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
    let Some(commit) = git(folder, &["rev-parse", "HEAD"]).await? else { return Ok(None) };
    let branch = git(folder, &["symbolic-ref", "--short", "-q", "HEAD"]).await?;
    let dirty = git(folder, &["status", "--porcelain", "--", "."]).await?.is_some_and(|text| !text.is_empty());
    Ok(Some(Revision { commit, branch, dirty }))
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
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(_)) => return Ok(None),
        Err(_) => return Err(Error::new(Code::TimedOut, "git does not answer").hint("Look for a stuck git process.")),
    };
    if !output.status.success() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
}

//! What the project's git repository says. Without a repository there is nothing to say.

mod silent;

use std::path::Path;

use sternway_model::{Error, GitCheck, Result, Revision, counted};

pub(crate) use silent::Silent;

/// What of the folder is not as it was committed.
#[derive(Debug, Default)]
struct Uncommitted {
    /// Files that surely differ.
    files: Vec<String>,
    /// Files that may: git would ask a program of the repository's own, a filter, what they are.
    unsure: Vec<String>,
}

/// The commit, branch and cleanliness of the folder; `None` outside a repository or before its first commit. Nothing of the repository
/// is run for it.
///
/// # Errors
/// If git is there and does not answer in time.
pub async fn revision(folder: &Path) -> Result<Option<Revision>> {
    Ok(look(folder).await?.map(|(revision, _)| revision))
}

async fn look(folder: &Path) -> Result<Option<(Revision, Uncommitted)>> {
    let Some(git) = Silent::of(folder).await? else { return Ok(None) };
    // One question instead of three: starting a program is most of its cost. Git would look into a submodule with the submodule's own
    // configuration: only whether it is at the commit that belongs to it is asked.
    let status = git
        .answer(&["status", "--porcelain=v2", "--branch", "-z", "--ignore-submodules=dirty", "--", "."], None)
        .await?;
    let Some((mut revision, mut uncommitted)) = status.as_deref().and_then(understood) else { return Ok(None) };
    if git.filters && !uncommitted.unsure.is_empty() {
        uncommitted = filtered(&git, uncommitted).await?;
    } else {
        uncommitted.files.append(&mut uncommitted.unsure);
    }
    revision.dirty = !uncommitted.files.is_empty();
    revision.unsure = !revision.dirty && !uncommitted.unsure.is_empty();
    Ok(Some((revision, uncommitted)))
}

/// From `git status --porcelain=v2 --branch -z` (git-status(1), "Porcelain Format Version 2"). What was only changed in the folder,
/// and would be the same if a filter said so, is `unsure` yet.
fn understood(status: &[u8]) -> Option<(Revision, Uncommitted)> {
    let (mut commit, mut branch, mut uncommitted) = (None, None, Uncommitted::default());
    let mut records = status.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    while let Some(record) = records.next() {
        // `(initial)` and `(detached)` stand for what is not there.
        let said = |value: &str| (!value.starts_with('(')).then(|| value.to_owned());
        if let Some(header) = record.strip_prefix("# ") {
            match header.split_once(' ') {
                Some(("branch.oid", value)) => commit = said(value),
                Some(("branch.head", value)) => branch = said(value),
                _ => {}
            }
            continue;
        }
        // So many words stand in front of the path, which may have blanks.
        let words = match record.split(' ').next() {
            Some("1") => 8,
            Some("2") => 9,
            Some("u") => 10,
            Some("?" | "!") => 1,
            _ => continue,
        };
        let path = record.splitn(words + 1, ' ').last().unwrap_or_default().to_owned();
        if record.starts_with("2 ") {
            // The name that it had before is a record of its own.
            records.next();
        }
        if record.starts_with("1 .M ") { &mut uncommitted.unsure } else { &mut uncommitted.files }.push(path);
    }
    Some((Revision { commit: commit?, branch, dirty: false, unsure: false }, uncommitted))
}

/// Which of the unsure files have a filter; the others surely differ.
async fn filtered(git: &Silent, uncommitted: Uncommitted) -> Result<Uncommitted> {
    let Uncommitted { mut files, unsure } = uncommitted;
    // Paths are told from the repository's top, and asked for from the folder.
    let prefix = git.answer(&["rev-parse", "--show-prefix"], None).await?.unwrap_or_default();
    let prefix = String::from_utf8_lossy(&prefix).trim_end_matches('\n').to_owned();
    let asked: Vec<&str> = unsure.iter().map(|path| path.strip_prefix(&prefix).unwrap_or(path)).collect();
    let answer = git.answer(&["check-attr", "-z", "--stdin", "filter"], Some(asked.join("\0").into_bytes())).await?;
    // For each path three words: the path, `filter`, and what it is.
    let answer = String::from_utf8_lossy(answer.as_deref().unwrap_or_default()).into_owned();
    let answers: Vec<&str> = answer.split('\0').collect();
    let (none, some): (Vec<_>, Vec<_>) = unsure
        .into_iter()
        .enumerate()
        .partition(|(at, _)| matches!(answers.get(at * 3 + 2), Some(&("unspecified" | "unset" | "set"))));
    files.extend(none.into_iter().map(|(_, path)| path));
    Ok(Uncommitted { files, unsure: some.into_iter().map(|(_, path)| path).collect() })
}

/// Checks what `sternway.yaml` wants of the repository; says what was seen.
///
/// # Errors
/// [`Code::Failed`](sternway_model::Code::Failed) with what is not so.
pub async fn check(folder: &Path, wanted: &GitCheck) -> Result<String> {
    let Some((revision, Uncommitted { files, unsure })) = look(folder).await? else {
        return Err(Error::failed(format!("{} is in no git repository with a commit", folder.display()))
            .hint("Commit the project, or remove the `git` check from sternway.yaml."));
    };
    let short = revision.commit.get(..12).unwrap_or(&revision.commit);
    match wanted {
        GitCheck::Clean if revision.dirty => {
            Err(Error::failed(format!("{} not committed", counted(files.len(), "file")))
                .hint(format!("Commit or discard them:\n{}", files.join("\n"))))
        }
        GitCheck::Clean if revision.unsure => Err(Error::failed(format!(
            "whether {} committed cannot be told without running a git filter of the repository",
            if unsure.len() == 1 { "a file is".to_owned() } else { format!("{} are", counted(unsure.len(), "file")) }
        ))
        .hint(format!("Run `git status`, which runs it and remembers the answer:\n{}", unsure.join("\n")))),
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

#[cfg(test)]
#[cfg(unix)]
mod traps;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_understood() {
        let seen = |status: &str| {
            understood(status.replace('\n', "\0").as_bytes())
                .map(|(it, differ)| (it.commit, it.branch, differ.files, differ.unsure))
        };
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let commit = "1234567890abcdef1234567890abcdef12345678";
        let main = || Some("main".to_owned());
        let clean = format!("# branch.oid {commit}\n# branch.head main\n# branch.upstream o/main\n# branch.ab +0 -0\n");
        assert_eq!(seen(&clean), Some((commit.to_owned(), main(), Vec::new(), Vec::new())));
        assert_eq!(
            seen(&format!("{clean}? new one.txt\n")),
            Some((commit.to_owned(), main(), of(&["new one.txt"]), Vec::new()))
        );
        let modes = "N... 100644 100644 100644";
        let changed = format!(
            "{clean}1 .M {modes} {commit} {commit} a b\n2 R. {modes} {commit} {commit} R100 new\n? old\n1 M. {modes} {commit} {commit} c\n"
        );
        assert_eq!(seen(&changed), Some((commit.to_owned(), main(), of(&["new", "c"]), of(&["a b"]))));
        let detached = format!("# branch.oid {commit}\n# branch.head (detached)\n");
        assert_eq!(seen(&detached), Some((commit.to_owned(), None, Vec::new(), Vec::new())));
        assert_eq!(seen("# branch.oid (initial)\n# branch.head main\n"), None, "nothing is committed yet");
    }
}

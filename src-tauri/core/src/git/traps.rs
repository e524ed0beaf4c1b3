//! A repository whose configuration names programs: none of them runs when it is asked about.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// A repository below a folder, with the program that must not run.
struct Trap {
    folder: tempfile::TempDir,
}

impl Trap {
    /// With one committed file.
    fn new() -> Self {
        let trap = Self { folder: tempfile::tempdir().expect("a folder") };
        let script = trap.program();
        fs::write(&script, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", trap.marker().display()))
            .expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made executable");
        fs::create_dir(trap.path()).expect("made");
        trap.git(&["init", "-q", "-b", "main"]);
        trap.write("a.txt", "one\n");
        trap.commit();
        trap
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    fn marker(&self) -> PathBuf {
        self.folder.path().join("marker")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("written");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "A commit"]);
    }

    /// Git as a person uses it, before the trap is set.
    fn git(&self, arguments: &[&str]) {
        git(&self.path(), arguments);
    }

    /// Sets keys to the program; afterwards everything that a person's git would run is a trap.
    fn set(&self, keys: &[&str]) {
        for key in keys {
            self.git(&["config", key, self.program().to_str().expect("text")]);
        }
    }

    /// What was run, if something was.
    fn ran(&self) -> String {
        fs::read_to_string(self.marker()).unwrap_or_default()
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let set = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"];
    let set = set.iter().chain(&["-c", "protocol.file.allow=always"]);
    let done = Command::new("git").args(set).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Makes git look at the contents again: the file's time is another one.
fn touch(file: &Path) {
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(file).expect("open").set_modified(time).expect("set");
}

async fn asked(trap: &Trap) -> Revision {
    let revision = revision(&trap.path()).await.expect("asked").expect("a commit");
    assert_eq!(trap.ran(), "", "nothing of the repository is run");
    revision
}

#[tokio::test]
async fn asking_for_the_state_runs_nothing() {
    let trap = Trap::new();
    trap.set(&[
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "diff.external",
        "diff.txt.command",
        "diff.txt.textconv",
        "credential.helper",
        "gpg.program",
        "hook.trap.command",
    ]);
    trap.git(&["config", "hook.trap.event", "post-index-change"]);
    let hook = trap.path().join(".git/hooks/post-index-change");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("made");
    fs::copy(trap.program(), hook).expect("copied");
    fs::write(trap.path().join(".git/info/attributes"), "*.txt diff=txt\n").expect("written");
    touch(&trap.path().join("a.txt"));
    let seen = asked(&trap).await;
    assert!(!seen.dirty && !seen.unsure, "only its time changed: {seen:?}");
    trap.write("a.txt", "two\n");
    let seen = asked(&trap).await;
    assert!(seen.dirty && !seen.unsure, "{seen:?}");
}

#[tokio::test]
async fn filters_are_not_run_and_what_they_would_say_is_unknown() {
    // The empty name, and one with the signs that settings are written with, are names too.
    for (name, key) in [("plain", "clean"), ("a.b=c", "clean"), ("plain", "process"), ("UPPER", "process")] {
        let trap = Trap::new();
        fs::write(trap.path().join(".git/info/attributes"), format!("*.bin filter={name}\n")).expect("written");
        trap.write("b.bin", "smudged\n");
        trap.write("c.txt", "plain\n");
        trap.commit();
        trap.set(&[&format!("filter.{name}.{key}")]);
        trap.git(&["config", &format!("filter.{name}.required"), "true"]);
        let seen = asked(&trap).await;
        assert!(!seen.dirty && !seen.unsure, "nothing changed: {seen:?}");
        trap.write("b.bin", "another\n");
        let seen = asked(&trap).await;
        assert!(!seen.dirty && seen.unsure, "only the filter knows: {seen:?}");
        let error = check(&trap.path(), &GitCheck::Clean).await.expect_err("it cannot be told");
        assert!(error.message.contains("cannot be told") && error.hint.contains("b.bin"), "{error:?}");
        trap.write("c.txt", "changed\n");
        let seen = asked(&trap).await;
        assert!(seen.dirty && !seen.unsure, "the other one surely differs: {seen:?}");
        let error = check(&trap.path(), &GitCheck::Clean).await.expect_err("one differs");
        assert!(error.message.starts_with("1 file not committed") && error.hint.ends_with("\nc.txt"), "{error:?}");
        assert_eq!(trap.ran(), "");
    }
}

#[tokio::test]
async fn included_configuration_and_folders_below_count_too() {
    let trap = Trap::new();
    fs::create_dir(trap.path().join("below")).expect("made");
    fs::write(trap.path().join(".git/info/attributes"), "*.bin filter=deep\n").expect("written");
    trap.write("below/b.bin", "one\n");
    trap.commit();
    trap.git(&["config", "include.path", "../below/more"]);
    trap.write(
        "below/more",
        &format!("[filter \"deep\"]\n clean = {0}\n[core]\n fsmonitor = {0}\n", trap.program().display()),
    );
    fs::write(trap.path().join(".git/info/exclude"), "more\n").expect("written");
    trap.write("below/b.bin", "two\n");
    let seen = revision(&trap.path().join("below")).await.expect("asked").expect("a commit");
    assert_eq!(trap.ran(), "");
    assert!(!seen.dirty && seen.unsure, "{seen:?}");
}

#[tokio::test]
async fn a_submodule_brings_no_programs() {
    let (other, trap) = (Trap::new(), Trap::new());
    trap.git(&["submodule", "--quiet", "add", other.path().to_str().expect("text"), "sub"]);
    trap.commit();
    let sub = trap.path().join("sub");
    for key in ["core.fsmonitor", "filter.x.clean"] {
        git(&sub, &["config", key, trap.program().to_str().expect("text")]);
    }
    let seen = asked(&trap).await;
    assert!(!seen.dirty, "{seen:?}");
    let hooks = trap.folder.path().join("none");
    git(
        &sub,
        &[
            "-c",
            "core.fsmonitor=false",
            "-c",
            &format!("core.hooksPath={}", hooks.display()),
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "More",
        ],
    );
    fs::write(sub.join(".gitattributes"), "* filter=x\n").expect("written");
    let seen = asked(&trap).await;
    assert!(seen.dirty, "it is at another commit: {seen:?}");
}

#[tokio::test]
async fn objects_that_a_partial_clone_left_out_are_not_fetched() {
    let (from, trap) = (Trap::new(), Trap::new());
    from.git(&["config", "uploadpack.allowFilter", "true"]);
    let address = format!("file://{}", from.path().display());
    fs::remove_dir_all(trap.path()).expect("removed");
    git(trap.folder.path(), &["clone", "-q", "--no-checkout", "--filter=blob:none", &address, "repository"]);
    trap.git(&["config", "remote.origin.uploadpack", trap.program().to_str().expect("text")]);
    trap.git(&["config", "protocol.file.allow", "always"]);
    trap.git(&["config", "protocol.ext.allow", "always"]);
    trap.write("a.txt", "two\n");
    asked(&trap).await;
    let git = Silent::of(&trap.path()).await.expect("asked").expect("git");
    drop(git.answer(&["log", "--all", "--patch"], None).await.expect("it ends"));
    assert_eq!(trap.ran(), "");
}

#[tokio::test]
async fn a_folder_that_only_looks_like_a_repository_is_none() {
    let trap = Trap::new();
    let bare = trap.folder.path().join("bare");
    git(trap.folder.path(), &["init", "-q", "--bare", "bare"]);
    git(&bare, &["config", "core.fsmonitor", trap.program().to_str().expect("text")]);
    git(&bare, &["config", "core.bare", "false"]);
    git(&bare, &["config", "core.worktree", "."]);
    assert_eq!(revision(&bare).await.expect("asked"), None);
    assert_eq!(trap.ran(), "");
}

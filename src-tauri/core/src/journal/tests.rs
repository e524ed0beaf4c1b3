//! A deployment's record, of commands that print without end.

use std::collections::BTreeMap;
use std::time::Duration;

use sternway_history::NewDeployment;
use sternway_model::{Kind, Plan, Readiness, Sensitive};

use super::*;
use crate::clock::SystemClock;
use crate::command::{self, Command};
use crate::owner::Owner;

const SECRET: &str = "hunter2-and-more";

/// The most memory that this program has had, in bytes. Other tests run in it, too; what they need is small.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("readable");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is told");
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
}

/// Runs a command as a deployment's step; gives what history has of it, and its file's size.
async fn recorded(line: &str) -> (Vec<String>, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let history = History::open(folder.path()).await.expect("a history");
    let at = At::from_millis(0).expect("a time");
    let project = history.remember_project(folder.path(), &"shop".parse().expect("a name"), at).await.expect("known");
    let plan = Plan {
        hash: "abc".into(),
        environment: "staging".parse().expect("a name"),
        kind: Kind::Deploy,
        from: None,
        to: None,
        source: None,
        expires: at,
        changes: vec![],
        kept: vec![],
        checks: vec![],
        builds: vec![],
        verifications: vec![],
        notes: vec![],
        blockers: vec![],
        untrusted: vec![],
        protected: false,
        ready_to_go_back: Readiness { proven: true, reasons: vec![] },
    };
    let new = NewDeployment {
        project,
        plan: &plan,
        want: &serde_json::json!({}),
        by: "ann",
        owner: "a test",
        started: at,
        summary: "all",
        steps: &[(Stage::Checks, "prints".to_owned())],
        after_interruption: false,
    };
    let number = history.begin(&new).await.expect("begun");
    let redactor = Arc::new(Redactor::default());
    redactor.add(&Sensitive::new(SECRET.to_owned())).expect("known");
    let live = Arc::new(Live::default());
    // A front that takes nothing.
    let _slow = live.listen();
    let journal =
        Journal::open(history.clone(), project, number, live, redactor, Arc::new(SystemClock), Arc::new(|_| {}));
    let step = journal.begin(1, Stage::Checks, "prints").await.expect("begun");
    let owner = Owner::register(folder.path(), "test".to_owned()).expect("registered");
    let (variables, timeout) = (BTreeMap::new(), Duration::from_secs(600));
    let command = Command { line, folder: folder.path(), variables: &variables, timeout, owner: &owner };
    let ran = command::run(&crate::trust::Trusted::of_a_test(), &command, &CancellationToken::new(), &|line| {
        journal.line(1, line)
    })
    .await;
    ran.expect("it ends well");
    journal.end(step, StepState::Done, "ended").await.expect("written");
    journal.close().await.expect("written");
    let (lines, _) = history.log(project, number, None, 0, 1_000_000).await.expect("readable");
    let size = ["history.sqlite", "history.sqlite-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(folder.path().join(name)).ok())
        .map(|file| file.len())
        .sum();
    (lines.into_iter().map(|line| line.text).collect(), size)
}

#[tokio::test]
async fn a_command_that_prints_without_end_fills_neither_memory_nor_history() {
    let before = peak();
    let (lines, size) = recorded("yes 'a line of which there are very many, each a hundred bytes long, as programs print them' | head -n 4000000; echo last").await;
    assert!(peak() - before < 100 << 20, "{} MB more", (peak() - before) >> 20);
    assert!(size < 30 << 20, "history takes {} MB", size >> 20);
    assert_eq!(lines.len(), 20_000 + 1 + 1 + 2_000);
    assert_eq!(lines.last().map(String::as_str), Some("last"));
    let left_out = "… 3,978,001 lines (342.1 MB) left out";
    assert_eq!(lines[20_001], left_out, "what is left out is counted and said");
}

#[tokio::test]
async fn lines_without_an_end_are_cut_and_no_secret_with_them() {
    let before = peak();
    let line = format!(
        "head -c {} /dev/zero | tr '\\0' x; printf {SECRET}; head -c 300000000 /dev/zero; echo; echo next",
        64 * 1024 - 7
    );
    let (lines, size) = recorded(&line).await;
    assert!(peak() - before < 100 << 20, "{} MB more", (peak() - before) >> 20);
    assert!(size < 1 << 20, "history takes {size} bytes");
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with("(the rest of this line is left out)") && !lines[0].contains("hunt"));
    assert_eq!(lines[1], "next");
}

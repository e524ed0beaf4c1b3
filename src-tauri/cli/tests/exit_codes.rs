//! Answers that are complete and say that something is wrong.

#![allow(clippy::tests_outside_test_module, reason = "a file of tests")]

use std::process::Command;

/// An engine that nobody has.
const NOWHERE: &str = "unix:///nonexistent/docker.sock";

#[test]
fn what_is_known_is_printed_and_the_rest_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("sternway.yaml"),
        "project: p\nenvironments:\n  a: { target: { docker: local } }\n",
    )
    .expect("written");
    for (command, exit, printed) in [("status", 4, "engine_unreachable"), ("doctor", 1, "\"history\":{\"ok\":true")] {
        let mut sternway = Command::new(env!("CARGO_BIN_EXE_sternway"));
        sternway.args(["--json", command]).current_dir(folder.path());
        sternway.env("STERNWAY_HOME", folder.path().join("home")).env("DOCKER_HOST", NOWHERE);
        let output = sternway.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(exit), "{command}: {text}");
        assert!(text.contains(printed), "{command} answers in full: {text}");
    }
}

//! Output whose reader has gone, as that of `sternway history | head`.

#![allow(clippy::tests_outside_test_module, reason = "a file of tests")]

use std::process::{Command, Stdio};

#[test]
fn nobody_has_to_read_to_the_end() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(
        home.path().join("sternway.yaml"),
        "project: p\nenvironments:\n  a: { target: { docker: local } }\n",
    )
    .expect("written");
    for arguments in [&["--help"][..], &["history"], &["--json", "history"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sternway"));
        command.args(arguments).current_dir(home.path()).env("STERNWAY_HOME", home.path().join("home"));
        let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {} {errors}", output.status);
    }
}

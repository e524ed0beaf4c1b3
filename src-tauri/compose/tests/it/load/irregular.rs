//! Files that are none: whoever waits for a pipe or reads a device waits and reads for ever.

use std::path::Path;
use std::process::Command;

use sternway_compose::load;

use super::Project;

/// A file of the project that is a pipe, what names it, and its name.
const PLACES: [(&str, &str); 7] = [
    ("compose.yaml", ""),
    ("more.env", "services: { a: { image: i, env_file: more.env } }"),
    ("more.env", "services: { a: { image: i, env_file: [{ path: more.env, required: false, format: raw }] } }"),
    ("a.labels", "services: { a: { image: i, label_file: a.labels } }"),
    ("more.yaml", "include: [more.yaml]\nservices: { a: { image: i } }"),
    ("more.yaml", "services: { a: { extends: { file: more.yaml, service: a } } }"),
    ("below/.env", "include: [below/more.yaml]\nservices: { a: { image: i } }"),
];

fn loaded_with(replace: impl Fn(&Path), what: &str) {
    for (name, text) in PLACES {
        let project = Project::new(&[("below/more.yaml", "services: {}"), ("compose.yaml", text), (name, "")]);
        let file = project.dir().join(name);
        std::fs::remove_file(&file).expect("removed");
        replace(&file);
        let error = load(&project.sources(&["compose.yaml"])).expect_err("refused");
        assert!(error.message.ends_with(&format!("{name} is not a regular file: it is {what}")), "{text}: {error}");
    }
}

#[test]
fn a_pipe_is_refused_by_its_name() {
    let pipe = |file: &Path| assert!(Command::new("mkfifo").arg(file).status().expect("mkfifo").success());
    loaded_with(pipe, "a named pipe");
}

#[test]
fn a_device_is_refused_by_its_name() {
    loaded_with(|file| std::os::unix::fs::symlink("/dev/zero", file).expect("a link"), "a device");
}

#[test]
fn the_null_device_says_that_there_are_no_variables() {
    let text =
        "include: [{ path: more.yaml, env_file: /dev/null }]\nservices: { a: { image: i, env_file: /dev/null } }";
    let project = Project::new(&[("compose.yaml", text), ("more.yaml", "services: { b: { image: i } }")]);
    project.load(&["compose.yaml"]);
}

//! `extends`: circles, and what is relative to which folder.

use serde_json::json;
use sternway_compose::load;

use super::{Project, error};

#[test]
fn services_that_extend_each_other_are_refused() {
    for (services, circle) in [
        ("a: {extends: b}, b: {extends: a}", "a → b → a"),
        ("a: {extends: b}, b: {extends: c}, c: {extends: a}", "a → b → c → a"),
        ("a: {extends: b}, b: {extends: c}, c: {extends: {service: b}}", "b → c → b"),
    ] {
        let error = error(&format!("services: {{{services}}}\n"));
        assert_eq!(error.message, format!("services extend each other: {circle}"));
        assert!(error.at.is_some_and(|at| at.line == Some(1)), "{services}");
    }
    let project = Project::new(&[
        ("compose.yaml", "services: {a: {extends: {file: more.yaml, service: b}}}\n"),
        ("more.yaml", "services: {b: {extends: c}, c: {extends: b}}\n"),
    ]);
    let error = load(&project.sources(&["compose.yaml"])).expect_err("a circle");
    assert_eq!(error.message, "services extend each other: b → c → b");
}

#[test]
fn a_context_that_is_not_written_is_the_projects_folder() {
    let service = "services: {s: {extends: {file: sub/base.yaml, service: t}}}\n";
    for (build, context) in
        [("{dockerfile: D}", "part"), ("{}", "part"), ("{context: .}", "part/sub"), (".", "part/sub")]
    {
        let project = Project::new(&[
            ("compose.yaml", "include: [part/compose.yaml]\nservices: {x: {image: x}}\n"),
            ("part/compose.yaml", service),
            ("part/sub/base.yaml", &format!("services: {{t: {{build: {build}}}}}\n")),
        ]);
        let loaded = project.load(&["compose.yaml"]);
        assert_eq!(loaded.model["services"]["s"]["build"]["context"], json!(project.dir().join(context)), "{build}");
    }
}

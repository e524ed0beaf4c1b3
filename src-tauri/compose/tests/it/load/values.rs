//! Values: what is a number, a size or a boolean, and where it is looked at.

use serde_json::json;
use sternway_compose::load;

use super::{Project, error};

#[test]
fn what_is_not_used_is_checked_too() {
    for (service, rest) in [
        ("tty: abc", ""),
        ("mem_limit: abc", ""),
        ("stop_grace_period: abc", ""),
        ("command: \"a 'b\"", ""),
        ("extra_hosts: [abc]", ""),
        ("gpus: [{count: abc}]", ""),
        ("ulimits: {a: abc}", ""),
        ("tty: true", "networks: {n: {internal: abc}}\n"),
        ("tty: true", "networks: {n: {enable_ipv6: abc}}\n"),
    ] {
        let text = format!("services:\n  s: {{image: x}}\n  t: {{image: y, profiles: [p], {service}}}\n{rest}");
        let error = error(&text);
        assert!(error.at.is_some_and(|at| at.line.is_some()), "{service} {rest}");
    }
}

#[test]
fn what_a_later_file_replaces_is_still_what_it_says() {
    let file = |keys: &str| format!("services:\n  s:\n    image: x\n    {keys}\n");
    for (base, over) in [
        ("tty: abc", "tty: true"),
        ("cpus: abc", "cpus: 1"),
        ("cpu_count: abc", "cpu_count: 1"),
        ("scale: abc", "scale: 1"),
        ("deploy: {update_config: {parallelism: abc}}", "deploy: {update_config: {parallelism: 1}}"),
    ] {
        let project = Project::new(&[("a.yaml", &file(base)), ("b.yaml", &file(over))]);
        let error = load(&project.sources(&["a.yaml", "b.yaml"])).expect_err(base);
        let at = error.at.clone().expect("a place");
        assert_eq!((at.file, at.line), ("a.yaml".into(), Some(4)), "{error}");
    }
    // Both limits are said together.
    let limits = ["ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: {hard: 6}}"].map(file);
    let project = Project::new(&[("a.yaml", &limits[0]), ("b.yaml", &limits[1])]);
    let error = load(&project.sources(&["a.yaml", "b.yaml"])).expect_err("no soft limit");
    assert!(error.message.contains("nofile.soft` is missing"), "{error}");
}

#[test]
fn a_whole_number_may_have_a_point() {
    for (keys, place, expected) in [
        ("scale: 2.0", "/scale", json!(2)),
        ("deploy: {replicas: 1e2}", "/deploy/replicas", json!(100)),
        ("mem_limit: 1e9", "/mem_limit", json!("1000000000")),
        ("cpu_percent: 50.0", "/cpu_percent", json!(50)),
        ("blkio_config: {weight: 10.0}", "/blkio_config/weight", json!(10)),
        ("blkio_config: {device_read_bps: [{path: /a}]}", "/blkio_config/device_read_bps/0/Rate", json!("0")),
        ("ports: [{target: 80.0}]", "/ports/0/target", json!(80)),
        ("gpus: [{count: ALL}]", "/gpus/0/count", json!(-1)),
        ("environment: {A: 1000000.0}", "/environment/A", json!("1e+06")),
        ("labels: {A: 18446744073709551616}", "/labels/A", json!("1.8446744073709552e+19")),
        ("sysctls: {A: 1000000}", "/sysctls/A", json!("1000000")),
    ] {
        let text = format!("x-large: 1000000.0\nservices:\n  s:\n    image: x\n    {keys}\n");
        let loaded = Project::new(&[("compose.yaml", &text)]).load(&["compose.yaml"]);
        assert_eq!(loaded.model["services"]["s"].pointer(place), Some(&expected), "{keys}");
        assert_eq!(loaded.model["x-large"], json!(1_000_000));
    }
}

#[test]
fn what_is_no_number_there_says_what_is() {
    for (keys, words) in [
        ("deploy: {restart_policy: {max_attempts: 1.5}}", "has to be a whole number from 0 or a text, and is `1.5`"),
        ("deploy: {update_config: {parallelism: 1.5}}", "has to be a whole number from 0 or a text, and is `1.5`"),
        (
            "blkio_config: {device_read_bps: [{path: /a, rate: 1.5}]}",
            "has to be a whole number or a text, and is `1.5`",
        ),
        ("blkio_config: {weight: 70000}", "has to be a whole number from 0 to 65535, and is `70000`"),
        ("oom_score_adj: 5000", "has to be a whole number from -1000 to 1000 or a text, and is `5000`"),
        ("volumes: [{type: tmpfs, target: /t, tmpfs: {mode: -1}}]", "has to be a number from 0, and is `-1`"),
        ("ports: [80.0]", "and is `80.0`"),
        ("ports: [{target: 80, published: 1.5}]", "and is `1.5`"),
        ("scale: 1e30", "`1e+30` is too large"),
        ("scale: true", "has to be a whole number or a text, and is a boolean"),
    ] {
        let error = error(&format!("services:\n  s:\n    image: x\n    {keys}\n"));
        assert!(error.message.contains(words), "{error}");
        assert_eq!(error.at.and_then(|at| at.line), Some(4), "{keys}");
    }
}

#[test]
fn services_are_a_mapping_in_each_file() {
    let project = Project::new(&[("a.yaml", "services: {s: {image: x}}\n"), ("b.yaml", "services:\nx-a: 1\n")]);
    let error = load(&project.sources(&["a.yaml", "b.yaml"])).expect_err("nothing in it");
    assert!(error.message.contains("`services` has to be a mapping, and is nothing"), "{error}");
}

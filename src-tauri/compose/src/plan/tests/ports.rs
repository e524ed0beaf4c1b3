//! Ports of the host: who has them, who gets them, and in which order.

use serde_json::{Value, json};

use super::{after, model, planned, text};
use crate::observe::HostPort;

fn publishing(port: &str) -> Value {
    json!({"image": "i", "ports": [{"target": 80, "published": port, "protocol": "tcp"}]})
}

#[test]
fn a_service_that_holds_a_needed_port_goes_first() {
    let port = json!([{"target": 80, "published": "8080", "protocol": "tcp"}]);
    let observed = after(&model(json!({"zoo": {"image": "i", "ports": port}})));
    let renamed = model(json!({"aviary": {"image": "i", "ports": port}}));
    assert_eq!(
        text(&observed, &renamed),
        "remove service zoo: no longer in the Compose file\n\
         create service aviary: it does not exist\n\
         note: zoo holds a port, a name or data that is needed: it goes before the new services are ready\n"
    );
}

#[test]
fn ports_collide_only_where_they_meet() {
    let port = |address: &str, port: &str| HostPort {
        address: address.into(),
        port: port.into(),
        protocol: "tcp".into(),
        target: 80,
    };
    assert!(port("", "80").collides(&port("127.0.0.1", "80")));
    assert!(!port("127.0.0.1", "80").collides(&port("127.0.0.2", "80")));
    assert!(!port("", "").collides(&port("", "")), "any free port is never the same");
}

#[test]
fn a_port_that_moves_to_another_service_is_free_before_it_is_taken() {
    let service = |port: &str| json!({"image": "i", "ports": [{"target": 80, "published": port, "protocol": "tcp"}]});
    let observed = after(&model(json!({"a": service("80"), "b": service("81")})));
    let plan = planned(&observed, &model(json!({"a": service("90"), "b": service("80")}))).expect("a plan");
    assert_eq!(plan.work[1].after, [0], "{plan:#}");
}

#[test]
fn who_has_a_port_comes_before_who_takes_it() {
    let observed = after(&model(json!({"a": {"image": "i"}, "b": publishing("80"), "c": publishing("81")})));
    // The names' order would be `a` first.
    let plan = planned(&observed, &model(json!({"a": publishing("80"), "b": publishing("81"), "c": {"image": "i"}})));
    let plan = format!("{:#}", plan.expect("a plan"));
    let changes: Vec<&str> = plan.lines().filter(|line| line.starts_with("recreate")).collect();
    assert_eq!(
        changes,
        [
            "recreate service c: ports 81:80 → none",
            "recreate service b: ports 80:80 → 81:80 [after service c]",
            "recreate service a: ports none → 80:80 [after service b]"
        ],
        "{plan}"
    );
    assert!(!plan.contains("takes a port"), "nobody is away for it: {plan}");
}

#[test]
fn services_that_swap_ports_give_them_up_early() {
    let observed = after(&model(json!({"a": publishing("80"), "b": publishing("81")})));
    let plan = planned(&observed, &model(json!({"a": publishing("81"), "b": publishing("80")}))).expect("a plan");
    assert_eq!(
        format!("{plan:#}"),
        "recreate service a: ports 80:80 → 81:80\n\
         recreate service b: ports 81:80 → 80:80 [after service a]\n\
         note: a takes a port of b, whose container stops for it: b is away until its new container runs\n"
    );
    assert_eq!(serde_json::json!(plan.work[0].job)["frees"], json!(["b1"]));

    // Nor can the one come first that waits for the other.
    let mut front = publishing("80");
    front["depends_on"] = json!({"app": {"condition": "service_started", "required": true}});
    let observed = after(&model(json!({"front": front, "app": {"image": "i"}})));
    front["ports"] = json!([]);
    let text = text(&observed, &model(json!({"front": front, "app": publishing("80")})));
    assert!(text.contains("note: app takes a port of front, whose container stops for it"), "{text}");
}

#[test]
fn several_containers_of_a_service_cannot_have_one_port() {
    let several = |port: &str| {
        let mut service = publishing(port);
        service["scale"] = json!(3);
        planned(&after(&model(json!({}))), &model(json!({"a": service}))).expect("a plan").blockers
    };
    assert_eq!(
        several("80"),
        [
            "service a has 3 containers, which cannot all publish port 80/tcp of the host: give it one container, a range of ports, \
          or no published port"
        ]
    );
    assert_eq!(several("80-81").len(), 1);
    assert!(several("80-82").is_empty() && several("").is_empty());
}

#[test]
fn a_port_that_two_services_want_is_said_beforehand() {
    let wanted = model(json!({"a": publishing("80"), "b": publishing("80")}));
    let text = text(&after(&model(json!({}))), &wanted);
    assert!(
        text.contains("blocker: services a and b both publish port 80/tcp of the host: change one of them"),
        "{text}"
    );
}

//! Plans of large models. None of these would end in minutes if the time grew with the square of the number.

use serde_json::{Value, json};

use super::{after, model, planned, taken_down};
use crate::model::Model;
use crate::observe::Observed;
use crate::plan::Removal;
use crate::tests_support::image;

const MANY: usize = 2_000;

/// A model with services `s00000`, `s00001`, …
fn many(service: impl Fn(usize) -> Value) -> Model {
    let services = (0..MANY).map(|number| (name(number), service(number)));
    model(Value::Object(services.collect()))
}

fn name(number: usize) -> String {
    format!("s{number:05}")
}

fn fresh() -> Observed {
    let mut observed = Observed { api: (1, 41), image_ids: [image(1)].into(), ..Observed::default() };
    observed.images.insert("i".into(), image(1));
    observed
}

/// Each waits for the one after it, so that their names are in the wrong order.
fn link(number: usize, command: &str, condition: &str) -> Value {
    let mut service = json!({"image": "i", "command": [command]});
    if number + 1 < MANY {
        service["depends_on"] = json!({name(number + 1): {"condition": condition, "required": true}});
    }
    service
}

fn chain(command: &str) -> Model {
    many(|number| link(number, command, "service_started"))
}

#[test]
fn a_long_chain_of_services_is_planned() {
    let plan = planned(&fresh(), &chain("a")).expect("a plan");
    assert_eq!(plan.work.len(), MANY);
    let waits = plan.work.iter().enumerate().skip(1).all(|(place, work)| work.after == [place - 1]);
    assert!(waits && plan.work[0].change.subject == format!("service {}", name(MANY - 1)));

    let there = after(&chain("a"));
    let changed = planned(&there, &chain("b")).expect("a plan");
    assert!(changed.work.iter().enumerate().skip(1).all(|(place, work)| work.after == [place - 1]));

    // Only the ends change: the first waits for the last through all that stay.
    let ends =
        many(|number| link(number, if number == 0 || number == MANY - 1 { "b" } else { "a" }, "service_started"));
    let ends = planned(&there, &ends).expect("a plan");
    let waits: Vec<&[usize]> = ends.work.iter().map(|work| work.after.as_slice()).collect();
    assert_eq!(waits, [&[] as &[usize], &[0]]);
    assert_eq!(taken_down(&there, Removal::default()).lines().count(), MANY);
}

#[test]
fn a_long_chain_of_jobs_is_planned() {
    let jobs = many(|number| link(number, "a", "service_completed_successfully"));
    assert_eq!(planned(&fresh(), &jobs).expect("a plan").work.len(), MANY);
    assert!(planned(&after(&jobs), &jobs).expect("a plan").kept.len() <= MANY);
}

#[test]
fn ports_that_go_from_each_service_to_the_next_are_handed_over() {
    let publishing = |shift: usize| {
        many(|number| {
            let port = (10_000 + (number + shift) % MANY).to_string();
            json!({"image": "i", "ports": [{"target": 80, "published": port, "protocol": "tcp"}]})
        })
    };
    let plan = planned(&after(&publishing(0)), &publishing(1)).expect("a plan");
    assert_eq!((plan.work.len(), plan.blockers.len()), (MANY, 0));
    assert_eq!(plan.notes.iter().filter(|note| note.contains("takes a port")).count(), 1, "the circle is cut once");
}

#[test]
fn a_wide_range_of_ports_and_many_containers_are_planned() {
    let range = |first: usize| -> Vec<Value> {
        let port = |number: usize| json!({"target": number, "published": number.to_string(), "protocol": "udp"});
        (first..first + 16_384).map(port).collect()
    };
    let relay = |command: &str| model(json!({"relay": {"image": "i", "command": [command], "ports": range(40_000)}}));
    let plan = planned(&after(&relay("a")), &relay("b")).expect("a plan");
    assert!(plan.notes.iter().any(|note| note.contains("publishes")), "{:?}", plan.notes);

    let workers = |command: &str| model(json!({"worker": {"image": "i", "command": [command], "scale": 1000}}));
    let plan = planned(&after(&workers("a")), &workers("b")).expect("a plan");
    assert!(plan.work.iter().enumerate().skip(1).all(|(place, work)| work.after == [place - 1]), "one after the other");
}

#[test]
fn what_replaces_much_and_removes_much_stays_small() {
    let some = |first: usize, command: &str| {
        let service = |number: usize| (name(number), json!({"image": "i", "command": [command]}));
        model(Value::Object((first..first + MANY / 2).map(service).collect()))
    };
    let plan = planned(&after(&some(0, "a")), &some(MANY / 2, "b")).expect("a plan");
    assert_eq!(plan.work.len(), MANY);
    let waits: usize = plan.work.iter().map(|work| work.after.len()).sum();
    assert!(waits <= 2 * MANY, "{waits} waits");
    let first = &plan.work[MANY / 2];
    assert_eq!(first.after.len(), MANY / 2, "the first that goes waits for all new ones: {}", first.change.subject);
    assert!(plan.work[MANY / 2 + 1..].iter().all(|work| work.after == [MANY / 2]), "and the others for the first");
}

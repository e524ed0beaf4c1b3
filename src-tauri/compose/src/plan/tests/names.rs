//! Names of containers that somebody else has.

use super::*;
use crate::ports::Who;

#[test]
fn a_name_that_somebody_else_has_stops_the_plan() {
    let named = model(json!({"web": {"image": "i", "container_name": "photos"}}));
    let mut observed = Observed { images: [("i".into(), image(1))].into(), ..after(&model(json!({}))) };
    let by = Who::Container { name: "photos".into(), project: Some("other".into()) };
    observed.names = [("photos".to_owned(), by.clone()), ("p-db-1".to_owned(), by)].into();
    let blockers = planned(&observed, &named).expect("a plan").blockers;
    let said = "the container of web is to be called photos, and the container photos of the Compose project other is called so";
    assert!(blockers.len() == 1 && blockers[0].starts_with(said), "{blockers:?}");
    let by_number = planned(&observed, &model(json!({"db": {"image": "i"}}))).expect("a plan").blockers;
    assert!(by_number[0].contains("is to be called p-db-1"), "{by_number:?}");

    let mut running = after(&named);
    running.containers[0].name = "photos".to_owned();
    running.names = observed.names;
    assert!(planned(&running, &named).expect("a plan").blockers.is_empty(), "what is there keeps its name");
}

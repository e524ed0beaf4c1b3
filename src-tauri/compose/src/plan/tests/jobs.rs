//! Jobs that have run, and the volumes that their work is in.

use serde_json::json;

use super::{after, text, whole};
use crate::labels;
use crate::model::Model;
use crate::observe::{Observed, State};
use crate::worked_on;

/// Everything runs, and the migration is done for the volume that was made at this time.
fn migrated(model: &Model, made: &str) -> Observed {
    let mut observed = after(model);
    let volume = observed.volumes.get_mut("p_data").expect("there");
    volume.labels.insert(labels::MADE.into(), made.into());
    let worked_on = worked_on::label(model, &"migrate".parse().expect("a name"), &worked_on::made(&observed.volumes));
    let migrate = observed.containers.iter_mut().find(|container| container.service == "migrate").expect("there");
    migrate.state = State::Exited;
    migrate.labels.insert(labels::VOLUMES.into(), worked_on);
    observed
}

#[test]
fn a_job_runs_again_for_a_volume_that_has_nothing_of_it() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = migrated(&model, "2026-01-01T00:00:00Z");
    assert_eq!(text(&observed, &model), "keep service db\nkeep service migrate\nkeep service web\n");

    let again = "recreate service migrate: what it did is not in the volume p_data, which is new\n";
    observed
        .volumes
        .get_mut("p_data")
        .expect("there")
        .labels
        .insert(labels::MADE.into(), "2026-02-02T00:00:00Z".into());
    assert!(text(&observed, &model).contains(again), "{}", text(&observed, &model));
    observed.volumes.remove("p_data");
    assert!(text(&observed, &model).contains(again), "it will be: {}", text(&observed, &model));
}

#[test]
fn a_job_of_which_it_is_not_known_stays_done() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = migrated(&model, "2026-01-01T00:00:00Z");
    for container in &mut observed.containers {
        container.labels.remove(labels::VOLUMES);
    }
    assert!(text(&observed, &model).contains("keep service migrate"), "{}", text(&observed, &model));
}

#[test]
fn a_service_that_gets_another_volume_begins_empty_and_the_plan_says_so() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = migrated(&model, "2026-01-01T00:00:00Z");
    observed.containers.iter_mut().find(|container| container.service == "db").expect("there").writes =
        ["p_data".to_owned()].into();
    let mut renamed = whole();
    renamed["volumes"] = json!({"data2": {"name": "p_data2"}});
    renamed["services"]["db"]["volumes"][0]["source"] = json!("data2");
    let text = text(&observed, &Model::decode(&renamed).expect("valid"));
    assert!(text.contains("note: db begins with the empty volume data2; what it wrote stays in p_data\n"), "{text}");
    assert!(
        text.contains("recreate service migrate: what it did is not in the volume p_data2, which is new\n"),
        "{text}"
    );
}

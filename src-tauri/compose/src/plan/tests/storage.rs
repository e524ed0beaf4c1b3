//! Never two writers on the same data.

use super::*;
use crate::ports::Who;
use crate::storage::Written;

/// A service over a volume.
fn over(volume: &str) -> Value {
    json!({"image": "i", "volumes": [{"type": "volume", "source": volume, "target": "/data"}]})
}

fn with_volumes(services: Value, volumes: &[(&str, &str)]) -> Model {
    let volumes: serde_json::Map<String, Value> =
        volumes.iter().map(|(key, name)| ((*key).to_owned(), json!({"name": name}))).collect();
    Model::decode(&json!({"name": "p", "services": services, "volumes": volumes})).expect("valid")
}

/// What is there after this model was carried out, with what its containers write to.
fn running(model: &Model) -> Observed {
    let mut observed = after(model);
    for container in &mut observed.containers {
        let service = &model.services[container.service.as_str()];
        container.writes = crate::storage::written_by(model, service).map(str::to_owned).collect();
    }
    observed
}

#[test]
fn a_service_that_gets_another_name_goes_before_its_successor_begins() {
    let old = with_volumes(json!({"db": over("data")}), &[("data", "p_data")]);
    let new = with_volumes(json!({"database": over("data")}), &[("data", "p_data")]);
    assert_eq!(
        text(&running(&old), &new),
        "remove service db: no longer in the Compose file\n\
         create service database: it does not exist\n\
         note: db holds a port, a name or data that is needed: it goes before the new services are ready\n"
    );
    let other = with_volumes(json!({"database": over("fresh")}), &[("data", "p_data"), ("fresh", "p_fresh")]);
    let plan = text(&running(&old), &other);
    assert!(plan.find("create service database") < plan.find("remove service db"), "nothing is shared: {plan}");

    let mut stopped = running(&old);
    stopped.containers[0].state = State::Exited;
    let plan = text(&stopped, &new);
    assert!(plan.find("create service database") < plan.find("remove service db"), "it writes nothing: {plan}");
}

#[test]
fn data_that_goes_from_one_service_to_another_is_handed_over() {
    let volumes = [("a", "p_a"), ("b", "p_b")];
    let old = with_volumes(json!({"one": over("a"), "two": over("b")}), &volumes);
    let new = with_volumes(json!({"one": over("b"), "two": over("b")}), &volumes);
    let both = text(&running(&old), &new);
    assert!(!both.contains("takes over"), "two keeps it, so that both are meant to write: {both}");

    let swapped = with_volumes(json!({"one": over("b"), "two": over("a")}), &volumes);
    let plan = planned(&running(&old), &swapped).expect("a plan");
    let freed: Vec<usize> = plan
        .work
        .iter()
        .map(|work| match &work.job {
            Job::Container { frees, .. } => frees.len(),
            _ => 0,
        })
        .collect();
    assert_eq!(freed.iter().sum::<usize>(), 1, "the one that begins stops the other: {plan:#}");
    assert!(plan.to_string().contains("one takes over p_b from two, whose container stops for it"), "{plan:#}");
    assert_eq!(plan.work[1].after, [0], "they do not begin at once: {plan:#}");
}

#[test]
fn a_folder_of_the_host_counts_with_what_lies_in_it() {
    let bind = |path: &str| json!({"image": "i", "volumes": [{"type": "bind", "source": path, "target": "/data"}]});
    let old = model(json!({"db": bind("/srv/data")}));
    let plan = |path: &str| text(&running(&old), &model(json!({"database": bind(path)})));
    assert!(plan("/srv/data/pg").contains("db holds a port, a name or data"), "{}", plan("/srv/data/pg"));
    assert!(!plan("/srv/database").contains("db holds"), "{}", plan("/srv/database"));
    let socket = model(json!({"old": bind("/var/run/docker.sock")}));
    let plan = text(&running(&socket), &model(json!({"new": bind("/var/run/docker.sock")})));
    assert!(!plan.contains("old holds"), "a socket is for many: {plan}");
}

#[test]
fn a_volume_without_a_name_has_one_writer() {
    let old = model(json!({"db": {"image": "i", "environment": {"A": "1"}}}));
    let new = model(json!({"db": {"image": "i", "environment": {"A": "2"}}}));
    let mut observed = after(&old);
    assert!(!text(&observed, &new).contains("is away"), "{}", text(&observed, &new));
    observed.containers[0].writes = [format!("{:064x}", 7)].into();
    let plan = text(&observed, &new);
    assert!(plan.contains("db writes to a volume without a name, which the new container gets: it is away"), "{plan}");
}

#[test]
fn what_another_project_writes_to_stops_the_plan() {
    let services = || json!({"db": over("data")});
    let new = with_volumes(services(), &[("data", "old_data")]);
    let mut observed = Observed { images: [("i".into(), image(1))].into(), ..after(&model(json!({}))) };
    observed.volumes.insert("old_data".into(), Volume::default());
    let by = Who::Container { name: "old-db-1".into(), project: Some("old".into()) };
    observed.written = vec![Written { place: "old_data".into(), by }];
    let blockers = planned(&observed, &new).expect("a plan").blockers;
    let said = "db would write to the volume data (old_data), to which the container old-db-1 of the Compose project old writes now";
    assert!(blockers.len() == 1 && blockers[0].starts_with(said), "{blockers:?}");

    let shared =
        json!({"name": "p", "services": services(), "volumes": {"data": {"name": "old_data", "external": true}}});
    let plan = planned(&observed, &Model::decode(&shared).expect("valid")).expect("a plan");
    assert!(plan.blockers.is_empty() && plan.to_string().contains("db writes to old_data, to which"), "{plan}");

    let mut kept = running(&new);
    kept.written = observed.written.clone();
    assert!(planned(&kept, &new).expect("a plan").blockers.is_empty(), "what runs already is not started");
}

//! The plan's decisions, compared by its text.

mod jobs;
mod names;
mod order;
mod ports;
mod sizes;
mod storage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use sternway_model::{Code, ImageId, ServiceName};

use super::{ComposePlan, ImageSource, Job, Removal, Want, plan};
use crate::fingerprint::{MadeFrom, of_settings};
use crate::labels;
use crate::model::Model;
use crate::observe::{Built, Container, Network, Observed, State, Volume};
use crate::tests_support::{container, image};

fn model(services: Value) -> Model {
    Model::decode(&json!({"name": "p", "services": services})).expect("a valid model")
}

/// What is there after this model was carried out.
fn after(model: &Model) -> Observed {
    let mut observed = Observed { api: (1, 41), image_ids: [image(1), image(2)].into(), ..Observed::default() };
    observed.images.insert("i".into(), image(1));
    for (name, service) in &model.services {
        let id = if service.image.as_deref() == Some("i") { image(1) } else { image(2) };
        let made_from = MadeFrom::wanted(model, service, Some(&id), &BTreeMap::new());
        for number in 1..=service.replicas() {
            let mut made = container(name.as_str(), number, &made_from, &id);
            made.networks = service.networks.keys().map(|key| model.networks[key].name.clone()).collect();
            made.ports = crate::decide::host_ports(service);
            made.parents = service.parents().iter().map(|parent| format!("{parent}1")).collect();
            observed.containers.push(made);
        }
    }
    for (key, network) in &model.networks {
        let labels = [(labels::HASH.into(), of_settings(&network.canonical)), (labels::NETWORK.into(), key.clone())];
        observed.networks.insert(network.name.clone(), Network { labels: labels.into(), ..Network::default() });
    }
    for volume in model.volumes.values() {
        let labels = [(labels::HASH.into(), of_settings(&volume.canonical))].into();
        observed.volumes.insert(volume.name.clone(), Volume { labels });
    }
    observed
}

fn planned(observed: &Observed, model: &Model) -> sternway_model::Result<ComposePlan> {
    planned_with(observed, model, &BTreeMap::new())
}

fn planned_with(
    observed: &Observed,
    model: &Model,
    images: &BTreeMap<ServiceName, ImageId>,
) -> sternway_model::Result<ComposePlan> {
    plan(observed, &want(model, images, Removal::default()))
}

fn want<'a>(model: &'a Model, images: &'a BTreeMap<ServiceName, ImageId>, remove: Removal) -> Want<'a> {
    static NOWHERE: BTreeMap<ImageId, String> = BTreeMap::new();
    let (project_dir, config_files, deployment) = (Path::new("/p"), Vec::new(), None);
    Want { project: "p", model, images, elsewhere: &NOWHERE, project_dir, config_files, deployment, remove }
}

fn taken_down(observed: &Observed, remove: Removal) -> String {
    let nothing = model(json!({}));
    plan(observed, &want(&nothing, &BTreeMap::new(), remove)).expect("a plan").to_string()
}

fn text(observed: &Observed, model: &Model) -> String {
    planned(observed, model).expect("a plan").to_string()
}

fn whole() -> Value {
    json!({"name": "p",
        "services": {
            "db": {"image": "i", "networks": {"default": null}, "volumes": [{"type": "volume", "source": "data", "target": "/data"}]},
            "migrate": {"image": "i", "networks": {"default": null},
                "depends_on": {"db": {"condition": "service_healthy", "required": true}}},
            "web": {"image": "i", "networks": {"default": null}, "ports": [{"target": 80, "published": "8080", "protocol": "tcp"}],
                "depends_on": {"migrate": {"condition": "service_completed_successfully", "required": true}}}},
        "networks": {"default": {"name": "p_default"}},
        "volumes": {"data": {"name": "p_data"}}})
}

#[test]
fn from_nothing_everything_is_created_in_order() {
    let model = Model::decode(&whole()).expect("valid");
    let empty = Observed { images: [("i".into(), image(1))].into(), ..Observed::default() };
    assert_eq!(
        text(&empty, &model),
        "create network default: it does not exist\n\
         create volume data: it does not exist\n\
         create service db: it does not exist\n\
         create service migrate: it does not exist\n\
         create service web: it does not exist\n"
    );
}

#[test]
fn what_is_right_stays() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = after(&model);
    let migrate = observed.containers.iter_mut().find(|container| container.service == "migrate").expect("there");
    migrate.state = State::Exited;
    let plan = planned(&observed, &model).expect("a plan");
    assert!(plan.work.is_empty(), "nothing to do: {plan}");
    assert_eq!(plan.kept.len(), 3);
}

#[test]
fn containers_of_another_folder_are_not_taken_over_silently() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = after(&model);
    observed.containers[0].labels.insert(labels::WORKING_DIR.into(), "/p".into());
    assert!(!text(&observed, &model).contains("another folder"), "it is this one");
    observed.containers[1].labels.insert(labels::WORKING_DIR.into(), "/elsewhere".into());
    let text = text(&observed, &model);
    assert!(
        text.contains("note: containers of p were made from another folder, /elsewhere; this takes them over"),
        "{text}"
    );
}

#[test]
fn only_what_differs_is_replaced_and_gaps_are_said() {
    let observed = after(&Model::decode(&whole()).expect("valid"));
    let mut changed = whole();
    changed["services"]["web"]["environment"] = json!({"LOG_LEVEL": "debug"});
    let model = Model::decode(&changed).expect("valid");
    assert_eq!(
        text(&observed, &model),
        "recreate service web: environment LOG_LEVEL added\n\
         keep service db\n\
         keep service migrate\n\
         note: web publishes :8080: it is away between the stop of the old container and the start of the new one\n"
    );
}

#[test]
fn stopped_containers_start_and_finished_jobs_do_not() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = after(&model);
    for container in &mut observed.containers {
        container.state = State::Exited;
        container.exit_code = if container.service == "db" { 137 } else { 0 };
    }
    assert_eq!(
        text(&observed, &model),
        "start service db: it ended with code 137\n\
         start service web: it ended with code 0\n\
         keep service migrate\n"
    );
}

/// Old container `web1`, made from `old`, and what an interrupted replacement by `new` left.
fn half_way(old: &Model, new: &Model, old_state: State, new_state: Option<State>) -> Observed {
    let mut observed = after(old);
    observed.containers[0].state = old_state;
    if let Some(state) = new_state {
        let made_from = MadeFrom::wanted(new, &new.services["web"], Some(&image(1)), &BTreeMap::new());
        let mut made = container("web", 1, &made_from, &image(1));
        made.id = "new".into();
        made.name = format!("p-web-1.{}", &made_from.hash[..8]);
        made.state = state;
        observed.containers.push(made);
    }
    observed
}

#[test]
fn an_interrupted_replacement_is_finished_or_turned_round() {
    let old = model(json!({"web": {"image": "i", "environment": {"V": "1"}}}));
    let new = model(json!({"web": {"image": "i", "environment": {"V": "2"}}}));
    let finish = "recreate service web: an earlier replacement was interrupted\n";
    let begin = "recreate service web: environment V 1 → 2\n";
    for (old_state, new_state, onwards, back) in [
        (State::Running, Some(State::Created), begin, finish),
        (State::Exited, Some(State::Created), begin, finish),
        (State::Exited, Some(State::Running), finish, finish),
        (State::Running, Some(State::Running), finish, finish),
        (State::Exited, None, begin, "start service web: it ended with code 0\n"),
    ] {
        let observed = half_way(&old, &new, old_state, new_state);
        assert_eq!(text(&observed, &new), onwards, "onwards from {old_state:?} and {new_state:?}");
        assert_eq!(text(&observed, &old), back, "back from {old_state:?} and {new_state:?}");
    }
    let mut renamed = after(&new);
    renamed.containers[0].name = "p-web-1.12345678".into();
    assert_eq!(text(&renamed, &new), finish, "only the final name is missing");
}

#[test]
fn a_first_creation_that_was_interrupted_begins_anew() {
    let model = model(json!({"web": {"image": "i"}}));
    let mut observed = after(&model);
    observed.containers[0].state = State::Created;
    assert_eq!(text(&observed, &model), "recreate service web: its creation was interrupted\n");
}

#[test]
fn services_that_are_gone_are_removed_and_their_volumes_stay() {
    let observed = after(&Model::decode(&whole()).expect("valid"));
    let mut fewer = whole();
    fewer["services"].as_object_mut().expect("services").retain(|name, _| name == "web");
    fewer["services"]["web"].as_object_mut().expect("web").remove("depends_on");
    fewer.as_object_mut().expect("the model").remove("volumes");
    assert_eq!(
        text(&observed, &Model::decode(&fewer).expect("valid")),
        "remove service db: no longer in the Compose file\n\
         remove service migrate: no longer in the Compose file\n\
         keep service web\n"
    );
}

#[test]
fn the_number_of_containers_follows() {
    let observed = after(&model(json!({"web": {"image": "i", "scale": 3}})));
    assert_eq!(
        text(&observed, &model(json!({"web": {"image": "i", "scale": 1}}))),
        "remove service web (2, 3): only one is wanted\nkeep service web\n"
    );
    assert_eq!(
        text(&observed, &model(json!({"web": {"image": "i", "scale": 4}}))),
        "create service web (4): it does not exist\n"
    );
}

#[test]
fn whoever_borrows_a_namespace_follows_its_owner() {
    let services = |version: &str| {
        model(json!({
            "app": {"image": "i", "environment": {"V": version}},
            "sidecar": {"image": "i", "network_mode": "service:app",
                "depends_on": {"app": {"condition": "service_started", "required": true}}}}))
    };
    let observed = after(&services("1"));
    assert_eq!(text(&observed, &services("1")), "keep service app\nkeep service sidecar\n");
    assert_eq!(
        text(&observed, &services("2")),
        "recreate service app: environment V 1 → 2\n\
         recreate service sidecar: service app, from which it borrows, is replaced\n\
         note: sidecar shares another container's network: it is away between the stop of the old container and the \
         start of the new one\n"
    );
}

#[test]
fn networks_and_volumes_follow_their_settings() {
    let mut observed = after(&Model::decode(&whole()).expect("valid"));
    let mut changed = whole();
    changed["networks"]["default"]["internal"] = json!(true);
    let plan = text(&observed, &Model::decode(&changed).expect("valid"));
    assert!(plan.starts_with("recreate network default: its settings changed\n"), "{plan}");

    let mut changed = whole();
    changed["volumes"]["data"]["driver_opts"] = json!({"o": "x"});
    let error = planned(&observed, &Model::decode(&changed).expect("valid")).expect_err("data is never replaced");
    assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("volumes.data"));

    observed.networks.entry("p_old".into()).or_default().labels =
        [(labels::HASH.into(), "h".into()), (labels::NETWORK.into(), "old".into())].into();
    let model = Model::decode(&whole()).expect("valid");
    assert!(text(&observed, &model).contains("remove network old: no longer in the Compose file\n"));
    observed.networks.entry("p_old".into()).or_default().attached = BTreeSet::from(["web1".into()]);
    assert!(!text(&observed, &model).contains("network old"), "it is still used");

    let mut external = whole();
    external["networks"]["default"] = json!({"name": "elsewhere", "external": true});
    let error = planned(&observed, &Model::decode(&external).expect("valid")).expect_err("it does not exist");
    assert_eq!(error.code, Code::NotFound);
}

#[test]
fn a_container_outside_its_network_is_replaced() {
    let model = Model::decode(&whole()).expect("valid");
    let mut observed = after(&model);
    observed.containers[2].networks.clear();
    assert!(text(&observed, &model).starts_with("recreate service web: it is not in the network p_default\n"));
}

#[test]
fn images_come_first_and_their_services_follow() {
    let model = model(json!({
        "api": {"build": {"context": "/c"}},
        "cache": {"image": "missing", "pull_policy": "missing"},
        "web": {"image": "i"}}));
    let mut observed = Observed { images: [("i".into(), image(1))].into(), ..Observed::default() };
    observed.builds.insert("api".parse().expect("a name"), Built { context: "c1".into(), image: None });
    let plan = planned(&observed, &model).expect("a plan");
    assert_eq!(
        plan.to_string(),
        "build image api: no image was built from its files yet\n\
         pull image cache: missing is not on the engine\n\
         create service api: it does not exist\n\
         create service cache: it does not exist\n\
         create service web: it does not exist\n"
    );
    let source = |index: usize| match &plan.work[index].job {
        Job::Container { image, .. } => image.clone(),
        other => panic!("not a container: {other:?}"),
    };
    assert_eq!(source(2), ImageSource::Built("c1".into()));
    assert_eq!(source(3), ImageSource::Pulled("missing".into()));
    assert_eq!(source(4), ImageSource::Known(image(1)));
}

#[test]
fn another_image_is_told_by_its_name() {
    let observed = after(&model(json!({"web": {"image": "i"}})));
    let plan = planned(&observed, &model(json!({"web": {"image": "other:2"}}))).expect("a plan");
    let change = &plan.work.last().expect("a container").change;
    assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("i"), Some("other:2")));
}

#[test]
fn an_earlier_release_needs_its_images() {
    let model = model(json!({"web": {"image": "i", "build": {"context": "/c"}}}));
    let observed = after(&model);
    let web: ServiceName = "web".parse().expect("a name");
    let back = planned_with(&observed, &model, &[(web.clone(), image(2))].into()).expect("a plan");
    let ids = (image(1).short().to_owned(), image(2).short().to_owned());
    assert_eq!(back.to_string(), format!("recreate service web: image sha256:{} → sha256:{}\n", ids.0, ids.1));
    assert_eq!(back.work[0].change.after, None, "it has the same name");

    let error = planned_with(&observed, &model, &[(web, image(9))].into()).expect_err("it is gone");
    assert_eq!(error.code, Code::NotFound);
}

#[test]
fn whoever_asks_for_it_starts_again_with_its_dependency() {
    let services = |version: &str| {
        model(json!({
            "app": {"image": "i", "depends_on": {"db": {"condition": "service_started", "required": true, "restart": true}}},
            "db": {"image": "i", "environment": {"V": version}}}))
    };
    let mut observed = after(&services("1"));
    assert_eq!(
        text(&observed, &services("2")),
        "recreate service db: environment V 1 → 2\n\
         start service app: service db was replaced, and it is to start again then\n"
    );
    // As execution sees it, or the next plan after an interruption: db is newer than app's last start.
    observed.containers[0].started = "2026-01-01T00:00:00Z".parse().ok();
    observed.containers[1].created = "2026-01-01T00:00:01Z".parse().ok();
    assert_eq!(
        text(&observed, &services("1")),
        "start service app: service db was replaced, and it is to start again then\nkeep service db\n"
    );
}

#[test]
fn an_engine_that_is_too_old_is_told_before_anything_is_touched() {
    let model = model(json!({"web": {"image": "i", "healthcheck": {"test": ["CMD", "true"], "start_interval": "1s"}}}));
    let mut observed = after(&model);
    observed.api = (1, 41);
    let error = planned(&observed, &model).expect_err("1.41 has no start_interval");
    assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.web.healthcheck.start_interval"));
    observed.api = (1, 44);
    assert!(planned(&observed, &model).is_ok());
}

#[test]
fn a_secret_without_content_is_never_left_out_silently() {
    let secrets = json!({"name": "p", "services": {"web": {"image": "i", "secrets": [{"source": "s"}]}},
        "secrets": {"s": {"environment": "TOKEN"}}});
    let model = Model::decode(&secrets).expect("valid");
    let error = planned(&after(&model), &model).expect_err("nobody said what TOKEN is");
    assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("secrets.s"));
}

#[test]
fn two_containers_never_write_to_the_same_data_at_once() {
    let services = |version: &str| {
        Model::decode(&json!({"name": "p", "volumes": {"data": {"name": "p_data"}}, "services": {"db": {"image": "i",
            "environment": {"V": version}, "volumes": [{"type": "volume", "source": "data", "target": "/data"}]}}}))
        .expect("valid")
    };
    let mut observed = after(&services("1"));
    let db: &mut Container = &mut observed.containers[0];
    db.writes = BTreeSet::from(["p_data".into()]);
    let plan = text(&observed, &services("2"));
    assert!(plan.contains("note: db writes to p_data: it is away"), "{plan}");
}

#[test]
fn what_is_taken_down_goes_in_the_reverse_order_and_its_data_stays() {
    let mut observed = after(&Model::decode(&whole()).expect("valid"));
    for (service, needs) in [("migrate", "db:service_healthy:false"), ("web", "migrate:service_completed:false")] {
        let container = observed.containers.iter_mut().find(|container| container.service == service).expect("there");
        container.labels.insert(labels::DEPENDS_ON.into(), needs.into());
    }
    for volume in observed.volumes.values_mut() {
        volume.labels.extend([(labels::PROJECT.into(), "p".into()), (labels::VOLUME.into(), "data".into())]);
    }
    observed.volumes.insert("foreign".into(), Volume::default());
    observed.own_images.insert("sternway/p/web:1".into());
    let stays = "remove service web: the environment is taken down\n\
                 remove service migrate: the environment is taken down\n\
                 remove service db: the environment is taken down\n\
                 remove network default: the environment is taken down\n";
    assert_eq!(taken_down(&observed, Removal::default()), stays);
    let all = taken_down(&observed, Removal { volumes: true, images: true });
    let more = "remove volume data: asked for; the data in it is lost\n\
                remove image sternway/p/web:1: asked for; releases that need it cannot be gone back to\n";
    assert_eq!(all, format!("{stays}{more}"), "and nothing of anybody else");
}

#[test]
fn what_only_this_machine_has_is_refused_for_another() {
    let mounting = model(json!({"a": {"image": "i", "volumes": [
        {"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime"},
        {"type": "bind", "source": "/p/site", "target": "/site"}]}}));
    let mut observed = Observed { remote: true, ..after(&mounting) };
    planned(&observed, &mounting).expect("a path of that host");
    observed.own_paths = ["/p/site".to_owned()].into();
    let error = planned(&observed, &mounting).expect_err("a path of this one");
    assert_eq!(error.code, Code::Unsupported);
    assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.a.volumes[1]"));
}

#[test]
fn no_file_is_copied_into_a_read_only_container() {
    let model = Model::decode(&json!({"name": "p", "secrets": {"s": {"file": "/p/s"}},
        "services": {"a": {"image": "i", "read_only": true, "secrets": [{"source": "s"}]}}}))
    .expect("a valid model");
    planned(&after(&model), &model).expect("next to the engine it is mounted");
    let error = planned(&Observed { remote: true, ..after(&model) }, &model).expect_err("it would be copied");
    assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.a.secrets[0]"));
}

#[test]
fn keys_that_came_later_want_a_newer_engine() {
    for (service, key, since) in [
        (json!({"image": "i", "annotations": {"a": "b"}}), "annotations", (1, 43)),
        (
            json!({"image": "i", "healthcheck": {"test": ["CMD", "true"], "start_interval": "1s"}}),
            "healthcheck.start_interval",
            (1, 44),
        ),
        (
            json!({"image": "i", "volumes": [{"type": "volume", "target": "/v", "volume": {"subpath": "x"}}]}),
            "volumes[0].volume.subpath",
            (1, 45),
        ),
    ] {
        let model = model(json!({"a": service}));
        planned(&Observed { api: since, ..after(&model) }, &model).expect("new enough");
        let error = planned(&Observed { api: (since.0, since.1 - 1), ..after(&model) }, &model).expect_err("too old");
        assert_eq!(error.at.as_ref().and_then(|at| at.key.clone()), Some(format!("services.a.{key}")));
        assert!(error.message.contains(&format!("needed is {}.{}", since.0, since.1)), "{error}");
    }
}

#[test]
fn the_file_may_say_which_container_runs_first() {
    let service = |version: &str, order: &str, port: &str| {
        json!({"a": {"image": "i", "environment": {"V": version}, "ports": [{"target": 80, "published": port, "protocol": "tcp"}],
            "deploy": {"update_config": {"order": order, "failure_action": "pause"}}}})
    };
    let changed = |order: &str, port: &str| {
        let observed = after(&model(service("1", order, port)));
        planned(&observed, &model(service("2", order, port))).expect("a plan")
    };
    let [stop, start] = [changed("stop-first", ""), changed("start-first", "80")];
    assert!(stop.notes.iter().any(|note| note.starts_with("a asks for `order: stop-first`: it is away")), "{stop}");
    assert!(start.notes.iter().any(|note| note.contains("publishes :80") && note.contains("start-first")), "{start}");
    assert!(changed("start-first", "").notes.iter().all(|note| !note.contains("it is away")), "both run for a while");
    let action = stop.work[0].failure_action(&model(service("2", "stop-first", "")));
    assert_eq!(action, crate::model::FailureAction::Pause);
}

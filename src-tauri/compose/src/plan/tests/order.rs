//! What waits for what.

use serde_json::json;

use super::{after, model, planned, whole};
use crate::model::Model;
use crate::observe::Observed;
use crate::tests_support::image;

#[test]
fn each_piece_waits_for_what_it_needs_and_for_nothing_else() {
    let mut want = whole();
    want["services"]["worker"] = json!({"image": "i", "networks": {"default": null}, "scale": 2});
    let model = Model::decode(&want).expect("valid");
    let mut observed = Observed { api: (1, 41), image_ids: [image(1)].into(), ..Observed::default() };
    observed.images.insert("i".into(), image(1));
    let fresh = format!("{:#}", planned(&observed, &model).expect("a plan"));
    let expected = "create network default: it does not exist\n\
                    create volume data: it does not exist\n\
                    create service db: it does not exist [after network default, volume data]\n\
                    create service migrate: it does not exist [after service db]\n\
                    create service web: it does not exist [after service migrate]\n\
                    create service worker (1): it does not exist [after network default]\n\
                    create service worker (2): it does not exist [after network default]\n";
    assert_eq!(fresh, expected);

    // Replaced ones of a service are replaced one after the other, and what nobody wants goes last.
    let observed = after(&model);
    want["services"]["worker"]["environment"] = json!({"A": "1"});
    want["services"].as_object_mut().expect("services").remove("web");
    let changed = planned(&observed, &Model::decode(&want).expect("valid")).expect("a plan");
    let waits: Vec<&[usize]> = changed.work.iter().map(|work| work.after.as_slice()).collect();
    assert_eq!(waits, [&[] as &[usize], &[0], &[1]], "{changed:#}");
}

#[test]
fn whoever_waits_for_another_waits_also_through_one_that_stays() {
    let chain = |command: &str| {
        model(json!({
            "store": {"image": "i", "command": [command]},
            "api": {"image": "i", "depends_on": {"store": {"condition": "service_healthy", "required": true}}},
            "worker": {"image": "i", "command": [command],
                       "depends_on": {"api": {"condition": "service_started", "required": true}}},
        }))
    };
    let changed = planned(&after(&chain("a")), &chain("b")).expect("a plan");
    let told: Vec<(&str, &[usize])> =
        changed.work.iter().map(|work| (work.change.subject.as_str(), work.after.as_slice())).collect();
    assert_eq!(told, [("service store", &[] as &[usize]), ("service worker", &[0])], "{changed:#}");
}

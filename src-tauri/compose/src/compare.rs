//! Two releases side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sternway_model::{Action, Change, ImageId, Layer, ServiceName};

use crate::fingerprint::MadeFrom;
use crate::model::Model;
use crate::reasons;

/// What runs: the model, and each service's image by content.
pub type Side<'a> = (&'a Model, &'a BTreeMap<ServiceName, ImageId>);

/// What a move from one release to the other changes. Contents of files on the disk are not compared: releases do not have
/// them.
#[must_use]
pub fn difference(before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let names: BTreeSet<&ServiceName> = before.0.services.keys().chain(after.0.services.keys()).collect();
    for name in names {
        let (old, new) = (made_from(before, name), made_from(after, name));
        let (action, reason) = match (&old, &new) {
            (Some(_), None) => (Action::Remove, "no longer in the Compose file".to_owned()),
            (None, _) => (Action::Create, "new in the Compose file".to_owned()),
            (Some(old), Some(new)) => {
                let reasons = reasons::between((old, before.1.get(name)), (new, after.1.get(name)));
                if reasons.is_empty() {
                    continue;
                }
                (Action::Recreate, reasons.join("; "))
            }
        };
        changes.push(change(format!("service {name}"), action, reason));
    }
    changes.extend(settings("network", &networks(before.0), &networks(after.0)));
    changes.extend(settings("volume", &volumes(before.0), &volumes(after.0)));
    changes
}

fn made_from((model, images): Side<'_>, name: &ServiceName) -> Option<MadeFrom> {
    let service = model.services.get(name)?;
    Some(MadeFrom::wanted(model, service, images.get(name), &BTreeMap::new()))
}

type Settings<'a> = BTreeMap<&'a str, &'a Value>;

fn networks(model: &Model) -> Settings<'_> {
    model.networks.iter().map(|(key, network)| (key.as_str(), &network.canonical)).collect()
}

fn volumes(model: &Model) -> Settings<'_> {
    model.volumes.iter().map(|(key, volume)| (key.as_str(), &volume.canonical)).collect()
}

fn settings(kind: &str, before: &Settings<'_>, after: &Settings<'_>) -> Vec<Change> {
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let told = names.into_iter().filter_map(|name| {
        let (action, reason) = match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(_), Some(_)) => (Action::Recreate, "its settings changed"),
            (None, _) => (Action::Create, "new in the Compose file"),
            (Some(_), None) => (Action::Remove, "no longer in the Compose file"),
        };
        Some(change(format!("{kind} {name}"), action, reason.to_owned()))
    });
    told.collect()
}

fn change(subject: String, action: Action, reason: String) -> Change {
    Change { layer: Layer::Application, subject, action, reason, before: None, after: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn model(services: Value) -> Model {
        Model::decode(&json!({ "name": "shop", "services": services })).expect("a model")
    }

    #[test]
    fn services_are_told_by_what_differs() {
        let before = model(json!({
            "web": { "image": "web", "environment": { "A": "1" } }, "db": { "image": "db" }, "old": { "image": "old" }
        }));
        let after = model(json!({
            "web": { "image": "web", "environment": { "A": "2" } }, "db": { "image": "db" }, "new": { "image": "new" }
        }));
        let told: Vec<String> = difference((&before, &BTreeMap::new()), (&after, &BTreeMap::new()))
            .into_iter()
            .map(|change| format!("{:?} {}: {}", change.action, change.subject, change.reason))
            .collect();
        assert_eq!(
            told,
            [
                "Create service new: new in the Compose file",
                "Remove service old: no longer in the Compose file",
                "Recreate service web: environment A 1 → 2",
            ]
        );
    }

    #[test]
    fn an_image_of_other_content_is_a_difference() {
        let model = model(json!({ "web": { "image": "web" } }));
        let images = |hex: &str| {
            let id = format!("sha256:{}", hex.repeat(64)).parse().expect("an image id");
            BTreeMap::from([("web".parse().expect("a service"), id)])
        };
        let changes = difference((&model, &images("a")), (&model, &images("b")));
        assert_eq!(changes[0].reason, "image sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb");
    }
}

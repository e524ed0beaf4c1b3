//! Why a container must be replaced, told from what it was made from and what it should be made from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use sternway_model::{ImageId, SecretPin, looks_like_secret, mentions};

use crate::fingerprint::{Contents, MadeFrom};
use crate::labels;
use crate::observe::Container;

/// Longer values are cut.
const SHOWN: usize = 48;

/// The differences, each in a few words; at least one.
pub(crate) fn differences(have: &Container, want: &MadeFrom, image: Option<&ImageId>) -> Vec<String> {
    let mut reasons = Vec::new();
    let other_image = image.is_none_or(|image| have.image != image.as_str());
    if other_image {
        let old = have.image.parse().map_or_else(|_| have.image.clone(), |id: ImageId| short(&id));
        reasons.push(match image {
            Some(image) => format!("image {old} → {}", short(image)),
            None => "its new image is not there yet".to_owned(),
        });
    }
    let Some(Value::Object(made_from)) = read(have, labels::MADE_FROM) else {
        reasons.insert(0, "it was not made by Sternway".to_owned());
        return reasons;
    };
    let had: Contents =
        read(have, labels::CONTENTS).and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    settings(&made_from, &had, want, other_image, &mut reasons);
    if reasons.is_empty() {
        // Equal in everything that is public: then a secret file's content differs.
        let files: Vec<&str> =
            want.contents.keys().map(String::as_str).filter(|name| name.starts_with("secret")).collect();
        reasons.push(if files.is_empty() {
            "its definition changed".into()
        } else {
            format!("content of {} changed", files.join(" or "))
        });
    }
    reasons
}

/// What differs between two releases of a service; empty if nothing does.
pub(crate) fn between(before: (&MadeFrom, Option<&ImageId>), after: (&MadeFrom, Option<&ImageId>)) -> Vec<String> {
    let mut reasons = Vec::new();
    let other_image = before.1 != after.1;
    if let (Some(old), Some(new)) = (before.1, after.1)
        && other_image
    {
        reasons.push(format!("image {} → {}", short(old), short(new)));
    }
    let empty = Map::new();
    let had = before.0.service.as_object().unwrap_or(&empty);
    settings(had, &before.0.contents, after.0, other_image, &mut reasons);
    reasons
}

fn settings(
    had: &Map<String, Value>,
    had_contents: &Contents,
    want: &MadeFrom,
    other_image: bool,
    reasons: &mut Vec<String>,
) {
    let empty = Map::new();
    let wanted = want.service.as_object().unwrap_or(&empty);
    let keys: BTreeSet<&String> = had.keys().chain(wanted.keys()).collect();
    for key in keys {
        let (old, new) = (had.get(key), wanted.get(key));
        match key.as_str() {
            _ if old == new => {}
            "environment" => environment(old, new, reasons),
            "ports" => reasons.push(format!("ports {} → {}", ports(old), ports(new))),
            "volumes" => mounts(old, new, reasons),
            "image" if other_image => {} // said above, by content
            key => reasons.push(setting(key, old, new)),
        }
    }
    contents(had_contents, &want.contents, reasons);
}

fn read(have: &Container, label: &str) -> Option<Value> {
    serde_json::from_str(have.labels.get(label)?).ok()
}

fn short(image: &ImageId) -> String {
    format!("sha256:{}", image.short())
}

fn environment(old: Option<&Value>, new: Option<&Value>, reasons: &mut Vec<String>) {
    let empty = Map::new();
    let object = |value: Option<&Value>| value.and_then(Value::as_object).unwrap_or(&empty).clone();
    let (old, new) = (object(old), object(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        match (old.get(name), new.get(name)) {
            (before, after) if before == after => {}
            (None, _) => reasons.push(format!("environment {name} added")),
            (_, None) => reasons.push(format!("environment {name} removed")),
            (Some(before), Some(after)) => value_changed(name, before, after, reasons),
        }
    }
}

/// A changed value; where secrets are part of it only their versions are said.
fn value_changed(name: &str, before: &Value, after: &Value, reasons: &mut Vec<String>) {
    let pins = |value: &Value| value.as_str().and_then(|text| mentions(text).ok()).unwrap_or_default();
    let (old_pins, new_pins) = (pins(before), pins(after));
    if old_pins.is_empty() && new_pins.is_empty() {
        let secret = |value: &Value| value.as_str().is_some_and(|text| looks_like_secret(name, text).is_some());
        reasons.push(if secret(before) || secret(after) {
            format!("environment {name} changed")
        } else {
            format!("environment {name} {} → {}", shown(before), shown(after))
        });
        return;
    }
    let said = reasons.len();
    for new in &new_pins {
        match old_pins.iter().find(|old| old.name == new.name) {
            Some(old) if old.version == new.version => {}
            Some(old) => {
                push_once(reasons, format!("secret {} {} → {}", new.name, version(old.version), version(new.version)));
            }
            None => reasons.push(format!("environment {name} uses secret {} {}", new.name, version(new.version))),
        }
    }
    let gone = |old: &&SecretPin| !new_pins.iter().any(|new| new.name == old.name);
    for old in old_pins.iter().filter(gone) {
        reasons.push(format!("environment {name} no longer uses secret {}", old.name));
    }
    if reasons.len() == said && !reasons.iter().any(|reason| reason.starts_with("secret ")) {
        reasons.push(format!("environment {name} changed"));
    }
}

/// A secret's version; there is none of number 0, which stands for a value that is not there.
fn version(number: u32) -> String {
    if number == 0 { "no value".to_owned() } else { format!("v{number}") }
}

fn push_once(reasons: &mut Vec<String>, reason: String) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

fn contents(had: &Contents, wanted: &Contents, reasons: &mut Vec<String>) {
    for (name, new) in wanted {
        let Some(old) = had.get(name) else { continue }; // an added grant is a changed setting, said already
        if old == new {
            continue;
        }
        let mut said = false;
        for new in &new.pins {
            let Some((secret, version)) = new.split_once('@') else { continue };
            let before = old.pins.iter().filter_map(|pin| pin.split_once('@')).find(|(name, _)| *name == secret);
            if let Some((_, before)) = before.filter(|(_, before)| *before != version) {
                push_once(reasons, format!("secret {secret} v{before} → v{version}"));
                said = true;
            }
        }
        if !said {
            reasons.push(format!("content of {name} changed"));
        }
    }
}

fn ports(value: Option<&Value>) -> String {
    let ports: Vec<String> = value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|port| {
            let text = |key: &str| port[key].as_str().unwrap_or_default().to_owned();
            let address = if text("host_ip").is_empty() { String::new() } else { format!("{}:", text("host_ip")) };
            let protocol = if text("protocol") == "tcp" { String::new() } else { format!("/{}", text("protocol")) };
            format!("{address}{}:{}{protocol}", text("published"), port["target"])
        })
        .collect();
    if ports.is_empty() { "none".to_owned() } else { ports.join(", ") }
}

/// What is mounted elsewhere or anew, by its place in the container.
fn mounts(old: Option<&Value>, new: Option<&Value>, reasons: &mut Vec<String>) {
    let by_target = |list: Option<&Value>| -> BTreeMap<String, Value> {
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.map(|mount| (mount["target"].as_str().unwrap_or_default().to_owned(), mount.clone())).collect()
    };
    let (old, new) = (by_target(old), by_target(new));
    let source = |mount: &Value| mount["source"].as_str().unwrap_or("a volume without a name").to_owned();
    let targets: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for target in targets {
        match (old.get(target), new.get(target)) {
            (before, after) if before == after => {}
            (None, _) => reasons.push(format!("mount {target} added")),
            (_, None) => reasons.push(format!("mount {target} removed")),
            (Some(before), Some(after)) if source(before) != source(after) => {
                reasons.push(format!("mount {target} {} → {}", source(before), source(after)));
            }
            (Some(_), Some(_)) => reasons.push(format!("mount {target} changed")),
        }
    }
}

fn setting(key: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let short = |value: &Value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    match (old, new) {
        (Some(old), Some(new)) if short(old) && short(new) => format!("{key} {} → {}", shown(old), shown(new)),
        (None | Some(Value::Null), Some(_)) => format!("{key} added"),
        (Some(_), None | Some(Value::Null)) => format!("{key} removed"),
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
            let other: Vec<&str> = keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).collect();
            format!("{key} changed: {}", other.join(", "))
        }
        _ => format!("{key} changed"),
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.replace('\n', "⏎"),
        Value::Null => "(unset)".to_owned(),
        other => other.to_string(),
    };
    if text.is_empty() {
        "(empty)".to_owned()
    } else if text.chars().count() > SHOWN {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::Model;
    use crate::tests_support::{container, image};

    fn reasons(old: Value, new: Value) -> String {
        let made_from = |service: Value| {
            let mut project = json!({"name": "p", "services": {"a": service}});
            if let Some(configs) = project["services"]["a"].as_object_mut().and_then(|keys| keys.remove("x-configs")) {
                project["configs"] = configs;
            }
            let model = Model::decode(&project).expect("valid");
            MadeFrom::wanted(&model, &model.services["a"], Some(&image(1)), &BTreeMap::new())
        };
        let have = container("a", 1, &made_from(old), &image(1));
        differences(&have, &made_from(new), Some(&image(1))).join("; ")
    }

    #[test]
    fn each_difference_is_said() {
        let old = json!({"image": "i", "environment": {"LOG_LEVEL": "info", "OLD": "1"},
            "ports": [{"target": 80, "published": "8080", "protocol": "tcp"}]});
        let new = json!({"image": "i", "environment": {"LOG_LEVEL": "debug", "NEW": "1"}, "user": "1000",
            "ports": [{"target": 80, "published": "8081", "protocol": "tcp", "host_ip": "127.0.0.1"}]});
        assert_eq!(
            reasons(old, new),
            "environment LOG_LEVEL info → debug; environment NEW added; environment OLD removed; \
             ports 8080:80 → 127.0.0.1:8081:80; user added"
        );
    }

    #[test]
    fn of_secrets_only_versions_are_said() {
        let old = json!({"image": "i", "environment": {"URL": "pg://⟦keychain:PW@1⟧@db", "PW": "⟦keychain:PW@1⟧", "T": "plain"}});
        let new = json!({"image": "i", "environment": {"URL": "pg://⟦keychain:PW@2⟧@db", "PW": "⟦keychain:PW@2⟧",
            "T": "⟦keychain:T@1⟧"}});
        assert_eq!(reasons(old, new), "secret PW v1 → v2; environment T uses secret T v1");
    }

    #[test]
    fn a_changed_config_is_named() {
        let service = |content: &str| json!({"image": "i", "configs": [{"source": "c", "target": "/c"}], "x-configs": {"c": {"content": content}}});
        assert_eq!(reasons(service("a"), service("b")), "content of config c changed");
        assert_eq!(reasons(service("⟦keychain:A@1⟧"), service("⟦keychain:A@4⟧")), "secret A v1 → v4");
    }

    #[test]
    fn a_container_of_another_tool_is_replaced_once() {
        let model = Model::decode(&json!({"name": "p", "services": {"a": {"image": "i"}}})).expect("valid");
        let want = MadeFrom::wanted(&model, &model.services["a"], Some(&image(2)), &BTreeMap::new());
        let mut have = container("a", 1, &want, &image(1));
        have.labels.remove(labels::MADE_FROM);
        let said = differences(&have, &want, Some(&image(2)));
        assert_eq!(said[0], "it was not made by Sternway");
        assert!(said[1].starts_with("image sha256:"), "{said:?}");
    }
}

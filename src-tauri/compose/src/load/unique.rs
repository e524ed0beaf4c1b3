//! Lists in which an element replaces an earlier one with the same key: variables, mounts by target, ports.
//!
//! Source of the rules: the Compose specification, "Merge", "Unique resources".

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;
use sternway_model::{Error, Result};

use super::mounts;
use super::numbers::text;
use super::path::Path;
use super::places::Places;

/// What makes two elements of a list the same.
#[derive(Clone, Copy)]
enum Identity {
    /// What stands before `=`, or the whole text.
    Key,
    /// Where a volume or device appears in the container.
    Target,
    /// The port and where it is published.
    Port,
    /// Where a secret or config appears in the container; without a target it is below this folder.
    File(&'static str),
    /// The path of an env file.
    EnvFile,
}

const LISTS: &[(&str, Identity)] = &[
    ("networks.*.labels", Identity::Key),
    ("networks.*.ipam.options", Identity::Key),
    ("volumes.*.labels", Identity::Key),
    ("services.*.annotations", Identity::Key),
    ("services.*.build.args", Identity::Key),
    ("services.*.build.additional_contexts", Identity::Key),
    ("services.*.build.tags", Identity::Key),
    ("services.*.build.labels", Identity::Key),
    ("services.*.cap_add", Identity::Key),
    ("services.*.cap_drop", Identity::Key),
    ("services.*.devices", Identity::Target),
    ("services.*.configs", Identity::File("")),
    ("services.*.deploy.labels", Identity::Key),
    ("services.*.dns", Identity::Key),
    ("services.*.dns_opt", Identity::Key),
    ("services.*.dns_search", Identity::Key),
    ("services.*.environment", Identity::Key),
    ("services.*.env_file", Identity::EnvFile),
    ("services.*.expose", Identity::Key),
    ("services.*.labels", Identity::Key),
    ("services.*.links", Identity::Key),
    ("services.*.networks.*.aliases", Identity::Key),
    ("services.*.networks.*.link_local_ips", Identity::Key),
    ("services.*.ports", Identity::Port),
    ("services.*.profiles", Identity::Key),
    ("services.*.secrets", Identity::File("/run/secrets")),
    ("services.*.sysctls", Identity::Key),
    ("services.*.tmpfs", Identity::Key),
    ("services.*.volumes", Identity::Target),
];

/// Removes from all lists what is given again further down; the later one takes the earlier one's position.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with its place, if a volume cannot be understood or an element says not what it is for.
pub(super) fn enforce(value: &mut Value, path: &Path<'_>, places: &Places) -> Result<()> {
    match value {
        Value::Object(map) => map.iter_mut().try_for_each(|(key, value)| enforce(value, &path.key(key), places)),
        Value::Array(items) => {
            let Some((_, identity)) = LISTS.iter().find(|(pattern, _)| path.matches(pattern)) else { return Ok(()) };
            let mut kept: Vec<Value> = Vec::with_capacity(items.len());
            let mut positions = HashMap::new();
            for (index, item) in items.drain(..).enumerate() {
                let same =
                    identity.of(&item, path).map_err(|error| places.locate(error, &format!("{path}[{index}]")))?;
                match positions.entry(same) {
                    Entry::Occupied(position) => kept[*position.get()] = item,
                    Entry::Vacant(position) => {
                        position.insert(kept.len());
                        kept.push(item);
                    }
                }
            }
            *items = kept;
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Identity {
    fn of(self, item: &Value, path: &Path<'_>) -> Result<String> {
        let get = |key: &str| item.get(key).map(text);
        Ok(match self {
            Self::Key => {
                let whole = text(item);
                whole.split_once('=').map_or(whole.clone(), |(key, _)| key.to_owned())
            }
            Self::Target => match item {
                Value::String(short) if path.matches("services.*.devices") => {
                    short.split(':').nth(1).unwrap_or(short).to_owned()
                }
                Value::String(short) => mounts::target(short)?,
                long => long.get("target").map(text).ok_or_else(|| {
                    Error::invalid(format!("an entry of `{path}` has no `target`"))
                        .hint("Say with `target` where it appears in the container.")
                })?,
            },
            Self::Port => match item {
                Value::Object(_) => {
                    let host = get("host_ip").unwrap_or_else(|| "0.0.0.0".to_owned());
                    let protocol = get("protocol").unwrap_or_else(|| "tcp".to_owned());
                    let target = get("target").ok_or_else(|| {
                        Error::invalid(format!("an entry of `{path}` has no `target`"))
                            .hint("Say with `target` which port of the container it is.")
                    })?;
                    // To Compose a number is another port than the same one as a text.
                    let published = item.get("published").map(Value::to_string).unwrap_or_default();
                    format!("{host}:{published}:{target}/{protocol}")
                }
                short => text(short),
            },
            Self::File(folder) => match item {
                Value::Object(_) => {
                    get("target").unwrap_or_else(|| format!("{folder}/{}", get("source").unwrap_or_default()))
                }
                short => format!("{folder}/{}", text(short)),
            },
            Self::EnvFile => match item {
                Value::Object(_) => get("path").ok_or_else(|| {
                    Error::invalid(format!("an entry of `{path}` has no `path`"))
                        .hint("Say with `path` which file it is.")
                })?,
                short => text(short),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_later_one_takes_the_earlier_ones_place() {
        let mut model = json!({"services": {"a": {
            "environment": ["A=1", "B=2", "A=3"],
            "volumes": ["./x:/data", "b:/b", {"type": "volume", "source": "y", "target": "/data"}],
        }}});
        enforce(&mut model, &Path::Top, &Places::default()).expect("understood");
        let a = &model["services"]["a"];
        assert_eq!(a["environment"], json!(["A=3", "B=2"]));
        assert_eq!(a["volumes"], json!([{"type": "volume", "source": "y", "target": "/data"}, "b:/b"]));
    }
}

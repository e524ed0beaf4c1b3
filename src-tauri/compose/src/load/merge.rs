//! Puts one file over another.
//!
//! Source of the rules: the Compose specification, "Merge", and compose-go's `override` package.

use serde_json::{Map, Value, json};
use sternway_model::{Error, Result};

use super::numbers;
use super::path::Path;

/// Puts `over` over `base`: mappings are merged, lists appended, everything else replaced; some keys have their own rule.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if one has a mapping or a list where the other has something else.
pub(super) fn merge(base: Value, over: Value, path: &Path<'_>) -> Result<Value> {
    if let Some(rule) = rule(path) {
        return rule.apply(base, over, path);
    }
    match (base, over) {
        (base, Value::Null) => Ok(base),
        (Value::Object(base), Value::Object(over)) => mappings(base, over, path).map(Value::Object),
        (Value::Array(mut base), Value::Array(over)) => {
            base.extend(over);
            Ok(Value::Array(base))
        }
        (Value::Object(_) | Value::Array(_), _) => Err(Error::invalid(format!(
            "`{path}` is a mapping or a list in one file and something else in a later one"
        ))
        .hint("Write both the same way, or mark the later one `!override`.")),
        (_, over) => Ok(over),
    }
}

pub(super) fn mappings(
    mut base: Map<String, Value>,
    over: Map<String, Value>,
    path: &Path<'_>,
) -> Result<Map<String, Value>> {
    for (key, value) in over {
        let merged = match base.get_mut(&key) {
            Some(before) if !key.starts_with("x-") => merge(before.take(), value, &path.key(&key))?,
            _ => value,
        };
        base.insert(key, merged);
    }
    Ok(base)
}

/// How a key that is not merged like all others is merged.
#[derive(Clone, Copy)]
enum Rule {
    /// The later one replaces the earlier one.
    Replace,
    /// Both become lists of `KEY=value`, and the later one is appended.
    Append,
    /// Both become lists of `host=address`, and what is new in the later one is appended.
    Hosts,
    /// A text is short for this key of a mapping.
    Short(&'static str),
    /// A list is short for a mapping with these values.
    Dependencies,
    /// A list is short for a mapping without values.
    Networks,
    /// Options are merged only if the driver is the same.
    Logging,
    /// The later one's pools, each merged over that of the same subnet.
    Pools,
}

const RULES: &[(&str, Rule)] = &[
    ("networks.*.ipam.config", Rule::Pools),
    ("networks.*.labels", Rule::Append),
    ("volumes.*.labels", Rule::Append),
    ("services.*.annotations", Rule::Append),
    ("services.*.build", Rule::Short("context")),
    ("services.*.build.args", Rule::Append),
    ("services.*.build.additional_contexts", Rule::Append),
    ("services.*.build.extra_hosts", Rule::Hosts),
    ("services.*.build.labels", Rule::Append),
    ("services.*.command", Rule::Replace),
    ("services.*.depends_on", Rule::Dependencies),
    ("services.*.deploy.labels", Rule::Append),
    ("services.*.dns", Rule::Append),
    ("services.*.dns_opt", Rule::Append),
    ("services.*.dns_search", Rule::Append),
    ("services.*.entrypoint", Rule::Replace),
    ("services.*.env_file", Rule::Append),
    ("services.*.label_file", Rule::Append),
    ("services.*.environment", Rule::Append),
    ("services.*.extra_hosts", Rule::Hosts),
    ("services.*.healthcheck.test", Rule::Replace),
    ("services.*.labels", Rule::Append),
    ("services.*.logging", Rule::Logging),
    ("services.*.networks", Rule::Networks),
    ("services.*.sysctls", Rule::Append),
    ("services.*.tmpfs", Rule::Append),
    ("services.*.ulimits.*", Rule::Replace),
];

fn rule(path: &Path<'_>) -> Option<Rule> {
    RULES.iter().find(|(pattern, _)| path.matches(pattern)).map(|(_, rule)| *rule)
}

impl Rule {
    fn apply(self, base: Value, over: Value, path: &Path<'_>) -> Result<Value> {
        match self {
            Self::Replace => Ok(over),
            Self::Append => {
                let mut list = pairs(base);
                list.extend(pairs(over));
                Ok(Value::Array(list))
            }
            Self::Hosts => {
                let mut list = hosts(base);
                let over: Vec<_> = hosts(over).into_iter().filter(|host| !list.contains(host)).collect();
                list.extend(over);
                Ok(Value::Array(list))
            }
            Self::Short(key) => {
                let long = |value| match value {
                    Value::Object(map) => map,
                    Value::Null => Map::new(),
                    short => Map::from_iter([(key.to_owned(), short)]),
                };
                mappings(long(base), long(over), path).map(Value::Object)
            }
            Self::Dependencies => {
                let started = json!({"condition": "service_started", "required": true});
                mappings(keyed(base, &started), keyed(over, &started), path).map(Value::Object)
            }
            Self::Networks => mappings(keyed(base, &Value::Null), keyed(over, &Value::Null), path).map(Value::Object),
            Self::Logging => match (base, over) {
                (Value::Object(base), Value::Object(over)) => match (base.get("driver"), over.get("driver")) {
                    (Some(before), Some(after)) if before != after => Ok(Value::Object(over)),
                    _ => mappings(base, over, path).map(Value::Object),
                },
                (_, over) => Ok(over),
            },
            Self::Pools => Ok(pools(base, over)),
        }
    }
}

/// A mapping as a list of `KEY=value`, sorted by key; a text as a list of one.
fn pairs(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(map) => {
            let mut pairs: Vec<String> = map
                .into_iter()
                .map(|(key, value)| match value {
                    Value::Null => key,
                    value => format!("{key}={}", numbers::text(&value)),
                })
                .collect();
            pairs.sort_unstable();
            pairs.into_iter().map(Value::String).collect()
        }
        Value::Null => Vec::new(),
        text => vec![text],
    }
}

/// As [`pairs`], where a host may have several addresses.
fn hosts(value: Value) -> Vec<Value> {
    let Value::Object(map) = value else { return pairs(value) };
    let mut hosts: Vec<String> = Vec::new();
    for (host, addresses) in map {
        match addresses {
            Value::Array(addresses) => {
                hosts.extend(addresses.iter().map(|address| format!("{host}={}", numbers::text(address))));
            }
            address => hosts.push(format!("{host}={}", numbers::text(&address))),
        }
    }
    hosts.sort_unstable();
    hosts.into_iter().map(Value::String).collect()
}

/// A list of names as a mapping from each to the same value.
fn keyed(value: Value, each: &Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), each.clone())).collect()
        }
        _ => Map::new(),
    }
}

/// Only the later file's pools stay, each over the earlier one of the same subnet.
fn pools(base: Value, over: Value) -> Value {
    let (Value::Array(base), Value::Array(over)) = (base, over.clone()) else { return over };
    let merged = over.into_iter().map(|pool| {
        match (base.iter().find(|before| before.get("subnet") == pool.get("subnet")), pool) {
            (Some(Value::Object(before)), Value::Object(pool)) => before.clone().into_iter().chain(pool).collect(),
            (_, pool) => pool,
        }
    });
    Value::Array(merged.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: Value, over: Value) -> Value {
        merge(base, over, &Path::Top).expect("can be merged")
    }

    #[test]
    fn environment_is_merged_by_key_whatever_its_form() {
        let base = json!({"services": {"a": {"environment": {"B": 2, "A": "1", "C": null}}}});
        let over = json!({"services": {"a": {"environment": ["A=9"]}}});
        let list = json!(["A=1", "B=2", "C", "A=9"]);
        assert_eq!(merged(base, over), json!({"services": {"a": {"environment": list}}}));
    }

    #[test]
    fn logging_options_of_another_driver_are_not_kept() {
        let base = json!({"services": {"a": {"logging": {"driver": "syslog", "options": {"x": "1"}}}}});
        let over = json!({"services": {"a": {"logging": {"driver": "local", "options": {"y": "2"}}}}});
        assert_eq!(merged(base, over.clone()), over);
    }

    #[test]
    fn short_and_long_forms_meet() {
        let base = json!({"services": {"a": {"build": "dir", "depends_on": ["b"], "networks": ["n"]}}});
        let over = json!({"services": {"a": {
            "build": {"target": "t"}, "depends_on": {"c": {"condition": "service_healthy"}}, "networks": {"m": null}}}});
        let service = json!({
            "build": {"context": "dir", "target": "t"},
            "depends_on": {
                "b": {"condition": "service_started", "required": true}, "c": {"condition": "service_healthy"}},
            "networks": {"n": null, "m": null}});
        assert_eq!(merged(base, over), json!({"services": {"a": service}}));
    }

    #[test]
    fn a_list_over_a_mapping_is_refused() {
        let error = merge(json!({"a": {"b": 1}}), json!({"a": [1]}), &Path::Top).expect_err("cannot be merged");
        assert!(error.message.contains("`a`"), "{error}");
    }
}

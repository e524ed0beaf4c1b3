//! What can be carried out, as a table of keys. Everything else is refused before anything is touched, never ignored.

use serde_json::Value;
use sternway_model::yaml::join;
use sternway_model::{Code, Error, Result};

use super::at;

/// What may stand at a place of the canonical model.
enum Keys {
    /// Anything.
    Any,
    /// Only these keys.
    Of(&'static [(&'static str, Keys)]),
    /// Keys of the person's choice, each with such a value.
    Each(&'static Keys),
    /// A list of such values.
    Items(&'static Keys),
}
use Keys::{Any, Each, Items, Of};

const MODEL: Keys = Of(&[
    ("name", Any),
    ("services", Each(&SERVICE)),
    ("networks", Each(&NETWORK)),
    ("volumes", Each(&VOLUME)),
    ("secrets", Each(&FILE_SOURCE)),
    ("configs", Each(&FILE_SOURCE)),
]);

const SERVICE: Keys = Of(&[
    ("annotations", Any),
    ("attach", Any), // only about what a terminal shows
    ("build", BUILD),
    ("cap_add", Any),
    ("cap_drop", Any),
    ("cgroup", Any),
    ("cgroup_parent", Any),
    ("command", Any),
    ("configs", Items(&FILE_GRANT)),
    ("container_name", Any),
    ("cpu_period", Any),
    ("cpu_quota", Any),
    ("cpu_shares", Any),
    ("cpus", Any),
    ("cpuset", Any),
    ("depends_on", Each(&Of(&[("condition", Any), ("required", Any), ("restart", Any)]))),
    ("deploy", DEPLOY),
    ("develop", Any), // only about `docker compose watch`
    ("device_cgroup_rules", Any),
    ("devices", Items(&Of(&[("source", Any), ("target", Any), ("permissions", Any)]))),
    ("dns", Any),
    ("dns_opt", Any),
    ("dns_search", Any),
    ("domainname", Any),
    ("entrypoint", Any),
    ("environment", Any),
    ("expose", Any),
    ("extra_hosts", Any),
    ("group_add", Any),
    ("healthcheck", HEALTHCHECK),
    ("hostname", Any),
    ("image", Any),
    ("init", Any),
    ("ipc", Any),
    ("labels", Any),
    ("links", Any),
    ("logging", Of(&[("driver", Any), ("options", Any)])),
    ("mem_limit", Any),
    ("mem_reservation", Any),
    ("mem_swappiness", Any),
    ("memswap_limit", Any),
    ("network_mode", Any),
    ("networks", Each(&NETWORK_USE)),
    ("oom_kill_disable", Any),
    ("oom_score_adj", Any),
    ("pid", Any),
    ("pids_limit", Any),
    ("platform", Any),
    ("ports", Items(&PORT)),
    ("privileged", Any),
    ("profiles", Any), // the loader has already chosen the services
    ("pull_policy", Any),
    ("read_only", Any),
    ("restart", Any),
    ("runtime", Any),
    ("scale", Any),
    ("secrets", Items(&FILE_GRANT)),
    ("security_opt", Any),
    ("shm_size", Any),
    ("stdin_open", Any),
    ("stop_grace_period", Any),
    ("stop_signal", Any),
    ("storage_opt", Any),
    ("sysctls", Any),
    ("tmpfs", Any),
    ("tty", Any),
    ("ulimits", Each(&Any)),
    ("user", Any),
    ("userns_mode", Any),
    ("uts", Any),
    ("volumes", Items(&MOUNT)),
    ("volumes_from", Any),
    ("working_dir", Any),
]);

const BUILD: Keys = Of(&[
    ("args", Any),
    ("cache_from", Any),
    ("context", Any),
    ("dockerfile", Any),
    ("dockerfile_inline", Any),
    ("extra_hosts", Any),
    ("labels", Any),
    ("network", Any),
    ("no_cache", Any),
    ("platforms", Any),
    ("pull", Any),
    ("shm_size", Any),
    ("tags", Any),
    ("target", Any),
]);

const LIMITS: Keys = Of(&[("cpus", Any), ("memory", Any), ("pids", Any)]);
const DEPLOY: Keys = Of(&[
    // Compose itself leaves these four to Swarm; they say nothing about one engine.
    ("endpoint_mode", Any),
    ("labels", Any),
    ("update_config", Any),
    ("rollback_config", Any),
    ("mode", Any),
    ("replicas", Any),
    ("resources", Of(&[("limits", LIMITS), ("reservations", Of(&[("cpus", Any), ("memory", Any)]))])),
    ("restart_policy", Of(&[("condition", Any), ("max_attempts", Any)])),
]);

const HEALTHCHECK: Keys = Of(&[
    ("disable", Any),
    ("interval", Any),
    ("retries", Any),
    ("start_interval", Any),
    ("start_period", Any),
    ("test", Any),
    ("timeout", Any),
]);

const NETWORK_USE: Keys = Of(&[
    ("aliases", Any),
    ("driver_opts", Any),
    ("ipv4_address", Any),
    ("ipv6_address", Any),
    ("link_local_ips", Any),
    ("priority", Any),
]);

const PORT: Keys = Of(&[
    ("app_protocol", Any), // a remark for people and proxies
    ("host_ip", Any),
    ("mode", Any), // `host` and `ingress` differ only in Swarm
    ("name", Any),
    ("protocol", Any),
    ("published", Any),
    ("target", Any),
]);

const MOUNT: Keys = Of(&[
    ("type", Any),
    ("source", Any),
    ("target", Any),
    ("read_only", Any),
    ("consistency", Any), // has had no effect for years
    ("bind", Of(&[("create_host_path", Any), ("propagation", Any), ("selinux", Any)])),
    ("volume", Of(&[("nocopy", Any), ("subpath", Any)])),
    ("tmpfs", Of(&[("size", Any), ("mode", Any)])),
]);

const FILE_GRANT: Keys = Of(&[("source", Any), ("target", Any), ("uid", Any), ("gid", Any), ("mode", Any)]);
const FILE_SOURCE: Keys = Of(&[("name", Any), ("file", Any), ("environment", Any), ("content", Any), ("labels", Any)]);

const IPAM_POOL: Keys = Of(&[("subnet", Any), ("gateway", Any), ("ip_range", Any), ("aux_addresses", Any)]);
const NETWORK: Keys = Of(&[
    ("attachable", Any),
    ("driver", Any),
    ("driver_opts", Any),
    ("enable_ipv4", Any),
    ("enable_ipv6", Any),
    ("external", Any),
    ("internal", Any),
    ("ipam", Of(&[("driver", Any), ("config", Items(&IPAM_POOL)), ("options", Any)])),
    ("labels", Any),
    ("name", Any),
]);
const VOLUME: Keys = Of(&[("driver", Any), ("driver_opts", Any), ("external", Any), ("labels", Any), ("name", Any)]);

/// Refuses what cannot be carried out.
///
/// # Errors
/// [`Code::Unsupported`] with the key's path.
pub(super) fn check(canonical: &Value) -> Result<()> {
    walk(canonical, &MODEL, "")?;
    for (name, service) in entries(&canonical["services"]) {
        values(service, &format!("services.{name}"))?;
    }
    for (name, network) in entries(&canonical["networks"]) {
        if network["enable_ipv4"] == Value::Bool(false) {
            return Err(refusal(&format!("networks.{name}.enable_ipv4"), "a network without IPv4"));
        }
    }
    Ok(())
}

fn walk(value: &Value, keys: &Keys, path: &str) -> Result<()> {
    match keys {
        Any => Ok(()),
        Of(known) => entries(value).try_for_each(|(key, value)| {
            let path = join(path, key);
            match known.iter().find(|(name, _)| name == key) {
                Some((_, keys)) => walk(value, keys, &path),
                None if key.starts_with("x-") || says_nothing(value) => Ok(()),
                None => Err(refusal(&path, key)),
            }
        }),
        Each(keys) => entries(value).try_for_each(|(key, value)| walk(value, keys, &join(path, key))),
        Items(keys) => {
            let items = value.as_array().into_iter().flatten().enumerate();
            items.into_iter().try_for_each(|(index, item)| walk(item, keys, &format!("{path}[{index}]")))
        }
    }
}

/// Known keys with values that cannot be carried out.
fn values(service: &Value, path: &str) -> Result<()> {
    for (index, mount) in service["volumes"].as_array().into_iter().flatten().enumerate() {
        let kind = mount["type"].as_str().unwrap_or_default();
        if !matches!(kind, "bind" | "volume" | "tmpfs") {
            return Err(refusal(&format!("{path}.volumes[{index}].type"), kind));
        }
    }
    if service["deploy"]["mode"].as_str().is_some_and(|mode| mode != "replicated") {
        return Err(refusal(&format!("{path}.deploy.mode"), "a mode other than `replicated`"));
    }
    if service["build"]["platforms"].as_array().is_some_and(|platforms| platforms.len() > 1) {
        return Err(refusal(&format!("{path}.build.platforms"), "more than one platform"));
    }
    let replicas = service["scale"].as_i64().or(service["deploy"]["replicas"].as_i64()).unwrap_or(1);
    if replicas > 1 && service["container_name"].is_string() {
        return Err(Error::invalid("a service with a `container_name` can have only one container")
            .hint("Remove `container_name`, or set the number of replicas to 1.")
            .at(at(&format!("{path}.container_name"))));
    }
    Ok(())
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A value that asks for nothing, such as the empty objects that the canonical form writes.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.values().all(says_nothing),
        _ => false,
    }
}

fn refusal(path: &str, what: &str) -> Error {
    Error::new(Code::Unsupported, format!("`{what}` cannot be carried out yet; nothing was touched"))
        .hint(format!("Remove `{path}`, or put it into a file that only Docker Compose reads."))
        .at(at(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_done_is_refused_with_its_path() {
        for (service, key) in [
            (json!({"gpus": "all"}), "services.a.gpus"),
            (json!({"volumes": [{"type": "npipe", "source": "x", "target": "y"}]}), "services.a.volumes[0].type"),
            (json!({"deploy": {"placement": {"constraints": ["node.role==manager"]}}}), "services.a.deploy.placement"),
            (json!({"build": {"context": ".", "secrets": [{"source": "s"}]}}), "services.a.build.secrets"),
            (json!({"deploy": {"mode": "global"}}), "services.a.deploy.mode"),
        ] {
            let error = check(&json!({"services": {"a": service}})).expect_err(key);
            assert_eq!(error.code, Code::Unsupported, "{key}");
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some(key));
        }
    }

    #[test]
    fn what_says_nothing_is_fine() {
        let quiet = json!({"x-mine": 1, "services": {"a": {"x-b": 2, "deploy": {"placement": {}, "resources": {}},
            "develop": {"watch": []}, "mac_address": ""}}, "networks": {"default": {"ipam": {}}}});
        check(&quiet).expect("nothing in it asks for anything");
    }
}

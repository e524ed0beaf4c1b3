//! What can be carried out, as a table of keys. Everything else is refused before anything is touched, never ignored.

use std::net::IpAddr;

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
    /// Nothing, and why.
    Never(&'static str),
}
use Keys::{Any, Each, Items, Never, Of};

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
    ("blkio_config", Any),
    ("build", BUILD),
    ("cap_add", Any),
    ("cap_drop", Any),
    ("cgroup", Any),
    ("cgroup_parent", Any),
    ("command", Any),
    ("configs", Items(&FILE_GRANT)),
    ("container_name", Any),
    ("cpu_count", Any),
    ("cpu_percent", Any),
    ("cpu_period", Any),
    ("cpu_quota", Any),
    ("cpu_rt_period", Any),
    ("cpu_rt_runtime", Any),
    ("cpu_shares", Any),
    ("cpus", Any),
    ("cpuset", Any),
    ("credential_spec", Any),
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
    ("external_links", Any),
    ("extra_hosts", Any),
    ("gpus", Items(&DEVICES)),
    ("group_add", Any),
    ("healthcheck", HEALTHCHECK),
    ("hostname", Any),
    ("image", Any),
    ("init", Any),
    ("ipc", Any),
    ("isolation", Any),
    ("labels", Any),
    ("links", Any),
    ("logging", Of(&[("driver", Any), ("options", Any)])),
    ("mac_address", Any),
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
    ("post_start", Items(&HOOK)),
    ("pre_stop", Items(&HOOK)),
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
    ("additional_contexts", Any),
    ("args", Any),
    ("cache_from", Any),
    ("cache_to", Any),
    ("context", Any),
    ("dockerfile", Any),
    ("dockerfile_inline", Any),
    ("entitlements", Any),
    ("extra_hosts", Any),
    ("isolation", Any),
    ("labels", Any),
    ("network", Any),
    ("no_cache", Any),
    ("platforms", Any),
    ("privileged", Any),
    ("pull", Any),
    ("secrets", Items(&FILE_GRANT)),
    ("shm_size", Any),
    ("ssh", Any),
    ("tags", Any),
    ("target", Any),
    ("ulimits", Each(&Any)),
]);

const HOOK: Keys =
    Of(&[("command", Any), ("user", Any), ("privileged", Any), ("working_dir", Any), ("environment", Any)]);
const DEVICES: Keys =
    Of(&[("capabilities", Any), ("count", Any), ("device_ids", Any), ("driver", Any), ("options", Any)]);
const LIMITS: Keys = Of(&[("cpus", Any), ("memory", Any), ("pids", Any)]);
const RESERVATIONS: Keys = Of(&[
    ("cpus", Any),
    ("memory", Any),
    ("devices", Items(&DEVICES)),
    ("generic_resources", Never("only a Swarm counts such resources; `devices` asks one engine for its devices")),
]);
/// What of it is for Swarm only has no effect; a plan says so (`plan::without_effect`).
const DEPLOY: Keys = Of(&[
    ("endpoint_mode", Any),
    ("labels", Any),
    ("mode", Any),
    ("placement", Any),
    ("replicas", Any),
    ("resources", Of(&[("limits", LIMITS), ("reservations", RESERVATIONS)])),
    ("restart_policy", Of(&[("condition", Any), ("delay", Any), ("max_attempts", Any), ("window", Any)])),
    ("rollback_config", Any),
    ("update_config", Any),
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
    ("gw_priority", Any),
    ("ipv4_address", Any),
    ("ipv6_address", Any),
    ("link_local_ips", Any),
    ("mac_address", Any),
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
    ("bind", Of(&[("create_host_path", Any), ("propagation", Any), ("recursive", Any), ("selinux", Any)])),
    ("volume", Of(&[("nocopy", Any), ("subpath", Any)])),
    ("tmpfs", Of(&[("size", Any), ("mode", Any)])),
]);

const FILE_GRANT: Keys = Of(&[("source", Any), ("target", Any), ("uid", Any), ("gid", Any), ("mode", Any)]);
const KEPT_BY_SWARM: &str = "a Swarm keeps such secrets and configs, and one engine has no store for them; use `file`, `content` or \
     `environment`";
const FILE_SOURCE: Keys = Of(&[
    ("name", Any),
    ("file", Any),
    ("kept", Any), // ours: no Compose file has it
    ("environment", Any),
    ("content", Any),
    ("labels", Any),
    ("external", Never(KEPT_BY_SWARM)),
    ("driver", Never(KEPT_BY_SWARM)),
    ("driver_opts", Never(KEPT_BY_SWARM)),
    ("template_driver", Never(KEPT_BY_SWARM)),
]);

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
    Ok(())
}

fn walk(value: &Value, keys: &Keys, path: &str) -> Result<()> {
    match keys {
        Any => Ok(()),
        Never(_) if says_nothing(value) => Ok(()),
        Never(why) => Err(never(path, why)),
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
    build(&service["build"], &format!("{path}.build"))?;
    addresses(&service["ports"], &format!("{path}.ports"))?;
    if let Some(name) = service["container_name"].as_str().filter(|name| !is_name(name)) {
        return Err(Error::invalid(format!("`{name}` is no name of a container"))
            .hint("It begins with a letter or digit and has two or more of letters, digits, `_`, `.` and `-`.")
            .at(at(&format!("{path}.container_name"))));
    }
    let replicas = service["scale"].as_i64().or(service["deploy"]["replicas"].as_i64()).unwrap_or(1);
    if replicas > 1 && service["container_name"].is_string() {
        return Err(Error::invalid("a service with a `container_name` can have only one container")
            .hint("Remove `container_name`, or set the number of replicas to 1.")
            .at(at(&format!("{path}.container_name"))));
    }
    Ok(())
}

/// What engines take as a container's name.
fn is_name(name: &str) -> bool {
    let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    first.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty() && rest.chars().all(allowed)
}

fn addresses(ports: &Value, path: &str) -> Result<()> {
    for (index, port) in ports.as_array().into_iter().flatten().enumerate() {
        if let Some(address) = port["host_ip"].as_str()
            && !address.is_empty()
            && address.parse::<IpAddr>().is_err()
        {
            return Err(Error::invalid(format!("`{address}` is no address"))
                .hint("Write `127.0.0.1` or `::1`.")
                .at(at(&format!("{path}[{index}].host_ip"))));
        }
    }
    Ok(())
}

fn build(build: &Value, path: &str) -> Result<()> {
    if build["platforms"].as_array().is_some_and(|platforms| platforms.len() > 1) {
        return Err(never(&format!("{path}.platforms"), "an engine keeps an image for one platform only"));
    }
    if build["isolation"].as_str().is_some_and(|isolation| !matches!(isolation, "" | "default")) {
        return Err(never(
            &format!("{path}.isolation"),
            "it is for Windows containers, whose builds are not known here",
        ));
    }
    for (name, context) in entries(&build["additional_contexts"]) {
        if build["pull"] == true && context.as_str().is_some_and(|context| context.starts_with("service:")) {
            let why = "with `build.pull` the engine asks a registry for each image, and this one is only on the engine";
            return Err(never(&format!("{path}.additional_contexts.{name}"), why));
        }
    }
    for key in ["cache_from", "cache_to"] {
        for (index, cache) in build[key].as_array().into_iter().flatten().enumerate() {
            if cache.as_str().is_some_and(|cache| cache.split(',').any(|part| part.trim() == "type=local")) {
                let why = "a cache in a folder of this machine needs a builder of its own beside the engine";
                return Err(never(&format!("{path}.{key}[{index}]"), why));
            }
        }
    }
    Ok(())
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn never(path: &str, why: &str) -> Error {
    Error::new(Code::Unsupported, format!("`{path}` cannot be carried out: {why}"))
        .hint(format!("Remove `{path}`, or put it into a file that is not for this environment. Nothing was touched."))
        .at(at(path))
}

/// A value that asks for nothing, such as the empty objects that the canonical form writes.
pub(crate) fn says_nothing(value: &Value) -> bool {
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
            (json!({"gpus": [{"speed": "high"}]}), "services.a.gpus[0].speed"),
            (
                json!({"deploy": {"resources": {"reservations": {"generic_resources": [{"discrete_resource_spec": {}}]}}}}),
                "services.a.deploy.resources.reservations.generic_resources",
            ),
            (
                json!({"build": {"context": ".", "pull": true, "additional_contexts": {"base": "service:b"}}}),
                "services.a.build.additional_contexts.base",
            ),
            (json!({"build": {"context": ".", "cache_to": ["type=local,dest=/c"]}}), "services.a.build.cache_to[0]"),
            (
                json!({"build": {"context": ".", "platforms": ["linux/amd64", "linux/arm64"]}}),
                "services.a.build.platforms",
            ),
        ] {
            let error = check(&json!({"services": {"a": service}})).expect_err(key);
            assert_eq!(error.code, Code::Unsupported, "{key}");
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some(key));
        }
    }

    #[test]
    fn names_and_addresses_are_those_of_the_engine() {
        for (service, key) in [
            (json!({"container_name": "a"}), "services.a.container_name"),
            (json!({"container_name": "-ab"}), "services.a.container_name"),
            (json!({"container_name": "a b"}), "services.a.container_name"),
            (json!({"ports": [{"target": 80, "host_ip": "localhost"}]}), "services.a.ports[0].host_ip"),
        ] {
            let error = check(&json!({"services": {"a": service}})).expect_err(key);
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some(key));
        }
        let fine = json!({"services": {"a": {"container_name": "a.b-1", "ports": [{"target": 80, "host_ip": "::1"}]}}});
        check(&fine).expect("a name and an address");
    }

    #[test]
    fn what_says_nothing_is_fine() {
        let quiet = json!({"x-mine": 1, "services": {"a": {"x-b": 2, "deploy": {"placement": {}, "resources": {}},
            "develop": {"watch": []}, "mac_address": ""}}, "networks": {"default": {"ipam": {}}}});
        check(&quiet).expect("nothing in it asks for anything");
    }
}

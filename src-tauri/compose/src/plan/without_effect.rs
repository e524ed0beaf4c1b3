//! Keys that are accepted and do nothing on this engine: told, so that nobody counts on them.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Model, says_nothing};
use crate::observe::Observed;

/// A key that does nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutEffect {
    /// Its path in the model.
    pub key: String,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for WithoutEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has no effect: {}", self.key, self.why)
    }
}

const MANY_PLACES: &str = "it is for a Swarm; one engine has no places to choose from";
const ITS_OWN_PAUSES: &str = "it is for a Swarm; one engine chooses the pauses between restarts itself";
const ONE_BY_ONE: &str = "it is for a Swarm; containers are replaced one at a time here, and the old one comes back if the new one \
     does not become ready";
const SWARM_SERVICE: &str = "it is about a service of a Swarm, not about its containers";
const WINDOWS: &str = "only engines with Windows containers know it";

/// Paths below a service, and why they do nothing on one engine. Docker Compose passes over the same ones in silence.
const FOR_SWARM: [(&str, &str); 9] = [
    ("/deploy/placement", MANY_PLACES),
    ("/deploy/endpoint_mode", SWARM_SERVICE),
    ("/deploy/labels", SWARM_SERVICE),
    ("/deploy/restart_policy/delay", ITS_OWN_PAUSES),
    ("/deploy/restart_policy/window", ITS_OWN_PAUSES),
    ("/deploy/rollback_config", ONE_BY_ONE),
    ("/deploy/update_config/delay", ONE_BY_ONE),
    ("/deploy/update_config/max_failure_ratio", ONE_BY_ONE),
    ("/deploy/update_config/parallelism", ONE_BY_ONE),
];
const FOR_WINDOWS: [&str; 2] = ["/cpu_count", "/cpu_percent"];

/// The keys of the model that do nothing on this engine.
pub(super) fn find(observed: &Observed, model: &Model) -> Vec<WithoutEffect> {
    let mut found = Vec::new();
    for (name, service) in &model.services {
        let given = |path: &str| service.canonical.pointer(path).is_some_and(|value| !says_nothing(value));
        let mut add = |path: &str, why| {
            found.push(WithoutEffect { key: format!("services.{name}{}", path.replace('/', ".")), why });
        };
        for (path, why) in FOR_SWARM {
            if given(path) {
                add(path, why);
            }
        }
        if service.canonical.pointer("/deploy/mode").and_then(Value::as_str).is_some_and(|mode| mode != "replicated") {
            add("/deploy/mode", MANY_PLACES);
        }
        for path in FOR_WINDOWS.into_iter().filter(|path| !observed.windows && given(path)) {
            add(path, WINDOWS);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_a_swarm_does_is_told() {
        let model = Model::decode(&json!({"name": "p", "services": {
            "a": {"image": "i", "cpu_count": 2, "deploy": {"mode": "global", "placement": {"constraints": ["node.role==manager"]},
                "resources": {}, "restart_policy": {"condition": "any", "delay": "5s"}, "update_config": {"order": "stop-first"}}},
            "b": {"image": "i", "deploy": {"mode": "replicated", "placement": {}, "resources": {}}}}}))
        .expect("valid");
        let keys = |observed: &Observed| find(observed, &model).into_iter().map(|idle| idle.key).collect::<Vec<_>>();
        let swarm =
            ["deploy.placement", "deploy.restart_policy.delay", "deploy.mode"].map(|key| format!("services.a.{key}"));
        assert_eq!(keys(&Observed { windows: true, ..Observed::default() }), swarm);
        assert_eq!(keys(&Observed::default()).last().map(String::as_str), Some("services.a.cpu_count"));
        let said = find(&Observed::default(), &model)[0].to_string();
        assert_eq!(
            said,
            "`services.a.deploy.placement` has no effect: it is for a Swarm; one engine has no places to choose from"
        );
    }
}

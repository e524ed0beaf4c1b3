//! Slips of the pen that Compose lets pass and the engine would take for something else, or refuse when a container is half made.

use std::collections::BTreeMap;

use sternway_model::{Error, Result, nearest};

use super::{Model, Service, at};

/// When a container is started again (`restart`).
const RESTART: [&str; 4] = ["no", "always", "unless-stopped", "on-failure"];
/// The same in `deploy.restart_policy.condition`, where the first three are the specification's.
const CONDITIONS: [&str; 5] = ["none", "on-failure", "any", "always", "unless-stopped"];

impl Model {
    /// Looks for them in files that a person has just written. What was deployed already is not looked at: it has to stay known.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] with the key of the first.
    pub fn check_slips(&self) -> Result<()> {
        for (name, service) in &self.services {
            let path = format!("services.{name}");
            restart(service, &path)?;
            ports(service, &path)?;
        }
        Ok(())
    }
}

fn restart(service: &Service, path: &str) -> Result<()> {
    if let Some(text) = &service.restart {
        let (word, retries) = text.split_once(':').map_or((text.as_str(), None), |(word, rest)| (word, Some(rest)));
        let key = format!("{path}.restart");
        known(word, &RESTART, &key)?;
        let is_number = |retries: &str| retries.parse::<u32>().is_ok();
        if retries.is_some_and(|retries| word != "on-failure" || !is_number(retries)) {
            return Err(Error::invalid(format!("`{text}` is no restart policy"))
                .hint("Only `on-failure` takes a number of tries: `on-failure:3`.")
                .at(at(&key)));
        }
    }
    let policy = service.deploy.as_ref().and_then(|deploy| deploy.restart_policy.as_ref());
    match policy.and_then(|policy| policy.condition.as_deref()) {
        Some(word) => known(word, &CONDITIONS, &format!("{path}.deploy.restart_policy.condition")),
        None => Ok(()),
    }
}

fn known(word: &str, words: &[&str], key: &str) -> Result<()> {
    if word.is_empty() || words.contains(&word) {
        return Ok(());
    }
    let hint = match nearest(word, words.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Known here: {}.", words.join(", ")),
    };
    Err(Error::invalid(format!("unknown value `{word}`")).hint(hint).at(at(key)))
}

/// A port of the host leads to one port of the container.
fn ports(service: &Service, path: &str) -> Result<()> {
    let mut seen = BTreeMap::new();
    for port in &service.ports {
        let Some(published) =
            port.published.as_deref().filter(|published| published.parse::<u16>().is_ok_and(|port| port > 0))
        else {
            continue;
        };
        let address = port.host_ip.as_deref().unwrap_or_default();
        let protocol = port.protocol.as_deref().unwrap_or("tcp");
        if let Some(other) =
            seen.insert((address, published, protocol), port.target).filter(|other| *other != port.target)
        {
            return Err(Error::invalid(format!(
                "port {published} is published twice, for the container's ports {other} and {}",
                port.target
            ))
            .hint("Give one of the two another port of the host.")
            .at(at(&format!("{path}.ports"))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(service: Value) -> Result<()> {
        let mut whole = json!({"name": "p", "services": {"web": {"image": "x"}}});
        whole["services"]["web"].as_object_mut().expect("a service").extend(service.as_object().expect("keys").clone());
        Model::decode(&whole).expect("of the canonical form").check_slips()
    }

    #[test]
    fn words_are_known() {
        for right in ["no", "always", "unless-stopped", "on-failure", "on-failure:3", ""] {
            assert_eq!(checked(json!({"restart": right})), Ok(()), "{right}");
        }
        for wrong in ["allways", "on-failur:3", "on-failure:x", "on-failure:", "always:3"] {
            let error = checked(json!({"restart": wrong})).expect_err(wrong);
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.web.restart"), "{wrong}");
            assert!(!error.hint.is_empty());
        }
        for (word, right) in [("any", true), ("on-failure", true), ("allways", false)] {
            assert_eq!(checked(json!({"deploy": {"restart_policy": {"condition": word}}})).is_ok(), right, "{word}");
        }
    }

    #[test]
    fn a_port_of_the_host_has_one_end() {
        let port = |target: u16, published: &str| json!({"target": target, "published": published, "protocol": "tcp"});
        assert!(checked(json!({"ports": [port(80, "8080"), port(81, "8080")]})).is_err());
        assert_eq!(checked(json!({"ports": [port(80, "8080"), port(81, "8081"), port(80, "8082")]})), Ok(()));
        let udp = json!({"target": 81, "published": "8080", "protocol": "udp"});
        assert_eq!(checked(json!({"ports": [port(80, "8080"), udp, {"target": 82}, {"target": 83}]})), Ok(()));
    }
}

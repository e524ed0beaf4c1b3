//! Slips of the pen that Compose lets pass and the engine would take for something else, or refuse when a container is half made.

use std::collections::BTreeMap;
use std::path::Path;

use sternway_model::{Code, Error, Result};

use super::{Model, Service, at};
use crate::image::split_reference;
use crate::load::check::unknown;

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
            image(service, &path)?;
            self.files(service)?;
            build_folder(service, &path)?;
        }
        Ok(())
    }

    /// The files that a service's configs and secrets come from.
    fn files(&self, service: &Service) -> Result<()> {
        let granted =
            [("configs", &service.configs, &self.configs), ("secrets", &service.secrets, &self.secrets)].into_iter();
        for (section, grants, sources) in granted {
            for grant in grants {
                let file = sources.get(&grant.source).and_then(|source| source.file.as_ref());
                if let Some(file) = file.filter(|file| !file.exists()) {
                    return Err(Error::new(Code::NotFound, format!("the file {} is not there", file.display()))
                        .hint("Write the file, or correct the path.")
                        .at(at(&format!("{section}.{}.file", grant.source))));
                }
            }
        }
        Ok(())
    }
}

/// A name that no registry has: most often a variable in it has no value.
fn image(service: &Service, path: &str) -> Result<()> {
    let Some(image) = service.image.as_deref().filter(|image| !image.starts_with("sha256:")) else { return Ok(()) };
    let (name, tag) = split_reference(image);
    // What has a point or a colon in front of the first slash is a registry's address.
    let repository = match name.split_once('/') {
        Some((registry, rest)) if registry.contains(['.', ':']) || registry == "localhost" => rest,
        _ => name.as_str(),
    };
    let why = if repository.is_empty() || repository.ends_with(['/', ':']) {
        "it has no name"
    } else if tag.is_empty() {
        "nothing stands behind its colon"
    } else if image.contains(char::is_whitespace) {
        "it has a space in it"
    } else if repository.contains(char::is_uppercase) {
        "its name has capital letters"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("`{image}` is no image: {why}"))
        .hint("Write `name`, `name:tag` or `registry/name:tag`; a variable in it may have no value.")
        .at(at(&format!("{path}.image"))))
}

fn build_folder(service: &Service, path: &str) -> Result<()> {
    let context = service.build.as_ref().map(|build| Path::new(build.context.as_str()));
    match context.filter(|context| context.is_absolute() && !context.exists()) {
        None => Ok(()),
        Some(context) => Err(Error::new(Code::NotFound, format!("the folder {} is not there", context.display()))
            .hint("Make the folder, or correct the path.")
            .at(at(&format!("{path}.build.context")))),
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
    Err(unknown("value", word, words).at(at(key)))
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
    fn images_have_a_name_and_a_tag() {
        for right in ["x", "x:1.2", "a/b", "localhost/a:1", "Registry.example:5000/a/b:1", "x@sha256:ab", "x:Latest"] {
            assert_eq!(checked(json!({"image": right})), Ok(()), "{right}");
        }
        for wrong in ["x:", "BusyBox:1", "x y", "registry.example/:1"] {
            let error = checked(json!({"image": wrong})).expect_err(wrong);
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.web.image"), "{wrong}");
        }
    }

    #[test]
    fn files_and_folders_are_there() {
        let error = checked(json!({"build": {"context": "/not/there", "dockerfile": "Dockerfile"}})).expect_err("none");
        assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("services.web.build.context"));
        let whole = json!({
            "name": "p",
            "services": {"web": {"image": "x", "configs": [{"source": "c", "target": "/c"}]}},
            "configs": {"c": {"name": "p_c", "file": "/not/there"}},
        });
        let error = Model::decode(&whole).expect("of the canonical form").check_slips().expect_err("none");
        assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some("configs.c.file"));
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

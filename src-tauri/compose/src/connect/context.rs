//! What Docker's own client is configured with on this machine: variables, `config.json`, contexts.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sternway_model::{Code, EngineAddress, Error, MOST_OF_TEXT, Result, nearest, read_file};

use super::tls::Keys;
use super::{Endpoint, Route};
use crate::fingerprint::sha256;

/// The context that Docker's client has without anybody making it: the system's socket.
const DEFAULT: &str = "default";

/// The configuration of Docker's own client.
pub(crate) struct DockerClient<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

/// The part of `config.json` that is about contexts.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    current_context: String,
}

/// The part of a context's `meta.json` that is about its engine.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    #[serde(default)]
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl<'a> DockerClient<'a> {
    /// The configuration that these variables lead to.
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable }
    }

    /// A variable; an empty one counts as not set, as it does for Docker.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The folder with `config.json` and the contexts.
    fn folder(&self) -> Option<PathBuf> {
        let home = || self.variable("HOME").or_else(|| self.variable("USERPROFILE"));
        let folder = self.variable("DOCKER_CONFIG").map(PathBuf::from);
        folder.or_else(|| Some(PathBuf::from(home()?).join(".docker")))
    }

    /// The engine that Docker's client would use: DOCKER_HOST, DOCKER_CONTEXT, the current context, the system's socket.
    ///
    /// # Errors
    /// As [`Route::to`].
    pub fn chosen(&self) -> Result<Route> {
        if self.variable("DOCKER_HOST").is_some() {
            return self.context(DEFAULT, "");
        }
        if let Some(name) = self.variable("DOCKER_CONTEXT") {
            return self.context(&name, &format!("docker context `{name}`, from DOCKER_CONTEXT"));
        }
        let config: Option<Config> = match self.folder() {
            Some(folder) => read(&folder.join("config.json"))?,
            None => None,
        };
        match config.unwrap_or_default().current_context.as_str() {
            "" => self.context(DEFAULT, ""),
            name => self.context(name, &format!("docker's current context `{name}`")),
        }
    }

    /// The engine of a context.
    ///
    /// # Errors
    /// As [`Route::to`].
    pub fn context(&self, name: &str, because: &str) -> Result<Route> {
        if name == DEFAULT {
            return match self.variable("DOCKER_HOST") {
                Some(host) => self.host(&host).map_err(|error| error.context(format!("DOCKER_HOST is `{host}`"))),
                None => Ok(Route { endpoint: Endpoint::system(self), because: String::new() }),
            };
        }
        let no_context = || {
            Error::new(Code::NotFound, format!("there is no docker context `{name}`")).hint(self.possible_targets(name))
        };
        let contexts = self.folder().ok_or_else(no_context)?.join("contexts");
        // A context's folder is named by the hash of its name.
        let id = sha256(name.as_bytes());
        let context: Context = read(&contexts.join("meta").join(&id).join("meta.json"))?.ok_or_else(no_context)?;
        let engine = context.endpoints.docker.filter(|engine| !engine.host.is_empty()).ok_or_else(|| {
            Error::new(Code::Unsupported, format!("the docker context `{name}` has no Docker engine"))
                .hint("`docker context inspect` shows what it has.")
        })?;
        if engine.skip_tls_verify {
            return Err(Error::new(
                Code::Unsupported,
                format!(
                    "the docker context `{name}` says to trust any certificate: anybody could take the engine's place"
                ),
            )
            .hint(
                "Make the context with the engine's own certificate authority: `--docker host=…,ca=…,cert=…,key=…`.",
            ));
        }
        let address = address(&engine.host).map_err(|error| error.context(format!("the docker context `{name}`")))?;
        let keys = contexts.join("tls").join(&id).join("docker");
        let endpoint = Endpoint::of(&address, || if keys.is_dir() { Keys::read(&keys).map(Some) } else { Ok(None) })?;
        Ok(Route { endpoint, because: because.to_owned() })
    }

    /// What may have been meant by a name, and what there is besides.
    fn possible_targets(&self, name: &str) -> String {
        let mut known = vec!["local".to_owned()];
        let contexts = self.folder().and_then(|folder| std::fs::read_dir(folder.join("contexts/meta")).ok());
        for entry in contexts.into_iter().flatten().flatten() {
            // It is only a guess: what cannot be read is none that was meant.
            if let Ok(Some(Context { name, .. })) = read(&entry.path().join("meta.json")) {
                known.push(name);
            }
        }
        let guess = nearest(name, known.iter().map(String::as_str));
        let guess = guess.map(|guess| format!("Did you mean `{guess}`? ")).unwrap_or_default();
        format!(
            "{guess}A target is `local`, a docker context (`docker context ls` lists them), or an address with \
             `ssh://`, `tcp://` or `unix://`."
        )
    }

    fn host(&self, host: &str) -> Result<Route> {
        let endpoint = Endpoint::of(&address(host)?, || self.keys())?;
        Ok(Route { endpoint, because: "from DOCKER_HOST".to_owned() })
    }

    /// The keys for engines on a TCP port: those of DOCKER_CERT_PATH, else those beside `config.json`.
    ///
    /// # Errors
    /// If some of them are missing or cannot be read.
    pub fn keys(&self) -> Result<Option<Keys>> {
        if let Some(folder) = self.variable("DOCKER_CERT_PATH") {
            return Keys::read(Path::new(&folder)).map(Some);
        }
        match self.folder() {
            Some(folder) if self.variable("DOCKER_TLS_VERIFY").is_some() || folder.join("ca.pem").is_file() => {
                Keys::read(&folder).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// An address from Docker's configuration, where names of contexts mean nothing.
fn address(text: &str) -> Result<EngineAddress> {
    if text.contains("://") {
        return text.parse();
    }
    Err(Error::invalid(format!("`{text}` is not an address of an engine"))
        .hint("Addresses begin with `unix://`, `ssh://` or `tcp://`."))
}

/// Reads a JSON file of Docker's; `None` if it is not there.
fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>> {
    match read_file("read", file, MOST_OF_TEXT) {
        // The error's own text could quote the file.
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
            Error::invalid(format!("{} is not what Docker writes (line {})", file.display(), error.line()))
                .hint("Mend it, or make it again with `docker context create`.")
        }),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use sternway_model::Target;

    use super::*;

    /// Docker's folder with the contexts `far` (ssh) and `trusting`, and `current` as the current one.
    fn folder(current: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("config.json"), format!(r#"{{"auths": {{}}, "currentContext": "{current}"}}"#))
            .expect("written");
        for (name, endpoint) in [
            ("far", r#"{"Host": "ssh://deploy@far.example.com", "SkipTLSVerify": false}"#),
            ("trusting", r#"{"Host": "tcp://far.example.com:2376", "SkipTLSVerify": true}"#),
            ("open", r#"{"Host": "tcp://far.example.com:2375"}"#),
            ("near", r#"{"Host": "tcp://127.0.0.1:2375"}"#),
        ] {
            let meta = folder.path().join("contexts/meta").join(sha256(name.as_bytes()));
            fs::create_dir_all(&meta).expect("a folder");
            fs::write(
                meta.join("meta.json"),
                format!(r#"{{"Name": "{name}", "Endpoints": {{"docker": {endpoint}}}}}"#),
            )
            .expect("written");
        }
        folder
    }

    fn route(folder: &Path, target: &str, variables: &[(&str, &str)]) -> Result<String> {
        let mut known: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        known.insert("DOCKER_CONFIG".to_owned(), folder.display().to_string());
        let target = Target::Docker(target.parse()?);
        Route::to(&target, &DockerClient::new(&|name| known.get(name).cloned())).map(|route| route.to_string())
    }

    #[test]
    fn local_is_what_dockers_client_would_use() {
        let folder = folder("far");
        let local = |variables: &[(&str, &str)]| route(folder.path(), "local", variables).expect("a route");
        assert_eq!(local(&[]), "ssh://deploy@far.example.com (docker's current context `far`)");
        assert_eq!(
            local(&[("DOCKER_CONTEXT", "near")]),
            "tcp://127.0.0.1:2375 without encryption (docker context `near`, from DOCKER_CONTEXT)"
        );
        assert_eq!(
            local(&[("DOCKER_CONTEXT", "near"), ("DOCKER_HOST", "unix:///tmp/other.sock")]),
            "unix:///tmp/other.sock (from DOCKER_HOST)"
        );
        assert_eq!(local(&[("DOCKER_CONTEXT", "default"), ("DOCKER_HOST", "")]), "unix:///var/run/docker.sock");
        assert_eq!(
            route(folder.path(), "far", &[]).expect("a route"),
            "ssh://deploy@far.example.com (docker context `far`)"
        );
    }

    #[test]
    fn a_name_that_is_not_known_comes_with_the_nearest() {
        let folder = folder("");
        for (name, guess) in
            [("lokal", "Did you mean `local`?"), ("neer", "Did you mean `near`?"), ("gone", "A target")]
        {
            let error = route(folder.path(), name, &[]).expect_err(name);
            assert!(error.hint.starts_with(guess) && error.hint.contains("`ssh://`"), "{name} gives {}", error.hint);
        }
    }

    #[test]
    fn what_is_unsafe_or_missing_is_refused() {
        let folder = folder("");
        for (target, variables, message) in [
            ("gone", &[][..], "there is no docker context `gone`"),
            ("trusting", &[], "trust any certificate"),
            ("open", &[], "there are no keys for tcp://far.example.com:2375"),
            ("tcp://203.0.113.5:2376", &[], "there are no keys"),
            ("tcp://203.0.113.5:2376", &[("DOCKER_TLS_VERIFY", "1")], "ca.pem"),
            ("local", &[("DOCKER_HOST", "far.example.com:2375")], "DOCKER_HOST is `far.example.com:2375`"),
            ("local", &[("DOCKER_HOST", "http://h:1")], "no way to a Docker engine"),
        ] {
            let error = route(folder.path(), target, variables).expect_err(target);
            assert!(error.message.contains(message), "{target} gives {error}");
        }
    }
}

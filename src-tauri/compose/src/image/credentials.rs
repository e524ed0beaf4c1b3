//! Credentials for registries, from where Docker's own client keeps them: `config.json` and the helper programs it names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use sternway_model::{Code, Error, MOST_OF_TEXT, Result, read_file};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The name under which credentials for Docker Hub are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// How long a helper program may take; it may ask the person to unlock a keychain.
const HELPER: Duration = Duration::from_secs(60);

/// The parts of `config.json` that are about credentials.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClientConfig {
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    identitytoken: String,
}

/// An entry is a secret.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// What a helper program answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl ClientConfig {
    /// Reads `config.json` from `DOCKER_CONFIG` or `~/.docker`; without the file there are no credentials.
    ///
    /// # Errors
    /// If the file cannot be read or is not JSON.
    pub fn read() -> Result<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let folder = variable("DOCKER_CONFIG").or_else(|| Some(variable("HOME")?.join(".docker")));
        let Some(file) = folder.map(|folder| folder.join("config.json")) else { return Ok(Self::default()) };
        match read_file("read", &file, MOST_OF_TEXT) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                // The error's own text could quote the file.
                Error::invalid(format!("{} is not what Docker writes (line {})", file.display(), error.line()))
                    .hint("Mend it, or remove it and use `docker login` again.")
            }),
            Err(error) if error.code == Code::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Credentials for the registry of an image; `None` if there are none.
    ///
    /// # Errors
    /// If a helper program that is named for the registry cannot be run.
    pub async fn for_image(&self, reference: &str) -> Result<Option<DockerCredentials>> {
        self.for_registry(registry(reference)).await
    }

    /// Credentials for a host that serves images; Docker Hub's has another name than its credentials.
    ///
    /// # Errors
    /// As [`ClientConfig::for_image`].
    pub async fn for_host(&self, host: &str) -> Result<Option<DockerCredentials>> {
        self.for_registry(if host == "registry-1.docker.io" { DOCKER_HUB } else { host }).await
    }

    /// Credentials for all registries that are known, for builds: the engine picks those that it needs. Also why some could
    /// not be had.
    pub async fn all(&self) -> (HashMap<String, DockerCredentials>, Vec<Error>) {
        let (mut all, mut unanswered) = (HashMap::new(), Vec::new());
        let registries: BTreeSet<&String> = self.auths.keys().chain(self.cred_helpers.keys()).collect();
        for registry in registries {
            match self.for_registry(registry).await {
                Ok(credentials) => all.extend(credentials.map(|credentials| (registry.clone(), credentials))),
                Err(error) => unanswered.push(error),
            }
        }
        (all, unanswered)
    }

    async fn for_registry(&self, registry: &str) -> Result<Option<DockerCredentials>> {
        let helpers = self.cred_helpers.iter().find(|(name, _)| host(name) == host(registry)).map(|(_, helper)| helper);
        if let Some(helper) = helpers.or(self.creds_store.as_ref()) {
            return ask(helper, registry).await;
        }
        let entry = self.auths.iter().find(|(name, _)| host(name) == host(registry)).map(|(_, entry)| entry);
        Ok(entry.and_then(|entry| entry.credentials(registry)))
    }
}

impl Entry {
    fn credentials(&self, registry: &str) -> Option<DockerCredentials> {
        let decoded = BASE64_STANDARD.decode(self.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let (username, password) = decoded.as_deref().and_then(|pair| pair.split_once(':')).unwrap_or_default();
        let given = |text: &str| (!text.is_empty()).then(|| text.trim_end_matches('\0').to_owned());
        let found = !username.is_empty() || !self.identitytoken.is_empty();
        found.then(|| DockerCredentials {
            username: given(username),
            password: given(password),
            identitytoken: given(&self.identitytoken),
            serveraddress: Some(registry.to_owned()),
            ..DockerCredentials::default()
        })
    }
}

/// The longest answer of a helper program, in bytes; tokens of clouds are some thousand long.
const ANSWER: u64 = 1 << 20;

/// Asks a helper program; its protocol is that of Docker's own client.
async fn ask(helper: &str, registry: &str) -> Result<Option<DockerCredentials>> {
    let program = format!("docker-credential-{helper}");
    let failed = |why: &str| {
        Error::failed(format!("{program} cannot be asked for the credentials of {registry}: {why}"))
            .hint("Docker's `config.json` names it; see that it is installed and that its keychain is unlocked.")
    };
    let talk = async {
        let mut child = Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(registry.as_bytes()).await?;
        }
        let mut answer = Vec::new();
        if let Some(output) = child.stdout.take() {
            output.take(ANSWER).read_to_end(&mut answer).await?;
        }
        // Whoever says more than that is not listened to, which ends it.
        Ok::<_, std::io::Error>((child.wait().await?, answer))
    };
    let (status, answer) = match tokio::time::timeout(HELPER, talk).await {
        Ok(output) => output.map_err(|error| failed(&error.to_string()))?,
        Err(_) => return Err(failed("it did not answer in time")),
    };
    if !status.success() {
        // This is also how a helper says that it has none.
        return Ok(None);
    }
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| failed("its answer is not JSON"))?;
    let is_token = answer.username == "<token>";
    Ok(Some(DockerCredentials {
        username: (!is_token).then_some(answer.username),
        password: (!is_token).then(|| answer.secret.clone()),
        identitytoken: is_token.then_some(answer.secret),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }))
}

/// The registry of an image's name, as credentials are kept for it.
fn registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => match first {
            "docker.io" | "index.docker.io" => DOCKER_HUB,
            other => other,
        },
        _ => DOCKER_HUB,
    }
}

/// The host of a registry, however it is written.
fn host(registry: &str) -> &str {
    let bare = registry.split_once("://").map_or(registry, |(_, rest)| rest);
    bare.split('/').next().unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_the_first_part_that_looks_like_a_host() {
        for (reference, name) in [
            ("nginx", DOCKER_HUB),
            ("library/nginx:1", DOCKER_HUB),
            ("docker.io/a/b", DOCKER_HUB),
            ("ghcr.io/a/b:1", "ghcr.io"),
            ("localhost:5000/a", "localhost:5000"),
        ] {
            assert_eq!(registry(reference), name, "{reference}");
        }
    }

    #[tokio::test]
    async fn credentials_are_those_of_the_registry() {
        let config = serde_json::json!({"auths": {
            "https://index.docker.io/v1/": {"auth": BASE64_STANDARD.encode("ann:one")},
            "ghcr.io": {"auth": BASE64_STANDARD.encode("ann:two:three")}}});
        let config: ClientConfig = serde_json::from_value(config).expect("valid");
        let login = |credentials: Option<DockerCredentials>| {
            credentials.and_then(|credentials| Some((credentials.username?, credentials.password?)))
        };
        let of = async |reference: &str| login(config.for_image(reference).await.expect("asked"));
        assert_eq!(of("nginx").await, Some(("ann".into(), "one".into())));
        assert_eq!(of("ghcr.io/a/b:1").await, Some(("ann".into(), "two:three".into())));
        assert_eq!(of("quay.io/a").await, None);
        assert_eq!(config.all().await.0.len(), 2);
        assert!(!format!("{config:?}").contains("YW5u"), "credentials are not printed");
    }

    #[tokio::test]
    async fn a_helper_that_is_missing_is_said() {
        let config = serde_json::json!({"credsStore": "of-nobody"});
        let config: ClientConfig = serde_json::from_value(config).expect("valid");
        let error = config.for_image("nginx").await.expect_err("there is no such program");
        assert!(error.message.contains("docker-credential-of-nobody"), "{}", error.message);
    }
}

//! What a container is made from, as one hash and as a text that a later plan can compare.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sternway_model::{Error, ImageId, Result, mentions, open_file};
use walkdir::WalkDir;

use crate::model::{FileGrant, FileSource, Model, Service};
use crate::observe::read;

/// Keys that say nothing about a container: Compose leaves the same ones out of its hash.
const NOT_IN_A_CONTAINER: [&str; 7] = ["build", "pull_policy", "scale", "depends_on", "profiles", "develop", "attach"];
/// What of `deploy` is in a container; the rest is about how many there are and how they follow one another.
const OF_DEPLOY: [&str; 2] = ["resources", "restart_policy"];

/// What a container is, or would be, made from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MadeFrom {
    /// The service's canonical JSON, keys sorted.
    pub service: Value,
    /// The files that secrets and configs become.
    pub contents: Contents,
    /// Equal hashes mean equal containers.
    pub hash: String,
}

/// What is in the files that secrets and configs become, by `secret NAME` and `config NAME`.
pub(crate) type Contents = BTreeMap<String, Content>;

/// A file's content, as far as everybody may know it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Secrets in it, as `NAME@VERSION`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    /// The beginning of its hash; only for configs, a short secret could be guessed from it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
}

impl MadeFrom {
    /// What a service's containers would be made from. While the image is unknown the hash is like no container's.
    pub fn wanted(
        model: &Model,
        service: &Service,
        image: Option<&ImageId>,
        files: &BTreeMap<PathBuf, String>,
    ) -> Self {
        let mut contents = Contents::new();
        // The whole contents go into the hash only.
        let mut whole: BTreeMap<String, String> = BTreeMap::new();
        for (kind, grants, sources) in
            [("secret", &service.secrets, &model.secrets), ("config", &service.configs, &model.configs)]
        {
            for FileGrant { source: key, .. } in grants {
                let Some(source) = sources.get(key) else { continue };
                let hash = content_hash(source, files);
                let name = format!("{kind} {key}");
                let fingerprint = if kind == "config" { hash.chars().take(12).collect() } else { String::new() };
                contents.insert(name.clone(), Content { pins: pins(source), fingerprint });
                whole.insert(name, hash);
            }
        }
        let service = stripped(&service.canonical);
        let hash = sha256(json!({"service": service, "image": image, "contents": whole}).to_string().as_bytes());
        Self { service, contents, hash }
    }
}

/// The service's JSON without what says nothing about its containers, keys sorted.
fn stripped(canonical: &Value) -> Value {
    let mut service = canonical.clone();
    if let Some(keys) = service.as_object_mut() {
        keys.retain(|key, _| !NOT_IN_A_CONTAINER.contains(&key.as_str()) && !key.starts_with("x-"));
        if let Some(deploy) = keys.get_mut("deploy").and_then(Value::as_object_mut) {
            deploy.retain(|key, value| OF_DEPLOY.contains(&key.as_str()) && *value != json!({}));
            if deploy.is_empty() {
                keys.remove("deploy");
            }
        }
    }
    service.sort_all_objects();
    service
}

/// The hash of a network's or volume's settings.
pub(crate) fn of_settings(canonical: &Value) -> String {
    let mut sorted = canonical.clone();
    sorted.sort_all_objects();
    sha256(sorted.to_string().as_bytes())
}

fn content_hash(source: &FileSource, files: &BTreeMap<PathBuf, String>) -> String {
    match (&source.content, &source.kept, &source.file) {
        (Some(content), ..) => sha256(content.as_bytes()),
        (None, Some(kept), _) => kept.content().to_owned(),
        (None, None, Some(file)) => files.get(file).cloned().unwrap_or_default(),
        (None, None, None) => String::new(),
    }
}

fn pins(source: &FileSource) -> Vec<String> {
    let pins = source.content.as_deref().and_then(|content| mentions(content).ok()).unwrap_or_default();
    pins.iter().map(|pin| format!("{}@{}", pin.name, pin.version)).collect()
}

/// Hashes of the files that the model's secrets and configs come from, as far as a service uses them. A folder is mounted, and
/// what is in it is the service's own business; where the engine is on another machine it is copied, and counts. A kept copy tells by
/// its name what is in it, and a file that is not there has no hash.
///
/// # Errors
/// If one cannot be read.
pub(crate) fn files(model: &Model, remote: bool) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for service in model.services.values() {
        for (grants, sources) in [(&service.secrets, &model.secrets), (&service.configs, &model.configs)] {
            let used = grants.iter().filter_map(|grant| sources.get(&grant.source));
            let of_project = used.filter(|source| source.kept.is_none()).filter_map(|source| source.file.as_ref());
            for file in of_project.filter(|file| file.exists()) {
                let hash = match (file.is_dir(), remote) {
                    (true, false) => String::new(),
                    (true, true) => of_folder(file)?,
                    (false, _) => of_content(file)?,
                };
                files.insert(file.clone(), hash);
            }
        }
    }
    Ok(files)
}

fn of_folder(folder: &Path) -> Result<String> {
    let mut whole = Vec::new();
    for (below, file) in files_of(folder)? {
        whole.push((below, of_content(&file)?));
    }
    Ok(sha256(json!(whole).to_string().as_bytes()))
}

/// The files of a folder in the order of their names, each with its path from there; of a file itself with an empty one.
///
/// # Errors
/// If a folder cannot be read.
pub(crate) fn files_of(path: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::failed(format!("cannot read {}: {error}", path.display())))?;
        if !entry.file_type().is_dir() {
            let below = entry.path().strip_prefix(path).unwrap_or(entry.path()).to_owned();
            files.push((below, entry.into_path()));
        }
    }
    Ok(files)
}

/// The SHA-256 of what a container gets as a config or secret.
fn of_content(file: &Path) -> Result<String> {
    Ok(sha256(&read(file)?))
}

/// The SHA-256 of a file of any size.
///
/// # Errors
/// If it cannot be read, or is no regular file.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    let (mut file, _) = open_file("read", path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match file.read(&mut piece).map_err(|error| Error::io("read", path, &error))? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&piece[..read]),
        }
    }
}

/// A SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(service: &Value) -> String {
        let model = Model::decode(&json!({"name": "p", "services": {"a": service}})).expect("valid");
        let image: ImageId = format!("sha256:{}", "ab".repeat(32)).parse().expect("an id");
        MadeFrom::wanted(&model, &model.services["a"], Some(&image), &BTreeMap::new()).hash
    }

    #[test]
    fn only_what_a_container_is_made_from_counts() {
        let plain = hash(&json!({"image": "i", "environment": {"A": "1", "B": "2"}}));
        let reordered = hash(&json!({"environment": {"B": "2", "A": "1"}, "image": "i"}));
        let scaled =
            hash(&json!({"image": "i", "environment": {"A": "1", "B": "2"}, "scale": 3, "pull_policy": "never"}));
        let changed = hash(&json!({"image": "i", "environment": {"A": "1", "B": "3"}}));
        assert_eq!(plain, reordered, "the order of keys says nothing");
        let replicas = hash(&json!({"image": "i", "environment": {"A": "1", "B": "2"},
            "deploy": {"replicas": 3, "resources": {}, "update_config": {"order": "stop-first"}, "placement": {}}}));
        assert_eq!(plain, replicas, "nor does what follows when one is replaced");
        assert_eq!(plain, scaled, "the number of containers says nothing about one");
        assert_ne!(plain, changed, "a value does");
    }

    #[cfg(unix)]
    #[test]
    fn a_config_or_secret_that_is_no_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        for (file, what) in [(pipe.as_path(), "a named pipe"), (Path::new("/dev/zero"), "a device")] {
            for section in ["configs", "secrets"] {
                let model = Model::decode(&json!({"name": "p", section: {"c": {"file": file}},
                    "services": {"a": {"image": "i", section: [{"source": "c"}]}}}))
                .expect("valid");
                let error = files(&model, false).expect_err("refused");
                assert!(error.message.ends_with(&format!("is not a regular file: it is {what}")), "{error}");
            }
        }
    }

    #[test]
    fn a_folder_that_is_copied_counts_with_all_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("below");
        std::fs::create_dir(&inner).expect("a folder");
        std::fs::write(inner.join("a"), "1").expect("written");
        let model = Model::decode(&json!({"name": "p", "configs": {"c": {"file": folder.path()}},
            "services": {"a": {"image": "i", "configs": [{"source": "c"}]}}}))
        .expect("valid");
        let hash = |remote| files(&model, remote).expect("readable")[folder.path()].clone();
        let before = hash(true);
        assert_eq!(hash(false), "", "a mounted folder is the service's own business");
        std::fs::rename(inner.join("a"), inner.join("b")).expect("renamed");
        assert_ne!(before, hash(true), "the names count");
    }
}

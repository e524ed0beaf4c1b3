//! The content of Compose `configs` that are files: a release has its own copy, so that going back brings back what was in
//! them, and so that an edit in the project does not reach what runs before it is deployed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use sternway_model::{Error, Result, counted, read_file, token_in};

/// What is larger is no configuration.
const LARGEST: u64 = 4 << 20;

/// Copies the files of a canonical model's configs below `home`, each under the hash of its content, and makes the model name
/// the copies. Says which ones stay where they are, and why.
///
/// # Errors
/// If a copy cannot be written.
pub(crate) fn keep(home: &Path, application: &mut Value) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let configs = application.get_mut("configs").and_then(Value::as_object_mut);
    for (name, config) in configs.into_iter().flatten() {
        let Some(file) = config.get("file").and_then(Value::as_str).map(path_of) else { continue };
        // A file that is not there is found missing by whoever needs it; a folder is not one content.
        let Ok(about) = fs::metadata(&file) else { continue };
        if !about.is_file() {
            continue;
        }
        if about.len() > LARGEST {
            let size = about.len() >> 20;
            notes.push(format!("config {name} has {size} MiB: its content is not kept for going back"));
            continue;
        }
        let content = read_file("read", &file, LARGEST)?;
        if let Some((line, reason)) = secret_in(&content) {
            notes.push(format!(
                "config {name}: line {line} of {} {reason}, so its content is not kept for going back; put the secret into \
                 the keychain, and the config into `content:` with a reference to it",
                file.display()
            ));
            continue;
        }
        let copy = write(home, &file, &content, mode(&about))?;
        config["file"] = text_of(&copy).into();
    }
    Ok(notes)
}

/// What a release uses and does not have a copy of: files of secrets, folders, and what services mount from the project.
fn not_kept(home: &Path, project: &Path, application: &Value) -> Vec<String> {
    let entries = |section: &str| application.get(section).and_then(Value::as_object).into_iter().flatten();
    let mut missing = Vec::new();
    for (section, word) in [("secrets", "secret"), ("configs", "config")] {
        for (name, source) in entries(section) {
            let file = source.get("file").and_then(Value::as_str).map(path_of);
            if file.is_some_and(|file| !file.starts_with(home)) {
                missing.push(format!("the file of {word} {name}"));
            }
        }
    }
    for (name, service) in entries("services") {
        let mounts = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
        for mount in mounts.filter(|mount| mount["type"] == "bind") {
            let source = mount["source"].as_str().map(path_of);
            if let Some(below) = source.as_deref().and_then(|source| source.strip_prefix(project).ok()) {
                missing.push(format!("./{} (mounted by {name})", below.display()));
            }
        }
    }
    missing
}

/// The copies that a release names and that are gone.
pub(crate) fn gone(home: &Path, application: &Value) -> Vec<String> {
    let gone = copies(home, application).filter(|(_, file)| !file.is_file());
    gone.map(|(name, file)| format!("the content of config {name} is no longer in {}", file.display())).collect()
}

/// How many copies a release has.
pub(crate) fn count(home: &Path, application: &Value) -> usize {
    copies(home, application).count()
}

/// The copies that a release names, by the key of their config.
fn copies<'a>(home: &'a Path, application: &'a Value) -> impl Iterator<Item = (&'a String, PathBuf)> {
    let configs = application.get("configs").and_then(Value::as_object).into_iter().flatten();
    let files = configs.filter_map(|(name, config)| Some((name, config.get("file")?.as_str().map(path_of)?)));
    files.filter(move |(_, file)| file.starts_with(home))
}

/// What of a release is used as it is at the time, in a sentence; `None` if it has everything itself.
pub(crate) fn caveat(home: &Path, project: &Path, application: &Value) -> Option<String> {
    let missing = not_kept(home, project, application);
    let (first, rest) = missing.split_at_checked(3).unwrap_or((&missing, &[]));
    let more = if rest.is_empty() { String::new() } else { format!(" and {}", counted(rest.len(), "more path")) };
    (!missing.is_empty()).then(|| format!("used as they are then, not as they were: {}{more}", first.join(", ")))
}

/// Writes a copy, unless it is there.
fn write(home: &Path, file: &Path, content: &[u8], mode: u32) -> Result<PathBuf> {
    let folder = home.join(format!("{}-{mode:o}", hex::encode(Sha256::digest(content))));
    let name = file.file_name().unwrap_or_default();
    let copy = folder.join(name);
    if copy.is_file() {
        return Ok(copy);
    }
    let written = |path: &Path| -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        let mut new = fs::File::create(path)?;
        new.write_all(content)?;
        set_mode(&new, mode)?;
        new.sync_all()?;
        // Another process that does the same writes the same.
        fs::rename(path, &copy)
    };
    let unfinished = folder.join(format!(".{}", std::process::id()));
    written(&unfinished).map_err(|error| Error::io("keep a copy in", &folder, &error))?;
    Ok(copy)
}

/// The first line that holds what looks like a secret, and why.
fn secret_in(content: &[u8]) -> Option<(usize, &'static str)> {
    let text = String::from_utf8_lossy(content);
    text.lines().enumerate().find_map(|(index, line)| Some((index + 1, token_in(line)?)))
}

/// A path of the canonical model, in which dollars are doubled.
fn path_of(text: &str) -> PathBuf {
    PathBuf::from(text.replace("$$", "$"))
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().replace('$', "$$")
}

#[cfg(unix)]
fn mode(about: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0o644
}

#[cfg(not(unix))]
fn set_mode(_: &fs::File, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model(configs: &Value) -> Value {
        json!({"services": {"web": {"volumes": [
            {"type": "bind", "source": "/srv/shop/html", "target": "/html"},
            {"type": "bind", "source": "/etc/ssl", "target": "/ssl"},
            {"type": "volume", "source": "data", "target": "/data"},
        ]}}, "configs": configs, "secrets": {"key": {"file": "/srv/shop/key.txt"}}})
    }

    #[test]
    fn a_release_has_its_own_copy() {
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("ngi$nx.conf");
        fs::write(&file, "worker_processes 1;\n").expect("written");
        let wanted = || model(&json!({"nginx": {"file": text_of(&file)}, "inline": {"content": "a"}}));
        let (mut first, mut second) = (wanted(), wanted());
        assert_eq!(keep(home.path(), &mut first).expect("kept"), Vec::<String>::new());
        fs::write(&file, "worker_processes 2;\n").expect("written");
        keep(home.path(), &mut second).expect("kept");
        let copy = path_of(first["configs"]["nginx"]["file"].as_str().expect("a file"));
        assert_eq!(fs::read_to_string(&copy).expect("the copy"), "worker_processes 1;\n");
        assert_eq!(copy.file_name(), file.file_name(), "people know it by its name");
        assert_ne!(first, second, "another content is another model");
        assert_eq!((count(home.path(), &first), gone(home.path(), &first)), (1, Vec::new()));
        let again = fs::metadata(&copy).expect("there").modified().expect("a time");
        keep(home.path(), &mut first).expect("kept");
        assert_eq!(fs::metadata(&copy).expect("there").modified().expect("a time"), again, "it is not written anew");
        fs::remove_file(&copy).expect("removed");
        assert_eq!(gone(home.path(), &first).len(), 1);
    }

    #[test]
    fn what_looks_like_a_secret_is_not_copied() {
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("app.conf");
        fs::write(&file, "name = shop\ntoken = ghp_0123456789abcdefghij\n").expect("written");
        let mut application = model(&json!({"app": {"file": text_of(&file)}}));
        let notes = keep(home.path(), &mut application).expect("looked at");
        assert!(notes[0].contains("config app: line 2") && !notes[0].contains("0123456789"), "{notes:?}");
        assert_eq!(path_of(application["configs"]["app"]["file"].as_str().expect("a file")), file);
        assert!(fs::read_dir(home.path()).expect("a folder").next().is_none());
        assert_eq!(
            caveat(home.path(), Path::new("/srv/shop"), &application).as_deref(),
            Some(
                "used as they are then, not as they were: the file of secret key, the file of config app, ./html \
                 (mounted by web)"
            )
        );
    }
}

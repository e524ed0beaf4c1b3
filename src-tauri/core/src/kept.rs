//! The content of Compose `configs` that are files: a release has its own copy, so that going back brings back what was in
//! them, and so that an edit in the project does not reach what runs before it is deployed.
//!
//! A plan names the copies by what will be in them, and the deployment makes them. So planning writes nothing, and what a secret is
//! in is known before anything is copied.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use sha2::{Digest, Sha256};
use sternway_model::{Error, KeptFile, Result, counted, read_file, token_in};
use sternway_vault::Redactor;

use crate::home::private_folder;
use crate::planning::moved;

/// What is larger is no configuration.
const LARGEST: u64 = 4 << 20;

/// A copy that a deployment makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToKeep {
    /// The config's key.
    config: String,
    /// Whose content it is.
    file: PathBuf,
    /// What it will be.
    kept: KeptFile,
}

impl ToKeep {
    /// What it will be.
    pub(crate) fn kept(&self) -> &KeptFile {
        &self.kept
    }
}

/// Makes a canonical model name the copies of its configs' files. Gives the copies, and says which files stay where they are, and why.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn name(application: &mut Value) -> Result<(Vec<ToKeep>, Vec<String>)> {
    let (mut copies, mut notes) = (Vec::new(), Vec::new());
    let configs = application.get_mut("configs").and_then(Value::as_object_mut);
    let configs = configs.into_iter().flatten().filter_map(|(name, config)| Some((name, config.as_object_mut()?)));
    for (name, config) in configs {
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
        let called = file.file_name().unwrap_or_default().to_string_lossy();
        let kept = KeptFile::new(&hash(&content), mode(&about), &called)?;
        config.remove("file");
        config.insert("kept".to_owned(), doubled(&kept.to_string()).into());
        copies.push(ToKeep { config: name.clone(), file, kept });
    }
    Ok((copies, notes))
}

/// Makes the copies of a want below `folder`. A content that holds a value which `known` masks is not copied: the model names the
/// project's file again, and what is given says so.
///
/// # Errors
/// [`sternway_model::Code::PlanMoved`] if a file is not what it was when the plan was made; if a copy cannot be written.
pub(crate) fn copy(folder: &Path, application: &mut Value, copies: &[ToKeep], known: &Redactor) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for ToKeep { config, file, kept } in copies.iter().filter(|copy| !copy.is_there(folder)) {
        let content = read_file("read", file, LARGEST)?;
        if hash(&content) != kept.content() {
            return Err(moved().context(format!("{} was written to", file.display())));
        }
        let text = String::from_utf8_lossy(&content);
        if known.redact(&text) == text {
            write(folder, kept, &content)?;
            continue;
        }
        if let Some(config) = application["configs"][config].as_object_mut() {
            config.remove("kept");
            config.insert("file".to_owned(), doubled(&file.to_string_lossy()).into());
        }
        notes.push(format!(
            "config {config}: {} holds the value of a secret, so its content is not kept for going back; put the config into \
             `content:` with a reference to the keychain",
            file.display()
        ));
    }
    Ok(notes)
}

impl ToKeep {
    /// Whether the copy is made already.
    pub(crate) fn is_there(&self, folder: &Path) -> bool {
        problem(folder, &self.kept).is_none()
    }
}

/// What is wrong with a copy, if something is.
pub(crate) fn problem(folder: &Path, kept: &KeptFile) -> Option<&'static str> {
    match read_file("read", &folder.join(kept.path()), LARGEST) {
        Err(_) => Some("is no longer in"),
        Ok(content) if hash(&content) != kept.content() => Some("is not any more what was kept in"),
        Ok(_) => None,
    }
}

/// What a release uses and does not have a copy of: files of secrets, folders, and what services mount from the project.
fn not_kept(project: &Path, application: &Value) -> Vec<String> {
    let entries = |section: &str| application.get(section).and_then(Value::as_object).into_iter().flatten();
    let mut missing = Vec::new();
    for (section, word) in [("secrets", "secret"), ("configs", "config")] {
        let of_files = entries(section).filter(|(_, source)| source.get("file").is_some());
        missing.extend(of_files.map(|(name, _)| format!("the file of {word} {name}")));
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

/// How many copies a release has.
pub(crate) fn count(application: &Value) -> usize {
    let configs = application.get("configs").and_then(Value::as_object);
    configs.into_iter().flatten().filter(|(_, config)| config.get("kept").is_some()).count()
}

/// What of a release is used as it is at the time, in a sentence; `None` if it has everything itself.
pub(crate) fn caveat(project: &Path, application: &Value) -> Option<String> {
    let missing = not_kept(project, application);
    let (first, rest) = missing.split_at_checked(3).unwrap_or((&missing, &[]));
    let more = if rest.is_empty() { String::new() } else { format!(" and {}", counted(rest.len(), "more path")) };
    (!missing.is_empty()).then(|| format!("used as they are then, not as they were: {}{more}", first.join(", ")))
}

/// Whether a config of a canonical model is the copy of a file.
pub(crate) fn is_copy_of(config: &Value, file: &Path) -> bool {
    let kept = config.get("kept").and_then(Value::as_str);
    let kept = kept.and_then(|kept| kept.replace("$$", "$").parse::<KeptFile>().ok());
    kept.is_some_and(|kept| read_file("read", file, LARGEST).is_ok_and(|content| hash(&content) == kept.content()))
}

/// The model with the paths of the copies, as people and other tools read it.
pub(crate) fn with_paths(folder: &Path, mut application: Value) -> Value {
    let configs = application.get_mut("configs").and_then(Value::as_object_mut);
    for config in configs.into_iter().flatten().filter_map(|(_, config)| config.as_object_mut()) {
        let kept = config.get("kept").and_then(Value::as_str).and_then(|kept| kept.replace("$$", "$").parse().ok());
        if let Some(path) = kept.map(|kept: KeptFile| folder.join(kept.path())) {
            config.remove("kept");
            config.insert("file".to_owned(), doubled(&path.to_string_lossy()).into());
        }
    }
    application
}

fn write(folder: &Path, kept: &KeptFile, content: &[u8]) -> Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let copy = folder.join(kept.path());
    let parent = copy.parent().unwrap_or(folder).to_owned();
    // Another process, or another deployment of this one, may write the same at the same time.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let unfinished = parent.join(format!(".{}-{number}", std::process::id()));
    let written = || -> std::io::Result<()> {
        private_folder(folder)?;
        fs::create_dir_all(&parent)?;
        let mut new = fs::File::create(&unfinished)?;
        new.write_all(content)?;
        set_mode(&new, kept.mode())?;
        new.sync_all()?;
        fs::rename(&unfinished, &copy)
    };
    written().map_err(|error| Error::io("keep a copy in", &parent, &error))
}

fn hash(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
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

fn doubled(text: &str) -> String {
    text.replace('$', "$$")
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
    use sternway_model::{Code, Sensitive};

    use super::*;

    fn model(configs: &Value) -> Value {
        json!({"services": {"web": {"volumes": [
            {"type": "bind", "source": "/srv/shop/html", "target": "/html"},
            {"type": "bind", "source": "/etc/ssl", "target": "/ssl"},
            {"type": "volume", "source": "data", "target": "/data"},
        ]}}, "configs": configs, "secrets": {"key": {"file": "/srv/shop/key.txt"}}})
    }

    fn listed(folder: &Path) -> usize {
        fs::read_dir(folder).expect("a folder").count()
    }

    #[test]
    fn a_release_has_its_own_copy() {
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("ngi$nx.conf");
        fs::write(&file, "worker_processes 1;\n").expect("written");
        let file_text = doubled(&file.to_string_lossy());
        let wanted = || model(&json!({"nginx": {"file": file_text}, "inline": {"content": "a"}}));
        let (mut first, mut second) = (wanted(), wanted());
        let (copies, notes) = name(&mut first).expect("named");
        assert_eq!((copies.len(), notes), (1, Vec::new()));
        assert_eq!(listed(home.path()), 0, "naming writes nothing");
        assert!(!first.to_string().contains(home.path().to_str().expect("UTF-8")), "nor does it say where the data is");
        let known = Redactor::default();
        assert_eq!(copy(home.path(), &mut first, &copies, &known).expect("copied"), Vec::<String>::new());

        fs::write(&file, "worker_processes 2;\n").expect("written");
        name(&mut second).expect("named");
        let path = home.path().join(copies[0].kept.path());
        assert_eq!(fs::read_to_string(&path).expect("the copy"), "worker_processes 1;\n");
        assert_eq!(path.file_name(), file.file_name(), "people know it by its name");
        assert_ne!(first, second, "another content is another model");
        assert!(is_copy_of(&second["configs"]["nginx"], &file) && !is_copy_of(&first["configs"]["nginx"], &file));
        assert_eq!((count(&first), problem(home.path(), &copies[0].kept)), (1, None));
        let written = fs::metadata(&path).expect("there").modified().expect("a time");
        copy(home.path(), &mut first, &copies, &known).expect("there already");
        assert_eq!(fs::metadata(&path).expect("there").modified().expect("a time"), written, "it is not written anew");

        fs::write(&path, "worker_processes 3;\n").expect("written");
        assert_eq!(problem(home.path(), &copies[0].kept), Some("is not any more what was kept in"));
        fs::remove_file(&path).expect("removed");
        assert_eq!(problem(home.path(), &copies[0].kept), Some("is no longer in"));
    }

    #[test]
    fn what_changes_after_the_plan_is_not_copied() {
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("a.conf");
        fs::write(&file, "a").expect("written");
        let mut application = model(&json!({"a": {"file": file.to_string_lossy()}}));
        let (copies, _) = name(&mut application).expect("named");
        fs::write(&file, "b").expect("written");
        let error = copy(home.path(), &mut application, &copies, &Redactor::default()).expect_err("another content");
        assert_eq!((error.code, listed(home.path())), (Code::PlanMoved, 0));
    }

    #[test]
    fn what_looks_like_a_secret_is_not_copied() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("app.conf");
        fs::write(&file, "name = shop\ntoken = ghp_0123456789abcdefghij\n").expect("written");
        let mut application = model(&json!({"app": {"file": file.to_string_lossy()}}));
        let (copies, notes) = name(&mut application).expect("looked at");
        assert!(notes[0].contains("config app: line 2") && !notes[0].contains("0123456789"), "{notes:?}");
        assert_eq!(path_of(application["configs"]["app"]["file"].as_str().expect("a file")), file);
        assert!(copies.is_empty());
        assert_eq!(
            caveat(Path::new("/srv/shop"), &application).as_deref(),
            Some(
                "used as they are then, not as they were: the file of secret key, the file of config app, ./html \
                 (mounted by web)"
            )
        );
    }

    #[test]
    fn what_holds_the_value_of_a_secret_is_not_copied() {
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("app.conf");
        fs::write(&file, "password = hunter2 of the shop\n").expect("written");
        let before = model(&json!({"app": {"file": file.to_string_lossy()}}));
        let mut application = before.clone();
        let (copies, _) = name(&mut application).expect("named");
        let known = Redactor::default();
        known.add(&Sensitive::new("hunter2 of the shop".to_owned())).expect("known");
        let notes = copy(home.path(), &mut application, &copies, &known).expect("looked at");
        assert!(notes[0].contains("config app") && !notes[0].contains("hunter2"), "{notes:?}");
        assert_eq!((application, listed(home.path())), (before, 0));
    }

    #[cfg(unix)]
    #[test]
    fn copies_keep_their_permissions_in_a_folder_of_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, home) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (file, kept) = (folder.path().join("a.conf"), home.path().join("kept"));
        fs::write(&file, "a").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        let mut application = model(&json!({"a": {"file": file.to_string_lossy()}}));
        let (copies, _) = name(&mut application).expect("named");
        copy(&kept, &mut application, &copies, &Redactor::default()).expect("copied");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&kept), mode(&kept.join(copies[0].kept.path()))), (0o700, 0o640));
    }
}

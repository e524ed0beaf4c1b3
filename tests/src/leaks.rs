//! Looks for a secret's value where it must not be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use walkdir::WalkDir;

use crate::{Failure, Result, engine};

/// The forms in which a value may turn up: as it is, in base64, URL-encoded, escaped as in JSON.
fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let escaped = Value::from(value).to_string();
    let url: String = value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let forms = [
        value.to_owned(),
        escaped.trim_matches('"').to_owned(),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        url,
    ];
    forms.into_iter().map(String::into_bytes).collect()
}

fn contains(text: &[u8], forms: &BTreeSet<Vec<u8>>) -> bool {
    forms.iter().any(|form| text.windows(form.len()).any(|window| window == form.as_slice()))
}

/// Whether a text holds the value, in any form.
#[must_use]
pub fn in_text(text: &str, value: &str) -> bool {
    contains(text.as_bytes(), &forms(value))
}

/// The files below a folder that hold the value, databases and their journals included.
///
/// # Errors
/// If the folder cannot be read.
pub fn in_files(folder: &Path, value: &str) -> Result<Vec<String>> {
    let forms = forms(value);
    let mut found = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() && contains(&fs::read(entry.path())?, &forms) {
            found.push(entry.path().display().to_string());
        }
    }
    Ok(found)
}

/// Containers and images of a Compose project that show the value anywhere but in a container's own environment.
///
/// # Errors
/// If the engine does not answer.
pub fn on_the_engine(project: &str, value: &str) -> Result<Vec<String>> {
    let forms = forms(value);
    let mut containers = engine::containers(project)?;
    if containers.is_empty() {
        return Err(Failure::new(format!("there is no container of {project} to look at")));
    }
    for container in &mut containers {
        container["Config"]["Env"].take();
    }
    let all = containers.into_iter().chain(engine::images(project)?);
    let shown = all.filter(|object| contains(object.to_string().as_bytes(), &forms));
    Ok(shown.map(|object| object["Name"].as_str().unwrap_or("an image").to_owned()).collect())
}

/// Looks at the command lines of all processes, over and over, until it is asked.
pub struct CommandLines {
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<Result<BTreeSet<String>>>,
}

impl CommandLines {
    /// Begins to look for the value.
    #[must_use]
    pub fn watch(value: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, forms) = (Arc::clone(&stop), forms(value));
        let watcher = std::thread::spawn(move || {
            let mut found = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                look(&forms, &mut found)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            Ok(found)
        });
        Self { stop, watcher }
    }

    /// The programs that had the value in their command line meanwhile.
    ///
    /// # Errors
    /// If the list of processes could not be read.
    pub fn found(self) -> Result<BTreeSet<String>> {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().map_err(|_| Failure::new("the watcher of command lines panicked"))?
    }
}

fn look(forms: &BTreeSet<Vec<u8>>, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(|c: char| c.is_ascii_digit())
            // A process may be gone by now.
            && let Ok(line) = fs::read(entry.path().join("cmdline"))
            && contains(&line, forms)
        {
            found
                .insert(String::from_utf8_lossy(line.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_value_is_found_in_every_form() {
        let value = "a \"quoted\"/value+ü";
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("raw", format!("x{value}y")),
            ("json", serde_json::json!({ "password": value }).to_string()),
            ("base64", base64::engine::general_purpose::STANDARD.encode(value)),
            ("url", "p=a%20%22quoted%22%2Fvalue%2B%C3%BC&".to_owned()),
        ] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        fs::write(folder.path().join("innocent"), "a value").expect("written");
        let found = in_files(folder.path(), value).expect("readable");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn a_command_line_is_seen() {
        // The shell says when it runs, and keeps its arguments until its input ends.
        let mut child = std::process::Command::new("sh")
            .args(["-c", "echo ready; read _", "planted-in-a-command-line"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("started");
        let mut ready = [0; 6];
        child.stdout.take().expect("piped").read_exact(&mut ready).expect("ready");
        let mut found = BTreeSet::new();
        look(&forms("planted-in-a-command-line"), &mut found).expect("readable");
        drop(child.stdin.take());
        child.wait().expect("ended");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["sh"]);
    }
}

//! The name of a copy that a release has of a file's content.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{Error, Result};

/// Where the copies are, in the data folder.
const FOLDER: &str = "kept";

/// A copy of a file by what is in it: its content's SHA-256, its permissions, and the name that people know it by. It says nothing about
/// where the data folder is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptFile {
    content: String,
    mode: u32,
    name: String,
}

impl KeptFile {
    /// A copy of a content, by its SHA-256 in hexadecimal digits.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`] if one of the parts cannot be part of a name.
    pub fn new(content: &str, mode: u32, name: &str) -> Result<Self> {
        format!("{content}-{mode:o}/{name}").parse()
    }

    /// Its content's SHA-256 in hexadecimal digits.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Its permissions.
    #[must_use]
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// Its path below the folder of the copies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("{}-{:o}", self.content, self.mode)).join(&self.name)
    }

    /// The copy that an absolute path means, as releases had them: wherever the data folder was then.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
        let (_, name) = path.rsplit_once(&format!("/{FOLDER}/"))?;
        name.parse().ok()
    }
}

impl fmt::Display for KeptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:o}/{}", self.content, self.mode, self.name)
    }
}

impl FromStr for KeptFile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = || {
            let (folder, name) = text.split_once('/')?;
            let (content, mode) = folder.split_once('-')?;
            let is_hash = content.len() == 64 && content.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777)?;
            let is_name = !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']);
            (is_hash && is_name).then(|| Self { content: content.to_owned(), mode, name: name.to_owned() })
        };
        parts().ok_or_else(|| Error::invalid(format!("`{text}` is not the name of a kept copy")))
    }
}

impl Serialize for KeptFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeptFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Makes a canonical Compose model of an earlier version name its kept copies, where it has their absolute paths.
pub fn name_kept_files(application: &mut Value) {
    let configs = application.get_mut("configs").and_then(Value::as_object_mut);
    for config in configs.into_iter().flatten().filter_map(|(_, config)| config.as_object_mut()) {
        if let Some(kept) = config.get("file").and_then(Value::as_str).and_then(KeptFile::of_path) {
            config.remove("file");
            config.insert("kept".to_owned(), kept.to_string().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HASH: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let kept = KeptFile::new(HASH, 0o640, "nginx.conf").expect("a name");
        assert_eq!(kept.to_string().parse::<KeptFile>(), Ok(kept.clone()));
        assert_eq!(kept.path(), PathBuf::from(format!("{HASH}-640/nginx.conf")));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for wrong in
            ["", "a", "/etc/passwd", &format!("{HASH}-644/.."), &format!("{HASH}-644/a/b"), &format!("{HASH}-999/a")]
        {
            assert!(wrong.parse::<KeptFile>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_paths_of_earlier_versions_are_understood_wherever_the_data_was() {
        let mut application = json!({ "configs": {
            "a": { "file": format!("/old/home/kept/{HASH}-644/a.conf") },
            "b": { "file": "/srv/kept/b.conf" },
            "c": { "content": "x" },
        }});
        name_kept_files(&mut application);
        assert_eq!(application["configs"]["a"], json!({ "kept": format!("{HASH}-644/a.conf") }));
        assert_eq!(application["configs"]["b"], json!({ "file": "/srv/kept/b.conf" }), "the project's own");
    }
}

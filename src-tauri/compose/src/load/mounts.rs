//! The short form of volumes: `source:target:options`.

use std::path::Path;

use serde_json::{Map, Value, json};
use sternway_model::{Error, Result};

use super::absolute;

const PROPAGATIONS: [&str; 6] = ["rprivate", "private", "rshared", "shared", "rslave", "slave"];

/// Where a volume in short form appears in the container.
///
/// # Errors
/// As [`long`].
pub(super) fn target(short: &str) -> Result<String> {
    Ok(split(short)?.target)
}

/// The long form of a volume.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if a part is empty, or there are more than three.
pub(super) fn long(short: &str) -> Result<Value> {
    if short.len() <= SHORTEST {
        return Ok(json!({"type": "volume", "target": clean(target(short)?.as_str())}));
    }
    let parts = split(short)?;
    let bind = parts.source.as_deref().is_some_and(is_path);
    let (mut bind_options, mut volume_options) = (Map::new(), Map::new());
    let mut mount = Map::new();
    mount.insert("type".to_owned(), json!(if bind { "bind" } else { "volume" }));
    if let Some(source) = parts.source {
        mount.insert("source".to_owned(), json!(source));
    }
    mount.insert("target".to_owned(), json!(clean(&parts.target)));
    for option in parts.options.split(',') {
        match option {
            "ro" => mount.insert("read_only".to_owned(), json!(true)),
            "rw" => mount.shift_remove("read_only"),
            "nocopy" => volume_options.insert("nocopy".to_owned(), json!(true)),
            "z" | "Z" => bind_options.insert("selinux".to_owned(), json!(option)),
            option if PROPAGATIONS.contains(&option) => bind_options.insert("propagation".to_owned(), json!(option)),
            // Compose passes over options that it does not know.
            _ => None,
        };
    }
    if bind {
        // As it always was: the short form makes the folder on the host if there is none.
        bind_options.insert("create_host_path".to_owned(), json!(true));
    }
    if bind || !bind_options.is_empty() {
        mount.insert("bind".to_owned(), Value::Object(bind_options));
    }
    if !bind || !volume_options.is_empty() {
        mount.insert("volume".to_owned(), Value::Object(volume_options));
    }
    Ok(Value::Object(mount))
}

/// A path without `.`, `..` and doubled slashes.
pub(super) fn clean(target: &str) -> String {
    match absolute::clean(Path::new(target)) {
        cleaned if cleaned.is_empty() => ".".to_owned(),
        cleaned => cleaned,
    }
}

/// Texts up to this length are targets, whatever is in them.
const SHORTEST: usize = 2;

struct Parts {
    source: Option<String>,
    target: String,
    options: String,
}

fn split(short: &str) -> Result<Parts> {
    let wrong = |why: &str| {
        Error::invalid(format!("`{short}` is no volume: {why}"))
            .hint("Write `source:target`, `source:target:ro`, or `target` alone.")
    };
    if short.is_empty() {
        return Err(wrong("it is empty"));
    }
    if short.len() <= SHORTEST {
        return Ok(Parts { source: None, target: short.to_owned(), options: String::new() });
    }
    let mut parts: Vec<String> = Vec::new();
    for piece in short.split(':') {
        match parts.last_mut() {
            // `C:\data`: the letter of a drive, not a name.
            Some(drive) if is_drive(drive) => {
                drive.push(':');
                drive.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    if parts.iter().any(String::is_empty) {
        return Err(wrong("a part between colons is empty"));
    }
    let mut parts = parts.into_iter();
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    if parts.next().is_some() {
        return Err(wrong("it has too many colons"));
    }
    let options = third.unwrap_or_default();
    match (first, second) {
        (Some(source), Some(target)) => Ok(Parts { source: Some(source), target, options }),
        (target, _) => Ok(Parts { source: None, target: target.unwrap_or_default(), options }),
    }
}

fn is_drive(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// Whether a source is a path of the host, and not the name of a volume.
fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~'])
        || source.starts_with(r"\\")
        || source.split_once(':').is_some_and(|(drive, _)| is_drive(drive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_understood() {
        for (short, expected) in [
            ("/var/data", json!({"type": "volume", "target": "/var/data", "volume": {}})),
            (
                "db:/data:ro",
                json!({"type": "volume", "source": "db", "target": "/data", "read_only": true, "volume": {}}),
            ),
            (
                "./x:/x:z,rshared",
                json!({"type": "bind", "source": "./x", "target": "/x",
                       "bind": {"selinux": "z", "propagation": "rshared", "create_host_path": true}}),
            ),
            (
                r"C:\x:D:\y",
                json!({"type": "bind", "source": r"C:\x", "target": r"D:\y", "bind": {"create_host_path": true}}),
            ),
            ("a:/a", json!({"type": "volume", "target": "a:/a", "volume": {}})),
            ("/a", json!({"type": "volume", "target": "/a"})),
            ("a:", json!({"type": "volume", "target": "a:"})),
            ("./a//b/", json!({"type": "volume", "target": "a/b", "volume": {}})),
        ] {
            assert_eq!(long(short).as_ref(), Ok(&expected), "{short}");
        }
    }

    #[test]
    fn empty_parts_and_too_many_are_refused() {
        for bad in ["", ":/x", "vol:", "aa:bb:cc:dd"] {
            assert!(long(bad).is_err(), "{bad}");
        }
    }
}

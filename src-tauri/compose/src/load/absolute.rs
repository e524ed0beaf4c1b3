//! Relative paths of a model made absolute.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::places::Places;

/// Where relative paths begin.
pub(super) struct Base<'a> {
    /// The folder of the project, or of the file that is extended or included.
    pub dir: &'a Path,
    /// The person's home, for `~`.
    pub home: Option<&'a str>,
}

impl Base<'_> {
    /// Makes all paths of the model absolute; a build without a context gets the folder. Models in canonical form only.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`], with its place, for a bind mount without a source.
    pub fn model(&self, model: &mut Value, places: &Places) -> Result<()> {
        for kind in ["configs", "secrets"] {
            for object in entries(model.get_mut(kind)) {
                self.change(object.get_mut("file"), |path| self.path_of_host(path));
            }
        }
        for volume in entries(model.get_mut("volumes")) {
            if is_bind(volume) {
                self.change(volume.pointer_mut("/driver_opts/device"), |path| self.path_of_host(path));
            }
        }
        let mut services = model.get_mut("services").and_then(Value::as_object_mut).into_iter().flatten();
        services.try_for_each(|(name, service)| {
            // Not for a service that is extended: the default is the folder of the project that it ends up in.
            if let Some(Value::Object(build)) = service.get_mut("build") {
                build.entry("context").or_insert_with(|| ".".into());
            }
            self.service(&join("services", name), service, places)
        })
    }

    /// Makes the paths of one service absolute.
    ///
    /// # Errors
    /// As [`Base::model`].
    pub fn service(&self, path: &str, service: &mut Value, places: &Places) -> Result<()> {
        if let Some(build) = service.get_mut("build") {
            self.change(build.get_mut("context"), |path| self.context(path));
            for context in entries(build.get_mut("additional_contexts")) {
                self.change(Some(context), |path| self.context(path));
            }
        }
        for file in items(service.get_mut("env_file")) {
            self.change(file.get_mut("path"), |path| self.path(path));
        }
        for file in items(service.get_mut("label_file")) {
            self.change(Some(file), |path| self.path(path));
        }
        self.change(service.pointer_mut("/extends/file"), |path| self.path(path));
        for watch in items(service.pointer_mut("/develop/watch")) {
            self.change(watch.get_mut("path"), |path| {
                let path = self.path(path);
                // What is watched is the folder itself, not the link to it.
                std::fs::canonicalize(&path).map_or(path, |real| real.to_string_lossy().into_owned())
            });
        }
        for (index, mount) in items(service.get_mut("volumes")).enumerate() {
            if mount.get("type").is_none_or(|kind| kind != "bind") {
                continue;
            }
            match mount.get_mut("source") {
                None => {
                    let error = Error::invalid("a bind mount has no `source`")
                        .hint("Say with `source` which file or folder of the host it is.");
                    return Err(places.locate(error, &format!("{path}.volumes[{index}]")));
                }
                source => self.change(source, |path| self.path_of_host(path)),
            }
        }
        Ok(())
    }

    fn change(&self, value: Option<&mut Value>, change: impl Fn(&str) -> String) {
        if let Some(value) = value
            && let Value::String(path) = value
        {
            *path = change(path);
        }
    }

    /// A file or folder; an empty text stays empty.
    pub fn path(&self, path: &str) -> String {
        let path = self.expand(path);
        if path.is_empty() || Path::new(&path).is_absolute() {
            return path;
        }
        clean(&self.dir.join(&path))
    }

    /// As [`Base::path`], but a path of Windows is absolute too, and an empty one is the folder.
    fn path_of_host(&self, path: &str) -> String {
        match path {
            "" => self.path("."),
            path if is_windows(path) => path.to_owned(),
            path => self.path(path),
        }
    }

    fn context(&self, context: &str) -> String {
        let remote = ["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
        if context.contains("://") || remote.iter().any(|prefix| context.starts_with(prefix)) {
            return context.to_owned();
        }
        self.path(context)
    }

    fn expand(&self, path: &str) -> String {
        match (path.strip_prefix('~'), self.home) {
            // As Compose has it, `~user` is no other person's home but a folder in this one's.
            (Some(rest), Some(home)) => clean(&Path::new(home).join(rest.trim_start_matches(['/', '\\']))),
            _ => path.to_owned(),
        }
    }
}

/// Makes what lies in a folder relative to it, in a canonical model whose paths are absolute: what is kept of the model does not depend
/// on where the folder is.
pub fn relative_to(dir: &Path, model: &mut Value) {
    let dir = in_texts(dir);
    each_path(model, &|path| match path.strip_prefix(&dir)? {
        "" => Some(".".to_owned()),
        below if below.starts_with('/') => Some(format!(".{below}")),
        _ => None,
    });
}

/// Undoes [`relative_to`], for the place where the folder is now.
pub fn absolute_in(dir: &Path, model: &mut Value) {
    let dir = in_texts(dir);
    each_path(model, &|path| match path.strip_prefix('.')? {
        "" => Some(dir.clone()),
        below if below.starts_with('/') => Some(format!("{dir}{below}")),
        _ => None,
    });
}

/// A path as a canonical model has it: dollars are doubled.
fn in_texts(dir: &Path) -> String {
    dir.to_string_lossy().trim_end_matches('/').replace('$', "$$")
}

/// Whether a volume is a folder of the host.
fn is_bind(volume: &Value) -> bool {
    volume.get("driver").is_some_and(|driver| driver == "local")
        && volume.pointer("/driver_opts/o").is_some_and(|o| o == "bind")
}

/// Every text of a canonical model that is a path of this machine. What `change` gives takes its place.
fn each_path(model: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    let put = |value: Option<&mut Value>| {
        if let Some(Value::String(path)) = value
            && let Some(changed) = change(path)
        {
            *path = changed;
        }
    };
    for kind in ["configs", "secrets"] {
        entries(model.get_mut(kind)).for_each(|source| put(source.get_mut("file")));
    }
    entries(model.get_mut("volumes"))
        .filter(|volume| is_bind(volume))
        .for_each(|volume| put(volume.pointer_mut("/driver_opts/device")));
    for service in entries(model.get_mut("services")) {
        put(service.pointer_mut("/build/context"));
        entries(service.pointer_mut("/build/additional_contexts")).for_each(|context| put(Some(context)));
        for list in ["env_file", "label_file"] {
            for file in items(service.get_mut(list)) {
                if file.is_object() { put(file.get_mut("path")) } else { put(Some(file)) }
            }
        }
        items(service.pointer_mut("/develop/watch")).for_each(|watch| put(watch.get_mut("path")));
        items(service.get_mut("volumes"))
            .filter(|mount| mount["type"] == "bind")
            .for_each(|mount| put(mount.get_mut("source")));
    }
}

/// Whether it is an absolute path of Windows: `C:\data`, `C:/data`, `\\server\share\data`.
fn is_windows(path: &str) -> bool {
    if let Some(share) = path.strip_prefix(r"\\") {
        let mut parts = share.split(['\\', '/']);
        let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && !part.starts_with('.'));
        return named(parts.next()) && named(parts.next()) && parts.next().is_some();
    }
    matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// The path without `.`, `..` and doubled slashes, by its text alone.
pub(super) fn clean(path: &Path) -> String {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if cleaned.parent().is_some() => drop(cleaned.pop()),
            Component::ParentDir => {}
            other => cleaned.push(other),
        }
    }
    cleaned.to_string_lossy().into_owned()
}

fn entries(section: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    section.and_then(Value::as_object_mut).into_iter().flat_map(|map| map.values_mut())
}

fn items(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_in_the_folder() {
        let base = Base { dir: Path::new("/project"), home: Some("/home/me") };
        assert_eq!(base.path("./a/../b"), "/project/b");
        assert_eq!(base.path("../b/"), "/b");
        assert_eq!(base.path("~/b"), "/home/me/b");
        assert_eq!(base.path("~other/b"), "/home/me/other/b");
        for windows in [r"Z:\b", "z:/b", r"\\server\share\b"] {
            assert_eq!(base.path_of_host(windows), windows);
        }
        assert_eq!(base.path_of_host(r"\\.\pipe\x"), r"/project/\\.\pipe\x");
        assert_eq!((base.path_of_host(""), base.path("")), ("/project".to_owned(), String::new()));
        assert_eq!(base.context("https://github.com/docker/compose.git"), "https://github.com/docker/compose.git");
        assert_eq!(base.context("."), "/project");
    }

    #[test]
    fn what_is_kept_of_a_model_moves_with_its_folder() {
        let model = |dir: &str, beside: &str| {
            serde_json::json!({
                "services": { "web": {
                    "build": { "context": format!("{dir}/app"), "additional_contexts": { "base": dir } },
                    "environment": { "DIR": "/srv/a$$shop/data" },
                    "volumes": [
                        { "type": "bind", "source": format!("{dir}/html"), "target": "/html" },
                        { "type": "bind", "source": beside, "target": "/other" },
                        { "type": "volume", "source": "data", "target": "/data" },
                    ],
                }},
                "configs": { "c": { "file": format!("{dir}/c.conf") }, "k": { "kept": "0" } },
                "secrets": { "s": { "file": format!("{dir}/s.txt") } },
                "volumes": { "data": {}, "v": { "driver": "local", "driver_opts": { "o": "bind", "device": format!("{dir}/v") } } },
            })
        };
        let beside = "/srv/a$$shop-beside/html";
        let mut kept = model("/srv/a$$shop", beside);
        relative_to(Path::new("/srv/a$shop"), &mut kept);
        assert_eq!(kept, model(".", beside));
        absolute_in(Path::new("/home/me/b"), &mut kept);
        assert_eq!(kept, model("/home/me/b", beside));
    }
}

//! The files of this machine that containers of a release are made with. Going back is proven only when all of them are there, and the
//! plan to go back says which are not: the engine would fail halfway, or make an empty folder and call it a mount.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use sternway_compose::Model;
use sternway_compose::model::{MountKind, Service};
use sternway_model::{KeptFile, PathKind, ServiceName};

use crate::kept;

/// Where files are looked for.
pub(crate) struct Places<'a> {
    /// The folder of the kept copies.
    pub kept: &'a Path,
    /// The project's folder.
    pub project: &'a Path,
    /// The engine is on another machine: what it mounts is there.
    pub remote: bool,
}

/// Something that is not as it has to be, and who needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    /// The services.
    pub services: BTreeSet<ServiceName>,
    /// What it is, in words.
    pub what: String,
}

impl Places<'_> {
    /// What a model's services need and is not there. `was` says what each path was that they mount.
    pub(crate) fn lacking(&self, model: &Model, was: &BTreeMap<String, PathKind>) -> Vec<Lack> {
        let mut lacking: Vec<Lack> = Vec::new();
        for (name, service) in &model.services {
            let found = self.contents(model, service).into_iter().chain(self.of_the_host(model, name, service, was));
            for what in found {
                match lacking.iter_mut().find(|lack| lack.what == what) {
                    Some(lack) => drop(lack.services.insert(name.clone())),
                    None => lacking.push(Lack { services: [name.clone()].into(), what }),
                }
            }
        }
        lacking
    }

    /// The copies that a model names and that are not there, whoever needs them, but for those of `coming`.
    pub(crate) fn lacking_copies(&self, model: &Model, coming: &[kept::ToKeep]) -> Vec<String> {
        let named = model.configs.iter().filter_map(|(key, config)| Some((key, config.kept.as_ref()?)));
        let missing = named.filter(|(_, kept)| !coming.iter().any(|copy| copy.kept() == *kept));
        missing.filter_map(|(key, kept)| self.copy(key, kept)).collect()
    }

    fn copy(&self, key: &str, kept: &KeptFile) -> Option<String> {
        let problem = kept::problem(self.kept, kept)?;
        Some(format!("the content of config {key} {problem} {}", self.kept.join(kept.path()).display()))
    }

    /// Files whose content a container gets: secrets, configs, and profiles for `seccomp`.
    fn contents(&self, model: &Model, service: &Service) -> Vec<String> {
        let mut lacking = Vec::new();
        let kinds = [("secret", &service.secrets, &model.secrets), ("config", &service.configs, &model.configs)];
        for (word, grants, sources) in kinds {
            for (key, source) in grants.iter().filter_map(|grant| Some((&grant.source, sources.get(&grant.source)?))) {
                if let Some(kept) = &source.kept {
                    lacking.extend(self.copy(key, kept));
                } else if let Some(file) =
                    source.file.as_ref().filter(|file| kind(file).is_some_and(|kind| kind.is_none()))
                {
                    lacking.push(format!("the file of {word} {key} is not there: {}", self.shown(file)));
                }
            }
        }
        for option in &service.security_opt {
            let (name, value) = option.split_once(['=', ':']).unwrap_or((option, ""));
            let file = self.project.join(value);
            if name == "seccomp" && !matches!(value, "" | "unconfined" | "builtin") && !file.is_file() {
                lacking.push(format!("the seccomp profile {} is not there", self.shown(&file)));
            }
        }
        lacking
    }

    /// What the engine takes from its host: paths that are mounted, and devices.
    fn of_the_host(
        &self,
        model: &Model,
        name: &ServiceName,
        service: &Service,
        was: &BTreeMap<String, PathKind>,
    ) -> Vec<String> {
        let mut lacking = Vec::new();
        for mount in &service.volumes {
            let (path, was) = match mount.kind {
                MountKind::Bind => (mount.source.as_deref(), was.get(&mounted(name, &mount.target))),
                MountKind::Volume => {
                    (mount.source.as_deref().and_then(|key| folder_of(model, key)), Some(&PathKind::Folder))
                }
                _ => continue,
            };
            let Some(path) = path.map(Path::new).filter(|path| self.is_of_this_machine(path)) else { continue };
            let problem = match (kind(path), was) {
                (None, _) => continue,
                (Some(None), _) => "is not there",
                (Some(Some(now)), Some(was)) if now != *was => match was {
                    PathKind::File => "is no file any more",
                    PathKind::Folder => "is no folder any more",
                    PathKind::Other => "is not what it was",
                },
                _ => continue,
            };
            let path = self.shown(path);
            lacking.push(format!(
                "{path}, which {name} mounts, {problem}; bring it back, or the engine makes an empty folder of it"
            ));
        }
        for device in &service.devices {
            let path = Path::new(&device.source);
            if self.is_of_this_machine(path) && kind(path) == Some(None) {
                lacking.push(format!("the device {} of {name} is not there", device.source));
            }
        }
        lacking
    }

    /// Whether a path of the engine's host is one of this machine. Engines of other systems run in a machine of their own, into which the
    /// project's folder is shared.
    fn is_of_this_machine(&self, path: &Path) -> bool {
        !self.remote && path.is_absolute() && (cfg!(target_os = "linux") || path.starts_with(self.project))
    }

    fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(self.project) {
            Ok(below) => format!("./{}", below.display()),
            Err(_) => path.display().to_string(),
        }
    }
}

/// What each path is that a model's services mount, for [`Places::lacking`] of a later day.
pub(crate) fn mounts(model: &Model) -> BTreeMap<String, PathKind> {
    let binds = model.services.iter().flat_map(|(name, service)| {
        let binds = service.volumes.iter().filter(|mount| mount.kind == MountKind::Bind);
        binds.filter_map(move |mount| Some((mounted(name, &mount.target), kind(Path::new(mount.source.as_ref()?))??)))
    });
    binds.collect()
}

fn mounted(name: &ServiceName, target: &str) -> String {
    format!("{name}:{target}")
}

/// The folder of the host that a volume is, if it is one.
fn folder_of<'m>(model: &'m Model, key: &str) -> Option<&'m str> {
    let options = &model.volumes.get(key)?.driver_opts;
    let is_bind = options.get("o")?.split(',').any(|option| option == "bind" || option == "rbind");
    options.get("device").filter(|_| is_bind).map(String::as_str)
}

/// What is at a path: nothing is `Some(None)`. `None` if that cannot be known, as where nobody but the engine may look.
#[allow(clippy::option_option, reason = "what cannot be looked at is not gone")]
fn kind(path: &Path) -> Option<Option<PathKind>> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Some(Some(PathKind::Folder)),
        Ok(about) if about.is_file() => Some(Some(PathKind::File)),
        Ok(_) => Some(Some(PathKind::Other)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Some(None)
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A project with everything that containers are made with, and the model that names it.
    struct Shop {
        folder: tempfile::TempDir,
        model: Model,
        was: BTreeMap<String, PathKind>,
    }

    fn shop() -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        for file in ["key.txt", "large.conf", "seccomp.json", "nginx.conf", "device"] {
            fs::write(path(file), "x").expect("written");
        }
        for dir in ["html", "data"] {
            fs::create_dir(path(dir)).expect("made");
        }
        let model = Model::decode(&json!({
            "name": "shop",
            "services": {
                "web": {
                    "image": "i", "security_opt": ["seccomp=seccomp.json", "no-new-privileges:true"],
                    "secrets": [{ "source": "key" }], "configs": [{ "source": "large", "target": "/l" }],
                    "devices": [{ "source": path("device"), "target": "/dev/x", "permissions": "rw" }],
                    "volumes": [
                        { "type": "bind", "source": path("html"), "target": "/html", "bind": { "create_host_path": true } },
                        { "type": "bind", "source": path("nginx.conf"), "target": "/nginx.conf" },
                        { "type": "volume", "source": "data", "target": "/data" },
                    ],
                },
                "other": { "image": "i", "secrets": [{ "source": "key" }] },
            },
            "volumes": { "data": { "name": "d", "driver": "local", "driver_opts": { "o": "bind", "device": path("data") } } },
            "secrets": { "key": { "file": path("key.txt") }, "unused": { "file": "/not/there" } },
            "configs": { "large": { "file": path("large.conf") } },
        }));
        let model = model.expect("canonical");
        let was = mounts(&model);
        Shop { folder, model, was }
    }

    impl Shop {
        fn lacking(&self, remote: bool) -> Vec<Lack> {
            let places = Places { kept: Path::new("/none"), project: self.folder.path(), remote };
            places.lacking(&self.model, &self.was)
        }
    }

    #[test]
    fn everything_that_a_container_is_made_with_is_looked_at() {
        assert_eq!(shop().lacking(false), []);
        for (file, named, who) in [
            ("key.txt", "the file of secret key is not there: ./key.txt", 2),
            ("large.conf", "the file of config large is not there: ./large.conf", 1),
            ("seccomp.json", "the seccomp profile ./seccomp.json is not there", 1),
            ("nginx.conf", "./nginx.conf, which web mounts, is not there", 1),
            ("html", "./html, which web mounts, is not there", 1),
            ("data", "./data, which web mounts, is not there", 1),
            ("device", "device", 1),
        ] {
            let shop = shop();
            fs::rename(shop.folder.path().join(file), shop.folder.path().join("away")).expect("renamed");
            let lacking = shop.lacking(false);
            let [lack] = lacking.as_slice() else { panic!("{file}: {lacking:?}") };
            assert!(lack.what.contains(named), "{file}: {lack:?}");
            assert_eq!(lack.services.len(), who, "{lack:?}");
        }
    }

    #[test]
    fn the_empty_folder_that_an_engine_made_of_a_file_is_no_file() {
        let shop = shop();
        let file = shop.folder.path().join("nginx.conf");
        fs::remove_file(&file).expect("removed");
        fs::create_dir(&file).expect("made");
        let lacking = shop.lacking(false);
        assert!(lacking.len() == 1 && lacking[0].what.contains("is no file any more"), "{lacking:?}");
    }

    #[test]
    fn what_another_machine_mounts_is_there_and_what_it_is_sent_is_here() {
        let shop = shop();
        for file in ["key.txt", "nginx.conf", "device"] {
            fs::remove_file(shop.folder.path().join(file)).expect("removed");
        }
        let lacking = shop.lacking(true);
        assert!(lacking.len() == 1 && lacking[0].what.contains("secret key"), "{lacking:?}");
    }

    #[test]
    fn copies_that_will_be_made_are_not_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.conf");
        fs::write(&file, "a").expect("written");
        let mut application = json!({ "name": "p", "services": {}, "configs": { "a": { "file": file } } });
        let (copies, _) = kept::name(&mut application).expect("named");
        let model = Model::decode(&application).expect("canonical");
        let places = Places { kept: folder.path(), project: folder.path(), remote: false };
        assert_eq!(places.lacking_copies(&model, &copies), Vec::<String>::new());
        assert_eq!(places.lacking_copies(&model, &[]).len(), 1);
    }
}

//! Use case: what a Compose file means, without a project around it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sternway_compose::{Loaded, Sources};
use sternway_config::EnvFile;
use sternway_model::{Location, Result, refuse_marks};

/// Loads Compose files as `docker compose config` does. The process's own environment goes before the env files; without
/// env files, the folder's `.env` is read if there is one.
///
/// # Errors
/// If a file is wrong, with file, line, column and key.
pub fn compose_config(
    folder: &Path,
    files: &[PathBuf],
    env_files: &[PathBuf],
    profiles: Vec<String>,
    project_name: Option<String>,
) -> Result<Loaded> {
    let own: BTreeMap<String, String> = std::env::vars().collect();
    let mut environment = own.clone();
    let default = folder.join(".env");
    let default = (env_files.is_empty() && default.exists()).then_some(default);
    for path in default.iter().chain(env_files) {
        let (bytes, _) = sternway_config::store::read(path)?;
        let file = EnvFile::parse(path, &bytes)?;
        let known = environment.clone();
        let values = file.evaluate(&|name| own.get(name).cloned(), &|name| known.get(name).cloned())?;
        for (key, value, line) in values {
            let at = || Location { file: path.clone(), line: Some(line), column: None, key: Some(key.clone()) };
            refuse_marks(&value).map_err(|error| error.at(at()))?;
            if !own.contains_key(&key) {
                environment.insert(key, value);
            }
        }
    }
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let loaded = sternway_compose::load(&Sources {
        project_dir: folder.to_owned(),
        files: files.iter().map(absolute).collect(),
        project_name,
        environment,
        origins: BTreeMap::new(),
        profiles,
    })?;
    Ok(Loaded { model: sternway_compose::as_compose_prints(&loaded.model), ..loaded })
}

/// The canonical model as YAML.
#[must_use]
pub fn compose_yaml(model: &serde_json::Value) -> String {
    sternway_compose::to_yaml(model)
}

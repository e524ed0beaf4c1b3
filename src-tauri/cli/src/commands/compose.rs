//! `sternway compose …`

use std::path::PathBuf;

use sternway_model::{Error, Result};

use super::Front;
use crate::arguments::Compose;

/// Does what the command line says.
pub fn run(front: &Front<'_>, command: Compose) -> Result<u8> {
    let Compose::Config { file, env_file, profile, project_name } = command;
    let folder = folder(front, &file)?;
    let loaded = sternway_core::compose_config(&folder, &file, &env_file, profile, project_name)?;
    for warning in &loaded.warnings {
        mention!("sternway: {warning}");
    }
    front.exact(&loaded.model, |model| sternway_core::compose_yaml(model).trim_end().to_owned())
}

/// Compose's rule: the folder of the first file is the project's, unless another is named.
fn folder(front: &Front<'_>, files: &[PathBuf]) -> Result<PathBuf> {
    let named = front.folder != std::path::Path::new(".");
    let first = files.first().and_then(|file| file.parent()).filter(|folder| !folder.as_os_str().is_empty());
    let folder = match first {
        Some(folder) if !named => folder,
        _ => front.folder,
    };
    std::path::absolute(folder).map_err(|error| Error::io("find", folder, &error))
}

//! Which configuration files a project has: `sternway.yaml` and those that it names.

use std::path::{Component, Path, PathBuf};

use sternway_config::document::Format;
use sternway_model::{Code, EnvironmentName, Error, FILE_NAME, ProjectFile, Result, read_text, yaml};

use crate::project::Project;
use crate::view::DocumentRole;

/// A file that the project names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The file, relative to the project.
    pub path: PathBuf,
    /// What it is for.
    pub role: DocumentRole,
    /// How it is written.
    pub format: Format,
}

/// The files of a project and what they are for, each once.
pub(crate) fn listed(project: &Project) -> Vec<Listed> {
    listed_for(project, &project.file.environments.keys().collect::<Vec<_>>())
}

/// The environments that read a file, in the order of `sternway.yaml`.
pub(crate) fn readers_of(project: &Project, path: &Path) -> Vec<EnvironmentName> {
    let reads = |name: &&EnvironmentName| listed_for(project, &[name]).iter().any(|listed| listed.path == path);
    project.file.environments.keys().filter(reads).cloned().collect()
}

/// What `configuration.files` lists for an environment, but for the env files of services: those are filled in.
pub(crate) fn config_files(project: &Project, environment: &EnvironmentName) -> Vec<Listed> {
    let ProjectFile { configuration, application, .. } = &project.file;
    let path = |pattern: &String| PathBuf::from(pattern.replace("{environment}", environment.as_str()));
    let filled: Vec<PathBuf> = application
        .compose
        .iter()
        .flat_map(|pattern| env_files(&project.folder, &path(pattern)))
        .map(|(file, _)| file)
        .collect();
    let wanted: Vec<PathBuf> = configuration.files.iter().map(path).collect();
    let mut files = listed_for(project, &[environment]);
    files.retain(|listed| {
        listed.role == DocumentRole::File && wanted.contains(&listed.path) && !filled.contains(&listed.path)
    });
    files
}

fn listed_for(project: &Project, environments: &[&EnvironmentName]) -> Vec<Listed> {
    let mut files: Vec<Listed> = Vec::new();
    let mut add = |path: PathBuf, role, format| {
        if !files.iter().any(|known| known.path == path) {
            files.push(Listed { path, role, format });
        }
    };
    add(FILE_NAME.into(), DocumentRole::Project, Format::Yaml);
    let ProjectFile { configuration, application, .. } = &project.file;
    let expanded = |patterns: &[String]| -> Vec<PathBuf> {
        let of_all = |pattern: &String| {
            let of = |name: &&EnvironmentName| PathBuf::from(pattern.replace("{environment}", name.as_str()));
            environments.iter().map(of).collect::<Vec<_>>()
        };
        patterns.iter().flat_map(of_all).collect()
    };
    for path in expanded(&configuration.variables) {
        // Whatever it is named, it is read as one.
        add(path, DocumentRole::Variables, Format::Env);
    }
    let compose = expanded(&application.compose);
    for path in &compose {
        add(path.clone(), DocumentRole::Compose, Format::Yaml);
    }
    for (path, format) in compose.iter().flat_map(|path| env_files(&project.folder, path)) {
        add(path, DocumentRole::File, format);
    }
    for path in expanded(&configuration.files) {
        let format = Format::of(&path);
        add(path, DocumentRole::File, format);
    }
    files
}

/// The env files that the services of a Compose file name, as far as they can be told without filling in variables.
fn env_files(folder: &Path, compose: &Path) -> Vec<(PathBuf, Format)> {
    let mut files = Vec::new();
    // What is wrong with the Compose file is said where that is opened.
    let Ok(text) = read_text("read", &folder.join(compose)) else { return files };
    let Ok(documents) = yaml::parse(compose, &text) else { return files };
    let services = documents.first().and_then(|root| root.get("services")).map(|services| &services.content);
    let Some(yaml::Content::Mapping(services)) = services else { return files };
    for list in services.iter().filter_map(|(_, service)| service.get("env_file")) {
        let items = match &list.content {
            yaml::Content::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(list),
        };
        for item in items {
            let raw = item.get("format").and_then(yaml::Node::text) == Some("raw");
            let name = item.text().or_else(|| item.get("path").and_then(yaml::Node::text));
            let inside = |name: &&str| {
                let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
                !name.contains('$') && Path::new(name).components().all(plain)
            };
            if let Some(name) = name.filter(inside) {
                let path = compose.parent().unwrap_or_else(|| Path::new("")).join(name);
                let path = path.components().filter(|part| *part != Component::CurDir).collect();
                files.push((path, if raw { Format::DockerEnv } else { Format::Env }));
            }
        }
    }
    files
}

/// The file, if the project names it: the page can open nothing else.
pub(crate) fn known(project: &Project, path: &Path) -> Result<Listed> {
    listed(project).into_iter().find(|known| known.path == path).ok_or_else(|| {
        Error::new(Code::NotFound, format!("{} is none of the project's configuration files", path.display()))
            .hint(format!("Add it to `configuration.files` in {FILE_NAME}."))
    })
}

/// How a file is written: as the project reads it, else by its name.
pub(crate) fn format_of(project: &Project, path: &Path) -> Format {
    known(project, path).map_or_else(|_| Format::of(path), |listed| listed.format)
}

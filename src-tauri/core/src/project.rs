//! A project that is open: its folder and its `sternway.yaml`.

use std::path::{Path, PathBuf};

use sternway_model::{
    Code, EngineAddress, EnvironmentName, Error, FILE_NAME, Location, ProjectFile, Result, Target, read_text, yaml,
};

use crate::view::{EnvironmentHead, ProjectView};

/// A folder and what its `sternway.yaml` says at this moment.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder, absolute and without links.
    pub folder: PathBuf,
    /// What the file says.
    pub file: ProjectFile,
    /// The file's text, part of every plan's hash.
    pub text: String,
}

impl Project {
    /// Reads a project.
    ///
    /// # Errors
    /// [`Code::ProjectMissing`] if the folder or the file is not there, [`Code::InvalidInput`] if the file is wrong.
    pub fn open(folder: &Path) -> Result<Self> {
        let missing = |what: String, hint: String| Err(Error::new(Code::ProjectMissing, what).hint(hint));
        let Ok(folder) = canonical(folder) else {
            return missing(
                format!("the folder {} is not there", folder.display()),
                "If it was moved, open it at its new place; its history can be brought along.".to_owned(),
            );
        };
        let path = folder.join(FILE_NAME);
        let text = match read_text("read", &path) {
            Ok(text) => text,
            Err(error) if error.code == Code::NotFound => {
                return missing(
                    format!("{} has no {FILE_NAME}", folder.display()),
                    "Run `sternway init` in it to write one from what the folder has.".to_owned(),
                );
            }
            Err(error) => return Err(error),
        };
        let file = ProjectFile::load(Path::new(FILE_NAME), &text)?;
        Ok(Self { folder, file, text })
    }

    /// As the fronts see it.
    #[must_use]
    pub fn view(&self) -> ProjectView {
        let environments = self.file.environments.iter().map(|(name, environment)| EnvironmentHead {
            name: name.clone(),
            target: environment.target.clone(),
            protected: environment.protected,
        });
        ProjectView { path: self.folder.clone(), name: self.file.project.clone(), environments: environments.collect() }
    }

    /// An error about the docker context in which an environment runs, at the line that names it.
    pub(crate) fn at_target(&self, environment: &EnvironmentName, error: Error) -> Error {
        let target = self.file.environments.get(environment).map(|environment| &environment.target);
        // The other targets are no names that could be misspelt: what is wrong is elsewhere.
        if error.at.is_some() || !matches!(target, Some(Target::Docker(EngineAddress::Context(_)))) {
            return error;
        }
        let file = Path::new(FILE_NAME);
        // It was read before; if not, the error is as true without its line.
        let Ok(documents) = yaml::parse(file, &self.text) else { return error };
        let path = ["environments", environment.as_str(), "target", "docker"];
        let node = path.iter().try_fold(documents.first(), |node, key| node.map(|node| node.get(key)));
        match node.flatten() {
            Some(node) => error.at(node.mark.location(file, &path.join("."))),
            None => error,
        }
    }

    /// The Compose files of an environment. Files whose name has the environment's name in it may be missing.
    ///
    /// # Errors
    /// If a file that has to be there is not.
    pub fn compose_files(&self, environment: &EnvironmentName) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for name in &self.file.application.compose {
            let path = self.folder.join(name.replace("{environment}", environment.as_str()));
            // What it is if it is no file, whoever reads it says.
            if path.exists() {
                files.push(path);
            } else if !name.contains("{environment}") {
                return Err(Error::invalid(format!("there is no Compose file `{name}`"))
                    .hint("Make it, or correct `application.compose`.")
                    .at(Location {
                        file: FILE_NAME.into(),
                        line: None,
                        column: None,
                        key: Some("application.compose".to_owned()),
                    }));
            }
        }
        Ok(files)
    }
}

/// `canonicalize`, without the `\\?\` that Windows puts in front and other programs stumble over.
fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    let path = path.canonicalize()?;
    match path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
        Some(plain) => Ok(PathBuf::from(plain)),
        None => Ok(path),
    }
}

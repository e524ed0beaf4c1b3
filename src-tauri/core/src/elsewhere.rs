//! A Compose stack that runs already, under another name than the one that an environment would get: somebody who comes from
//! `docker compose` would begin a second one beside it, with empty volumes.

use std::collections::BTreeSet;
use std::path::Path;

use sternway_compose::{Observer, allowed_name};
use sternway_model::{Code, EnvironmentName, Error, Release, Result, counted, read_text, yaml};

use crate::machine::Core;
use crate::project::Project;

/// What to say before the first deployment. What cannot be found out is not said.
pub(crate) async fn note(project: &Project, environment: &EnvironmentName, observer: &Observer) -> Vec<String> {
    let own = project.file.compose_project(environment);
    let mut notes = Vec::new();
    for name in names(project, environment) {
        let mut ours = project.file.environments.keys().map(|ours| project.file.compose_project(ours));
        if ours.any(|ours| ours == name) {
            continue;
        }
        let containers = observer.observe(&name).await.map(|observed| observed.containers.len()).unwrap_or_default();
        if containers > 0 {
            notes.push(format!(
                "the Compose project {name} has {} on this engine. It stays as it is, and {own} begins beside it with volumes of its \
                 own. To take it over, write `compose_project: {name}` for {environment} in sternway.yaml",
                counted(containers, "container")
            ));
        }
    }
    notes
}

impl Core {
    /// The folder from which an environment's containers were made, if that is another one and this folder's history has nothing of them:
    /// a copy of a project must not reach into the environment of the first.
    pub(crate) async fn others_folder(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        observer: &Observer,
    ) -> Result<Option<String>> {
        let id = self.project_id(project).await?;
        if self.newest(id, environment).await?.is_some() {
            return Ok(None);
        }
        let observed = observer.observe(&project.file.compose_project(environment)).await?;
        let mut folders =
            observed.containers.into_iter().filter_map(|mut container| container.labels.remove(MADE_FROM));
        Ok(folders.find(|folder| Path::new(folder) != project.folder))
    }

    /// Refuses what would look into containers of another folder's project; see [`Core::others_folder`].
    ///
    /// # Errors
    /// [`Code::NotFound`] with that folder.
    pub(crate) async fn refuse_others(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        observer: &Observer,
    ) -> Result<()> {
        let Some(folder) = self.others_folder(project, environment, observer).await? else { return Ok(()) };
        let name = project.file.compose_project(environment);
        Err(Error::new(Code::NotFound, format!("nothing was deployed to {environment} from this folder yet")).hint(
            format!(
                "The containers of {name} were made from {folder}: use that folder, or deploy from this one first."
            ),
        ))
    }
}

/// Compose's label for the project's folder.
const MADE_FROM: &str = "com.docker.compose.project.working_dir";

/// What stops a plan because the environment ran under another Compose project's name until now, whose containers are still there: two
/// stacks would run, and the new one would begin without the data of the old. What is left of one that is gone is a note.
pub(crate) async fn renamed(
    project: &Project,
    environment: &EnvironmentName,
    have: &Release,
    observer: &Observer,
) -> Result<Renamed> {
    let own = project.file.compose_project(environment);
    let mut renamed = Renamed::default();
    let Some(before) = have.application.get("name").and_then(serde_json::Value::as_str) else { return Ok(renamed) };
    if before == own {
        return Ok(renamed);
    }
    let observed = observer.observe(before).await?;
    let volumes: Vec<&str> = observed.volumes.keys().map(String::as_str).collect();
    let data = if volumes.is_empty() { String::new() } else { format!(" Its data is in {}.", volumes.join(", ")) };
    if observed.containers.is_empty() {
        if !volumes.is_empty() {
            renamed.notes.push(format!(
                "{} ran as the Compose project {before}, which is gone; {own} begins with volumes of its own.{data} To go on with it, name \
                 the volume under `volumes:` with `name:` and `external: true`",
                have.number
            ));
        }
        return Ok(renamed);
    }
    renamed.blockers.push(format!(
        "{environment} ran as the Compose project {before} until now and would become {own}: {} of {before} would go on running beside \
         it, and {own} would begin with volumes of its own.{data} To stay with it, write `compose_project: {before}` for {environment} in \
         sternway.yaml; to leave it, end it first with `docker compose -p {before} down`, which keeps its volumes",
        counted(observed.containers.len(), "container")
    ));
    Ok(renamed)
}

/// What is to be said of an environment whose Compose project has another name than its release.
#[derive(Debug, Default)]
pub(crate) struct Renamed {
    pub notes: Vec<String>,
    pub blockers: Vec<String>,
}

/// The names that `docker compose` would give the project: the file's own, and the folder's.
fn names(project: &Project, environment: &EnvironmentName) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(project.folder.file_name().map(|name| allowed_name(&name.to_string_lossy())));
    for file in project.compose_files(environment).unwrap_or_default() {
        let documents = read_text("read", &file).and_then(|text| yaml::parse(&file, &text)).unwrap_or_default();
        let named = documents.iter().filter_map(|document| document.get("name")?.text());
        names.extend(named.filter(|name| !name.contains('$')).map(allowed_name));
    }
    names.retain(|name| !name.is_empty());
    names
}

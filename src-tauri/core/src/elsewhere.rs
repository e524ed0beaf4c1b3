//! A Compose stack that runs already, under another name than the one that an environment would get: somebody who comes from
//! `docker compose` would begin a second one beside it, with empty volumes.

use std::collections::BTreeSet;

use sternway_compose::{Observer, allowed_name};
use sternway_model::{EnvironmentName, counted, read_text, yaml};

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

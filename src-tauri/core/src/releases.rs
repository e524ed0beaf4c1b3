//! Releases and wants as they are kept, and as they are used. What is kept of them names no folder of this machine: copies of configs by
//! their content, and paths of the project from its folder. So both folders may move.

use std::path::Path;

use serde_json::Value;
use sternway_history::ProjectId;
use sternway_model::{Code, DeploymentNumber, EnvironmentName, Error, Release, Result};

use crate::machine::Core;
use crate::project::Project;
use crate::want::Want;

impl Core {
    /// The release that runs in an environment.
    pub(crate) async fn current_release(
        &self,
        project: &Project,
        environment: &EnvironmentName,
    ) -> Result<Option<Release>> {
        Ok(self.newest_releases(project, environment, 1).await?.pop())
    }

    /// The newest releases of an environment, newest first.
    pub(crate) async fn newest_releases(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Result<Vec<Release>> {
        let id = self.project_id(project).await?;
        let releases = self.history().await?.releases(id, environment, limit).await?;
        Ok(releases.into_iter().map(|release| placed(project, release)).collect())
    }

    /// The release that a deployment made, if it made one.
    pub(crate) async fn release(&self, project: &Project, number: DeploymentNumber) -> Result<Option<Release>> {
        let id = self.project_id(project).await?;
        let release = self.history().await?.release(id, number).await?;
        Ok(release.map(|release| placed(project, release)))
    }

    /// What a deployment wanted.
    pub(crate) async fn stored_want(&self, project: &Project, id: ProjectId, number: DeploymentNumber) -> Result<Want> {
        let stored = self.history().await?.want_of(id, number).await?;
        let mut want: Want = serde_json::from_value(stored).map_err(|error| {
            Error::new(Code::HistoryDamaged, format!("what {number} wanted cannot be read: {error}"))
        })?;
        sternway_compose::absolute_in(&project.folder, &mut want.application);
        Ok(want)
    }
}

/// A canonical model as it is kept.
pub(crate) fn kept(folder: &Path, application: &Value) -> Value {
    let mut application = application.clone();
    sternway_compose::relative_to(folder, &mut application);
    application
}

fn placed(project: &Project, mut release: Release) -> Release {
    sternway_compose::absolute_in(&project.folder, &mut release.application);
    release
}

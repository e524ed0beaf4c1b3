//! Commands about versions of the configuration, and about moving an environment to the release of another.

use std::path::PathBuf;

use sternway_core::view::{
    Blame, DocumentRelease, EarlierDocument, Promotion, RestorePlan, RestoreScope, Restored, VersionDifference,
    VersionsFilter, VersionsPage,
};
use sternway_model::{EnvironmentName, Result};
use tauri::State;

use crate::state::Shared;

#[tauri::command]
#[specta::specta]
pub async fn config_versions(
    shared: State<'_, Shared>,
    project: PathBuf,
    filter: VersionsFilter,
) -> Result<VersionsPage> {
    shared.core.config_versions(&shared.project(&project).await?, filter).await
}

/// What differs between two versions; without a second one, to the configuration as it is.
#[tauri::command]
#[specta::specta]
pub async fn version_difference(
    shared: State<'_, Shared>,
    project: PathBuf,
    from: u32,
    to: Option<u32>,
) -> Result<VersionDifference> {
    shared.core.version_difference(&shared.project(&project).await?, from, to).await
}

/// A document as it was in a version.
#[tauri::command]
#[specta::specta]
pub async fn document_at(
    shared: State<'_, Shared>,
    project: PathBuf,
    path: PathBuf,
    version: u32,
) -> Result<EarlierDocument> {
    shared.core.document_at(&shared.project(&project).await?, &path, version).await
}

/// The releases that run a document, one for each environment that reads it.
#[tauri::command]
#[specta::specta]
pub async fn document_releases(
    shared: State<'_, Shared>,
    project: PathBuf,
    path: PathBuf,
) -> Result<Vec<DocumentRelease>> {
    shared.core.document_releases(&shared.project(&project).await?, &path).await
}

#[tauri::command]
#[specta::specta]
pub async fn blame(shared: State<'_, Shared>, project: PathBuf, environment: EnvironmentName) -> Result<Blame> {
    shared.core.blame(&shared.project(&project).await?, &environment).await
}

/// What bringing back a version, or a part of it, would change.
#[tauri::command]
#[specta::specta]
pub async fn plan_restore(
    shared: State<'_, Shared>,
    project: PathBuf,
    version: u32,
    scope: RestoreScope,
) -> Result<RestorePlan> {
    shared.core.plan_restore(&shared.project(&project).await?, version, &scope).await
}

/// Does what was planned under this stamp.
#[tauri::command]
#[specta::specta]
pub async fn restore(
    shared: State<'_, Shared>,
    project: PathBuf,
    version: u32,
    scope: RestoreScope,
    stamp: String,
    note: Option<String>,
) -> Result<Restored> {
    let project = shared.project(&project).await?;
    shared.core.restore(&project, version, &scope, Some(&stamp), note.as_deref()).await
}

/// What moving an environment to the release of another would change; `run` does it.
#[tauri::command]
#[specta::specta]
pub async fn plan_promotion(
    shared: State<'_, Shared>,
    project: PathBuf,
    from: EnvironmentName,
    to: EnvironmentName,
    allow: Vec<String>,
) -> Result<Promotion> {
    shared.core.plan_promotion(&shared.project(&project).await?, &from, &to, &allow).await
}

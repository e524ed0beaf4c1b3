//! Commands about whether a project's own commands may run on this machine.

use std::path::PathBuf;

use sternway_core::view::TrustView;
use sternway_model::Result;
use tauri::State;

use crate::state::Shared;

/// Whether the project is trusted, and the commands that it has.
#[tauri::command]
#[specta::specta]
pub async fn trust(shared: State<'_, Shared>, project: PathBuf) -> Result<TrustView> {
    shared.core.trust_of(&shared.project(&project).await?).await
}

/// Notes that the person trusts the project.
#[tauri::command]
#[specta::specta]
pub async fn trust_project(shared: State<'_, Shared>, project: PathBuf) -> Result<TrustView> {
    shared.core.trust(&shared.project(&project).await?).await
}

/// Takes it back.
#[tauri::command]
#[specta::specta]
pub async fn revoke_trust(shared: State<'_, Shared>, project: PathBuf) -> Result<TrustView> {
    shared.core.revoke_trust(&shared.project(&project).await?).await
}

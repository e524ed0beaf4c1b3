//! Commands about configuration files. Each is one use case of the core.

use std::path::PathBuf;

use sternway_core::view::{DocumentSave, DocumentView, Documents, SavedDocument};
use sternway_core::{Edit, Resolution};
use sternway_model::Result;
use tauri::State;

use crate::state::Shared;

#[tauri::command]
#[specta::specta]
pub async fn documents(shared: State<'_, Shared>, project: PathBuf) -> Result<Documents> {
    shared.core.documents(&shared.project(&project).await?).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_document(
    shared: State<'_, Shared>,
    project: PathBuf,
    path: PathBuf,
    reveal: bool,
) -> Result<DocumentView> {
    shared.core.open_document(&shared.project(&project).await?, &path, reveal).await
}

#[tauri::command]
#[specta::specta]
pub async fn document_edited(
    shared: State<'_, Shared>,
    project: PathBuf,
    path: PathBuf,
    text: String,
    edit: Option<Edit>,
) -> Result<DocumentView> {
    shared.core.document_edited(&shared.project(&project).await?, &path, text, edit).await
}

#[tauri::command]
#[specta::specta]
#[allow(clippy::too_many_arguments, reason = "the page names each of them")]
pub async fn save_document(
    shared: State<'_, Shared>,
    project: PathBuf,
    path: PathBuf,
    text: String,
    base: Option<String>,
    base_text: Option<String>,
    note: Option<String>,
    resolutions: Vec<Resolution>,
) -> Result<SavedDocument> {
    let save = DocumentSave { text, base, base_text, note, resolutions };
    shared.core.save_document(&shared.project(&project).await?, &path, save).await
}

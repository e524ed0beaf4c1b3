//! Commands about secrets' values: generated, revealed, copied, rotated, looked for. Only `reveal_secret` answers with one.

use std::path::PathBuf;

use sternway_core::view::{Audit, LeakReport, RotationView, Secrets, TakeOver};
use sternway_core::{Asked, Purpose};
use sternway_model::{EnvironmentName, Recipe, Result, SecretName, Sensitive};
use tauri::State;

use crate::clipboard::KEPT;
use crate::state::Shared;

/// Gives a secret a random value, which only the keychain gets.
#[tauri::command]
#[specta::specta]
pub async fn generate_secret(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    recipe: Recipe,
) -> Result<Secrets> {
    let project = shared.project(&project).await?;
    shared.core.generate_secret(&project, &environment, &name, &recipe).await?;
    shared.core.secrets(&project, None).await
}

/// Secrets that earlier versions kept under the project's name.
#[tauri::command]
#[specta::specta]
pub async fn plan_take_over(shared: State<'_, Shared>, project: PathBuf) -> Result<TakeOver> {
    shared.core.plan_take_over(&shared.project(&project).await?).await
}

/// Makes them the project's own.
#[tauri::command]
#[specta::specta]
pub async fn take_over(shared: State<'_, Shared>, project: PathBuf) -> Result<TakeOver> {
    shared.core.take_over(&shared.project(&project).await?).await
}

/// The value of a secret, once it is in the audit; the newest version unless one is named.
#[tauri::command]
#[specta::specta]
pub async fn reveal_secret(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    version: Option<u32>,
    typed_name: Option<String>,
    why: Option<String>,
) -> Result<String> {
    let project = shared.project(&project).await?;
    let asked = Asked { typed: typed_name.as_deref(), why: why.as_deref() };
    let revealed = shared.core.reveal_secret(&project, &environment, &name, version, Purpose::Reveal, &asked).await?;
    Ok(revealed.1.reveal().to_owned())
}

/// Puts the value of a secret on the clipboard, past the page; the answer is after how many seconds it is gone from there.
#[tauri::command]
#[specta::specta]
pub async fn copy_secret_value(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    version: Option<u32>,
    typed_name: Option<String>,
) -> Result<u32> {
    let project = shared.project(&project).await?;
    let asked = Asked { typed: typed_name.as_deref(), why: None };
    let (_, value) = shared.core.reveal_secret(&project, &environment, &name, version, Purpose::Copy, &asked).await?;
    shared.clipboard.put(&value).await?;
    let clipboard = shared.clipboard.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(KEPT).await;
        if let Err(error) = clipboard.take_back(&value).await {
            eprintln!("sternway-desktop: the clipboard is not cleared: {error}");
        }
    });
    Ok(u32::try_from(KEPT.as_secs()).unwrap_or(u32::MAX))
}

/// What rotating a secret would do, or how far it is.
#[tauri::command]
#[specta::specta]
pub async fn rotation(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
) -> Result<RotationView> {
    shared.core.rotation(&shared.project(&project).await?, &environment, &name).await
}

/// Begins a rotation with this value, or with a generated one; the next deployment of the environment that succeeds drops
/// the old value.
#[tauri::command]
#[specta::specta]
pub async fn start_rotation(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    value: Option<String>,
    recipe: Option<Recipe>,
) -> Result<RotationView> {
    let value = match value {
        Some(value) => Sensitive::new(value),
        None => shared.core.generate(&recipe.unwrap_or_default())?,
    };
    shared.core.start_rotation(&shared.project(&project).await?, &environment, &name, &value).await
}

/// Drops the old value of a rotation whose new one runs already.
#[tauri::command]
#[specta::specta]
pub async fn finish_rotation(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
) -> Result<RotationView> {
    shared.core.finish_rotation(&shared.project(&project).await?, &environment, &name).await
}

/// Drops the new value of a rotation; the old one counts again.
#[tauri::command]
#[specta::specta]
pub async fn give_up_rotation(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
) -> Result<RotationView> {
    shared.core.give_up_rotation(&shared.project(&project).await?, &environment, &name).await
}

/// Looks for secrets in the project's files, and in what its repository remembers.
#[tauri::command]
#[specta::specta]
pub async fn scan_leaks(shared: State<'_, Shared>, project: PathBuf, with_history: bool) -> Result<LeakReport> {
    shared.core.scan_leaks(&shared.project(&project).await?, with_history).await
}

/// Who saw secrets, newest first.
#[tauri::command]
#[specta::specta]
pub async fn audit(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: Option<EnvironmentName>,
    limit: Option<u32>,
) -> Result<Audit> {
    shared.core.audit(&shared.project(&project).await?, environment.as_ref(), limit).await
}

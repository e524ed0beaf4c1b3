//! Commands about deployments that run: begin, follow, stop. A deployment belongs to the core, not to the page: it goes on
//! when the page is reloaded or the window closed.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use specta::Type;
use sternway_core::Running;
use sternway_model::{DeploymentNumber, EnvironmentName, Event, Result};
use tauri::State;
use tauri::ipc::Channel;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::state::Shared;

/// A channel has no back-pressure, so lines go to the page in batches: at most this many at once …
const BATCH: usize = 256;
/// … and at most this often.
const PAUSE: Duration = Duration::from_millis(30);

/// A deployment that this program runs.
#[derive(Debug, Clone, Serialize, Type)]
pub struct RunningDeployment {
    /// The project's folder.
    pub project: PathBuf,
    /// Its number.
    pub deployment: DeploymentNumber,
}

#[tauri::command]
#[specta::specta]
pub async fn run(
    shared: State<'_, Shared>,
    project: PathBuf,
    hash: String,
    typed_name: Option<String>,
    events: Channel<Vec<Event>>,
) -> Result<DeploymentNumber> {
    let project = shared.project(&project).await?;
    let running = shared.core.run(&project, &hash, typed_name.as_deref()).await?;
    Ok(follow(running, events))
}

#[tauri::command]
#[specta::specta]
pub async fn resume(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    typed_name: Option<String>,
    events: Channel<Vec<Event>>,
) -> Result<DeploymentNumber> {
    let project = shared.project(&project).await?;
    let running = shared.core.resume(&project, &environment, typed_name.as_deref()).await?;
    Ok(follow(running, events))
}

#[tauri::command]
#[specta::specta]
pub async fn unlock(shared: State<'_, Shared>, project: PathBuf, environment: EnvironmentName) -> Result<()> {
    shared.core.unlock(&shared.project(&project).await?, &environment).await
}

#[tauri::command]
#[specta::specta]
pub async fn cancel(shared: State<'_, Shared>, project: PathBuf, deployment: DeploymentNumber) -> Result<()> {
    shared.core.cancel(&shared.project(&project).await?, deployment)
}

/// Live events from now on; what was before is in history.
#[tauri::command]
#[specta::specta]
pub async fn watch(
    shared: State<'_, Shared>,
    project: PathBuf,
    deployment: DeploymentNumber,
    events: Channel<Vec<Event>>,
) -> Result<()> {
    let live = shared.core.live(&shared.project(&project).await?, deployment)?;
    tauri::async_runtime::spawn(forward(deployment, live.listen(), events));
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub fn running(shared: State<'_, Shared>) -> Vec<RunningDeployment> {
    let here = shared.core.running_here().into_iter();
    here.map(|(project, deployment)| RunningDeployment { project, deployment }).collect()
}

/// Sends a deployment's events to the page.
fn follow(running: Running, events: Channel<Vec<Event>>) -> DeploymentNumber {
    let Running { number, events: receiver, ended, .. } = running;
    tauri::async_runtime::spawn(forward(number, receiver, events));
    // The core carries the deployment on by itself; its end is in history and among the events.
    drop(ended);
    number
}

/// Sends the events of one deployment. A move back that follows it has a number, and listeners, of its own.
async fn forward(number: DeploymentNumber, mut receiver: UnboundedReceiver<Event>, events: Channel<Vec<Event>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        batch.retain(|event| event.deployment() == number);
        if !batch.is_empty() && events.send(std::mem::take(&mut batch)).is_err() {
            // The page is gone; a new one watches anew.
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

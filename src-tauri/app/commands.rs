//! Commands that answer at once. Each is one use case of the core.

use std::path::PathBuf;
use std::time::Duration;

use sternway_core::view::{
    Comparison, DeploymentView, HistoryFilter, HistoryPage, Import, LogPage, Machine, Pending, ProjectEntry,
    ProjectView, SecretRemoval, Secrets, Status,
};
use sternway_core::{Project, VariableEdit};
use sternway_model::{Code, DeploymentNumber, EnvironmentName, Error, Plan, Result, SecretName, Sensitive};
use tauri::ipc::Channel;
use tauri::path::BaseDirectory;
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

use crate::chosen::Chosen;
use crate::launch::Launch;
use crate::matrix::PackedMatrix;
use crate::published;
use crate::state::Shared;

type Core<'a> = State<'a, Shared>;

/// So long after a project is opened the processors are for what the person waits for.
const FIRST_SCREENS: Duration = Duration::from_secs(3);

#[tauri::command]
#[specta::specta]
pub async fn machine(shared: Core<'_>) -> Result<Machine> {
    Ok(shared.core.machine().await)
}

#[tauri::command]
#[specta::specta]
pub async fn projects(shared: Core<'_>) -> Result<Vec<ProjectEntry>> {
    shared.core.projects().await
}

#[tauri::command]
#[specta::specta]
pub async fn open_project(shared: Core<'_>, path: PathBuf) -> Result<ProjectView> {
    let project = shared.core.open(shared.chosen(&path).await?.path()).await?;
    let view = project.view();
    let core = shared.core.clone();
    // The page does not wait for it; whoever looks at versions, or saves, has it done before.
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(FIRST_SCREENS).await;
        if let Err(error) = core.notice(&project).await {
            eprintln!("sternway-desktop: what changed in the configuration is not written down: {error}");
        }
    });
    Ok(view)
}

#[tauri::command]
#[specta::specta]
pub async fn forget_project(shared: Core<'_>, path: PathBuf) -> Result<()> {
    shared.core.forget(&path).await
}

#[tauri::command]
#[specta::specta]
pub async fn relocate_project(shared: Core<'_>, from: PathBuf, to: PathBuf) -> Result<ProjectView> {
    let (from, to) = (shared.chosen(&from).await?, shared.chosen(&to).await?);
    Ok(shared.core.relocate(from.path(), to.path()).await?.view())
}

#[tauri::command]
#[specta::specta]
pub async fn choose_folder(app: AppHandle, shared: Core<'_>) -> Result<Option<PathBuf>> {
    let (chosen, answer) = oneshot::channel();
    app.dialog().file().set_title("Open a project").pick_folder(move |folder| {
        // The page that asked may be gone.
        drop(chosen.send(folder));
    });
    let folder = answer.await.map_err(|_| Error::new(Code::Cancelled, "the folder dialog was closed"))?;
    let folder = folder
        .map(|folder| folder.into_path().map_err(|error| Error::failed(format!("this is no folder: {error}"))))
        .transpose()?;
    Ok(folder.map(|folder| shared.folders.choose(&folder).path().to_owned()))
}

#[tauri::command]
#[specta::specta]
pub async fn open_sample(app: AppHandle, shared: Core<'_>) -> Result<ProjectView> {
    let folder = sample(&app, &shared).await?;
    Ok(shared.core.open(folder.path()).await?.view())
}

#[tauri::command]
#[specta::specta]
pub async fn init_project(shared: Core<'_>, path: PathBuf) -> Result<ProjectView> {
    shared.core.init(shared.chosen(&path).await?.path()).await?;
    Ok(shared.project(&path).await?.view())
}

#[tauri::command]
#[specta::specta]
pub async fn launch_project(app: AppHandle, shared: Core<'_>) -> Result<Option<PathBuf>> {
    match shared.launches.newest() {
        Launch::Last => Ok(None),
        Launch::Sample => Ok(Some(sample(&app, &shared).await?.path().to_owned())),
        Launch::Project(folder) => Ok(Some(shared.folders.choose(&folder).path().to_owned())),
    }
}

/// Says when the program was started once more; `launch_project` then answers for that start.
#[tauri::command]
#[specta::specta]
pub fn launches(shared: Core<'_>, started: Channel<()>) {
    shared.launches.tell(started);
}

/// Says whether the keychain is waited for, now and whenever that changes.
#[tauri::command]
#[specta::specta]
pub fn keychain_waits(shared: Core<'_>, waits: Channel<bool>) {
    shared.keychain.tell(waits);
}

/// A copy of the sample that can be edited.
async fn sample(app: &AppHandle, shared: &Shared) -> Result<Chosen> {
    let from = app
        .path()
        .resolve("examples/shop", BaseDirectory::Resource)
        .map_err(|error| Error::failed(format!("the sample cannot be found: {error}")))?;
    Ok(shared.folders.choose(&shared.core.sample(&from).await?))
}

#[tauri::command]
#[specta::specta]
pub async fn status(shared: Core<'_>, project: PathBuf) -> Result<Status> {
    shared.core.status(&shared.project(&project).await?, None).await
}

#[tauri::command]
#[specta::specta]
pub async fn pending(shared: Core<'_>, project: PathBuf, environment: EnvironmentName) -> Result<Pending> {
    Ok(shared.core.pending(&shared.project(&project).await?, &environment).await)
}

/// Opens a published port in the person's browser.
#[tauri::command]
#[specta::specta]
pub async fn open_published(shared: Core<'_>, project: PathBuf, environment: EnvironmentName, port: u16) -> Result<()> {
    let project = shared.project(&project).await?;
    let status = shared.core.status(&project, Some(&environment)).await?;
    let address = published::address(&status, &project.file.environment(&environment)?.target, port)?;
    open::that_detached(address.as_str()).map_err(|error| {
        Error::failed(format!("no browser opens {address}: {error}")).hint("Open the address in a browser yourself.")
    })
}

#[tauri::command]
#[specta::specta]
pub async fn matrix(shared: Core<'_>, project: PathBuf) -> Result<PackedMatrix> {
    Ok(shared.core.matrix(&shared.project(&project).await?).await?.into())
}

/// Sets and removes variables: all of them or none, as one version of the configuration.
#[tauri::command]
#[specta::specta]
pub async fn set_variables(
    shared: Core<'_>,
    project: PathBuf,
    edits: Vec<VariableEdit>,
    note: Option<String>,
) -> Result<PackedMatrix> {
    let project = shared.project(&project).await?;
    let edited = shared.core.set_variables(&project, edits, false, note.as_deref()).await?;
    matrix_after(&shared, &project, edited.problem).await
}

/// The matrix after an edit, with why there is no version of it, if so.
async fn matrix_after(shared: &Shared, project: &Project, problem: Option<Error>) -> Result<PackedMatrix> {
    let mut matrix = shared.core.matrix(project).await?;
    matrix.problems.extend(problem);
    Ok(matrix.into())
}

/// What is wrong with a value while it is typed, by the type that `sternway.yaml` declares.
#[tauri::command]
#[specta::specta]
pub async fn check_value(shared: Core<'_>, project: PathBuf, key: String, value: String) -> Result<Option<Error>> {
    Ok(shared.core.check_value(&shared.project(&project).await?, &key, &value).err())
}

#[tauri::command]
#[specta::specta]
pub async fn secrets(shared: Core<'_>, project: PathBuf) -> Result<Secrets> {
    shared.core.secrets(&shared.project(&project).await?, None).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_secret(
    shared: Core<'_>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    value: String,
) -> Result<Secrets> {
    let value = Sensitive::new(value);
    let project = shared.project(&project).await?;
    shared.core.set_secret(&project, &environment, &name, &value, None).await?;
    shared.core.secrets(&project, None).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy_secret(
    shared: Core<'_>,
    project: PathBuf,
    name: SecretName,
    from: EnvironmentName,
    to: EnvironmentName,
) -> Result<Secrets> {
    let project = shared.project(&project).await?;
    shared.core.copy_secret(&project, &name, &from, &to).await?;
    shared.core.secrets(&project, None).await
}

/// What `remove_secret` would take along.
#[tauri::command]
#[specta::specta]
pub async fn plan_secret_removal(
    shared: Core<'_>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    version: Option<u32>,
) -> Result<SecretRemoval> {
    shared.core.plan_secret_removal(&shared.project(&project).await?, &environment, &name, version).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_secret(
    shared: Core<'_>,
    project: PathBuf,
    environment: EnvironmentName,
    name: SecretName,
    version: Option<u32>,
    typed_name: Option<String>,
) -> Result<Secrets> {
    let project = shared.project(&project).await?;
    shared.core.remove_secret(&project, &environment, &name, version, typed_name.as_deref()).await?;
    shared.core.secrets(&project, None).await
}

#[tauri::command]
#[specta::specta]
pub async fn import_candidates(shared: Core<'_>, project: PathBuf, environment: EnvironmentName) -> Result<Import> {
    shared.core.import_candidates(&shared.project(&project).await?, &environment).await
}

#[tauri::command]
#[specta::specta]
pub async fn import_secrets(
    shared: Core<'_>,
    project: PathBuf,
    environment: EnvironmentName,
    keys: Vec<String>,
) -> Result<Import> {
    shared.core.import_secrets(&shared.project(&project).await?, &environment, &keys).await
}

#[tauri::command]
#[specta::specta]
pub async fn plan(shared: Core<'_>, project: PathBuf, environment: EnvironmentName) -> Result<Plan> {
    shared.core.plan(&shared.project(&project).await?, &environment).await
}

#[tauri::command]
#[specta::specta]
pub async fn plan_rollback(
    shared: Core<'_>,
    project: PathBuf,
    environment: EnvironmentName,
    to: Option<DeploymentNumber>,
) -> Result<Plan> {
    shared.core.plan_rollback(&shared.project(&project).await?, &environment, to).await
}

#[tauri::command]
#[specta::specta]
pub async fn history(shared: Core<'_>, project: PathBuf, filter: HistoryFilter) -> Result<HistoryPage> {
    shared.core.deployments(&shared.project(&project).await?, filter).await
}

#[tauri::command]
#[specta::specta]
pub async fn deployment(shared: Core<'_>, project: PathBuf, number: DeploymentNumber) -> Result<DeploymentView> {
    shared.core.deployment(&shared.project(&project).await?, number).await
}

#[tauri::command]
#[specta::specta]
pub async fn log(
    shared: Core<'_>,
    project: PathBuf,
    number: DeploymentNumber,
    step: Option<u32>,
    after: u32,
    limit: u32,
) -> Result<LogPage> {
    shared.core.log(&shared.project(&project).await?, number, step, after, limit).await
}

#[tauri::command]
#[specta::specta]
pub async fn compare(
    shared: Core<'_>,
    project: PathBuf,
    a: DeploymentNumber,
    b: DeploymentNumber,
) -> Result<Comparison> {
    shared.core.compare(&shared.project(&project).await?, a, b).await
}

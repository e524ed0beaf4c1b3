//! The window's life: one instance, the tray, and closing while something runs.

use std::path::Path;
use std::time::Duration;

use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager, RunEvent, Window, WindowEvent};
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};

use crate::first_sight::FirstSight;
use crate::launch::Launch;
use crate::state::Shared;
use crate::{commands, deployments, documents, first_sight, safekeeping, services, trust, versions};

/// How long the end waits for the clipboard.
const LEAVING: Duration = Duration::from_secs(2);

/// Every command of the window, declared once: the page's bindings are made from this list.
pub fn bindings() -> Builder<tauri::Wry> {
    Builder::new().error_handling(ErrorHandlingMode::Throw).disable_serde_phases().commands(collect_commands![
        commands::machine,
        commands::projects,
        commands::open_project,
        commands::forget_project,
        commands::relocate_project,
        commands::choose_folder,
        commands::open_sample,
        commands::init_project,
        commands::launch_project,
        commands::launches,
        commands::keychain_waits,
        commands::status,
        commands::pending,
        commands::open_published,
        commands::matrix,
        commands::set_variables,
        commands::check_value,
        commands::secrets,
        commands::set_secret,
        commands::copy_secret,
        commands::plan_secret_removal,
        commands::remove_secret,
        commands::import_candidates,
        commands::import_secrets,
        commands::plan,
        commands::plan_rollback,
        commands::history,
        commands::deployment,
        commands::log,
        commands::compare,
        documents::documents,
        documents::open_document,
        documents::document_edited,
        documents::save_document,
        deployments::run,
        deployments::resume,
        deployments::unlock,
        deployments::cancel,
        deployments::watch,
        deployments::running,
        services::services,
        services::follow_usage,
        services::service_logs,
        services::run_in_service,
        services::stop_following,
        services::restart,
        services::plan_down,
        services::plan_prune,
        services::prune,
        versions::config_versions,
        versions::version_difference,
        versions::document_at,
        versions::document_releases,
        versions::blame,
        versions::plan_restore,
        versions::restore,
        versions::plan_promotion,
        safekeeping::generate_secret,
        safekeeping::plan_take_over,
        safekeeping::take_over,
        safekeeping::reveal_secret,
        safekeeping::copy_secret_value,
        safekeeping::rotation,
        safekeeping::start_rotation,
        safekeeping::finish_rotation,
        safekeeping::give_up_rotation,
        safekeeping::scan_leaks,
        safekeeping::audit,
        trust::trust,
        trust::trust_project,
        trust::revoke_trust,
    ])
}

/// Opens the window and stays until it is closed for good.
///
/// # Errors
/// If the window system does not take it, or there is no folder for Sternway's data.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let shared = Shared::new()?;
    let bindings = bindings();
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(started_again))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .manage(shared)
        .manage(FirstSight::default())
        .invoke_handler(bindings.invoke_handler())
        .setup(|app| {
            app.state::<Shared>().desktop.attach(app.handle());
            first_sight::at_the_latest(app.handle());
            tray(app).map_err(Into::into)
        })
        .on_page_load(first_sight::loaded)
        .on_window_event(closing)
        .build(tauri::generate_context!())?
        .run(leaving);
    Ok(())
}

/// A secret must not stay on the clipboard of somebody who has closed the program.
fn leaving(app: &AppHandle, event: RunEvent) {
    if !matches!(event, RunEvent::Exit) {
        return;
    }
    let clipboard = app.state::<Shared>().clipboard.clone();
    let left = tauri::async_runtime::block_on(async { tokio::time::timeout(LEAVING, clipboard.leave()).await });
    if let Ok(Err(error)) = left {
        eprintln!("sternway-desktop: the clipboard is not cleared: {error}");
    }
}

/// The program was started while its window is open: the window comes to the front, with the project that was asked for.
fn started_again(app: &AppHandle, arguments: Vec<String>, from: String) {
    show(app);
    let launch = Launch::read(arguments.into_iter().skip(1).map(Into::into), Path::new(&from));
    if launch != Launch::Last
        && let Err(error) = app.state::<Shared>().launches.again(launch)
    {
        eprintln!("sternway-desktop: the window does not hear of the start: {error}");
    }
}

/// Brings the window back to the person.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // A window system that refuses one of these leaves the window where it is; there is nobody to tell.
        drop(window.show());
        drop(window.unminimize());
        drop(window.set_focus());
    }
}

/// Closing the window while a deployment runs hides it: the work goes on, and the tray brings the window back.
fn closing(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let running = window.state::<Shared>().core.running_here();
    if !running.is_empty() && window.hide().is_ok() {
        api.prevent_close();
    }
}

fn tray(app: &App) -> tauri::Result<()> {
    let open = MenuItem::with_id(app, "open", "Open Sternway", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let mut tray = TrayIconBuilder::new()
        .tooltip("Sternway")
        .menu(&Menu::with_items(app, &[&open, &quit])?)
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => show(app),
            "quit" => quit_when_idle(app),
            _ => {}
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    // Held by the application from here on.
    tray.build(app).map(drop)
}

/// Quitting in the middle of a deployment would interrupt it; the window shows it instead, where it can be cancelled.
fn quit_when_idle(app: &AppHandle) {
    if app.state::<Shared>().core.running_here().is_empty() {
        app.exit(0);
    } else {
        show(app);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_BINDINGS=1 cargo test -p sternway-desktop` writes them anew.
    #[test]
    fn the_pages_bindings_are_those_of_the_commands() {
        // Seen from the package's folder, in which cargo starts tests.
        let path = "ui/src/bindings.ts";
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bindings.ts");
        bindings()
            .export(specta_typescript::Typescript::default(), &file)
            .expect("every type has a form in TypeScript");
        let made = std::fs::read_to_string(file).expect("they were written");
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(path, &made).expect("the bindings can be written");
        }
        let committed = std::fs::read_to_string(path).expect("there are bindings");
        assert!(made == committed, "ui/src/bindings.ts is stale; write it anew with UPDATE_BINDINGS=1");
    }
}

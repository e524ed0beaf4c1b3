//! The desktop shell: the window, the tray, and the core's use cases as commands. Nothing else names Tauri, and nothing here
//! decides anything that the terminal front would have to decide too.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod chosen;
mod clipboard;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod commands;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod deployments;
mod desktop;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod documents;
mod first_sight;
mod keychain;
mod launch;
mod matrix;
mod published;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod safekeeping;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod services;
mod shell;
mod state;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod trust;
#[allow(clippy::let_underscore_must_use, reason = "the macro of Tauri's commands writes such bindings")]
mod versions;
mod webview;

fn main() -> std::process::ExitCode {
    if let Some(text) = launch::told(std::env::args_os().skip(1)) {
        println!("{text}");
        return std::process::ExitCode::SUCCESS;
    }
    if let Err(error) = sternway_core::keep_memory_private() {
        eprintln!("sternway-desktop: {error}");
        return std::process::ExitCode::FAILURE;
    }
    webview::prepare();
    match shell::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sternway-desktop: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

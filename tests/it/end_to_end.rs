//! What a person does, and what a bad day does.

mod config_files;
mod configuration;
mod copies;
mod first_steps;
mod kept_images;
#[cfg(target_os = "linux")]
mod locked_keychain;
mod notification;
#[cfg(unix)]
mod processes;
mod promotion;
mod recovery;
mod refusals;
mod rotation;
mod services;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod targets;
mod terminal;
mod trust;
mod unhealthy;
mod window;
mod window_chosen;
mod window_configuration;
mod window_environment;
mod window_handbook;
mod window_life;
mod window_promotion;
mod window_screens;
mod window_secrets;
mod window_trouble;
mod window_versions;

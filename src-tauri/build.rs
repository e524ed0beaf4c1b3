//! Embeds the window's page, icon and configuration.

fn main() {
    tauri_build::build();
}

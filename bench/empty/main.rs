//! A window with a word in it, and nothing else: what every Tauri program costs.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!("bench/empty/tauri.conf.json"))
}

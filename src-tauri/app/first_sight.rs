//! When the window is shown for the first time.

use std::sync::OnceLock;
use std::time::Duration;

use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{AppHandle, Manager, Webview};

/// How long the page may take; it is loaded after a third of a second.
const LOADING: Duration = Duration::from_secs(3);

/// Whether the window was shown: one that is hidden later is not shown by a page that is loaded again.
#[derive(Default)]
pub struct FirstSight(OnceLock<()>);

/// Shows the window when it has its page. Drawn before, WebKit on Linux now and then holds everything up for half a second: the
/// thread that hands out the page's files waits for the size of the page that cannot be loaded without them.
pub fn loaded(webview: &Webview, page: &PageLoadPayload<'_>) {
    if page.event() == PageLoadEvent::Finished {
        show_once(webview.app_handle());
    }
}

/// Shows the window in any case: a page that does not come is seen as that, and not as a program that does not start.
pub fn at_the_latest(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(LOADING).await;
        show_once(&app);
    });
}

fn show_once(app: &AppHandle) {
    app.state::<FirstSight>().0.get_or_init(|| {
        if let Some(window) = app.get_webview_window("main")
            && let Err(error) = window.show()
        {
            eprintln!("sternway-desktop: the window is not shown: {error}");
        }
    });
}

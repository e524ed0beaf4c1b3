//! The desktop as a way to reach the person: a notification of the system, while the window is not what they look at.

use std::sync::OnceLock;

use async_trait::async_trait;

use sternway_core::{Channel, Notice};
use sternway_model::{Error, Result};
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;

/// The desktop. The core is built before there is a window, so it learns of it later.
#[derive(Default)]
pub struct Desktop {
    app: OnceLock<AppHandle>,
}

impl Desktop {
    /// From now on there is a desktop to tell.
    pub fn attach(&self, app: &AppHandle) {
        // The window is set up once.
        drop(self.app.set(app.clone()));
    }
}

#[async_trait]
impl Channel for Desktop {
    fn name(&self) -> &'static str {
        "desktop"
    }

    async fn tell(&self, notice: &Notice) -> Result<String> {
        let app = self.app.get().ok_or_else(|| Error::internal("there is no window yet"))?;
        let watched = app
            .get_webview_window("main")
            .is_some_and(|window| window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false));
        if watched {
            return Ok("the window was in front: no notification was needed".to_owned());
        }
        let notification = app.notification().builder().title(notice.title()).body(notice.detail());
        notification.show().map_err(|error| {
            Error::failed(format!("the notification cannot be shown: {error}"))
                .hint("Look whether the desktop's notifications are on.")
        })?;
        Ok("a notification was shown".to_owned())
    }
}

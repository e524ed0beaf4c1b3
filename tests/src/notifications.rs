//! The notifications that the desktop is asked to show. The tests' session has nothing that shows them, so they are taken here.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedValue;

use crate::{Failure, Result};

/// A notification as a person would see it.
#[derive(Debug)]
pub struct Notification {
    /// The line that stands out.
    pub title: String,
    /// The text below it.
    pub body: String,
}

/// Takes what is sent to the session's notification server, for as long as it lives.
pub struct Notifications {
    shown: UnboundedReceiver<Notification>,
    _server: Connection,
}

impl Notifications {
    /// Begins to take them.
    ///
    /// # Errors
    /// If there is no session bus, or a desktop that shows notifications itself.
    pub fn take() -> Result<Self> {
        let (show, shown) = unbounded_channel();
        let server = Builder::session()?
            .name("org.freedesktop.Notifications")?
            .serve_at("/org/freedesktop/Notifications", Server { show, count: 0 })?
            .build()?;
        Ok(Self { shown, _server: server })
    }

    /// The next one.
    ///
    /// # Errors
    /// If there is none within the limit.
    pub async fn next(&mut self, limit: Duration) -> Result<Notification> {
        match tokio::time::timeout(limit, self.shown.recv()).await {
            Ok(Some(notification)) => Ok(notification),
            _ => Err(Failure::new(format!("no notification was sent within {} s", limit.as_secs()))),
        }
    }
}

/// The Desktop Notifications Specification, as far as a sender needs it.
struct Server {
    show: UnboundedSender<Notification>,
    count: u32,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &mut self,
        _app_name: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        self.count += 1;
        // Whoever took them may be gone while the last ones come.
        drop(self.show.send(Notification { title: summary, body }));
        self.count
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".to_owned()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("tests".to_owned(), "sternway".to_owned(), "1".to_owned(), "1.2".to_owned())
    }
}

//! WebKit's own WebDriver, which starts the program.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::call::program;
use crate::{Failure, Result, web};

/// One window at a time: a second one would only bring the first to the front, as it should.
static DISPLAY: Mutex<()> = Mutex::const_new(());

/// A driver that runs.
pub(super) struct Driver {
    process: Child,
    port: u16,
    capabilities: Capabilities,
    home: PathBuf,
    _display: MutexGuard<'static, ()>,
}

impl Driver {
    /// Starts the driver; it starts the program when a session begins.
    pub(super) async fn start(home: &Path, arguments: &[&str]) -> Result<Self> {
        let display = DISPLAY.lock().await;
        if std::env::var_os("DISPLAY").is_none() {
            return Err(Failure::new("there is no display; run the tests as scripts/test does, in scripts/session"));
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("STERNWAY_HOME", home)
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let options = json!({ "binary": program("sternway-desktop")?, "args": arguments });
        let capabilities = Capabilities::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        Ok(Self { process, port, capabilities, home: home.to_owned(), _display: display })
    }

    /// Begins a session, which opens the program's window.
    pub(super) async fn connect(&self) -> Result<Client> {
        web::until(Duration::from_secs(10), async || Ok(TcpStream::connect(("127.0.0.1", self.port)).await?)).await?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(self.capabilities.clone())
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await?;
        Ok(client)
    }

    /// Ends the driver, and makes sure that the program is gone too.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        self.end_programs()
    }

    /// Programs that were started for this home, found by their environment.
    fn programs(&self) -> Result<Vec<u32>> {
        let wanted = format!("STERNWAY_HOME={}", self.home.display());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process may be gone by now, or be somebody else's.
            let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
            if environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()) {
                found.push(process);
            }
        }
        Ok(found)
    }

    fn end_programs(&self) -> Result<()> {
        for process in self.programs()? {
            // It may end by itself before it is told to; then there is nothing to say.
            std::process::Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status()?;
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Err(failure) = self.end_programs() {
            eprintln!("the program is not ended: {failure}");
        }
    }
}

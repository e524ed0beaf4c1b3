//! WebKit's own WebDriver, which starts the program and speaks HTTP (W3C WebDriver).

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::call::program;
use crate::{Failure, Result, web};

/// One window at a time: a second one would only bring the first to the front, as it should.
static DISPLAY: Mutex<()> = Mutex::const_new(());
/// The longest that the driver may take for one command.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A driver with its session.
pub(super) struct Driver {
    process: Child,
    http: reqwest::Client,
    /// The session's address.
    session: String,
    home: PathBuf,
    _display: MutexGuard<'static, ()>,
}

impl Driver {
    /// Starts the driver, which opens the program's window.
    pub(super) async fn start(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self> {
        let display = DISPLAY.lock().await;
        if std::env::var_os("DISPLAY").is_none() {
            return Err(Failure::new("there is no display; run the tests as scripts/test does, in scripts/session"));
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .envs(environment.iter().copied())
            .env("STERNWAY_HOME", home)
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let http = reqwest::Client::builder().timeout(TIME_LIMIT).no_proxy().build()?;
        let session = format!("http://127.0.0.1:{port}/session");
        let mut driver = Self { process, http, session, home: home.to_owned(), _display: display };
        web::until(Duration::from_secs(10), async || Ok(TcpStream::connect(("127.0.0.1", port)).await?)).await?;
        let options = json!({ "binary": program("sternway-desktop")?, "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let opened = driver.post("", &wanted).await?;
        let id = opened["sessionId"].as_str().ok_or_else(|| Failure::new(format!("no session: {opened}")))?;
        driver.session = format!("{}/{id}", driver.session);
        Ok(driver)
    }

    /// Starts the program a second time, beside the one that the driver has opened.
    pub(super) async fn start_again(&self, arguments: &[&str]) -> Result<()> {
        let started = Command::new(program("sternway-desktop")?)
            .args(arguments)
            .env("STERNWAY_HOME", &self.home)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(TIME_LIMIT, started)
            .await
            .map_err(|_| Failure::new("the second start has not ended: it has a window of its own"))??;
        if ended.status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the second start failed: {}", String::from_utf8_lossy(&ended.stderr))))
    }

    /// A command with its arguments; gives its value.
    pub(super) async fn post(&self, command: &str, arguments: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{command}", self.session));
        value(command, request.header("Content-Type", "application/json").body(arguments.to_string())).await
    }

    /// A question; gives its value.
    pub(super) async fn get(&self, command: &str) -> Result<Value> {
        value(command, self.http.get(format!("{}{command}", self.session))).await
    }

    /// Ends the program, and then the driver.
    pub(super) async fn stop(mut self) -> Result<()> {
        value("end", self.http.delete(&self.session)).await?;
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

/// Sends a command and takes the value from the answer.
async fn value(command: &str, request: reqwest::RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let succeeded = answer.status().is_success();
    let mut answer: Value = serde_json::from_str(&answer.text().await?)?;
    let value = answer["value"].take();
    if succeeded { Ok(value) } else { Err(Failure::new(format!("the driver refuses {command}: {value}"))) }
}

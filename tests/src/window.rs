//! The window, driven through WebDriver as a person with a keyboard and a screen reader uses it.

mod desktop;
mod driver;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::stage::repository;
use crate::{Failure, Result, Stage, web};
use driver::Driver;

const ACCESSIBLE: &str = include_str!("window/accessible.js");
const MESSAGES: &str = include_str!("window/messages.js");
/// The driver takes a picture when the page paints next, which a page at rest never does: a dot keeps it painting for a second.
const PAINT: &str = "
    const dot = document.createElement('div');
    dot.style.cssText = 'position: fixed; top: 0; left: 0; width: 1px; height: 1px';
    document.body.append(dot);
    let on = false;
    const beat = setInterval(() => { on = !on; dot.style.background = on ? '#000001' : '#000002'; }, 20);
    setTimeout(() => { clearInterval(beat); dot.remove(); }, 1000);
";
/// Keeps what the page throws and nobody catches.
const THROWN: &str = "
    const thrown = [];
    window.sternwayThrown = thrown;
    const keep = (what) => thrown.push(String(what?.stack ? `${what}\\n${what.stack}` : what));
    window.addEventListener('error', (event) => keep(event.error ?? event.message));
    window.addEventListener('unhandledrejection', (event) => keep(event.reason));
";
/// How long something may take to appear on the page.
const PATIENCE: Duration = Duration::from_secs(20);
/// The name under which WebDriver's answers refer to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An open window.
pub struct Window {
    // The program is the driver's child and ends with it.
    driver: Driver,
}

/// A message between the page and the program.
#[derive(Debug)]
pub struct Message {
    /// The command that it is about.
    pub command: String,
    /// The page sent it.
    pub sent: bool,
    /// What it says.
    pub text: String,
}

/// An element of the page.
pub struct Element(String);

impl Element {
    fn command(&self, name: &str) -> String {
        format!("/element/{}/{name}", self.0)
    }
}

/// The name of the picture of a failure: tests run in threads that are called like them.
fn failed() -> String {
    let thread = std::thread::current();
    let test = thread.name().and_then(|name| name.rsplit("::").next()).unwrap_or("test");
    format!("failure-{test}")
}

impl Window {
    /// The Enter key, for [`Window::press`].
    pub const ENTER: char = '\u{E007}';
    /// The Escape key, for [`Window::press`].
    pub const ESCAPE: char = '\u{E00C}';
    /// The Delete key.
    pub const DELETE: char = '\u{E017}';
    /// The End key.
    pub const END: char = '\u{E010}';
    /// The arrow that goes down.
    pub const DOWN: char = '\u{E015}';
    /// The Shift key, for [`Window::press_together`].
    pub const SHIFT: char = '\u{E008}';
    /// The Control key, for [`Window::press_together`].
    pub const CONTROL: char = '\u{E009}';

    /// Starts the program on a stage's project and waits for its page. Only one window is open at a time.
    ///
    /// # Errors
    /// If the driver or the program does not start.
    pub async fn open(stage: &Stage) -> Result<Self> {
        Self::open_with(stage, &[]).await
    }

    /// As [`Window::open`], with variables of the program's own environment.
    ///
    /// # Errors
    /// As [`Window::open`].
    pub async fn open_with(stage: &Stage, environment: &[(&str, &str)]) -> Result<Self> {
        let project = stage.project();
        let driver = Driver::start(&stage.home(), &["--project", &project.to_string_lossy()], environment).await?;
        let window = Self { driver };
        window.find("navigation", "Sections").await?;
        window.script(THROWN).await?;
        Ok(window)
    }

    /// Sets the size of the page's window.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let now = self.driver.get("/window/rect").await?;
        // The driver waits for the change, so it waits forever where there is none.
        if now["width"] != width || now["height"] != height {
            self.driver.post("/window/rect", &json!({ "width": width, "height": height })).await?;
        }
        Ok(())
    }

    /// The one visible element of this role and accessible name; a `*` at the end of the name stands for anything.
    /// Waits for it.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub async fn find(&self, role: &str, name: &str) -> Result<Element> {
        let found = web::until(PATIENCE, async || {
            let mut found = self.all(role, name).await?;
            match (found.pop(), found.len()) {
                (Some(element), 0) => Ok(element),
                (Some(_), others) => Err(Failure::new(format!("{} elements are a {role} `{name}`", others + 1))),
                (None, _) => Err(Failure::new(format!("no {role} `{name}`"))),
            }
        });
        match found.await {
            Ok(element) => Ok(element),
            Err(failure) => {
                let picture = self.screenshot(&failed()).await?;
                let names = self.search(role, name).await?["names"].take();
                let thrown = self.thrown().await?;
                Err(Failure::new(format!("{failure}; every {role}: {names}; see {picture}\n{thrown}")))
            }
        }
    }

    /// All visible elements of this role and accessible name right now.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn all(&self, role: &str, name: &str) -> Result<Vec<Element>> {
        let found = self.search(role, name).await?["found"].take();
        let elements = found.as_array().into_iter().flatten();
        Ok(elements.filter_map(|element| Some(Element(element[ELEMENT].as_str()?.to_owned()))).collect())
    }

    /// The names of all visible elements of this role and accessible name, in the page's order; waits for the first.
    ///
    /// # Errors
    /// If there is none.
    pub async fn names(&self, role: &str, name: &str) -> Result<Vec<String>> {
        web::until(PATIENCE, async || {
            let fitting = self.search(role, name).await?["fitting"].take();
            let names: Vec<String> = serde_json::from_value(fitting)?;
            if names.is_empty() { Err(Failure::new(format!("no {role} `{name}`"))) } else { Ok(names) }
        })
        .await
    }

    /// Keeps every message between the page and the program from now on, until the page is loaded anew.
    ///
    /// # Errors
    /// If the page cannot be reached.
    pub async fn record_messages(&self) -> Result<()> {
        self.script(MESSAGES).await.map(drop)
    }

    /// The messages since [`Window::record_messages`].
    ///
    /// # Errors
    /// If none are recorded.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        let kept = self.script("return window.sternwayMessages").await?;
        let kept = kept.as_array().ok_or_else(|| Failure::new("no messages are recorded"))?;
        let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let message = |message| Message {
            command: text(message, "command"),
            sent: message["sent"] == true,
            text: text(message, "text"),
        };
        Ok(kept.iter().map(message).collect())
    }

    /// Sends the program a command, as a page that was taken over could; gives its answer, or its error below `refused`.
    ///
    /// # Errors
    /// If there is no answer in time.
    pub async fn invoke(&self, command: &str, arguments: &Value) -> Result<Value> {
        const ASK: &str = "window.sternwayAnswer = undefined;
            window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(
                (answer) => { window.sternwayAnswer = { answer }; },
                (refused) => { window.sternwayAnswer = { refused }; })";
        self.execute(ASK, &json!([command, arguments])).await?;
        web::until(PATIENCE, async || {
            let answer = self.script("return window.sternwayAnswer ?? null").await?;
            if answer.is_null() { Err(Failure::new(format!("no answer to {command}"))) } else { Ok(answer) }
        })
        .await
    }

    async fn search(&self, role: &str, name: &str) -> Result<Value> {
        self.execute(ACCESSIBLE, &json!([role, name])).await
    }

    /// Clicks the element of this role and name, as soon as it can be: one that a rendering has just moved or replaced is
    /// looked for again, as a person does.
    ///
    /// # Errors
    /// As [`Window::find`]; if it cannot be clicked within the limit.
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        web::until(PATIENCE, async || {
            let element = self.find(role, name).await?;
            self.driver.post(&element.command("click"), &json!({})).await
        })
        .await?;
        Ok(())
    }

    /// Puts a text into the field of this name in place of what it holds.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        // A rendering may replace the field before it is typed into.
        web::until(PATIENCE, async || {
            // What is selected is typed over. The driver's own way to clear a field leaves it first, which saves it.
            let field = self.find("textbox", name).await?;
            let this = json!([{ ELEMENT: field.0 }]);
            self.execute("arguments[0].focus(); arguments[0].select()", &this).await?;
            self.driver.post(&field.command("value"), &json!({ "text": text })).await
        })
        .await?;
        Ok(())
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn press(&self, key: char) -> Result<()> {
        self.press_together(&[key]).await
    }

    /// Types a text where the focus is.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn write(&self, text: &str) -> Result<()> {
        self.press_together(&text.chars().collect::<Vec<_>>()).await
    }

    /// Presses keys where the focus is; Shift and Control are held until the others were pressed.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn press_together(&self, keys: &[char]) -> Result<()> {
        let focused = self.driver.get("/element/active").await?;
        let focused = Element(focused[ELEMENT].as_str().unwrap_or_default().to_owned());
        self.driver.post(&focused.command("value"), &json!({ "text": String::from_iter(keys) })).await?;
        Ok(())
    }

    /// What the page shows as text.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn text(&self) -> Result<String> {
        let text = self.script("return document.body.innerText").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows a text.
    ///
    /// # Errors
    /// If it does not within the limit.
    pub async fn see(&self, wanted: &str, limit: Duration) -> Result<()> {
        let seen = web::until(limit, async || {
            let text = self.text().await?;
            if text.contains(wanted) { Ok(()) } else { Err(Failure::new(format!("`{wanted}` is not to be seen"))) }
        });
        if let Err(failure) = seen.await {
            let picture = self.screenshot(&failed()).await?;
            return Err(Failure::new(format!("{failure}; see {picture}\n{}", self.text().await?)));
        }
        Ok(())
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Errors
    /// If it throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        self.execute(script, &json!([])).await
    }

    async fn execute(&self, script: &str, arguments: &Value) -> Result<Value> {
        self.driver.post("/execute/sync", &json!({ "script": script, "args": arguments })).await
    }

    /// Keeps a picture of the page in `tests/artifacts` and gives its path.
    ///
    /// # Errors
    /// If it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<String> {
        let folder = repository()?.join("tests/artifacts");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        self.script(PAINT).await?;
        let picture = self.driver.get("/screenshot").await?;
        std::fs::write(&path, STANDARD.decode(picture.as_str().unwrap_or_default())?)?;
        Ok(path.display().to_string())
    }

    /// Starts the program once more, as a person does who has forgotten the open window. It hands over to that window and ends.
    ///
    /// # Errors
    /// If it does not end by itself, or not well.
    pub async fn start_again(&self, arguments: &[&str]) -> Result<()> {
        self.driver.start_again(arguments).await
    }

    /// Presses the window manager's key for closing a window.
    ///
    /// # Errors
    /// If the window is not on the screen.
    pub fn press_close(&self) -> Result<()> {
        desktop::close()
    }

    /// Waits until the window is on the screen, or no longer is.
    ///
    /// # Errors
    /// If that is not so within the limit.
    pub async fn wait_shown(&self, shown: bool) -> Result<()> {
        web::until(PATIENCE, async || match desktop::is_shown()? == shown {
            true => Ok(()),
            false => Err(Failure::new(format!("the window is {}on the screen", if shown { "not " } else { "" }))),
        })
        .await
    }

    /// What the page threw and nobody caught; nothing if it was loaded anew meanwhile.
    async fn thrown(&self) -> Result<String> {
        let thrown = self.script("return (window.sternwayThrown ?? []).join('\\n')").await?;
        Ok(thrown.as_str().unwrap_or_default().to_owned())
    }

    /// Ends the program.
    ///
    /// # Errors
    /// If the driver does not answer, or the page threw something that nobody caught.
    pub async fn close(self) -> Result<()> {
        let thrown = self.thrown().await?;
        self.driver.stop().await?;
        if thrown.is_empty() { Ok(()) } else { Err(Failure::new(format!("the page threw: {thrown}"))) }
    }
}

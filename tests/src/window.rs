//! The window, driven through WebDriver as a person with a keyboard and a screen reader uses it.

mod driver;

use std::path::Path;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::{Failure, Result, Stage, web};
use driver::Driver;

const ACCESSIBLE: &str = include_str!("window/accessible.js");
/// How long something may take to appear on the page.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open window.
pub struct Window {
    client: Client,
    // The program is the driver's child and ends with it.
    driver: Driver,
}

impl Window {
    /// Starts the program on a stage's project and waits for its page. Only one window is open at a time.
    ///
    /// # Errors
    /// If the driver or the program does not start.
    pub async fn open(stage: &Stage) -> Result<Self> {
        let project = stage.project();
        let driver = Driver::start(&stage.home(), &["--project", &project.to_string_lossy()]).await?;
        let client = driver.connect().await?;
        let window = Self { client, driver };
        window.resize(1280, 800).await?;
        Ok(window)
    }

    /// Sets the size of the page's window.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// The one visible element of this role and accessible name; a `*` at the end of the name stands for anything.
    /// Waits for it.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub async fn find(&self, role: &str, name: &str) -> Result<Element> {
        self.find_within(role, name, PATIENCE).await
    }

    /// As [`Window::find`], with a time limit of its own for what takes long.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn find_within(&self, role: &str, name: &str, limit: Duration) -> Result<Element> {
        let found = web::until(limit, async || {
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
                let picture = self.screenshot("failure").await?;
                let names = self.search(role, name).await?["names"].take();
                Err(Failure::new(format!("{failure}; every {role}: {names}; see {picture}")))
            }
        }
    }

    /// All visible elements of this role and accessible name right now.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn all(&self, role: &str, name: &str) -> Result<Vec<Element>> {
        let Value::Array(found) = self.search(role, name).await?["found"].take() else { return Ok(Vec::new()) };
        found
            .into_iter()
            // A reference to an element is an object of one entry, under a name that the standard gives.
            .filter_map(|element| Some(element.as_object()?.values().next()?.as_str()?.to_owned()))
            .map(|reference| Ok(Element::from_element_id(self.client.clone(), reference.into())))
            .collect()
    }

    async fn search(&self, role: &str, name: &str) -> Result<Value> {
        Ok(self.client.execute(ACCESSIBLE, vec![json!(role), json!(name), Value::Null]).await?)
    }

    /// Clicks the element of this role and name.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        Ok(self.find(role, name).await?.click().await?)
    }

    /// Puts a text into the field of this name in place of what it holds.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find("textbox", name).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn press(&self, key: Key) -> Result<()> {
        Ok(self.client.active_element().await?.send_keys(&char::from(key).to_string()).await?)
    }

    /// What the page shows as text.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn text(&self) -> Result<String> {
        let text = self.client.execute("return document.body.innerText", Vec::new()).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows a text.
    ///
    /// # Errors
    /// If it does not within the limit.
    pub async fn see(&self, wanted: &str, limit: Duration) -> Result<()> {
        let seen = web::until(limit, async || {
            if self.text().await?.contains(wanted) {
                Ok(())
            } else {
                Err(Failure::new(format!("`{wanted}` is not to be seen")))
            }
        });
        if let Err(failure) = seen.await {
            let picture = self.screenshot("failure").await?;
            return Err(Failure::new(format!("{failure}; see {picture}\n{}", self.text().await?)));
        }
        Ok(())
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// If it throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Keeps a picture of the page in `tests/artifacts` and gives its path.
    ///
    /// # Errors
    /// If it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, self.client.screenshot().await?)?;
        Ok(path.display().to_string())
    }

    /// Ends the program.
    ///
    /// # Errors
    /// If the driver does not answer.
    pub async fn close(self) -> Result<()> {
        self.client.close().await?;
        self.driver.stop().await
    }
}

//! Kill -9 at every boundary of a deployment: whatever was half done, one command leads to a named state.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use sternway_e2e::{Answer, Failure, Result, Stage, web};

/// Far more boundaries than a deployment has: a crash test that never ends is a bug of its own.
const TOO_MANY: u32 = 400;

/// An application whose deployment is interrupted.
struct Subject {
    stage: Stage,
    environment: &'static str,
    /// The variable that each deployment changes; the application's page shows its value.
    variable: &'static str,
    /// How a value of it is shown on the page.
    shows: fn(page: &str, value: &str) -> bool,
    /// A file that each deployment changes besides, so that an image is built.
    source: Option<&'static str>,
    /// Every how many boundaries a process ends.
    stride: u32,
}

impl Subject {
    /// The light project with a first release; it is small enough for a crash at every boundary.
    async fn light() -> Result<Self> {
        let subject = Self {
            stage: Stage::light()?,
            environment: "staging",
            variable: "MESSAGE",
            shows: |page, value| page == value,
            source: None,
            stride: 1,
        };
        subject.begin("TOKEN").await
    }

    /// The sample with a first release: a database, a migration, an image that is built. It takes seconds each time, so only
    /// some boundaries are tried, unless `STERNWAY_EVERY_BOUNDARY` is set.
    async fn sample() -> Result<Self> {
        let subject = Self {
            stage: Stage::shop()?,
            environment: "development",
            variable: "GREETING",
            shows: |page, value| page.contains(&format!(">{value}<")) && page.contains("Brass bell"),
            source: Some("web/shop/page.py"),
            stride: if std::env::var_os("STERNWAY_EVERY_BOUNDARY").is_some() { 1 } else { 11 },
        };
        subject.begin("DB_PASSWORD").await
    }

    async fn begin(self, secret: &str) -> Result<Self> {
        self.stage.call(["secret", "set", self.environment, secret]).input("a password").done().await?;
        self.set("first").await?;
        self.stage.call(["deploy", self.environment, "--yes"]).done().await?;
        self.shows("first").await?;
        Ok(self)
    }

    async fn set(&self, value: &str) -> Result<()> {
        self.stage.call(["config", "set", self.environment, self.variable, value]).done().await.map(drop)
    }

    /// Waits until the application answers, and fails if it then shows another value.
    async fn shows(&self, value: &str) -> Result<()> {
        let address = self.stage.address(self.environment, "/")?;
        let page = web::until(Duration::from_secs(10), async || web::body(&address).await).await?;
        if (self.shows)(&page, value) {
            return Ok(());
        }
        Err(Failure::new(format!("the application does not show {value}: {page}")))
    }

    /// A deployment of another value whose process ends at a boundary. `None` if there are fewer boundaries.
    async fn crash(&self, boundary: u32, value: &str) -> Result<Option<Answer>> {
        self.set(value).await?;
        if let Some(source) = self.source {
            let file = self.stage.project().join(source);
            let text = fs::read_to_string(&file)?;
            fs::write(&file, format!("{text}# {value}\n"))?;
        }
        let crashed = self
            .stage
            .call(["deploy", self.environment, "--yes"])
            .environment("STERNWAY_ABORT_AT_BOUNDARY", &boundary.to_string())
            .answer()
            .await?;
        match crashed.exit {
            None => Ok(Some(crashed)),
            Some(0) => Ok(None),
            Some(_) => Err(Failure::new(crashed.describe())),
        }
    }

    async fn status(&self) -> Result<Value> {
        Ok(self.stage.call(["status", self.environment]).done().await?.last()?["environments"][0].clone())
    }

    /// The value that the environment's release has, by the record.
    async fn recorded(&self) -> Result<Value> {
        let release = self.status().await?["release"].to_string();
        let shown = self.stage.call(["show", &release]).done().await?;
        let variables = shown.last()?["release"]["variables"].as_array().cloned().unwrap_or_default();
        let found = variables.into_iter().find(|variable| variable["key"] == self.variable);
        found.map(|mut variable| variable["value"].take()).ok_or_else(|| Failure::new(shown.describe()))
    }

    /// Nothing is left open: what runs is what the record says, nothing waits, and every deployment has a result.
    async fn settled(&self, value: &str, at: &str) -> Result<()> {
        self.shows(value).await?;
        assert_eq!(self.recorded().await?, value, "what runs is what is recorded, after {at}");
        let status = self.status().await?;
        assert_eq!(status["health"], "healthy", "after {at}: {status}");
        let drift = self.stage.call(["drift", self.environment]).done().await?;
        assert_eq!(drift.last()?["changes"], Value::Array(Vec::new()), "nothing is half done after {at}");
        let history = self.stage.call(["history", self.environment]).done().await?;
        let open = history.last()?["deployments"].as_array().into_iter().flatten().find(|one| one["result"].is_null());
        assert!(open.is_none(), "after {at} a deployment has no result: {open:?}");
        Ok(())
    }

    /// Ends the process at one boundary after the other, and each time goes on from there.
    async fn resume(&self) -> Result<()> {
        for boundary in (1..TOO_MANY).step_by(self.stride as usize) {
            let value = format!("value-{boundary}");
            let Some(crashed) = self.crash(boundary, &value).await? else {
                assert!(boundary > 5, "a deployment has more boundaries than {boundary}");
                return Ok(());
            };
            let at = boundary_name(&crashed);
            if self.status().await?["health"] == "interrupted" {
                // Nothing else is begun before this is settled, and the plan says so already.
                let plan = self.stage.call(["plan", self.environment]).answer().await?;
                assert_eq!(plan.exit, Some(3), "{at}: {}", plan.describe());
                assert!(plan.last()?["blockers"].to_string().contains("was left half-way by"), "{}", plan.describe());
                self.stage.call(["deploy", self.environment, "--yes"]).refused(3).await?;
                let resumed = self.stage.call(["resume", self.environment, "--yes"]).done().await?;
                assert_eq!(resumed.last()?["result"], "succeeded", "{at}: {}", resumed.describe());
            }
            self.settled(&value, &at).await?;
        }
        Err(Failure::new(format!("more than {TOO_MANY} boundaries")))
    }

    /// Ends the process at one boundary after the other, and each time goes back to what ran before.
    async fn go_back(&self) -> Result<()> {
        for boundary in (1..TOO_MANY).step_by(self.stride as usize) {
            let Some(crashed) = self.crash(boundary, &format!("value-{boundary}")).await? else {
                assert!(boundary > 5, "a deployment has more boundaries than {boundary}");
                return Ok(());
            };
            let at = boundary_name(&crashed);
            let back = self.stage.call(["rollback", self.environment, "--yes"]).done().await?;
            assert_eq!(back.last()?["result"], "succeeded", "{at}: {}", back.describe());
            self.settled("first", &at).await?;
        }
        Err(Failure::new(format!("more than {TOO_MANY} boundaries")))
    }
}

fn boundary_name(crashed: &Answer) -> String {
    crashed.errors.lines().find(|line| line.starts_with("aborted at")).unwrap_or("a crash").to_owned()
}

#[tokio::test]
async fn resume_after_a_crash_at_every_boundary() -> Result<()> {
    Subject::light().await?.resume().await
}

#[tokio::test]
async fn go_back_after_a_crash_at_every_boundary() -> Result<()> {
    Subject::light().await?.go_back().await
}

#[tokio::test]
async fn resume_the_sample_after_a_crash() -> Result<()> {
    Subject::sample().await?.resume().await
}

#[tokio::test]
async fn go_back_with_the_sample_after_a_crash() -> Result<()> {
    Subject::sample().await?.go_back().await
}

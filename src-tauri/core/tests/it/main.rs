//! Use cases that need no engine: on a project's files, with a keychain and a clock of the tests' own.

#[cfg(test)]
mod forged;
#[cfg(test)]
mod home;
#[cfg(test)]
#[cfg(unix)]
mod irregular;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod take_over;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod versions;

#[cfg(test)]
mod fixture {
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex};

    use sternway_core::{Clock, Home, Parts, Project, Sternway};
    use sternway_history::{History, NewDeployment, ProjectId};
    use sternway_model::{At, DeploymentNumber, Kind, Outcome, Plan, Readiness, Release, Sensitive, Variable};
    use sternway_vault::Vault;
    use sternway_vault::testing::MemoryKeychain;
    use tempfile::TempDir;

    /// Each look at it is a second later.
    #[derive(Default)]
    struct Ticks(AtomicI64);

    impl Clock for Ticks {
        fn now(&self) -> At {
            At::from_millis(self.0.fetch_add(1000, Ordering::Relaxed)).expect("a time")
        }
    }

    /// A project in a folder of its own, and the core.
    pub struct Shop {
        pub folder: TempDir,
        pub core: Sternway,
        /// The place at which the next use case ends, as a crash would end it.
        pub ends_at: Arc<Mutex<Option<&'static str>>>,
        pub keychain: Arc<MemoryKeychain>,
    }

    pub const PROJECT: &str = "project: shop
environments:
  staging: { target: { docker: local } }
  production: { target: { docker: local }, protected: true }
configuration:
  variables: [\".env\", \".env.{environment}\"]
  files: [config/app.json]
  required: [TOKEN]
";

    impl Shop {
        /// With these files beside its `sternway.yaml`.
        pub fn with(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let project = folder.path().join("shop");
            fs::create_dir(&project).expect("made");
            fs::write(project.join("sternway.yaml"), PROJECT).expect("written");
            let (keychain, ends_at) = (Arc::new(MemoryKeychain::default()), Arc::new(Mutex::new(None)));
            let end = ends_at.clone();
            let core = Sternway::new(Parts {
                home: Home::at(folder.path().join("home")),
                clock: Arc::new(Ticks::default()),
                vault: Vault::new(keychain.clone()).expect("a vault"),
                person: "ann".to_owned(),
                channels: Vec::new(),
                boundary: Arc::new(move |place| {
                    let here = end.lock().expect("unpoisoned").take_if(|end| *end == place).is_some();
                    assert!(!here, "it ends at: {place}");
                }),
            });
            let shop = Self { folder, core, ends_at, keychain };
            for (name, text) in files {
                shop.write(name, text);
            }
            shop
        }

        pub fn path(&self) -> std::path::PathBuf {
            self.folder.path().join("shop")
        }

        pub fn project(&self) -> Project {
            Project::open(&self.path()).expect("a project")
        }

        pub fn write(&self, name: &str, text: &str) {
            let path = self.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }

        pub fn read(&self, name: &str) -> String {
            fs::read_to_string(self.path().join(name)).expect("readable")
        }

        pub async fn set_secret(&self, environment: &str, name: &str, value: &str) -> u32 {
            let (environment, name) = (environment.parse().expect("a name"), name.parse().expect("a name"));
            let value = Sensitive::new(value.to_owned());
            self.core.set_secret(&self.project(), &environment, &name, &value, None).await.expect("set")
        }

        /// Writes into history that the environment was deployed as it is now.
        pub async fn deployed(&self, environment: &str) -> DeploymentNumber {
            let name = environment.parse().expect("a name");
            let variables = self.core.variables(&self.project(), &name).await.expect("variables").variables;
            let version = self.core.notice(&self.project()).await.expect("noticed");
            let (history, project) = self.history().await;
            let number = record(&history, project, environment, variables).await;
            history.link_configuration(project, number, version.expect("a version")).await.expect("linked");
            number
        }

        /// What the audit says was done, oldest first.
        pub async fn audited(&self) -> Vec<String> {
            let audit = self.core.audit(&self.project(), None, None).await.expect("readable").entries;
            audit.into_iter().rev().map(|line| format!("{}: {}", line.action, line.subject)).collect()
        }

        /// History, past the core.
        pub async fn history(&self) -> (History, ProjectId) {
            let history = History::open(&self.folder.path().join("home")).await.expect("a history");
            let folder = self.project().folder;
            let time = At::from_millis(0).expect("a time");
            let project = history.remember_project(&folder, &"shop".parse().expect("a name"), time).await;
            (history, project.expect("known"))
        }

        /// Files below Sternway's own folder that hold a text.
        pub fn holding(&self, text: &str) -> Vec<String> {
            let mut found = Vec::new();
            look(&self.folder.path().join("home"), text, &mut found);
            found
        }
    }

    fn look(folder: &Path, text: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                look(&path, text, found);
            } else if fs::read(&path).expect("readable").windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }

    async fn record(
        history: &History,
        project: ProjectId,
        environment: &str,
        configuration: Vec<Variable>,
    ) -> DeploymentNumber {
        let at = |seconds: i64| At::from_millis(seconds * 1000).expect("a time");
        let plan = Plan {
            hash: "abc".into(),
            environment: environment.parse().expect("a name"),
            kind: Kind::Deploy,
            from: None,
            to: None,
            source: None,
            expires: at(900),
            changes: vec![],
            kept: vec![],
            checks: vec![],
            builds: vec![],
            verifications: vec![],
            notes: vec![],
            untrusted: Vec::new(),
            blockers: vec![],
            protected: false,
            ready_to_go_back: Readiness { proven: true, reasons: vec![] },
        };
        let want = serde_json::json!({});
        let new = NewDeployment {
            project,
            plan: &plan,
            want: &want,
            by: "ann",
            owner: "a test",
            started: at(1),
            summary: "all",
            steps: &[],
            after_interruption: false,
        };
        let number = history.begin(&new).await.expect("begun");
        let environment: serde_json::Map<String, serde_json::Value> = configuration
            .iter()
            .map(|variable| (variable.key.clone(), variable.value.pinned().unwrap_or_default().into()))
            .collect();
        let release = Release {
            number,
            environment: plan.environment.clone(),
            created: at(2),
            configuration,
            application: serde_json::json!({
                "name": "shop",
                "services": { "web": { "image": "shop:1", "environment": environment } },
            }),
            images: [].into(),
            revision: None,
            verify: vec![],
            evidence: vec![],
            mounted: [].into(),
        };
        history.finish(project, number, Outcome::Succeeded, None, Some(&release), at(2)).await.expect("finished");
        number
    }
}

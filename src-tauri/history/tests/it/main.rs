//! The history as its users see it: one open file, several programs.

#[cfg(test)]
#[cfg(unix)]
mod damage;
#[cfg(test)]
mod deployments;
#[cfg(test)]
mod files;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod records;

#[cfg(test)]
mod fixture {
    use sternway_history::{History, NewDeployment, ProjectId};
    use sternway_model::{At, DeploymentNumber, Kind, Plan, Readiness, Release, Result, Stage};
    use tempfile::TempDir;

    /// A history in a folder of its own, with one project.
    pub struct Shop {
        pub home: TempDir,
        pub history: History,
        pub project: ProjectId,
    }

    pub async fn shop() -> Shop {
        let home = tempfile::tempdir().unwrap();
        let history = History::open(home.path()).await.unwrap();
        let project = history.remember_project("/shop".as_ref(), &"shop".parse().unwrap(), at(0)).await.unwrap();
        Shop { home, history, project }
    }

    pub fn at(seconds: i64) -> At {
        At::from_millis(seconds * 1000).unwrap()
    }

    pub fn plan(environment: &str) -> Plan {
        Plan {
            hash: "abc".into(),
            environment: environment.parse().unwrap(),
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
            blockers: vec![],
            untrusted: vec![],
            protected: false,
            ready_to_go_back: Readiness { proven: true, reasons: vec![] },
        }
    }

    pub fn release(number: DeploymentNumber, environment: &str) -> Release {
        Release {
            number,
            environment: environment.parse().unwrap(),
            created: at(60),
            configuration: vec![],
            application: serde_json::json!({ "services": { "web": { "image": "shop:1" } } }),
            images: [].into(),
            revision: None,
            verify: vec![],
            evidence: vec![],
            mounted: [].into(),
        }
    }

    /// Begins a deployment with the steps `pull` and `start`.
    pub async fn begin(history: &History, project: ProjectId, environment: &str) -> Result<DeploymentNumber> {
        begin_with(history, project, environment, false).await
    }

    pub async fn begin_with(
        history: &History,
        project: ProjectId,
        environment: &str,
        after_interruption: bool,
    ) -> Result<DeploymentNumber> {
        history
            .begin(&NewDeployment {
                project,
                plan: &plan(environment),
                want: &serde_json::json!({ "kind": "deploy" }),
                by: "ann",
                // Each program has a name of its own.
                owner: &history.file().to_string_lossy(),
                started: at(1),
                summary: "web: new image",
                steps: &[(Stage::Build, "pull".into()), (Stage::Application, "start".into())],
                after_interruption,
            })
            .await
    }
}

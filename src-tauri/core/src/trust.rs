//! Whether the commands that a project's files name may run on this machine.
//!
//! Whoever opens a folder that somebody else made does not know what its checks, builds, verifications and notifications would run.
//! So they are not run until a person has said so; everything that runs none works all the same.

use std::sync::PoisonError;

use sternway_history::StoredTrust;
use sternway_model::{CheckRun, Code, Error, ProjectCommand, Result, Stage, Verify, VerifyStep};

use crate::machine::Core;
use crate::project::Project;
use crate::view::TrustView;

/// A person trusts the project. Whatever runs a command of a project's wants it, and only this module makes one.
pub struct Trusted(());

impl Trusted {
    /// For what is tested below the question.
    #[cfg(test)]
    pub fn of_a_test() -> Self {
        Self(())
    }
}

/// What a command needs, or why it does not run.
///
/// # Errors
/// [`Code::Untrusted`] without a person's word.
pub(crate) fn wanted(trusted: Option<&Trusted>) -> Result<&Trusted> {
    trusted.ok_or_else(|| {
        Error::new(Code::Untrusted, "the project is not trusted, so that its commands do not run here")
            .hint("`sternway trust` lists its commands, and lets them run once you have read them.")
    })
}

/// The commands of a move: those before it only where it looks at the folder, and these verifications.
pub(crate) fn commands(project: &Project, of_folder: bool, verify: &[VerifyStep]) -> Vec<ProjectCommand> {
    let pipeline = &project.file.pipeline;
    let command =
        |stage, name: &str, line: &str| ProjectCommand { stage, name: name.to_owned(), line: line.to_owned() };
    let checks = pipeline.checks.iter().filter_map(|check| match &check.run {
        CheckRun::Command(line) => Some(command(Stage::Checks, &check.name, line)),
        CheckRun::Git(_) => None,
    });
    let builds = pipeline.build.iter().map(|step| command(Stage::Build, step.title(), &step.run));
    let before = checks.chain(builds).filter(|_| of_folder);
    let verify = verify.iter().filter_map(|step| match &step.verify {
        Verify::Command(line) => Some(command(Stage::Verification, &step.name, line)),
        Verify::Http(_) | Verify::Healthy(_) => None,
    });
    let notify = pipeline.notify.iter().map(|step| command(Stage::Notification, step.title(), &step.run));
    before.chain(verify).chain(notify).collect()
}

impl Core {
    /// A person's word about this project, if there is one.
    pub(crate) async fn trusted(&self, project: &Project) -> Result<Option<Trusted>> {
        let id = self.project_id(project).await?;
        Ok(self.history().await?.trust(id).await?.map(|_| Trusted(())))
    }

    /// Whether the project is trusted, and with what.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn trust_of(&self, project: &Project) -> Result<TrustView> {
        let id = self.project_id(project).await?;
        let (at, by) = self.history().await?.trust(id).await?.map(|trust| (trust.at, trust.person)).unzip();
        let commands = commands(project, true, &project.file.pipeline.verify);
        Ok(TrustView { project: project.file.project.clone(), at, by, commands })
    }

    /// Notes that a person trusts the project: from now on its commands may run here.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn trust(&self, project: &Project) -> Result<TrustView> {
        let trust = StoredTrust { at: self.parts.clock.now(), person: self.parts.person.clone() };
        self.set_trust(project, Some(&trust)).await
    }

    /// Takes it back.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn revoke_trust(&self, project: &Project) -> Result<TrustView> {
        self.set_trust(project, None).await
    }

    async fn set_trust(&self, project: &Project, trust: Option<&StoredTrust>) -> Result<TrustView> {
        let id = self.project_id(project).await?;
        self.history().await?.set_trust(id, trust).await?;
        // What was planned a moment ago was planned without knowing it.
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.trust_of(project).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sternway_model::ProjectFile;

    use super::*;

    #[test]
    fn a_moves_commands_are_those_that_it_would_run() {
        let text = "project: shop
environments: { a: { target: { docker: local } } }
pipeline:
  checks: [{ git: clean }, { name: tests, run: npm test }]
  build: [{ run: npm run build }]
  verify: [{ http: \"http://localhost\" }, { healthy: db }, { run: ./smoke.sh }]
  notify: [{ name: chat, run: ./tell.sh }]
";
        let file = ProjectFile::load(Path::new("sternway.yaml"), text).expect("a project");
        let verify = file.pipeline.verify.clone();
        let project = Project { folder: "/shop".into(), file, text: text.to_owned() };
        let lines = |of_folder, verify: &[VerifyStep]| -> Vec<String> {
            commands(&project, of_folder, verify).into_iter().map(|command| command.line).collect()
        };
        assert_eq!(lines(true, &verify), ["npm test", "npm run build", "./smoke.sh", "./tell.sh"]);
        assert_eq!(lines(false, &[]), ["./tell.sh"], "going back to a release without commands still tells people");
    }
}

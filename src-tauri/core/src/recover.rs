//! After an interruption: find out whose deployment is left behind, and free the target of a holder that is gone.

use sternway_compose::{Engine, Lease, lease};
use sternway_model::{Code, EnvironmentName, Error, Result};
use tokio_util::sync::CancellationToken;

use crate::machine::Core;
use crate::owner::Owner;
use crate::project::Project;

impl Core {
    /// Marks deployments as interrupted whose process is gone. Called wherever the state of deployments is looked at.
    ///
    /// # Errors
    /// If history cannot be read or written.
    pub async fn recover(&self, project: &Project) -> Result<()> {
        let history = self.history().await?;
        let id = self.project_id(project).await?;
        for (deployment, owner) in history.running(id).await? {
            let owners = self.parts.home.owners();
            // A command that is still being ended must not run beside those of whoever goes on.
            if !Owner::lives(&owners, &owner)? && Owner::left_nothing(&owners, &owner).await? {
                let message = "the program that ran it ended in the middle; resume it, or go back";
                history.mark_interrupted(id, deployment.number, message).await?;
            }
        }
        Ok(())
    }

    /// Takes the right to change an environment's target. A lease whose holder is proven to be gone is taken over.
    pub(crate) async fn lease(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        engine: &Engine,
        cancel: &CancellationToken,
    ) -> Result<Lease> {
        let name = project.file.compose_project(environment);
        if let Some(holder) = lease::holder(engine.observer(), &name).await? {
            match lease::take_over(engine, &holder).await {
                Ok(()) => {}
                // Its holder may be at work; taking it says who that is.
                Err(error) if error.code == Code::Locked => {}
                Err(error) => return Err(error),
            }
        }
        Lease::acquire(engine, &name, &self.this_process(), cancel).await
    }

    /// Who does something on a target, as others there see it.
    pub(crate) fn this_process(&self) -> lease::Owner {
        let host = whoami::hostname().unwrap_or_else(|_| "an unknown machine".to_owned());
        lease::Owner::this_process(&self.parts.person, host, None)
    }

    /// Removes one-off containers whose program was killed, so that nobody waits for their end. Says which they were.
    pub(crate) async fn sweep(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        engine: &Engine,
    ) -> Result<Vec<String>> {
        let removed = engine.remove_left_over(&project.file.compose_project(environment)).await?;
        Ok(removed.iter().map(|one_off| format!("{one_off}; it was removed")).collect())
    }

    /// Sees that nobody has the right to change an environment's target.
    ///
    /// # Errors
    /// [`Code::Locked`] with who has it.
    pub(crate) async fn unlocked(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        engine: &Engine,
    ) -> Result<()> {
        let Some(holder) = lease::holder(engine.observer(), &project.file.compose_project(environment)).await? else {
            return Ok(());
        };
        // One whose holder is proven to be gone is in nobody's way.
        lease::take_over(engine, &holder).await
    }

    /// Removes a lock that was left behind.
    ///
    /// # Errors
    /// [`Code::Locked`] if its holder may still be at work, [`Code::NotFound`] if there is none.
    pub async fn unlock(&self, project: &Project, environment: &EnvironmentName) -> Result<()> {
        self.recover(project).await?;
        let engine = self.engine(project, environment)?;
        let name = project.file.compose_project(environment);
        match lease::holder(engine.observer(), &name).await? {
            Some(holder) => lease::take_over(&engine, &holder).await,
            None => Err(Error::new(Code::NotFound, format!("{environment} is not locked"))),
        }
    }
}

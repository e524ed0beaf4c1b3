//! Use case: secrets that earlier versions of Sternway kept under the project's name become the project's own. Under a name every
//! project could reach them that has the same one.

use sternway_history::{BegunSecret, StoredSecret};
use sternway_model::{Cause, Code, EnvironmentName, Error, Result, SecretName, SecretPin};
use sternway_vault::TakenOver;

use crate::machine::Core;
use crate::project::Project;
use crate::view::{TakeOver, TakeOverEntry, TakeOverOutcome};

/// A version that the history says is kept under the name.
struct Held {
    environment: EnvironmentName,
    name: SecretName,
    version: u32,
    fingerprint: String,
}

impl Core {
    /// The versions that are still kept under the project's name. The keychain is not asked.
    ///
    /// # Errors
    /// If history cannot be read.
    pub async fn plan_take_over(&self, project: &Project) -> Result<TakeOver> {
        let held = self.held_by_name(project).await?.into_iter();
        let entries = held.map(|Held { environment, name, version, .. }| TakeOverEntry {
            environment,
            name,
            version,
            outcome: TakeOverOutcome::Waiting,
        });
        Ok(TakeOver { entries: entries.collect() })
    }

    /// Takes them over: each that has the value which this project's history remembers by its fingerprint. What has another value is
    /// another project's and stays where it is; what is not there may be in another keychain, and is waited for.
    ///
    /// # Errors
    /// If the keychain or history cannot be written. What was taken over until then stays taken over; the rest is as it was.
    pub async fn take_over(&self, project: &Project) -> Result<TakeOver> {
        let held = self.held_by_name(project).await?;
        if held.is_empty() {
            return Err(Error::new(Code::NotFound, "nothing is kept under the project's name")
                .hint("All secrets of this project are its own already."));
        }
        let work = async {
            let mut entries = Vec::new();
            for held in held {
                entries.push(self.take_one_over(project, held).await?);
            }
            Ok(entries)
        };
        let note = Some("taken over from the entries under the project's name");
        let (entries, noted) = self.saving(project, Cause::Saved, note, work).await?;
        noted.problem.map_or(Ok(TakeOver { entries }), Err)
    }

    async fn take_one_over(&self, project: &Project, held: Held) -> Result<TakeOverEntry> {
        let Held { environment, name, version, fingerprint } = held;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let scope = self.scope(project, &environment).await?;
        let pin = SecretPin { name: name.clone(), version };
        let done = self.vault().take_over(&scope, &pin, &fingerprint).await?;
        (self.parts.boundary)("secret taken over");
        let outcome = match done {
            TakenOver::Done => {
                history.secret_taken_over(id, &environment, &name, version).await?;
                TakeOverOutcome::Taken
            }
            TakenOver::Missing => TakeOverOutcome::Missing,
            TakenOver::Foreign => TakeOverOutcome::Foreign,
        };
        Ok(TakeOverEntry { environment, name, version, outcome })
    }

    /// Takes one version over if it is still kept under the name, so that removing it removes it from there.
    pub(crate) async fn take_over_for_removal(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        version: u32,
    ) -> Result<()> {
        let is_it = |held: &Held| &held.environment == environment && &held.name == name && held.version == version;
        match self.held_by_name(project).await?.into_iter().find(is_it) {
            Some(held) => self.take_one_over(project, held).await.map(drop),
            None => Ok(()),
        }
    }

    async fn held_by_name(&self, project: &Project) -> Result<Vec<Held>> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let listed = history.secrets(id).await?.into_iter().filter(|stored| stored.by_name);
        let listed = listed.map(|StoredSecret { environment, name, version, fingerprint, .. }| Held {
            environment,
            name,
            version,
            fingerprint,
        });
        let begun = history.begun_secrets(id).await?.into_iter().filter(|begun| begun.by_name);
        let begun = begun.map(|BegunSecret { environment, name, version, fingerprint, .. }| Held {
            environment,
            name,
            version,
            fingerprint,
        });
        let mut held: Vec<Held> = listed.chain(begun).collect();
        held.sort_by(|a, b| (&a.environment, &a.name, a.version).cmp(&(&b.environment, &b.name, b.version)));
        Ok(held)
    }
}

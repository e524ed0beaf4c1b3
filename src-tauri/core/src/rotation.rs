//! Use case: rotate a secret. The new value is set, deployed and verified, and only then is the old one dropped. Where it
//! stands is in history, so that it can be taken up again.

use sternway_history::StoredRotation;
use sternway_model::{
    Cause, Code, DeploymentNumber, EnvironmentName, Error, Release, Result, SecretName, SecretPin, Sensitive, mentions,
};

use crate::machine::Core;
use crate::project::Project;
use crate::view::{RotationState, RotationView};
use crate::want::{Want, newest};

/// How many releases are looked at for what cannot be gone back to.
const LOOKED_AT: u32 = 20;

impl Core {
    /// What a rotation would do, or how far it is.
    ///
    /// # Errors
    /// If an env file is wrong, or history cannot be read.
    pub async fn rotation(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<RotationView> {
        project.file.environment(environment)?;
        let open = self.open_rotation(project, environment, name).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let current = history.current_release(id, environment).await?;
        let state = match &open {
            None => RotationState::None,
            Some(StoredRotation { new: None, .. }) => RotationState::Begun,
            Some(StoredRotation { new: Some(new), old, .. }) => match &current {
                Some(release) if runs_with(release, name, *new, *old)? => RotationState::Deployed,
                _ => RotationState::Set,
            },
        };
        let old = match &open {
            Some(open) => open.old,
            None => newest(&self.known_secrets(project).await?, environment).get(name).copied(),
        };
        let (releases, _) = self.releases_with(project, environment, name, old.as_slice()).await?;
        let used_by = self.secrets(project, Some(environment)).await?.secrets;
        let used_by = used_by.into_iter().find(|entry| &entry.name == name).map(|entry| entry.used_by);
        Ok(RotationView {
            environment: environment.clone(),
            name: name.clone(),
            state,
            old,
            new: open.as_ref().and_then(|open| open.new),
            used_by: used_by.unwrap_or_default(),
            services: current.as_ref().map(|release| services_with(release, name)).unwrap_or_default(),
            releases,
            by: open.as_ref().map(|open| open.by.clone()),
            started: open.map(|open| open.started),
        })
    }

    /// Begins a rotation and sets the new value. A deployment of the environment finishes it.
    ///
    /// # Errors
    /// [`Code::Interrupted`] if one goes on that has its new value already: deploy, or give it up.
    pub async fn start_rotation(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        value: &Sensitive,
    ) -> Result<RotationView> {
        let before = self.rotation(project, environment, name).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        match before.state {
            RotationState::None => {
                let rotation = StoredRotation {
                    environment: environment.clone(),
                    name: name.clone(),
                    old: before.old,
                    new: None,
                    by: self.parts.person.clone(),
                    started: self.parts.clock.now(),
                };
                history.begin_rotation(id, &rotation).await?;
            }
            RotationState::Begun => {}
            _ => {
                let new = before.new.unwrap_or_default();
                return Err(Error::new(
                    Code::Interrupted,
                    format!("the rotation of {name} in {environment} has its new value already: v{new}"),
                )
                .hint(format!(
                    "Go on with `sternway secret rotate {environment} {name}`, or give it up with `--give-up`."
                )));
            }
        }
        (self.parts.boundary)("rotation begun");
        let version = self.set_secret(project, environment, name, value, Some("rotation: new value")).await?;
        (self.parts.boundary)("rotation value set");
        history.set_in_rotation(id, environment, name, version).await?;
        self.rotation(project, environment, name).await
    }

    /// Drops the old version of a rotation whose new value runs.
    ///
    /// # Errors
    /// [`Code::NotFound`] if none goes on; [`Code::Failed`] if the running release does not use the new value, or still uses
    /// the old one.
    pub async fn finish_rotation(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<RotationView> {
        let view = self.rotation(project, environment, name).await?;
        match view.state {
            RotationState::Deployed => {}
            RotationState::None => return Err(not_open(environment, name)),
            _ => {
                return Err(Error::failed(format!(
                    "no release of {environment} runs with the new value of {name} yet"
                ))
                .hint(format!("Deploy it with `sternway deploy {environment}`; the old value is kept until then.")));
            }
        }
        if let Some(old) = view.old {
            let drop_old = self.drop_secret(project, environment, name, old);
            let note = format!("rotation: v{old} dropped");
            let ((), noted) = self.saving(project, Cause::Saved, Some(&note), drop_old).await?;
            noted.problem.map_or(Ok(()), Err)?;
        }
        (self.parts.boundary)("rotation old value dropped");
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        history.end_rotation(id, environment, name, true, self.parts.clock.now()).await?;
        Ok(RotationView { state: RotationState::Done, ..view })
    }

    /// Gives a rotation up: the new version is dropped, and the old one counts again.
    ///
    /// # Errors
    /// [`Code::NotFound`] if none goes on; [`Code::Failed`] if the new value runs already.
    pub async fn give_up_rotation(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<RotationView> {
        let view = self.rotation(project, environment, name).await?;
        match view.state {
            RotationState::None => return Err(not_open(environment, name)),
            RotationState::Deployed => {
                return Err(Error::failed(format!("{environment} runs with the new value of {name} already"))
                    .hint("Finish the rotation, or go back to an earlier release first."));
            }
            _ => {}
        }
        if let Some(new) = view.new {
            let drop_new = self.drop_secret(project, environment, name, new);
            let note = format!("rotation given up: v{new} dropped");
            let ((), noted) = self.saving(project, Cause::Saved, Some(&note), drop_new).await?;
            noted.problem.map_or(Ok(()), Err)?;
        }
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        history.end_rotation(id, environment, name, false, self.parts.clock.now()).await?;
        Ok(RotationView { state: RotationState::GivenUp, ..view })
    }

    /// Finishes the rotations whose new values an environment runs with. Says what could not be done; the release is
    /// complete all the same.
    pub(crate) async fn finish_rotations(&self, project: &Project, environment: &EnvironmentName) -> Option<String> {
        let open = match self.open_rotations(project, environment).await {
            Ok(open) => open,
            Err(error) => return Some(format!("rotations of secrets could not be looked at: {error}")),
        };
        let mut problems = Vec::new();
        for StoredRotation { name, .. } in open {
            match self.rotation(project, environment, &name).await {
                Ok(view) if view.state != RotationState::Deployed => {}
                Ok(_) => {
                    if let Err(error) = self.finish_rotation(project, environment, &name).await {
                        problems.push(format!("the old value of {name} is still in the keychain: {error}"));
                    }
                }
                Err(error) => problems.push(format!("the rotation of {name} could not be looked at: {error}")),
            }
        }
        (!problems.is_empty()).then(|| problems.join("\n"))
    }

    /// Why what runs could not be gone back to after a move: rotations that it finishes drop what that needs.
    pub(crate) async fn dropped_by(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        want: &Want,
        have: Option<&Release>,
    ) -> Result<Vec<String>> {
        let Some(have) = have else { return Ok(Vec::new()) };
        let (before, after) = (Want::from_release(have).secrets()?, want.secrets()?);
        let mut reasons = Vec::new();
        for StoredRotation { name, old, new, .. } in self.open_rotations(project, environment).await? {
            let pin = |version| SecretPin { name: name.clone(), version };
            if let (Some(old), Some(new)) = (old, new)
                && after.contains(&pin(new))
                && !after.contains(&pin(old))
                && before.contains(&pin(old))
            {
                reasons.push(format!(
                    "v{old} of {name}, which {} needs, is dropped when this has succeeded: it is being rotated",
                    have.number
                ));
            }
        }
        Ok(reasons)
    }

    /// What the person should know before a deployment that finishes rotations.
    pub(crate) async fn rotation_notes(&self, project: &Project, environment: &EnvironmentName) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for StoredRotation { name, .. } in self.open_rotations(project, environment).await? {
            let view = self.rotation(project, environment, &name).await?;
            let Some(old) = view.old else { continue };
            let mut note = format!("{name} is being rotated: v{old} is dropped when this has succeeded");
            if !view.releases.is_empty() || !view.services.is_empty() {
                note.push_str("; releases that use it cannot be gone back to then");
            }
            note.push_str(&format!("; `sternway secret rotate {environment} {name} --give-up` leaves it at v{old}"));
            notes.push(note);
        }
        Ok(notes)
    }

    /// Of the newest releases of an environment those that need one of these versions of a secret, newest first, without the
    /// one that runs; and whether that one needs them.
    pub(crate) async fn releases_with(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
        versions: &[u32],
    ) -> Result<(Vec<DeploymentNumber>, bool)> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let current = history.current_release(id, environment).await?.map(|release| release.number);
        let (mut numbers, mut running) = (Vec::new(), false);
        for release in history.releases(id, environment, LOOKED_AT).await? {
            let pins = Want::from_release(&release).secrets()?;
            if !pins.iter().any(|pin| &pin.name == name && versions.contains(&pin.version)) {
                continue;
            }
            if current == Some(release.number) {
                running = true;
            } else {
                numbers.push(release.number);
            }
        }
        Ok((numbers, running))
    }

    async fn open_rotations(&self, project: &Project, environment: &EnvironmentName) -> Result<Vec<StoredRotation>> {
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let mut open = history.rotations(id).await?;
        open.retain(|rotation| &rotation.environment == environment);
        if open.iter().any(|rotation| rotation.new.is_none()) {
            // The process may have ended between the keychain and the note about it; and whoever sets the secret by hand
            // meanwhile gives the rotation its value too.
            let newest = newest(&self.known_secrets(project).await?, environment);
            for rotation in open.iter_mut().filter(|rotation| rotation.new.is_none()) {
                let set = newest.get(&rotation.name).copied();
                rotation.new = set.filter(|version| rotation.old.is_none_or(|old| *version > old));
            }
        }
        Ok(open)
    }

    async fn open_rotation(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        name: &SecretName,
    ) -> Result<Option<StoredRotation>> {
        let open = self.open_rotations(project, environment).await?;
        Ok(open.into_iter().find(|rotation| &rotation.name == name))
    }
}

fn not_open(environment: &EnvironmentName, name: &SecretName) -> Error {
    Error::new(Code::NotFound, format!("no rotation of {name} in {environment} goes on"))
}

/// Whether a release has the new version, and the old one nowhere.
fn runs_with(release: &Release, name: &SecretName, new: u32, old: Option<u32>) -> Result<bool> {
    let pins = Want::from_release(release).secrets()?;
    let has = |version: u32| pins.iter().any(|pin| &pin.name == name && pin.version == version);
    Ok(has(new) && !old.is_some_and(has))
}

/// The services that get a secret.
pub(crate) fn services_with(release: &Release, name: &SecretName) -> Vec<String> {
    let services = release.application.get("services").and_then(serde_json::Value::as_object);
    let gets = |body: &serde_json::Value| {
        let pins = mentions(&unescaped(body)).unwrap_or_default();
        pins.iter().any(|pin| &pin.name == name)
    };
    services.into_iter().flatten().filter(|(_, body)| gets(body)).map(|(service, _)| service.clone()).collect()
}

/// All texts of a part of the model, one after the other.
fn unescaped(body: &serde_json::Value) -> String {
    match body {
        serde_json::Value::String(text) => format!("{text}\n"),
        serde_json::Value::Array(items) => items.iter().map(unescaped).collect(),
        serde_json::Value::Object(entries) => entries.values().map(unescaped).collect(),
        _ => String::new(),
    }
}

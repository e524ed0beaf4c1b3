//! Use case: move an environment to the release that another one has: the same images by content and the same Compose files,
//! with the variables of its own.

mod suspicions;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sternway_compose::Observer;
use sternway_history::StoredSecret;
use sternway_model::{
    Change, Code, DeploymentNumber, EnvironmentName, Error, ImageId, Kind, Release, Result, SecretName, Variable,
};

use crate::layers::configuration_difference;
use crate::machine::Core;
use crate::planning::Goal;
use crate::project::Project;
use crate::view::{Promotion, Suspicion};
use crate::want::{Want, Wanted, compose_of};

use suspicions::{Sides, suspicions};

/// What is promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoting {
    /// The environment whose release is taken.
    pub from: EnvironmentName,
    /// The release.
    pub release: DeploymentNumber,
    /// Variables whose values are meant, although they look as if they belonged to another environment.
    pub allow: Vec<String>,
}

impl Core {
    /// What moving an environment to the release of another one would change, and what speaks against it. Changes nothing.
    ///
    /// # Errors
    /// If nothing was deployed to the other environment, the folder's files are wrong, or a target cannot be observed.
    pub async fn plan_promotion(
        &self,
        project: &Project,
        from: &EnvironmentName,
        to: &EnvironmentName,
        allow: &[String],
    ) -> Result<Promotion> {
        if from == to {
            return Err(Error::invalid(format!("{from} cannot be promoted to itself")));
        }
        project.file.environment(from)?;
        project.file.environment(to)?;
        let release = self.current_release(project, from).await?.ok_or_else(|| {
            Error::new(Code::NotFound, format!("nothing was deployed to {from} yet"))
                .hint(format!("Deploy it with `sternway deploy {from}` first."))
        })?;
        let promoting = Promoting { from: from.clone(), release: release.number, allow: allow.to_vec() };
        let plan = self.plan_for(project, to, Goal::Promote(promoting)).await?;
        let variables = self.variables(project, to).await?.variables;
        let known = self.known_secrets(project).await?;
        Ok(Promotion {
            from: from.clone(),
            to: to.clone(),
            release: release.number,
            differences: configuration_difference(&release.configuration, &variables),
            suspicious: suspicious(project, &release, to, &variables, &known, allow),
            plan,
        })
    }

    /// What the environment should run then.
    pub(crate) async fn promoted(
        &self,
        project: &Project,
        to: &EnvironmentName,
        observer: &Observer,
        promoting: &Promoting,
    ) -> Result<Wanted> {
        let Promoting { from, release: number, allow } = promoting;
        let release = self.release(project, *number).await?.filter(|release| &release.environment == from);
        let release = release.ok_or_else(|| Error::new(Code::NotFound, format!("{from} has no release {number}")))?;
        let known = self.known_secrets(project).await?;
        let mut wanted = self.wanted_of_folder(project, to).await?;
        wanted.blockers.extend(other_files(project, &release)?);
        let open = suspicious(project, &release, to, &wanted.want.configuration, &known, allow);
        let open = open.into_iter().filter(|suspicion| !suspicion.allowed);
        wanted.blockers.extend(open.map(|Suspicion { key, reason, .. }| format!("{key} {reason}")));
        self.take_images(project, (&release, &mut wanted), to, observer).await?;
        wanted.of_folder = false;
        let want = &mut wanted.want;
        want.kind = Kind::Promote;
        want.target = Some(release.number);
        want.source = Some(from.clone());
        want.revision = release.revision;
        Ok(wanted)
    }

    /// Pins the images of the release, as far as the environment has the services. Those that are not on its engine are brought.
    async fn take_images(
        &self,
        project: &Project,
        (release, wanted): (&Release, &mut Wanted),
        to: &EnvironmentName,
        observer: &Observer,
    ) -> Result<()> {
        let from = &release.environment;
        let services = wanted.want.model()?.services;
        for service in services.keys() {
            match release.images.get(service) {
                Some(image) => drop(wanted.want.images.insert(service.clone(), image.clone())),
                None => wanted
                    .notes
                    .push(format!("{service} does not run in {from}: its image is what the Compose file says")),
            }
        }
        let gone = release.images.keys().filter(|service| !services.contains_key(*service));
        wanted.notes.extend(gone.map(|service| format!("{service} runs in {from} and not in {to}")));

        let needed: BTreeSet<ImageId> = wanted.want.images.values().cloned().collect();
        let there = observer.images_there(&needed).await?;
        let brought: BTreeSet<ImageId> = needed.difference(&there).cloned().collect();
        if !brought.is_empty() {
            let elsewhere = self.observer(project, from)?.images_there(&brought).await?;
            if let Some(image) = brought.difference(&elsewhere).next() {
                return Err(Error::new(
                    Code::NotFound,
                    format!("the image {} of {} of {from} is on no engine any more", image.short(), release.number),
                )
                .hint(format!("Deploy {from} again, then promote what it runs then.")));
            }
            wanted.want.brought = brought;
        }
        Ok(())
    }
}

/// Whether the folder's Compose files still are those that the release was made from: with the variables that it had, they
/// have to give what it ran.
fn other_files(project: &Project, release: &Release) -> Result<Option<String>> {
    let then = Want::from_release(release);
    let versions: BTreeMap<SecretName, u32> = then.secrets()?.into_iter().map(|pin| (pin.name, pin.version)).collect();
    let (now, _) = compose_of(project, &release.environment, &release.configuration, &versions)?;
    let now = Want { application: now.model, ..then.clone() };
    let changes = sternway_compose::difference((&then.model()?, &release.images), (&now.model()?, &release.images));
    if changes.is_empty() {
        return Ok(None);
    }
    let changes: Vec<String> =
        changes.into_iter().map(|Change { subject, reason, .. }| format!("{subject}: {reason}")).collect();
    let from = &release.environment;
    let revision = release.revision.as_ref().filter(|revision| !revision.dirty && !revision.unsure);
    let way = match revision.and_then(|revision| revision.commit.get(..12)) {
        Some(commit) => format!("deploy {from} again, or check out {commit}"),
        None => format!("deploy {from} again"),
    };
    Ok(Some(format!(
        "the Compose files, or the env files that they name, are not those that {} of {from} was made from ({}): {way}",
        release.number,
        changes.join("; ")
    )))
}

fn suspicious(
    project: &Project,
    release: &Release,
    to: &EnvironmentName,
    variables: &[Variable],
    secrets: &[StoredSecret],
    allow: &[String],
) -> Vec<Suspicion> {
    let services = release.images.keys().map(ToString::to_string).collect();
    let environments: Vec<&EnvironmentName> = project.file.environments.keys().collect();
    let shared = |file: &std::path::Path| sternway_config::readers(&project.file, file).len() > 1;
    let sides = Sides {
        from: &release.environment,
        to,
        theirs: &release.configuration,
        ours: variables,
        environments: &environments,
        services,
        secrets,
        shared: &shared,
    };
    let found = suspicions(&sides).into_iter();
    found.map(|(key, reason)| Suspicion { allowed: allow.contains(&key), key, reason }).collect()
}

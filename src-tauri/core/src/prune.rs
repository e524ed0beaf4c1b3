//! Use case: giving up the images of releases that nobody wants to go back to any more. Each release keeps its images, so that
//! going back needs no registry; on a target that is deployed to every day they would fill the disk.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sternway_compose::KeptImage;
use sternway_model::{DeploymentNumber, EnvironmentName, ImageId, Result, ServiceName, counted};
use tokio_util::sync::CancellationToken;

use crate::machine::Core;
use crate::planning::moved;
use crate::project::Project;
use crate::run::confirm;
use crate::view::{PrunePlan, Pruned, SpareImage};

/// How many states of the images are kept if nothing is said.
pub const KEEP: u32 = 5;

/// Images of a release, by service.
type Images = BTreeMap<ServiceName, ImageId>;

/// What is pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// So many states of the images stay: releases with the same images count once. The one that runs always stays.
    pub keep: u32,
    /// Images that no release of this history names go, too: of deployments that did not succeed, or of another machine's.
    pub unknown: bool,
}

impl Core {
    /// Which kept images would go, and which releases could not be gone back to afterwards. Changes nothing.
    ///
    /// # Errors
    /// If the target cannot be observed, or history cannot be read.
    pub async fn plan_prune(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pruning: Pruning,
    ) -> Result<PrunePlan> {
        Ok(self.spare(project, environment, pruning).await?.0)
    }

    /// Gives up the images of a plan. The answer is what was given up.
    ///
    /// # Errors
    /// [`sternway_model::Code::Protected`] if the environment's name was not typed, [`sternway_model::Code::PlanMoved`] if
    /// other images would go than those of the plan with this stamp, [`sternway_model::Code::Locked`] if somebody is at it.
    pub async fn prune(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pruning: Pruning,
        stamp: &str,
        typed: Option<&str>,
    ) -> Result<Pruned> {
        confirm(environment, project.file.environment(environment)?.protected, typed)?;
        let engine = self.engine(project, environment)?;
        let lease = self.lease(project, environment, &engine, &CancellationToken::new()).await?;
        let work = async {
            let (plan, images) = self.spare(project, environment, pruning).await?;
            if plan.stamp != stamp {
                return Err(moved());
            }
            let subject = subject(&plan.images);
            self.audited(project, environment, "gave up", &subject, None).await?;
            for image in &images {
                engine.give_up(image, &lease).await?;
            }
            let made_room = lease.made_room();
            Ok(Pruned { environment: environment.clone(), images: plan.images, frees: plan.frees, made_room })
        };
        let pruned = Box::pin(work).await;
        let released = lease.release(&engine).await;
        let pruned = pruned?;
        released?;
        Ok(pruned)
    }

    async fn spare(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        pruning: Pruning,
    ) -> Result<(PrunePlan, Vec<KeptImage>)> {
        let guarded = project.file.environment(environment)?.protected;
        let id = self.project_id(project).await?;
        let released = self.history().await?.released_images(id, environment).await?;
        let kept = self.observer(project, environment)?.kept_images(&project.file.compose_project(environment)).await?;
        let mut needed = newest(&released, pruning.keep);
        if let Some(newest) = self.newest(id, environment).await? {
            // One that was interrupted may be resumed.
            needed.extend(self.stored_want(project, id, newest.number).await?.images.into_values());
        }
        let mut last_in: BTreeMap<&ImageId, DeploymentNumber> = BTreeMap::new();
        for (number, images) in &released {
            for image in images.values() {
                last_in.entry(image).or_insert(*number);
            }
        }
        let (known, unknown): (Vec<_>, Vec<_>) = kept
            .into_iter()
            .filter(|image| !needed.contains(&image.id))
            .partition(|image| last_in.contains_key(&image.id));
        let (going, staying) =
            if pruning.unknown { ([known, unknown].concat(), 0) } else { (known, distinct(&unknown)) };
        let gone: BTreeMap<&ImageId, u64> =
            going.iter().filter(|image| !image.kept_elsewhere).map(|image| (&image.id, image.size)).collect();
        let lost = |images: &Images| images.values().any(|image| gone.contains_key(image));
        let mut images: Vec<SpareImage> = going
            .iter()
            .map(|image| SpareImage {
                service: image.service.clone(),
                name: image.reference.clone(),
                release: last_in.get(&image.id).copied(),
                size: bytes(image.size),
                stays: image.kept_elsewhere,
            })
            .collect();
        // By service, and the newest release first; the engine's names say nothing to a person.
        images.sort_by(|a, b| (&a.service, b.release, &a.name).cmp(&(&b.service, a.release, &b.name)));
        let plan = PrunePlan {
            environment: environment.clone(),
            keep: pruning.keep,
            frees: bytes(gone.values().sum()),
            releases: released.iter().filter(|(_, images)| lost(images)).map(|(number, _)| *number).collect(),
            unknown: staying,
            guarded,
            stamp: stamp(&going),
            images,
        };
        Ok((plan, going))
    }
}

/// The images of the newest releases, so many different states of them; at least those of the newest.
fn newest(released: &[(DeploymentNumber, Images)], keep: u32) -> BTreeSet<ImageId> {
    let mut states: Vec<&Images> = Vec::new();
    for (_, images) in released {
        if states.len() >= keep.max(1) as usize {
            break;
        }
        // An environment that was taken down has none: that is no state to keep.
        if !images.is_empty() && !states.contains(&images) {
            states.push(images);
        }
    }
    states.into_iter().flat_map(Images::values).cloned().collect()
}

fn distinct(images: &[KeptImage]) -> u32 {
    let ids: BTreeSet<&ImageId> = images.iter().map(|image| &image.id).collect();
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

fn stamp(going: &[KeptImage]) -> String {
    let mut hash = Sha256::new();
    for image in going {
        hash.update(format!("{}={}\n", image.reference, image.id));
    }
    hex::encode(hash.finalize())
}

#[allow(clippy::cast_precision_loss, reason = "bytes of images are far below 2^52")]
fn bytes(bytes: u64) -> f64 {
    bytes as f64
}

/// What the audit says: how many images, and which, by service and the newest release that has them.
fn subject(images: &[SpareImage]) -> String {
    let which = |image: &SpareImage| match image.release {
        Some(release) => format!("{} of {release}", image.service),
        None => format!("{} of no release", image.service),
    };
    let names: Vec<String> = images.iter().map(which).collect();
    format!("{}: {}", counted(images.len(), "kept image"), names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(number: u32, images: &[(&str, char)]) -> (DeploymentNumber, Images) {
        let images = images.iter().map(|(service, letter)| (service.parse().expect("a service"), image(*letter)));
        (DeploymentNumber(number), images.collect())
    }

    fn image(letter: char) -> ImageId {
        format!("sha256:{}", letter.to_string().repeat(64)).parse().expect("an id")
    }

    #[test]
    fn releases_with_the_same_images_count_once() {
        let released = [
            release(6, &[("web", 'c'), ("db", 'd')]),
            release(5, &[("web", 'c'), ("db", 'd')]),
            release(4, &[]),
            release(3, &[("web", 'b'), ("db", 'd')]),
            release(1, &[("web", 'a'), ("db", 'd')]),
        ];
        let kept = |keep: u32| newest(&released, keep).into_iter().collect::<Vec<_>>();
        assert_eq!(kept(1), [image('c'), image('d')]);
        assert_eq!(kept(0), kept(1), "what runs stays");
        assert_eq!(kept(2), [image('b'), image('c'), image('d')]);
        assert_eq!(kept(9), [image('a'), image('b'), image('c'), image('d')]);
    }
}

//! Images that are kept for going back, and giving them up.

use std::collections::BTreeSet;

use bollard::query_parameters::ListContainersOptionsBuilder;
use sternway_model::{Code, ImageId, Result};

use super::{KEPT_PREFIX, path_part, remove_name};
use crate::engine::{Engine, Observer, found};
use crate::lease::Lease;

/// An image, under the name that keeps it for the releases of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptImage {
    /// The name.
    pub reference: String,
    /// Its service, as far as the name tells.
    pub service: String,
    /// The content.
    pub id: ImageId,
    /// How large it is in bytes, with the layers that other images have, too.
    pub size: u64,
    /// It is kept for another project, too: it stays on the engine when this name goes.
    pub kept_elsewhere: bool,
}

impl Observer {
    /// The images that only Sternway's names keep, of those that a project's releases have: none that a container of the engine
    /// has, whether it runs or not, and none that has another name.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn kept_images(&self, project: &str) -> Result<Vec<KeptImage>> {
        let prefix = format!("{KEPT_PREFIX}{}/", path_part(project));
        let (images, used) = tokio::try_join!(self.images(), self.used_images())?;
        let mut kept = Vec::new();
        for image in images.into_iter().filter(|image| !used.contains(&image.id)) {
            if image.repo_tags.iter().any(|name| !name.starts_with(KEPT_PREFIX)) {
                continue;
            }
            let kept_elsewhere = image.repo_tags.iter().any(|name| !name.starts_with(&prefix));
            for reference in image.repo_tags {
                let Some(rest) = reference.strip_prefix(&prefix) else { continue };
                let service = rest.split_once(':').map_or(rest, |(service, _)| service).to_owned();
                let (id, size) = (image.id.parse()?, u64::try_from(image.size).unwrap_or(0));
                kept.push(KeptImage { reference, service, id, size, kept_elsewhere });
            }
        }
        kept.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(kept)
    }

    /// The images of all containers, of whatever project.
    async fn used_images(&self) -> Result<BTreeSet<String>> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let list = self.list_containers(options).await?;
        Ok(list.into_iter().filter_map(|container| container.image_id).collect())
    }
}

impl Engine {
    /// Takes the name from an image that keeps it, and removes the image if that was its last name.
    ///
    /// # Errors
    /// Those of the engine; [`Code::Locked`] if the lock was lost.
    pub async fn give_up(&self, kept: &KeptImage, lease: &Lease) -> Result<()> {
        lease.check(self).await?;
        remove_name(self, &kept.reference).await?;
        // What was pulled is still known by its digest, which nobody sees; the engine would keep it for that alone.
        let doing = format!("look for the image {}", kept.id.short());
        let left = found(self.observer().ask(&doing, || self.docker().inspect_image(kept.id.as_str())).await)?;
        if left.is_some_and(|image| image.repo_tags.unwrap_or_default().is_empty()) {
            return match remove_name(self, kept.id.as_str()).await {
                // Somebody has begun to use it, or other images are made of it: then it is theirs.
                Err(error) if error.code == Code::Failed => Ok(()),
                other => other,
            };
        }
        Ok(())
    }
}

//! What is mounted into a container, in the engine's words.

use std::collections::HashSet;
use std::path::Path;

use bollard::models::{ContainerCreateBody, Mount, MountBindOptions, MountTmpfsOptions, MountType, MountVolumeOptions};
use sternway_model::{Error, Result, ServiceName};

use super::create::Recipe;
use super::{Run, files};
use crate::decide::Place;
use crate::model::{self, Bind, MountKind, Service};
use crate::observe::Container;
use crate::storage;

/// Mounts as `binds`, which create missing folders of the host as Compose does, and as `mounts` for the rest.
pub(super) fn mounts(recipe: &Recipe<'_>, remote: bool) -> Result<(Vec<String>, Vec<Mount>)> {
    let Place { model, service, .. } = recipe.place;
    let (mut binds, mut mounts) = (Vec::new(), Vec::new());
    for mount in &service.volumes {
        let mut options = vec![if mount.read_only { "ro" } else { "rw" }];
        match mount.kind {
            MountKind::Bind if mount.bind.create_host_path && mount.bind.recursive.is_none() => {
                options.extend(mount.bind.selinux.as_deref());
                options.extend(mount.bind.propagation.as_deref());
                let source = mount.source.as_deref().unwrap_or_default();
                binds.push(format!("{source}:{}:{}", mount.target, options.join(",")));
            }
            MountKind::Bind => mounts.push(Mount {
                bind_options: bind_options(&mount.bind, recipe.place.name)?,
                ..plain(mount, MountType::BIND)
            }),
            MountKind::Volume => {
                let volume = mount.source.as_ref().and_then(|key| model.volumes.get(key));
                let asks = mount.volume.nocopy || mount.volume.subpath.is_some();
                mounts.push(Mount {
                    source: volume.map(|volume| volume.name.clone()),
                    volume_options: asks.then(|| MountVolumeOptions {
                        no_copy: Some(mount.volume.nocopy),
                        subpath: mount.volume.subpath.clone(),
                        ..MountVolumeOptions::default()
                    }),
                    ..plain(mount, MountType::VOLUME)
                });
            }
            MountKind::Tmpfs => mounts.push(Mount {
                tmpfs_options: Some(MountTmpfsOptions {
                    size_bytes: mount.tmpfs.size.map(|n| n.0),
                    mode: mount.tmpfs.mode.map(|n| n.0),
                    options: None,
                }),
                ..plain(mount, MountType::TMPFS)
            }),
            MountKind::Image => mounts.push(plain(mount, MountType::IMAGE)),
            MountKind::Npipe => mounts.push(plain(mount, MountType::NPIPE)),
            MountKind::Cluster => mounts.push(plain(mount, MountType::CLUSTER)),
        }
    }
    // On another machine there are no such files; they are copied.
    for granted in files::granted(model, service).into_iter().filter(|_| !remote) {
        if let (None, Some(file)) = (&granted.source.content, &granted.source.file) {
            mounts.push(file_mount(file, granted.target));
        }
    }
    Ok((binds, mounts))
}

fn plain(mount: &model::Mount, kind: MountType) -> Mount {
    Mount {
        typ: Some(kind),
        source: mount.source.clone().filter(|_| kind != MountType::TMPFS),
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..Mount::default()
    }
}

fn bind_options(bind: &Bind, service: &ServiceName) -> Result<Option<MountBindOptions>> {
    let propagation = bind.propagation.as_deref().map(str::parse).transpose();
    let propagation = propagation
        .map_err(|error| Error::invalid(format!("`bind.propagation` of service {service} is unknown: {error}")))?;
    let recursive = |word: &str| (bind.recursive.as_deref() == Some(word)).then_some(true);
    let options = MountBindOptions {
        propagation,
        non_recursive: recursive("disabled"),
        // Engines before API 1.42 know no such wish, and make no folders for this kind of mount: they say that it is missing.
        create_mountpoint: bind.create_host_path.then_some(true),
        read_only_non_recursive: recursive("writable"),
        read_only_force_recursive: recursive("readonly"),
    };
    Ok((options != MountBindOptions::default()).then_some(options))
}

fn file_mount(file: &Path, target: String) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(file.display().to_string()),
        target: Some(target),
        read_only: Some(true),
        ..Mount::default()
    }
}

/// Gives a replacement the anonymous volumes of the container that it replaces, as Compose does: there may be data in them.
pub(super) async fn inherit_volumes(
    run: &Run<'_>,
    body: &mut ContainerCreateBody,
    service: &Service,
    olds: &[&Container],
) -> Result<()> {
    let Some(old) = olds.iter().max_by_key(|old| old.created) else { return Ok(()) };
    let named: HashSet<&str> = service
        .volumes
        .iter()
        .filter(|mount| mount.kind != MountKind::Volume || mount.source.is_some())
        .map(|mount| mount.target.as_str())
        .collect();
    let inspected = run.engine.observer().inspect(&old.id).await?;
    for mount in inspected.mounts.unwrap_or_default() {
        let (Some(name), Some(target)) = (mount.name, mount.destination) else { continue };
        if !storage::is_anonymous(&name) || named.contains(target.as_str()) {
            continue;
        }
        let Some(mounts) = body.host_config.as_mut().and_then(|host| host.mounts.as_mut()) else { continue };
        match mounts.iter_mut().find(|mount| mount.target.as_ref() == Some(&target)) {
            Some(mount) => mount.source = Some(name),
            None => mounts.push(Mount {
                typ: Some(MountType::VOLUME),
                source: Some(name),
                target: Some(target),
                ..Mount::default()
            }),
        }
    }
    Ok(())
}

//! What a move of the application would do. A pure function of what was observed and what is wanted.

mod handover;
mod job;
mod order;
mod removals;
mod requirements;
#[cfg(test)]
mod tests;
mod text;
mod without_effect;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use sternway_model::{Action, Change, Code, DeploymentNumber, Error, ImageId, Layer, Result, ServiceName, Stage};

use crate::decide::{self, Decision, Place, Surroundings};
use crate::fingerprint::of_settings;
use crate::labels;
use crate::model::{FailureAction, Model, UpdateOrder, at};
use crate::observe::{ByService, Container, Observed};
use crate::ports::{self, PortIndex, Who};
use crate::storage::{self, StorageIndex};
use crate::worked_on;
use handover::{Handover, Held};
pub use job::{ImageSource, Job};
pub(crate) use requirements::ALL_NETWORKS_AT_ONCE;
pub use without_effect::WithoutEffect;

/// What the application should be.
#[derive(Debug, Clone)]
pub struct Want<'a> {
    /// The Compose project's name on the engine.
    pub project: &'a str,
    /// What runs.
    pub model: &'a Model,
    /// Images of an earlier release by content; empty for what the project's folder says.
    pub images: &'a BTreeMap<ServiceName, ImageId>,
    /// Those of them that another engine has and that are brought from there if they are missing: whose engine that is, in words.
    pub elsewhere: &'a BTreeMap<ImageId, String>,
    /// The project's folder, for the label that Compose's tools show.
    pub project_dir: &'a Path,
    /// The Compose files, for the label that Compose's tools show.
    pub config_files: Vec<PathBuf>,
    /// The deployment that does it, for a label.
    pub deployment: Option<DeploymentNumber>,
    /// What goes that otherwise stays.
    pub remove: Removal,
}

/// What is kept unless a person asks for its removal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The project's volumes that the model does not have, with the data in them.
    pub volumes: bool,
    /// The images that were built for the project or kept for its releases.
    pub images: bool,
}

impl Removal {
    /// Nothing is removed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What has to be done, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ComposePlan {
    /// Each piece of work. Done one after the other in this order, none comes before what it waits for.
    pub work: Vec<Work>,
    /// Services that stay as they are.
    pub kept: Vec<ServiceName>,
    /// What the person should know.
    pub notes: Vec<String>,
    /// Keys of the model that do nothing on this engine.
    pub without_effect: Vec<WithoutEffect>,
    /// What must be mended before it can be carried out: ports that others have, links that lead nowhere.
    pub blockers: Vec<String>,
}

/// A piece of work, and what to call it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    /// What people read.
    pub change: Change,
    /// What [`crate::execute`] gets.
    pub job: Job,
    /// Images are made ready in the build stage, before anything is touched.
    pub stage: Stage,
    /// What has to be done before it, by place in [`ComposePlan::work`]; always earlier ones. What is not named here, or waited
    /// for by what is, may be done at the same time.
    pub after: Vec<usize>,
}

/// Plans the move. Equal arguments give equal plans.
///
/// # Errors
/// [`Code::Unsupported`] if the engine is too old for a setting, [`Code::NotFound`] if something external or an earlier release's image is missing, [`Code::InvalidInput`] if a volume is
/// there with other settings than the model's, or services depend on each other in a circle.
pub fn plan(observed: &Observed, want: &Want<'_>) -> Result<ComposePlan> {
    let mut planner = Planner {
        observed,
        by_service: ByService::new(&observed.containers),
        taken: PortIndex::new(observed.taken.iter().map(|taken| (taken.port.clone(), &taken.by))),
        written: StorageIndex::new(observed.written.iter().map(|written| (written.place.as_str(), &written.by))),
        want,
        plan: ComposePlan::default(),
        notes: IndexSet::new(),
        blockers: IndexSet::new(),
        known: BTreeMap::new(),
        sources: BTreeMap::new(),
    };
    requirements::check(observed, want)?;
    planner.plan.without_effect = without_effect::find(observed, want.model);
    planner.images()?;
    planner.networks()?;
    planner.volumes()?;
    let containers = planner.containers()?;
    planner.removals(containers);
    planner.taken_over();
    planner.beside();
    let Planner { mut plan, notes, blockers, .. } = planner;
    plan.notes = notes.into_iter().collect();
    plan.blockers = blockers.into_iter().collect();
    order::order(&mut plan.work, want.model, observed);
    Ok(plan)
}

struct Planner<'a> {
    observed: &'a Observed,
    by_service: ByService<'a>,
    /// Ports of the host that others have.
    taken: PortIndex<&'a Who>,
    /// What containers of others write to.
    written: StorageIndex<&'a Who>,
    want: &'a Want<'a>,
    plan: ComposePlan,
    /// Of the plan; each is said once.
    notes: IndexSet<String>,
    blockers: IndexSet<String>,
    /// Images that are on the engine.
    known: BTreeMap<&'a ServiceName, ImageId>,
    sources: BTreeMap<&'a ServiceName, ImageSource>,
}

impl Work {
    /// What follows when it fails.
    #[must_use]
    pub fn failure_action(&self, model: &Model) -> FailureAction {
        match &self.job {
            Job::Container { service, .. } => {
                model.services.get(service).map(crate::model::Service::failure_action).unwrap_or_default()
            }
            _ => FailureAction::Rollback,
        }
    }
}

impl<'a> Planner<'a> {
    fn add(&mut self, subject: String, action: Action, reason: impl Into<String>, job: Job) -> &mut Change {
        let stage = match job {
            Job::Pull { .. } | Job::Bring { .. } | Job::Build { .. } => Stage::Build,
            _ => Stage::Application,
        };
        let change =
            Change { layer: Layer::Application, subject, action, reason: reason.into(), before: None, after: None };
        self.plan.work.push(Work { change, job, stage, after: Vec::new() });
        let last = self.plan.work.len() - 1;
        &mut self.plan.work[last].change
    }

    fn images(&mut self) -> Result<()> {
        let mut pulled = BTreeSet::new();
        for (name, service) in self.want.model.in_build_order() {
            let subject = format!("image {name}");
            if let Some(id) = self.want.images.get(name) {
                if let Some(whose) = self.want.elsewhere.get(id).filter(|_| !self.observed.image_ids.contains(id)) {
                    let job = Job::Bring { service: name.clone(), image: id.clone() };
                    self.add(subject, Action::Pull, format!("{} is brought from {whose}", id.short()), job);
                } else if !self.observed.image_ids.contains(id) {
                    return Err(Error::new(
                        Code::NotFound,
                        format!("the image {} of service {name} is not on the engine any more", id.short()),
                    )
                    .hint("Bring it back with `docker load` or `docker pull`, or go to another release."));
                }
                self.pin(name, id.clone());
            } else if service.build.is_some() {
                let Some(built) = self.observed.builds.get(name) else {
                    return Err(Error::internal(format!("the build of service {name} was not observed")));
                };
                match &built.image {
                    Some(id) => self.pin(name, id.clone()),
                    None => {
                        let runs = !self.by_service.of(name.as_str()).is_empty();
                        let reason = if runs { "its files changed" } else { "no image was built from its files yet" };
                        let job = Job::Build { service: name.clone(), context: built.context.clone() };
                        self.add(subject, Action::Build, reason, job);
                        self.sources.insert(name, ImageSource::Built(built.context.clone()));
                    }
                }
            } else if let Some(reference) = &service.image {
                let present = self.observed.images.get(reference);
                let policy = service.pull_policy.as_deref().unwrap_or("missing");
                let reason = match (policy, present) {
                    ("always", Some(_)) => Some(format!("{reference} is pulled each time (pull_policy: always)")),
                    (_, Some(_)) => None,
                    ("never", None) => {
                        return Err(Error::new(Code::NotFound, format!("the image {reference} is not on the engine"))
                            .hint("Load it, or change `pull_policy: never`.")
                            .at(at(&format!("services.{name}.image"))));
                    }
                    (_, None) => Some(format!("{reference} is not on the engine")),
                };
                if let Some(id) = present {
                    self.pin(name, id.clone());
                }
                if let Some(reason) = reason {
                    self.sources.insert(name, ImageSource::Pulled(reference.clone()));
                    if pulled.insert((reference, &service.platform)) {
                        self.add(subject, Action::Pull, reason, Job::Pull { service: name.clone() });
                    }
                }
            }
        }
        Ok(())
    }

    fn pin(&mut self, name: &'a ServiceName, id: ImageId) {
        self.sources.insert(name, ImageSource::Known(id.clone()));
        self.known.insert(name, id);
    }

    fn networks(&mut self) -> Result<()> {
        for (key, network) in &self.want.model.networks {
            let subject = format!("network {key}");
            let key = key.clone();
            match self.observed.networks.get(&network.name) {
                None if network.external => {
                    return Err(missing("network", &key, &network.name));
                }
                None => {
                    self.add(subject, Action::Create, "it does not exist", Job::CreateNetwork { key });
                }
                Some(_) if network.external => {}
                Some(there) => match there.labels.get(labels::HASH) {
                    Some(hash) if *hash != of_settings(&network.canonical) => {
                        self.add(subject, Action::Recreate, "its settings changed", Job::ReplaceNetwork { key });
                    }
                    Some(_) => {}
                    None => self.note(format!(
                        "network {key} was not made by Sternway; it is used as it is, whatever the Compose file says about it"
                    )),
                },
            }
        }
        Ok(())
    }

    fn volumes(&mut self) -> Result<()> {
        for (key, volume) in &self.want.model.volumes {
            match self.observed.volumes.get(&volume.name) {
                None if volume.external => return Err(missing("volume", key, &volume.name)),
                None => {
                    let job = Job::CreateVolume { key: key.clone() };
                    self.add(format!("volume {key}"), Action::Create, "it does not exist", job);
                }
                Some(_) if volume.external => {}
                Some(there) => match there.labels.get(labels::HASH) {
                    Some(hash) if *hash != of_settings(&volume.canonical) => {
                        return Err(Error::invalid(format!(
                            "the volume {} is there with other settings than the Compose file now gives it",
                            volume.name
                        ))
                        .hint("Volumes hold data and are never replaced: give the new one another key or `name`, or undo the change.")
                        .at(at(&format!("volumes.{key}"))));
                    }
                    _ => {}
                },
            }
        }
        Ok(())
    }

    /// Plans the containers; returns the ids of those that are replaced.
    fn containers(&mut self) -> Result<BTreeSet<String>> {
        let model = self.want.model;
        let mut replaced = BTreeSet::new();
        let mut parents: BTreeMap<ServiceName, Option<String>> = BTreeMap::new();
        let colliding = self.colliding_orphans();
        for (service, containers) in colliding {
            self.note(format!(
                "{service} holds a port, a name or data that is needed: it goes before the new services are ready"
            ));
            self.remove_orphan(&service, containers);
        }
        let made = worked_on::made(&self.observed.volumes);
        let handover = Handover::new(self.observed, model);
        let by_service = self.by_service.clone();
        let mut done = BTreeSet::new();
        for name in handover.order(model, model.start_order()?) {
            let service = &model.services[name];
            let holders = handover.holders(name).filter(|held| !done.contains(held.container.service.as_str()));
            let frees = self.frees(name, holders);
            done.insert(name.as_str());
            let mut kept = true;
            for number in 1..=service.replicas() {
                let place = Place { project: self.want.project, model, name, service, number };
                let decision = place.decide(&Surroundings {
                    containers: &by_service,
                    image: self.known.get(name),
                    files: &self.observed.files,
                    parents: &parents,
                    volumes: &made,
                });
                if number == 1 {
                    parents.insert(name.clone(), decision.right.map(|right| right.id.clone()));
                }
                replaced.extend(decision.others.iter().map(|container| container.id.clone()));
                kept &= self.container(&place, &decision, &frees);
            }
            if kept && service.replicas() > 0 {
                self.plan.kept.push(name.clone());
            }
        }
        self.blockers.extend(handover::claimed_twice(model));
        self.blockers.extend(handover::too_narrow(model));
        Ok(replaced)
    }

    /// The containers that have to stop early because a service takes their port or their data.
    fn frees<'c>(&mut self, taker: &ServiceName, holders: impl Iterator<Item = Held<'c>>) -> Vec<String> {
        let mut ids = Vec::new();
        for Held { container: Container { id, service, .. }, place } in holders {
            let takes =
                place.map_or_else(|| format!("a port of {service}"), |place| format!("over {place} from {service}"));
            self.note(format!(
                "{taker} takes {takes}, whose container stops for it: {service} is away until its new container runs"
            ));
            ids.push(id.clone());
        }
        ids
    }

    /// Plans one container; says whether it stays as it is.
    fn container(&mut self, place: &Place<'a>, decision: &Decision<'_>, frees: &[String]) -> bool {
        let Some(image) = self.sources.get(place.name).cloned() else { return true };
        let may_change = matches!(image, ImageSource::Pulled(_));
        let (action, reason) = match &decision.action {
            decide::Action::Keep if may_change => {
                (Action::Update, "it is replaced if the pulled image is another one".to_owned())
            }
            decide::Action::Keep => return true,
            decide::Action::Create => (Action::Create, "it does not exist".to_owned()),
            decide::Action::Start(why) | decide::Action::Restart(why) => (Action::Start, why.clone()),
            decide::Action::Recreate(why) => (Action::Recreate, why.clone()),
            decide::Action::Finish => (Action::Recreate, "an earlier replacement was interrupted".to_owned()),
        };
        for outside in place.service.linked_outside().filter(|name| self.observed.unlinked.contains(*name)) {
            let name = place.name;
            self.blockers.insert(format!(
                "service {name} links to the container {outside} of somebody else, which is not there"
            ));
        }
        self.blockers.extend(ports::conflicts(place.name, place.service, &self.taken));
        if action != Action::Start
            && let Some(by) = self.observed.names.get(&place.container_name())
        {
            let (name, wanted) = (place.name, place.container_name());
            self.blockers.insert(format!(
                "the container of {name} is to be called {wanted}, and {by} is called so already: rename or remove that one, or change \
                 `container_name`"
            ));
        }
        let (blockers, notes) = storage::shared_with_others(self.want.model, place.name, place.service, &self.written);
        self.blockers.extend(blockers);
        notes.into_iter().for_each(|note| self.note(note));
        let subject = if place.service.replicas() > 1 {
            format!("service {} ({})", place.name, place.number)
        } else {
            format!("service {}", place.name)
        };
        // By name; that the content behind a name is another one is said by the reason.
        let before = decision.others.first().map(|container| &container.image_name);
        let before = before.filter(|name| !name.starts_with("sha256:")).cloned();
        let after = place.service.image.clone().filter(|name| before.as_ref() != Some(name));
        if action == Action::Recreate {
            match place.service.failure_action() {
                FailureAction::Rollback => {}
                FailureAction::Pause => self.note(format!(
                    "if the new {} does not become ready, nothing else goes back (failure_action: pause)",
                    place.name
                )),
                FailureAction::Continue => self.note(format!(
                    "if the new {} does not become ready, other services are changed all the same (failure_action: continue)",
                    place.name
                )),
            }
        }
        let (service, number, frees) = (place.name.clone(), place.number, frees.to_vec());
        let job = Job::Container { service, number, image, frees };
        let change = self.add(subject, action, reason, job);
        if action == Action::Recreate && before.is_some() && after.is_some() {
            change.before = before;
            change.after = after;
        }
        if action == Action::Recreate {
            self.leaves_data(place, decision);
        }
        if action == Action::Recreate
            && !self.want.model.runs_once(place.name)
            && let Some(why) = decision.others.iter().find_map(|old| place.cannot_run_beside(old))
        {
            let name = place.name;
            let asked = place.service.update_order() == Some(UpdateOrder::StartFirst);
            let although = if asked { ", although it asks for `order: start-first`" } else { "" };
            self.note(format!(
                "{name} {why}: it is away between the stop of the old container and the start of the new one{although}"
            ));
        }
        false
    }

    /// Says that a service begins with nothing in a volume, where it had another one.
    fn leaves_data(&mut self, place: &Place<'a>, decision: &Decision<'_>) {
        let model = self.want.model;
        let keys = place.service.volumes.iter().filter_map(|mount| mount.source.as_ref());
        let volumes: Vec<_> = keys.filter_map(|key| Some((key, &model.volumes.get(key)?.name))).collect();
        let new: Vec<&str> = volumes
            .iter()
            .filter(|(_, name)| !self.observed.volumes.contains_key(*name))
            .map(|(key, _)| key.as_str())
            .collect();
        let had = decision.others.iter().flat_map(|old| &old.writes);
        let left: BTreeSet<&str> = had
            .filter(|name| self.observed.volumes.contains_key(*name) && volumes.iter().all(|(_, has)| has != name))
            .map(String::as_str)
            .collect();
        if left.is_empty() {
            return;
        }
        let left = left.into_iter().collect::<Vec<_>>().join(", ");
        let had: BTreeSet<&String> = decision.others.iter().flat_map(|old| &old.writes).collect();
        let other: Vec<&str> =
            volumes.iter().filter(|(_, name)| !had.contains(name)).map(|(key, _)| key.as_str()).collect();
        if !new.is_empty() {
            let new = new.join(", ");
            self.note(format!("{} begins with the empty volume {new}; what it wrote stays in {left}", place.name));
        } else if !other.is_empty() {
            let other = other.join(", ");
            self.note(format!(
                "{} goes on with what is in the volume {other}; what it wrote since stays in {left}",
                place.name
            ));
        }
    }

    /// Says whose containers these are, if they were not made from this folder: two copies of a project share its name.
    fn taken_over(&mut self) {
        let here = self.want.project_dir.display().to_string();
        let folders = self.observed.containers.iter().filter_map(|container| container.labels.get(labels::WORKING_DIR));
        for folder in folders.filter(|folder| **folder != here).collect::<BTreeSet<_>>() {
            self.note(format!(
                "containers of {} were made from another folder, {folder}; this takes them over. If that folder is still in use, \
                 give one of the two another `project:` name",
                self.want.project
            ));
        }
    }

    /// Says what runs beside the services, or was left behind.
    fn beside(&mut self) {
        for one_off in &self.observed.one_offs {
            let goes = if one_off.left_over { "; it is removed before anything else is done" } else { "" };
            self.note(format!("{one_off}{goes}"));
        }
    }

    fn note(&mut self, note: String) {
        self.notes.insert(note);
    }
}

fn missing(what: &str, key: &str, name: &str) -> Error {
    Error::new(Code::NotFound, format!("the external {what} {name} does not exist"))
        .hint(format!("Create it with `docker {what} create {name}`, or remove `external: true`."))
        .at(at(&format!("{what}s.{key}")))
}

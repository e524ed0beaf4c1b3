//! From a want to a plan: observe each layer, say what has to change, and identify it all by a hash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sternway_compose::Observer;
use sternway_model::{
    At, Change, DeploymentNumber, EnvironmentName, ImageId, Kind, Layer as LayerName, Location, Plan, Readiness,
    Release, Result, SecretPin, ServiceName, counted,
};

use crate::git;
use crate::kept::{self, ToKeep};
use crate::layers::{self, Job, Sight};
use crate::machine::Core;
use crate::needs::Places;
use crate::project::Project;
use crate::trust;
use crate::want::{Want, Wanted, placed};

/// How long a plan may be run after it was made: long enough to read it, too short for the world to become another.
const VALID: SignedDuration = SignedDuration::from_mins(15);

/// A plan together with what is needed to run it.
pub struct Prepared {
    /// What the person reads.
    pub plan: Plan,
    /// What it moves to.
    pub want: Want,
    /// The work, in the order of the layers.
    pub jobs: Vec<Job>,
    /// The release that runs.
    pub have: Option<Release>,
    /// The content of each service's image, as far as it runs already.
    pub images: BTreeMap<ServiceName, ImageId>,
    /// The copies of configs that it makes first.
    pub copies: Vec<ToKeep>,
    /// Those of the plan's blockers that are about files which are not there.
    pub lacking: Vec<String>,
}

impl Prepared {
    /// Whether running the plan does nothing that could change what was seen when it was made.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.plan.checks.is_empty() && self.plan.builds.is_empty()
    }
}

/// Everything that identifies a plan. If any of it moves, the hash moves.
#[derive(Serialize)]
struct Inputs<'a> {
    environment: &'a EnvironmentName,
    project_file: &'a str,
    have: Option<u32>,
    want: &'a Want,
    jobs: &'a [Job],
    blockers: &'a [String],
}

/// What a move would do, without what a person needs who wants to run it.
pub struct Survey {
    /// What it moves to.
    pub want: Want,
    /// The work, in the order of the layers.
    pub jobs: Vec<Job>,
    /// What must be mended before it can be run.
    pub blockers: Vec<String>,
    kept: Vec<String>,
    notes: Vec<String>,
    images: BTreeMap<ServiceName, ImageId>,
}

impl Survey {
    /// Each thing that changes.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.jobs.iter().flat_map(|job| &job.changes)
    }
}

/// Looks at all layers. Reads only, through an [`Observer`].
///
/// # Errors
/// If a layer cannot be observed, or what is wanted cannot be carried out.
pub async fn survey(
    project: &Project,
    environment: &EnvironmentName,
    observer: &Observer,
    have: Option<&Release>,
    wanted: Wanted,
    kept: &Path,
) -> Result<Survey> {
    let Wanted { want, notes, blockers, places, .. } = wanted;
    let sight = Sight { project, environment, observer, have, kept };
    let mut survey = Survey { want, jobs: Vec::new(), blockers, kept: Vec::new(), notes, images: BTreeMap::new() };
    for layer in layers::all() {
        let observed = layer.observe(&sight, &survey.want).await?;
        let plan = layer.plan(&sight, &observed, &survey.want).map_err(|error| placed(error, &places))?;
        survey.jobs.extend(plan.jobs);
        survey.kept.extend(plan.kept);
        survey.notes.extend(plan.notes);
        survey.notes.extend(plan.without_effect.iter().map(|key| match places.get(&key.key) {
            Some(place) => format!("{}: {key}", Location { key: None, ..place.clone() }),
            None => key.to_string(),
        }));
        survey.blockers.extend(plan.blockers);
        survey.images.extend(observed.images());
    }
    Ok(survey)
}

/// Makes a plan. Reads only: the target through an [`Observer`], the keychain to prove that going back has its secrets.
///
/// # Errors
/// As [`survey`]; if the folder's commit cannot be asked for.
pub async fn prepare(
    project: &Project,
    environment: &EnvironmentName,
    observer: &Observer,
    have: Option<Release>,
    wanted: Wanted,
    core: &Core,
) -> Result<Prepared> {
    let (of_folder, known, copies) = (wanted.of_folder, wanted.want.revision.clone(), wanted.copies.clone());
    let folder = core.parts.home.kept();
    // The engine, the keychain and git take longer to answer than what is done with their answers.
    let survey = survey(project, environment, observer, have.as_ref(), wanted, &folder);
    let ready_to_go_back = readiness(project, environment, observer, have.as_ref(), core);
    let revision = async { if of_folder { git::revision(&project.folder).await } else { Ok(known) } };
    let (revision, survey, mut ready_to_go_back) = tokio::join!(revision, survey, ready_to_go_back);
    let Survey { mut want, jobs, mut blockers, kept, notes, images } = survey?;
    want.revision = revision?;
    let places = Places { kept: &folder, project: &project.folder, remote: observer.is_remote() };
    let lacking = lacking(&places, &want, &jobs, &copies)?;
    blockers.extend(lacking.iter().cloned());
    for (goes, what) in [(want.remove.volumes, "the data in its volumes"), (want.remove.images, "its images")] {
        if goes {
            ready_to_go_back.proven = false;
            ready_to_go_back.reasons.push(format!("{what} would be removed, as was asked for"));
        }
    }
    let inputs = Inputs {
        environment,
        project_file: &project.text,
        have: have.as_ref().map(|release| release.number.0),
        want: &want,
        jobs: &jobs,
        blockers: &blockers,
    };
    let (checks, builds) = before(project, &want);
    let untrusted = match core.trusted(project).await? {
        Some(_) => Vec::new(),
        None => trust::commands(project, want.kind == Kind::Deploy, &want.verify),
    };
    let plan = Plan {
        hash: hash(&inputs)?,
        environment: environment.clone(),
        kind: want.kind,
        from: have.as_ref().map(|release| release.number),
        to: want.target,
        source: want.source.clone(),
        expires: At(core.parts.clock.now().0.checked_add(VALID).unwrap_or(Timestamp::MAX)),
        changes: jobs.iter().flat_map(|job| job.changes.iter().cloned()).collect(),
        kept,
        checks,
        builds,
        verifications: want.verify.iter().map(|step| step.name.clone()).collect(),
        notes,
        blockers,
        untrusted,
        // What cannot be brought back wants the name even where the environment does not.
        protected: project.file.environment(environment)?.protected || !want.remove.is_nothing(),
        ready_to_go_back,
    };
    Ok(Prepared { plan, want, jobs, have, images, copies, lacking })
}

/// What would stop a move halfway, or make it end with less than was there: files that the services which it changes are made with.
fn lacking(places: &Places<'_>, want: &Want, jobs: &[Job], copies: &[ToKeep]) -> Result<Vec<String>> {
    let model = want.model()?;
    let mut lacking = places.lacking_copies(&model, copies);
    // What the folder says is looked at when it is read, and the engine makes folders for its mounts as Compose has it.
    if want.kind == Kind::Rollback {
        let changed: BTreeSet<&str> = jobs.iter().flat_map(|job| &job.changes).filter_map(service_of).collect();
        let missing = places.lacking(&model, &want.mounted).into_iter();
        let needed = missing.filter(|lack| lack.services.iter().any(|service| changed.contains(service.as_str())));
        let texts = needed.map(|lack| lack.what).filter(|what| !lacking.contains(what));
        lacking.extend(texts.collect::<Vec<_>>());
    }
    Ok(lacking)
}

/// The service that a change is about.
fn service_of(change: &Change) -> Option<&str> {
    change.subject.strip_prefix("service ")?.split(' ').next()
}

/// Names of the checks and builds. They look at the folder: a release from history does not come from there.
fn before(project: &Project, want: &Want) -> (Vec<String>, Vec<String>) {
    if want.kind != Kind::Deploy {
        return (Vec::new(), Vec::new());
    }
    let pipeline = &project.file.pipeline;
    let builds = pipeline.build.iter().map(|step| step.title().to_owned());
    (pipeline.checks.iter().map(|check| check.name.clone()).collect(), builds.collect())
}

fn hash(inputs: &Inputs<'_>) -> Result<String> {
    let bytes = serde_json::to_vec(inputs)
        .map_err(|error| sternway_model::Error::internal(format!("a plan cannot be hashed: {error}")))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// Whether the release that runs now could be gone back to after the move.
async fn readiness(
    project: &Project,
    environment: &EnvironmentName,
    observer: &Observer,
    have: Option<&Release>,
    core: &Core,
) -> Readiness {
    let Some(have) = have else {
        let reason = "this is the first release of the environment: there is nothing to go back to".to_owned();
        return Readiness { proven: false, reasons: vec![reason] };
    };
    let mut readiness = reach(project, environment, have, observer, core).await;
    if project.file.database.is_some() {
        readiness.proven = false;
        readiness.reasons.push("a database migration cannot be undone yet".to_owned());
    }
    readiness
}

/// Checks that everything which a release needs is still there.
pub async fn reach(
    project: &Project,
    environment: &EnvironmentName,
    release: &Release,
    observer: &Observer,
    core: &Core,
) -> Readiness {
    let then = Want::from_release(release);
    let folder = core.parts.home.kept();
    let places = Places { kept: &folder, project: &project.folder, remote: observer.is_remote() };
    let mut lacking: Vec<String> = match then.model() {
        Ok(model) => places.lacking(&model, &then.mounted).into_iter().map(|lack| lack.what).collect(),
        Err(error) => vec![format!("what it ran cannot be read: {error}")],
    };
    match observer.images_there(&release.images.values().cloned().collect()).await {
        Ok(there) => {
            let gone = release.images.iter().filter(|(_, image)| !there.contains(*image));
            lacking.extend(gone.map(|(service, image)| {
                format!("the image {} of {service} is no longer on the engine", image.short())
            }));
        }
        Err(error) => lacking.push(format!("its images cannot be looked for: {error}")),
    }
    let pins = then.secrets();
    let secrets = match pins {
        Ok(pins) => core.lacking_values(project, environment, &pins).await.map(|values| {
            lacking.extend(values.told(|SecretPin { name, version }| {
                format!("version {version} of the secret {name} is not in the keychain any more")
            }));
            pins.len()
        }),
        Err(error) => Err(error),
    };
    match secrets {
        Err(error) => lacking.push(format!("its secrets cannot be read: {error}")),
        Ok(secrets) if lacking.is_empty() => {
            let mut reasons = vec![match release.images.len() {
                0 => format!("{} runs nothing", release.number),
                images => format!("{} of {} on the engine", counted(images, "image"), release.number),
            }];
            if secrets > 0 {
                reasons.push(format!("{} of {} in the keychain", counted(secrets, "secret version"), release.number));
            }
            let files = kept::count(&release.application);
            if files > 0 {
                reasons.push(format!("{} of {} kept", counted(files, "config file"), release.number));
            }
            reasons.extend(kept::caveat(&project.folder, &release.application));
            return Readiness { proven: true, reasons };
        }
        Ok(_) => {}
    }
    Readiness { proven: false, reasons: lacking }
}

/// The changes of a plan that belong to a layer.
pub fn of_layer(plan: &Plan, layer: LayerName) -> impl Iterator<Item = &sternway_model::Change> {
    plan.changes.iter().filter(move |change| change.layer == layer)
}

fn promoted(plan: &Plan, release: DeploymentNumber) -> String {
    let source = plan.source.as_ref().map(|source| format!(" of {source}")).unwrap_or_default();
    format!("{release}{source} promoted")
}

/// A few words about what a plan changes, for lists.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    if plan.changes.is_empty() {
        return match (plan.to, plan.kind) {
            (Some(release), Kind::Promote) => format!("{}: nothing changed", promoted(plan, release)),
            (Some(release), _) => format!("back to {release}: nothing changed"),
            (None, Kind::Down) => "nothing was there".to_owned(),
            (None, _) => "nothing changed".to_owned(),
        };
    }
    let keys = of_layer(plan, LayerName::Configuration).count();
    let services: Vec<&str> =
        of_layer(plan, LayerName::Application).filter_map(|change| change.subject.strip_prefix("service ")).collect();
    let mut parts = Vec::new();
    match (plan.to, plan.kind) {
        (Some(release), Kind::Promote) => parts.push(promoted(plan, release)),
        (Some(release), _) => parts.push(format!("back to {release}")),
        (None, _) => {}
    }
    if plan.kind == Kind::Down {
        parts.push("taken down".to_owned());
    }
    match keys {
        0 => {}
        1 => parts.extend(
            of_layer(plan, LayerName::Configuration)
                .map(|change| change.subject.strip_prefix("variable ").unwrap_or(&change.subject).to_owned()),
        ),
        _ => parts.push(format!("{keys} variables")),
    }
    if !services.is_empty() {
        parts.push(services.join(", "));
    }
    if parts.is_empty() {
        parts.push(counted(plan.changes.len(), "change"));
    }
    parts.join(" · ")
}

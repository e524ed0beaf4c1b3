//! What holds state and is moved. A layer observes, plans and applies, and knows nothing of the others.

mod application;
mod configuration;

pub(crate) use application::Whole;
pub use configuration::difference as configuration_difference;

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use serde::Serialize;
use sternway_compose::model::FailureAction;
use sternway_compose::{Engine, Lease, Observer, WithoutEffect};
use sternway_model::{Change, EnvironmentName, ImageId, Layer as LayerName, Release, Result, ServiceName, Stage};
use sternway_vault::Revealed;
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;
use crate::project::Project;
use crate::want::Want;

/// One part of what an environment runs. Planning is pure: it gets what was observed and has nothing to write with.
#[async_trait]
pub trait Layer: Send + Sync {
    /// Its name.
    fn name(&self) -> LayerName;
    /// Looks at what is there, through a client that can only read.
    async fn observe(&self, sight: &Sight<'_>, want: &Want) -> Result<Observed>;
    /// What has to change, and why.
    fn plan(&self, sight: &Sight<'_>, observed: &Observed, want: &Want) -> Result<LayerPlan>;
    /// Makes one change. The journal has its intent already, and gets what is returned as its evidence.
    async fn apply(&self, job: &Job, act: &Act<'_>) -> Result<String>;
}

/// The layers, in the order in which a deployment walks them.
pub fn all() -> Vec<Box<dyn Layer>> {
    vec![Box::new(configuration::Configuration), Box::new(application::Application)]
}

/// The layer that what runs belongs to.
pub fn application() -> impl Layer {
    application::Application
}

/// The environment that is looked at.
pub struct Sight<'a> {
    /// The project.
    pub project: &'a Project,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// Reads the target.
    pub observer: &'a Observer,
    /// The release that runs, as history knows it.
    pub have: Option<&'a Release>,
    /// The folder of the copies that releases have of configs.
    pub kept: &'a Path,
}

/// What a layer saw.
pub enum Observed {
    /// The deployed variables, as the release has them.
    Configuration(Vec<sternway_model::Variable>),
    /// Containers, networks, volumes and images.
    Application(Box<sternway_compose::Observed>),
}

impl Observed {
    /// The content of each service's image, as far as it runs.
    #[must_use]
    pub fn images(&self) -> BTreeMap<ServiceName, ImageId> {
        match self {
            Self::Application(observed) => sternway_compose::images_after(observed),
            Self::Configuration(_) => BTreeMap::new(),
        }
    }
}

/// What a layer would do.
#[derive(Debug, Default)]
pub struct LayerPlan {
    /// The work. In this order, none comes before what it waits for.
    pub jobs: Vec<Job>,
    /// Services that stay as they are.
    pub kept: Vec<String>,
    /// What the person should know.
    pub notes: Vec<String>,
    /// Keys of the Compose files that do nothing on this target.
    pub without_effect: Vec<WithoutEffect>,
    /// What must be mended before it can be done.
    pub blockers: Vec<String>,
}

/// A step of the work: its changes as people read them, and what the layer needs to make them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// The layer that knows how to apply it.
    pub layer: LayerName,
    /// The stage in which it happens: images are made before anything is touched.
    pub stage: Stage,
    /// The step's name.
    pub name: String,
    /// What people read.
    pub changes: Vec<Change>,
    /// For the layer alone.
    pub intent: serde_json::Value,
    /// What has to be done before it, by place among the layer's jobs. Layers, and the stages in them, come one after the other
    /// anyway.
    pub after: Vec<usize>,
    /// What follows when it fails.
    pub on_failure: FailureAction,
}

/// What a layer needs to change something.
pub struct Act<'a> {
    /// The project.
    pub project: &'a Project,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// Reads and writes the target.
    pub engine: &'a Engine,
    /// The engine that images are brought from, if any are.
    pub source: Option<&'a Engine>,
    /// What is wanted.
    pub want: &'a Want,
    /// The folder of the copies that it has of configs.
    pub kept: &'a Path,
    /// The values of its secrets.
    pub secrets: &'a Revealed,
    /// The record.
    pub journal: &'a Journal,
    /// The step that is running, for its output.
    pub step: u32,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
    /// The right to change the target; none where nothing is to be changed.
    pub lease: Option<&'a Lease>,
}

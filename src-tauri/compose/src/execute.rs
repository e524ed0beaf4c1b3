//! Doing what a plan says, one piece of work after the other.

mod container;
mod create;
mod files;
mod hardware;
mod holders;
mod hooks;
mod mounts;
mod network;
mod one_off;
mod printed;
mod replace;
mod restart;
mod security;
mod wait;

pub use one_off::{Pipes, run_once};
pub use restart::restart;

use std::future::Future;

use serde::{Deserialize, Serialize};
use sternway_model::{Code, Error, ImageId, Result, Reveal, ServiceName};
use tokio_util::sync::CancellationToken;

use crate::build;
use crate::engine::Engine;
use crate::image;
use crate::lease::Lease;
use crate::model::Service;
use crate::plan::{Job, Want};

/// Where the output of builds and pulls goes, and what is being waited for.
pub trait Output: Send + Sync {
    /// A line, without its end. It may hold what a program printed: redact it before it is stored or shown.
    fn line(&self, text: &str);

    /// A text that the engine cut at one of its ends, as it may become part of an error: whoever knows the secrets takes out what
    /// is left of one there. A whole one is taken out of errors as of everything else.
    fn without_half_secrets(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// What the execution of a plan needs.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The engine that images are brought from, if any are.
    pub source: Option<&'a Engine>,
    /// What was planned with.
    pub want: &'a Want<'a>,
    /// Values of secrets, put in at the last moment.
    pub secrets: &'a dyn Reveal,
    /// Gets lines of output.
    pub output: &'a dyn Output,
    /// Stops waiting, and brings back what was there before.
    pub cancel: &'a CancellationToken,
    /// Called before and after each change on the engine. Crash tests end the process in it.
    pub boundary: &'a (dyn Fn(&str) + Sync),
    /// The lock that must still be ours before each change.
    pub lease: Option<&'a Lease>,
}

/// A piece of work is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was seen to be true.
    pub seen: String,
    /// The image that was pulled, built or started.
    pub image: Option<ImageId>,
}

impl Done {
    fn saw(seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), image: None }
    }
}

impl Run<'_> {
    /// Makes one change on the engine, between its two boundaries and only while the lock is ours.
    pub(crate) async fn write<T>(&self, doing: &str, change: impl Future<Output = Result<T>>) -> Result<T> {
        if let Some(lease) = self.lease {
            lease.check(self.engine).await?;
        }
        (self.boundary)(&format!("before: {doing}"));
        let done = change.await?;
        (self.boundary)(&format!("after: {doing}"));
        Ok(done)
    }

    /// The error of a run that was stopped: by a person, or because the lock was lost.
    pub(crate) fn cancelled(&self) -> Error {
        let lost = self.lease.and_then(Lease::loss);
        lost.unwrap_or_else(|| Error::new(Code::Cancelled, "stopped by a person"))
    }

    /// Whether work that was interrupted may be done anew without a person: a job that ran half must not run again unseen.
    fn may_repeat(&self, job: &Job) -> bool {
        !matches!(job, Job::Container { service, .. } if self.want.model.runs_once(service))
    }

    fn service(&self, name: &ServiceName) -> Result<&Service> {
        self.want.model.services.get(name).ok_or_else(|| {
            Error::new(Code::PlanMoved, format!("the plan has a service {name} which the model has not"))
                .hint("Plan again.")
        })
    }
}

/// How often a piece of work is done anew because the connection to the engine broke.
const AGAIN: u32 = 2;

/// Does a piece of work. Doing it again after it was done, or after it was interrupted, is safe; so it is when the connection broke.
///
/// # Errors
/// [`Code::Failed`] with what the engine or the containers said; the message says in what state things are.
/// [`Code::Cancelled`] if a person stopped it; [`Code::TimedOut`]; [`Code::Locked`] if the lock was lost;
/// [`Code::PlanMoved`] if the model is not the one that was planned with.
pub async fn execute(run: &Run<'_>, job: &Job) -> Result<Done> {
    let mut again = AGAIN;
    loop {
        if run.cancel.is_cancelled() {
            return Err(run.cancelled());
        }
        match once(run, job).await {
            Err(error) if error.code == Code::EngineUnreachable && again > 0 && run.may_repeat(job) => {
                again -= 1;
                if run.engine.observer().answers_anew().await.is_err() {
                    return Err(error);
                }
                run.output.line(&format!("{}; it answers again, and this is done anew", error.message));
            }
            ended => return ended,
        }
    }
}

async fn once(run: &Run<'_>, job: &Job) -> Result<Done> {
    match job {
        Job::Pull { service } => {
            let id = image::pull(run, service, run.service(service)?).await?;
            Ok(Done { seen: format!("pulled {id}"), image: Some(id) })
        }
        Job::Bring { service, image } => {
            Box::pin(image::bring(run, service, image)).await?;
            Ok(Done { seen: format!("brought {image}"), image: Some(image.clone()) })
        }
        Job::Build { service, context } => {
            let id = Box::pin(build::build(run, service, run.service(service)?, context)).await?;
            Ok(Done { seen: format!("built {id}"), image: Some(id) })
        }
        Job::CreateNetwork { key } => network::create(run, key).await.map(Done::saw),
        Job::ReplaceNetwork { key } => network::replace(run, key).await.map(Done::saw),
        Job::RemoveNetwork { name } => network::remove(run, name).await.map(Done::saw),
        Job::CreateVolume { key } => network::create_volume(run, key).await.map(Done::saw),
        Job::Container { service, number, image, frees } => {
            Box::pin(container::ensure(run, service, run.service(service)?, *number, (image, frees))).await
        }
        Job::Remove { containers } => container::remove_all(run, containers).await.map(Done::saw),
        Job::RemoveVolume { name } => network::remove_volume(run, name).await.map(Done::saw),
        Job::RemoveImage { reference } => image::remove(run, reference).await.map(Done::saw),
    }
}

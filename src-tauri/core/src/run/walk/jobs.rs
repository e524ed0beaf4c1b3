//! The layers' work: what does not wait for each other is done at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sternway_compose::Engine;
use sternway_compose::model::FailureAction;
use sternway_model::{Code, Error, Layer as LayerName, Result, Stage};
use sternway_vault::Revealed;

use super::Walk;
use crate::journal::Journal;
use crate::layers::{self, Act, Job, Layer};
use crate::plan::Prepared;
use crate::run::Hold;
use crate::steps;

/// Pieces of work at the same time. The engine serialises much of what they ask for; what is gained is that they wait for
/// containers, registries and builds together.
const AT_ONCE: usize = 24;

/// A job with its step's number and its place among its layer's jobs.
struct Numbered<'p> {
    number: u32,
    place: (LayerName, usize),
    job: &'p Job,
}

impl Walk<'_> {
    /// Does all work: images first, then layer after layer. When a piece of it fails, nothing new is begun, unless it is one
    /// whose failure others do not mind; what runs ends, or brings back what it touched, first. Images may come from `source`.
    pub(super) async fn jobs(&mut self, source: Option<&Engine>, kept: &Path) -> Result<()> {
        let numbered = numbered(&self.prepared.jobs, self.number);
        let mut done = BTreeSet::new();
        for phase in numbered.chunk_by(|one, next| one.job.stage == next.job.stage) {
            self.phase(phase, source, kept, &mut done).await?;
        }
        self.number = numbered.last().map_or(self.number, |last| last.number);
        Ok(())
    }

    async fn phase(
        &mut self,
        phase: &[Numbered<'_>],
        source: Option<&Engine>,
        kept: &Path,
        done: &mut BTreeSet<(LayerName, usize)>,
    ) -> Result<()> {
        let Self { hold, prepared, secrets, journal, .. } = *self;
        let means = Means { hold, prepared, source, kept, secrets, journal };
        let layers = layers::all();
        let mut waiting: Vec<&Numbered<'_>> = phase.iter().collect();
        let mut running = FuturesUnordered::new();
        let mut failed: Option<Error> = None;
        let mut stopped = false;
        loop {
            while !stopped && running.len() < AT_ONCE {
                let free = |next: &&Numbered<'_>| next.job.after.iter().all(|p| done.contains(&(next.job.layer, *p)));
                let Some(ready) = waiting.iter().position(free) else { break };
                if let Err(cancelled) = self.cancelled() {
                    failed = failed.or(Some(cancelled));
                    stopped = true;
                    break;
                }
                let next = waiting.remove(ready);
                self.begun.insert(next.number);
                // Images beside the old ones touch nothing that runs.
                self.touched |= next.job.stage != Stage::Build;
                running.push(means.carry_out(&layers, next));
            }
            match running.next().await {
                Some((next, Ok(()))) => {
                    done.insert(next.place);
                    if next.job.stage != Stage::Build {
                        self.applied.insert(next.job.name.clone());
                    }
                }
                Some((next, Err(error))) => {
                    stopped |= error.code == Code::Cancelled || next.job.on_failure != FailureAction::Continue;
                    match &mut failed {
                        None => {
                            self.current.clone_from(&next.job.name);
                            self.stays = next.job.on_failure != FailureAction::Rollback;
                            failed = Some(error);
                        }
                        Some(_) if error.code == Code::Cancelled => {}
                        Some(first) => {
                            self.stays &= next.job.on_failure != FailureAction::Rollback;
                            first.message.push_str(&format!("\n{}: {error}", next.job.name));
                        }
                    }
                }
                None => break,
            }
        }
        match failed {
            Some(error) => Err(error),
            None if waiting.is_empty() => Ok(()),
            None => Err(Error::internal("the plan's work waits for itself")),
        }
    }
}

/// Build jobs of all layers first; what each waits for is counted by layer.
fn numbered(jobs: &[Job], after: u32) -> Vec<Numbered<'_>> {
    let mut counts: BTreeMap<LayerName, usize> = BTreeMap::new();
    let mut placed = Vec::with_capacity(jobs.len());
    for job in jobs {
        let count = counts.entry(job.layer).or_default();
        placed.push((job, (job.layer, *count)));
        *count += 1;
    }
    // As `in_order` has them: those that are equal in this stay as they stand.
    placed.sort_by_key(|(job, _)| job.stage != Stage::Build);
    (after + 1..).zip(placed).map(|(number, (job, place))| Numbered { number, place, job }).collect()
}

/// What a job needs, apart from what the walk itself keeps.
#[derive(Clone, Copy)]
struct Means<'a> {
    hold: &'a Hold,
    prepared: &'a Prepared,
    source: Option<&'a Engine>,
    kept: &'a Path,
    secrets: &'a Revealed,
    journal: &'a Journal,
}

impl<'a> Means<'a> {
    /// One job, between its intent and its evidence.
    async fn carry_out<'n, 'p>(
        self,
        layers: &[Box<dyn Layer>],
        next: &'n Numbered<'p>,
    ) -> (&'n Numbered<'p>, Result<()>) {
        let done = async {
            let job = next.job;
            let layer = layers.iter().find(|layer| layer.name() == job.layer);
            let layer = layer.ok_or_else(|| Error::internal(format!("there is no layer {}", job.layer)))?;
            let step = self.journal.begin(next.number, job.stage, &job.name).await?;
            let done = layer.apply(job, &self.act(next.number)).await;
            steps::end(self.journal, step, done).await.map(drop)
        };
        (next, done.await)
    }

    fn act(self, step: u32) -> Act<'a> {
        Act {
            project: &self.hold.project,
            environment: &self.hold.environment,
            engine: &self.hold.engine,
            source: self.source,
            want: &self.prepared.want,
            kept: self.kept,
            secrets: self.secrets,
            journal: self.journal,
            step,
            cancel: &self.hold.live.cancel,
            lease: self.hold.lease.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(layer: LayerName, stage: Stage, name: &str, after: &[usize]) -> Job {
        let (name, intent) = (name.to_owned(), serde_json::Value::Null);
        let (changes, on_failure) = (Vec::new(), FailureAction::default());
        Job { layer, stage, name, changes, intent, after: after.to_vec(), on_failure }
    }

    #[test]
    fn images_come_first_and_places_are_counted_by_layer() {
        let jobs = [
            job(LayerName::Configuration, Stage::Configuration, "configuration", &[]),
            job(LayerName::Application, Stage::Build, "image", &[]),
            job(LayerName::Application, Stage::Application, "service", &[0]),
        ];
        let numbered = numbered(&jobs, 2);
        let seen: Vec<_> = numbered.iter().map(|n| (n.number, n.job.name.as_str(), n.place.1)).collect();
        assert_eq!(seen, [(3, "image", 0), (4, "configuration", 0), (5, "service", 1)]);
        assert_eq!(numbered.chunk_by(|a, b| a.job.stage == b.job.stage).count(), 3);
    }
}

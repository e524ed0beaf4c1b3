//! The record of a running deployment: history first, and only then the fronts. Everything textual passes the redactor here.

mod bounds;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sternway_history::{History, NewLine, ProjectId};
use sternway_model::{At, DeploymentNumber, Event, Result, Stage, Step, StepState};
use sternway_vault::Redactor;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use bounds::{Bounds, LIMITS};

/// At most this many lines go into one transaction and one message.
const BATCH: usize = 256;

/// A deployment that runs in this process: who listens, and how to stop it.
#[derive(Default)]
pub struct Live {
    /// Stops the work.
    pub cancel: CancellationToken,
    listeners: Mutex<Vec<mpsc::UnboundedSender<Event>>>,
}

impl Live {
    /// From now on the events of this deployment, and of the one that moves back after it, come here too. Those that nobody has
    /// taken yet wait; there are no more of them than lines are kept in history.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<Event> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// Tells everybody. Whoever stopped listening is forgotten.
    pub fn tell(&self, event: &Event) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }
}

/// Deployments of this process by project folder and number.
pub type Lives = Mutex<HashMap<(std::path::PathBuf, DeploymentNumber), Arc<Live>>>;

enum Entry {
    Line(NewLine),
    Step(Step, oneshot::Sender<Result<()>>),
    State(String, At, oneshot::Sender<Result<()>>),
}

/// Writes one deployment's record.
pub struct Journal {
    number: DeploymentNumber,
    clock: Arc<dyn Clock>,
    redactor: Arc<Redactor>,
    bounds: Mutex<Bounds>,
    entries: mpsc::UnboundedSender<Entry>,
    writer: JoinHandle<Result<()>>,
    boundary: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Journal {
    /// Begins to write the record of a deployment that history already knows.
    pub fn open(
        history: History,
        project: ProjectId,
        number: DeploymentNumber,
        live: Arc<Live>,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
        boundary: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        let (entries, receiver) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write(history, project, number, live, receiver));
        Self { number, clock, redactor, bounds: Mutex::new(Bounds::new(LIMITS)), entries, writer, boundary }
    }

    /// The deployment's number.
    pub fn number(&self) -> DeploymentNumber {
        self.number
    }

    /// Records that a step begins. When this returns, a crash cannot make anybody forget it.
    ///
    /// # Errors
    /// If history cannot be written: then the step must not begin.
    pub async fn begin(&self, number: u32, stage: Stage, name: &str) -> Result<Step> {
        let step = Step {
            number,
            stage,
            name: name.to_owned(),
            state: StepState::Running,
            started: Some(self.clock.now()),
            ended: None,
            detail: String::new(),
        };
        self.boundary(&format!("before {name}"));
        self.step(step.clone()).await?;
        self.boundary(&format!("intent {name}"));
        Ok(step)
    }

    /// Records how a step ended and what was seen.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn end(&self, mut step: Step, state: StepState, detail: &str) -> Result<()> {
        let name = step.name.clone();
        self.boundary(&format!("done {name}"));
        let rest = self.bounds.lock().unwrap_or_else(PoisonError::into_inner).end(step.number);
        self.write_lines(rest);
        step.state = state;
        step.ended = Some(self.clock.now());
        step.detail = self.redactor.redact(detail);
        self.step(step).await?;
        self.boundary(&format!("evidence {name}"));
        Ok(())
    }

    /// Records that a step will not begin any more.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn skip(&self, number: u32, stage: Stage, name: &str) -> Result<()> {
        let detail = String::new();
        let state = StepState::Skipped;
        self.step(Step { number, stage, name: name.to_owned(), state, started: None, ended: None, detail }).await
    }

    async fn step(&self, step: Step) -> Result<()> {
        self.acknowledged(|done| Entry::Step(step, done)).await
    }

    /// Records where things stand, in a sentence.
    ///
    /// # Errors
    /// If history cannot be written.
    pub async fn state(&self, text: &str) -> Result<()> {
        let (text, at) = (self.redactor.redact(text), self.clock.now());
        self.acknowledged(|done| Entry::State(text, at, done)).await
    }

    async fn acknowledged(&self, entry: impl FnOnce(oneshot::Sender<Result<()>>) -> Entry) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || sternway_model::Error::failed("the history can no longer be written");
        self.entries.send(entry(done)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Records a line of a step's output: of very much only the beginning, and the end once the step has ended.
    pub fn line(&self, step: u32, text: &str) {
        let line = NewLine { step, at: self.clock.now(), text: text.to_owned() };
        let now = self.bounds.lock().unwrap_or_else(PoisonError::into_inner).take(line);
        self.write_lines(now);
    }

    fn write_lines(&self, lines: impl IntoIterator<Item = NewLine>) {
        for line in lines {
            let line = NewLine { text: self.redactor.redact_line(&line.text), ..line };
            // The writer ends only after a failed write, which the next step reports.
            drop(self.entries.send(Entry::Line(line)));
        }
    }

    /// Takes secrets out of what may be stored and shown.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// A place where a crash test may end the process.
    pub fn boundary(&self, name: &str) {
        (self.boundary)(name);
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// If something could not be written.
    pub async fn close(self) -> Result<()> {
        let rest = self.bounds.lock().unwrap_or_else(PoisonError::into_inner).end_all();
        self.write_lines(rest);
        drop(self.entries);
        self.writer
            .await
            .map_err(|error| sternway_model::Error::internal(format!("the journal's writer stopped: {error}")))?
    }
}

async fn write(
    history: History,
    project: ProjectId,
    number: DeploymentNumber,
    live: Arc<Live>,
    mut entries: mpsc::UnboundedReceiver<Entry>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut lines = Vec::new();
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        for entry in batch.drain(..) {
            match entry {
                Entry::Line(line) => lines.push(line),
                Entry::Step(step, done) => {
                    flush(&history, project, number, &live, &mut lines).await?;
                    let written = history.update_step(project, number, &step).await;
                    if written.is_ok() {
                        live.tell(&Event::Step { deployment: number, step });
                    }
                    // Nobody waits any more when the run was dropped.
                    drop(done.send(written));
                }
                Entry::State(text, at, done) => {
                    flush(&history, project, number, &live, &mut lines).await?;
                    let written = history.record_state(project, number, at, &text).await.map(drop);
                    if written.is_ok() {
                        live.tell(&Event::State { deployment: number, at, text });
                    }
                    drop(done.send(written));
                }
            }
        }
        flush(&history, project, number, &live, &mut lines).await?;
    }
    Ok(())
}

async fn flush(
    history: &History,
    project: ProjectId,
    number: DeploymentNumber,
    live: &Live,
    lines: &mut Vec<NewLine>,
) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let first = history.append_log(project, number, lines).await?;
    for (line, new) in (first..).zip(lines.drain(..)) {
        live.tell(&Event::Log { deployment: number, line, step: new.step, at: new.at, text: new.text });
    }
    Ok(())
}

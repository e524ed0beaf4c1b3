//! What a job prints while it is waited for.

use std::convert::Infallible;

use futures_util::StreamExt;
use sternway_model::{At, Result};
use tokio::time::sleep;

use super::Run;
use super::wait::INTERVAL;
use crate::decide::Place;
use crate::logs::{LogQuery, Printer, last_end};
use crate::observe::State;

/// A job's output on its way into the run's output, each line once. Lines are told apart by the engine's time of them: the
/// engine may start a job again sooner than anybody can ask about the start before.
pub(super) struct Printed<'r> {
    run: &'r Run<'r>,
    printer: Printer<'r>,
    /// When the newest line was printed that needs not be told.
    told: Option<At>,
}

impl<'r> Printed<'r> {
    /// `told` is a time until which the output is known already.
    pub fn new(run: &'r Run<'r>, place: &Place<'r>, id: &'r str, told: Option<At>) -> Self {
        Self { run, printer: Printer { id, service: place.name.as_str(), container: place.name.as_str() }, told }
    }

    /// Passes on what is printed, each time that the engine starts the container: a job that has failed may be tried again. It
    /// goes on until nobody asks any more.
    pub async fn pass_on_each_start(&mut self) -> Infallible {
        let mut known = None;
        loop {
            known = Some(self.started_after(known).await);
            self.pass_on(true).await;
        }
    }

    /// Passes on what has been printed and not been told.
    pub async fn pass_on_rest(&mut self) {
        self.pass_on(false).await;
    }

    async fn pass_on(&mut self, follow: bool) {
        let query = LogQuery { follow, since: self.told, ..LogQuery::default() };
        let mut lines = self.run.engine.observer().lines_of(&self.printer, &query);
        let known = self.told;
        while let Some(line) = lines.next().await {
            match line {
                Ok(line) if known.is_some_and(|known| line.at <= known) => {}
                Ok(line) => {
                    self.run.output.line(&line.text);
                    self.told = self.told.max(Some(line.at));
                }
                Err(error) => return self.run.output.line(&format!("(its output could not be read: {error})")),
            }
        }
    }

    /// Waits until the engine has started the container another time than the one that is known, and says which.
    async fn started_after(&self, known: Option<i64>) -> i64 {
        loop {
            // Whoever waits for the container beside this says what is wrong with it.
            let seen = self.run.engine.observer().inspect(self.printer.id).await.unwrap_or_default();
            let count = seen.restart_count.unwrap_or_default();
            let waits = seen.state.as_ref().is_some_and(|state| State::of(state) == State::Restarting);
            if known.is_none() || !waits && seen.state.is_some() && known != Some(count) {
                return count;
            }
            sleep(INTERVAL).await;
        }
    }
}

/// Until when a job's container has printed for somebody else; to be asked before it is started again.
pub(super) async fn ended_before(run: &Run<'_>, place: &Place<'_>, id: &str) -> Result<Option<At>> {
    if !place.model.runs_once(place.name) {
        return Ok(None);
    }
    Ok(last_end(&run.engine.observer().inspect(id).await?))
}

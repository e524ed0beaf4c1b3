//! Containers of other services that give up a port: they stop just before the new container starts, and come back if it fails.

use sternway_model::{Code, Error, Result};

use super::container::{start_again, stop_id};
use super::{Run, wait};
use crate::engine::found;
use crate::observe::{Container, State};

/// Those that ran when the work began.
pub(super) struct Holders(Vec<Holder>);

struct Holder {
    id: String,
    name: String,
}

impl Holders {
    /// Looks at the containers with these ids.
    pub async fn of(run: &Run<'_>, ids: &[String]) -> Result<Self> {
        let mut running = Vec::new();
        for id in ids {
            let Some(seen) = found(run.engine.observer().inspect(id).await)? else { continue };
            if State::of(&seen.state.unwrap_or_default()) == State::Running {
                let name = seen.name.unwrap_or_default().trim_start_matches('/').to_owned();
                running.push(Holder { id: id.clone(), name });
            }
        }
        Ok(Self(running))
    }

    pub async fn stop(&self, run: &Run<'_>) -> Result<()> {
        for Holder { id, name } in &self.0 {
            run.output.line(&format!("{name} stops: its port goes to another service"));
            stop_id(run, id, name).await?;
        }
        Ok(())
    }

    /// As [`Holders::bring_back`], from a container that stays and must not have the port then.
    pub async fn come_back_from(&self, run: &Run<'_>, taker: &Container, mut error: Error) -> Error {
        if self.0.is_empty() || error.code == Code::Locked {
            return error;
        }
        if let Err(left) = stop_id(run, &taker.id, &taker.name).await {
            error.message.push_str(&format!("\n{} still runs: {}", taker.name, left.message));
        }
        self.bring_back(run, error).await
    }

    /// Sees that they run, and adds to an error what became of them.
    pub async fn bring_back(&self, run: &Run<'_>, mut error: Error) -> Error {
        if error.code == Code::Locked {
            return error;
        }
        for holder in &self.0 {
            let name = &holder.name;
            match run_again(run, holder).await {
                Ok(false) => {}
                Ok(true) => error.message.push_str(&format!("\n{name}, which had stopped for it, answers again")),
                Err(lost) => error.message.push_str(&format!("\n{name}, which had stopped for it, is away: {lost}")),
            }
        }
        error
    }
}

/// Says whether it had stopped.
async fn run_again(run: &Run<'_>, Holder { id, name }: &Holder) -> Result<bool> {
    if !start_again(run, id, name).await? {
        return Ok(false);
    }
    wait::running(run, id).await?;
    Ok(true)
}

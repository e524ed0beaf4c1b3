//! Putting a container into its place: the old one is only removed once the new one has proved itself.

use sternway_model::{Code, Error, Result};

use super::container::{remove, rename, start, start_again, start_id, stop, stop_id};
use super::create::{Recipe, create};
use super::holders::Holders;
use super::printed::Printed;
use super::{Run, hooks, wait};
use crate::decide::Decision;
use crate::engine::found;
use crate::model::Moment;
use crate::observe::{Container, State};

/// Creates the right container if it is not there, waits until it is ready, and only then removes the others. If it does not
/// become ready the old one is brought back, and the error says so.
pub(super) async fn bring_up(
    run: &Run<'_>,
    recipe: &Recipe<'_>,
    decision: &Decision<'_>,
    holders: &Holders,
) -> Result<String> {
    let place = &recipe.place;
    let mut olds = Vec::new();
    for other in &decision.others {
        if matches!(other.state, State::Created | State::Dead) {
            // It never ran: what is left of an interrupted creation.
            remove(run, &other.id, &other.name, true).await?;
        } else {
            olds.push(*other);
        }
    }
    let final_name = place.container_name();
    see_that_name_is_free(run, &final_name, decision).await?;
    let new = match decision.right {
        Some(right) => New { id: right.id.clone(), name: right.name.clone(), runs: serves(right), created: false },
        None => {
            // Also where there is nothing to replace: who has the final name has proved itself.
            let name = free_name(recipe, &olds);
            match Box::pin(create(run, recipe, &name, &olds)).await {
                Ok(id) => New { id, name, runs: false, created: true },
                // The old one may have been stopped by an earlier attempt that was interrupted.
                Err(error) => return Err(bring_back(run, recipe, &olds, error).await),
            }
        }
    };
    let seen = match prove(run, recipe, &new, decision.right, &olds, holders).await {
        Ok(seen) => seen,
        Err(error) => {
            let error = undo(run, recipe, &new, &olds, error).await;
            return Err(holders.bring_back(run, error).await);
        }
    };
    for old in olds.iter().filter(|old| serves(old)) {
        if let Err(error) = hooks::before_stop(run, old).await {
            return Err(take_back(run, recipe, &new, &olds, error).await);
        }
        stop_id(run, &old.id, &old.name).await?;
    }
    for old in &olds {
        remove(run, &old.id, &old.name, false).await?;
    }
    if new.name != final_name {
        rename(run, &new.id, &final_name).await?;
    }
    Ok(seen)
}

/// The container that shall have the place.
struct New {
    id: String,
    name: String,
    /// It ran before this work began.
    runs: bool,
    /// It was made by this work.
    created: bool,
}

/// Whether a container does something now.
fn serves(container: &Container) -> bool {
    matches!(container.state, State::Running | State::Restarting | State::Paused)
}

/// A temporary name that no leftover has.
fn free_name(recipe: &Recipe<'_>, olds: &[&Container]) -> String {
    let mut name = recipe.place.temporary_name(recipe.made_from);
    while olds.iter().any(|old| old.name == name) {
        name.push_str(".x");
    }
    name
}

/// Starts the new container, after stopping those that it cannot run beside, and waits until it is ready.
async fn prove(
    run: &Run<'_>,
    recipe: &Recipe<'_>,
    new: &New,
    right: Option<&Container>,
    olds: &[&Container],
    holders: &Holders,
) -> Result<String> {
    if right.is_some_and(|right| recipe.place.has_completed(right)) {
        Printed::new(run, &recipe.place, &new.id, None).pass_on_rest().await;
        return Ok("ended with code 0".to_owned());
    }
    let mut ended_before = None;
    if !new.runs {
        for old in olds.iter().filter(|old| serves(old)) {
            if let Some(why) = recipe.place.cannot_run_beside(old) {
                run.output
                    .line(&format!("{} {why}: the old container stops before the new one starts", recipe.place.name));
                stop(run, old).await?;
            }
        }
        holders.stop(run).await?;
        match right {
            Some(right) => ended_before = start(run, &recipe.place, right).await?,
            None => start_id(run, &new.id, &new.name).await?,
        }
        let hooks = recipe.place.service.hooks(Moment::PostStart);
        hooks::all(run, hooks, Moment::PostStart, &new.id, &new.name).await?;
    }
    wait::ready(run, &recipe.place, &new.id, ended_before, olds.iter().any(|old| serves(old))).await
}

/// A container of somebody else may have the name; that must be known before anything is stopped.
async fn see_that_name_is_free(run: &Run<'_>, name: &str, decision: &Decision<'_>) -> Result<()> {
    let Some(holder) = found(run.engine.observer().inspect(name).await)? else { return Ok(()) };
    let id = holder.id.unwrap_or_default();
    if decision.right.iter().chain(&decision.others).any(|known| known.id == id) {
        return Ok(());
    }
    Err(Error::failed(format!("the name {name} is taken by a container that does not belong to this service"))
        .hint(format!("Look at it with `docker inspect {name}`; rename or remove it if nobody needs it.")))
}

/// Undoes what was begun: the new container goes, the old one runs again. Adds to the error why the new one was not ready.
async fn undo(run: &Run<'_>, recipe: &Recipe<'_>, new: &New, olds: &[&Container], error: Error) -> Error {
    let error = wait::with_evidence(run, error, &new.id).await;
    take_back(run, recipe, new, olds, error).await
}

/// As [`undo`], where the new container has nothing to do with the error.
async fn take_back(run: &Run<'_>, recipe: &Recipe<'_>, new: &New, olds: &[&Container], mut error: Error) -> Error {
    if error.code == Code::Locked {
        // Somebody else has the lock: nothing may be changed any more, not even back.
        return error;
    }
    let stopped = stop_id(run, &new.id, &new.name).await;
    let gone = match stopped {
        Ok(()) if new.created => remove(run, &new.id, &new.name, true).await,
        other => other,
    };
    if let Err(left) = gone {
        error.message.push_str(&format!("\nthe new container {} is still there: {}", new.name, left.message));
    }
    bring_back(run, recipe, olds, error).await
}

/// Sees that the old container runs, and adds to the error what became of it.
async fn bring_back(run: &Run<'_>, recipe: &Recipe<'_>, olds: &[&Container], mut error: Error) -> Error {
    let name = recipe.place.name;
    if error.code == Code::Locked {
        return error;
    }
    let Some(old) = fallback(recipe, olds) else {
        error.message.push_str(&format!("\nthere was no container of service {name} before"));
        return error;
    };
    if recipe.place.model.runs_once(name) {
        error.message.push_str("\nthe container of its last run is kept");
        return error;
    }
    match run_again(run, old).await {
        Ok(was_stopped) => {
            let how = if was_stopped { "answers again" } else { "was not stopped" };
            error.message.push_str(&format!("\nthe old container of service {name} {how}"));
            error
        }
        Err(lost) => {
            error
                .message
                .push_str(&format!("\nthe old container of service {name} did not come back: {}", lost.message));
            error.hint = format!("Look at it with `docker logs {}`, then resume or go back.", old.name);
            error
        }
    }
}

/// The container that had the place: the one with the final name, or else one that ran.
fn fallback<'c>(recipe: &Recipe<'_>, olds: &[&'c Container]) -> Option<&'c Container> {
    let final_name = recipe.place.container_name();
    let named = olds.iter().find(|old| old.name == final_name);
    named.or_else(|| olds.iter().find(|old| serves(old))).copied()
}

/// Sees that the old container runs; says whether it had been stopped.
async fn run_again(run: &Run<'_>, old: &Container) -> Result<bool> {
    if !start_again(run, &old.id, &old.name).await? {
        return Ok(false);
    }
    hooks::after_start(run, old).await?;
    wait::running(run, &old.id).await?;
    Ok(true)
}

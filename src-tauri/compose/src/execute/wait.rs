//! Waiting until a container is ready, and saying why it is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{LogsOptionsBuilder, WaitContainerOptions};
use futures_util::StreamExt;
use sternway_model::{Code, Error, Result, ServiceName};
use tokio::time::{Instant, sleep};

use super::Run;
use super::lines::Lines;
use crate::decide::Place;
use crate::model::Condition;
use crate::observe::{Probe, State};

/// How often the engine is asked.
const INTERVAL: Duration = Duration::from_millis(150);
/// How long a container without a health check must run before it counts as started. Programs that cannot read their
/// configuration end sooner; what ends later is found when everything is looked at again, and the release before comes back.
const STEADY: Duration = Duration::from_millis(500);
/// The same, once the engine had to start it again.
const STEADY_AFTER_RESTART: Duration = Duration::from_secs(5);
/// How long a container without a health check may take until it runs steadily.
const SETTLE: Duration = Duration::from_secs(60);
/// How often it may fail. While something waits in its stead, that is all; otherwise it has [`SETTLE`] as well, because what
/// it needs may only just be starting.
const RESTARTS: i64 = 3;
/// How long a job that runs once may take.
const JOB: Duration = Duration::from_secs(1800);
/// What is added to the time in which a health check decides.
const BEYOND_HEALTH_CHECK: Duration = Duration::from_secs(30);
/// How long the last lines of a job that has ended may be on their way.
const LAST_LINES: Duration = Duration::from_secs(5);
/// Lines of output in an error.
const LOG_LINES: u32 = 20;
/// Probe results in an error.
const PROBES: usize = 3;

/// Waits until a container does what it was started for: it is healthy, or runs steadily, or has ended with code 0 if it is
/// a job. What a job prints belongs to the run's output: it is what was done. Returns what was seen. `replaces` says that
/// another container waits to come back.
pub(super) async fn ready(run: &Run<'_>, place: &Place<'_>, id: &str, replaces: bool) -> Result<String> {
    let mut ready = Box::pin(until_ready(run, place, id, replaces));
    if !place.model.runs_once(place.name) {
        return ready.await;
    }
    let follows = AtomicBool::new(true);
    let mut printed = Box::pin(pass_on_each_start(run, id, &follows));
    let seen = tokio::select! {
        seen = &mut ready => seen,
        () = &mut printed => return ready.await,
    };
    let goes_on = seen.as_ref().is_err_and(|error| matches!(error.code, Code::Cancelled | Code::TimedOut));
    let read = async {
        while follows.load(Ordering::Relaxed) {
            sleep(INTERVAL).await;
        }
    };
    let rest = async {
        tokio::select! { () = read => (), () = &mut printed => () }
    };
    if !goes_on && tokio::time::timeout(LAST_LINES, rest).await.is_err() {
        run.output.line("(the end of its output did not come)");
    }
    seen
}

/// Passes on what a container prints, each time that the engine starts it: a job that has failed may be tried again. It goes on
/// until nobody asks any more; `follows` says whether there may be lines on their way.
async fn pass_on_each_start(run: &Run<'_>, id: &str, follows: &AtomicBool) {
    let mut told = None;
    loop {
        told = Some(started_after(run, id, told).await);
        follows.store(true, Ordering::Relaxed);
        pass_on(run, id).await;
        follows.store(false, Ordering::Relaxed);
    }
}

/// Waits until the engine has started a container another time than the one that is known, and says which.
async fn started_after(run: &Run<'_>, id: &str, known: Option<i64>) -> i64 {
    loop {
        // Whoever waits for the container beside this says what is wrong with it.
        let seen = run.engine.observer().inspect(id).await.unwrap_or_default();
        let count = seen.restart_count.unwrap_or_default();
        let waits = seen.state.as_ref().is_some_and(|state| State::of(state) == State::Restarting);
        if known.is_none() || !waits && seen.state.is_some() && known != Some(count) {
            return count;
        }
        sleep(INTERVAL).await;
    }
}

/// Passes on what a container prints from its last start on, until it ends.
pub(super) async fn pass_on(run: &Run<'_>, id: &str) {
    let unread = |error: &dyn std::fmt::Display| run.output.line(&format!("(its output could not be read: {error})"));
    let since = match run.engine.observer().inspect(id).await {
        Ok(seen) => started(&seen),
        Err(error) => return unread(&error),
    };
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).follow(true).since(since).build();
    let mut pieces = run.engine.docker().logs(id, Some(options));
    // What is printed as an error may come in the middle of another line.
    let (mut lines, mut errors) = (Lines::default(), Lines::default());
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece @ LogOutput::StdErr { .. }) => errors.push(&piece.to_string(), |line| run.output.line(line)),
            Ok(piece) => lines.push(&piece.to_string(), |line| run.output.line(line)),
            Err(error) => {
                unread(&error);
                break;
            }
        }
    }
    lines.end(|line| run.output.line(line));
    errors.end(|line| run.output.line(line));
}

/// When a container was last started, in seconds since 1970 by the engine's clock; 0 if the engine does not say.
fn started(seen: &ContainerInspectResponse) -> i32 {
    let at = seen.state.as_ref().and_then(|state| state.started_at.as_ref());
    let at = at.and_then(|at| at.parse::<jiff::Timestamp>().ok());
    at.and_then(|at| i32::try_from(at.as_second()).ok()).unwrap_or_default()
}

async fn until_ready(run: &Run<'_>, place: &Place<'_>, id: &str, replaces: bool) -> Result<String> {
    let name = place.name;
    let job = place.model.runs_once(name);
    // Compose lets services that nobody waits for end, too; one that serves something must not.
    let may_end = job
        || (place.service.restart_rule().lets_end()
            && place.service.ports.is_empty()
            && place.service.healthcheck.is_none());
    let begin = Instant::now();
    let mut first_restarts = None;
    let mut steady: Option<(Instant, i64)> = None;
    loop {
        let seen = run.engine.observer().inspect(id).await?;
        let state = seen.state.clone().unwrap_or_default();
        let restarts = seen.restart_count.unwrap_or_default();
        let first = *first_restarts.get_or_insert(restarts);
        let code = state.exit_code.unwrap_or_default();
        match (State::of(&state), Probe::of(&state)) {
            (State::Running, Some(Probe::Healthy)) => return Ok("healthy".to_owned()),
            (State::Running, Some(Probe::Unhealthy)) => return Err(failed(name, "its health check fails")),
            (State::Running, Some(Probe::Starting)) => {}
            (State::Running, None) if job => {}
            (State::Running, None) => {
                let (since, _) =
                    *steady.filter(|(_, count)| *count == restarts).get_or_insert((Instant::now(), restarts));
                steady = Some((since, restarts));
                let needed = if restarts == first { STEADY } else { STEADY_AFTER_RESTART };
                if since.elapsed() >= needed {
                    return Ok("running".to_owned());
                }
                // The engine says when it ends, so it need not be asked meanwhile.
                until_ended(run, id, needed - since.elapsed()).await?;
                continue;
            }
            (State::Restarting, _) => {
                steady = None;
                let patient = job || !replaces;
                if restarts - first >= RESTARTS && (!patient || begin.elapsed() >= SETTLE) {
                    return Err(failed(name, &format!("it ended again and again, last with code {code}")));
                }
            }
            (State::Exited, _) if code == 0 && may_end => return Ok("ended with code 0".to_owned()),
            (State::Exited | State::Dead, _) => return Err(failed(name, &format!("it ended with code {code}"))),
            (State::Created | State::Paused, _) => {}
        }
        let limit = if job { JOB } else { patience(&seen) };
        if begin.elapsed() > limit {
            return Err(Error::new(
                Code::TimedOut,
                format!("service {name} was not ready after {} s", limit.as_secs()),
            ));
        }
        pause(run).await?;
    }
}

/// Waits until a dependency is as far as the condition says.
pub(super) async fn condition(run: &Run<'_>, name: &ServiceName, condition: Condition, id: &str) -> Result<()> {
    let begin = Instant::now();
    loop {
        let seen = run.engine.observer().inspect(id).await?;
        let state = seen.state.clone().unwrap_or_default();
        let code = state.exit_code.unwrap_or_default();
        match (condition, State::of(&state), Probe::of(&state)) {
            (Condition::Started, ..) | (Condition::Healthy, State::Running, Some(Probe::Healthy)) => return Ok(()),
            (Condition::Completed, State::Exited, _) if code == 0 => return Ok(()),
            (Condition::Healthy, State::Running, Some(Probe::Unhealthy)) => {
                return Err(failed(name, "its health check fails"));
            }
            (Condition::Healthy, State::Running, None) => {
                return Err(failed(name, "it has no health check")
                    .hint("Give it a `healthcheck:`, or wait for `service_started`."));
            }
            (_, State::Exited | State::Dead, _) => return Err(failed(name, &format!("it ended with code {code}"))),
            _ => {}
        }
        let limit = if condition == Condition::Completed { JOB } else { patience(&seen) };
        if begin.elapsed() > limit {
            let word = if condition == Condition::Completed { "complete" } else { "healthy" };
            return Err(Error::new(
                Code::TimedOut,
                format!("service {name} was not {word} after {} s", limit.as_secs()),
            ));
        }
        pause(run).await?;
    }
}

/// Waits until a container that was brought back runs.
pub(super) async fn running(run: &Run<'_>, id: &str) -> Result<()> {
    let begin = Instant::now();
    loop {
        let state = run.engine.observer().inspect(id).await?.state.unwrap_or_default();
        match State::of(&state) {
            // It ran before: half the time in which a new one has to prove itself is enough.
            State::Running if begin.elapsed() >= STEADY / 2 => return Ok(()),
            State::Exited | State::Dead => {
                return Err(Error::failed(format!("it ended with code {}", state.exit_code.unwrap_or_default())));
            }
            _ if begin.elapsed() > SETTLE => return Err(Error::new(Code::TimedOut, "it does not run")),
            // A person who stops the work wants the old one back, so this wait does not end early.
            _ => sleep(INTERVAL).await,
        }
    }
}

/// Adds the container's probe results and last lines to an error; one about the way to the engine has nothing to do with them.
pub(super) async fn with_evidence(run: &Run<'_>, mut error: Error, id: &str) -> Error {
    if matches!(error.code, Code::Cancelled | Code::EngineUnreachable) {
        return error;
    }
    let observer = run.engine.observer();
    match observer.health_log(id).await {
        Ok(probes) => {
            for probe in probes.iter().rev().take(PROBES).rev() {
                error.message.push_str(&format!("\nprobe: {probe}"));
            }
        }
        Err(unseen) => error.message.push_str(&format!("\n(its probe results could not be read: {})", unseen.message)),
    }
    match observer.logs_tail(id, LOG_LINES).await {
        Ok(lines) if lines.is_empty() => error.message.push_str("\nit printed nothing"),
        Ok(lines) => error.message.push_str(&format!("\nlast lines of its output:\n  {}", lines.join("\n  "))),
        Err(unseen) => error.message.push_str(&format!("\n(its output could not be read: {})", unseen.message)),
    }
    error
}

/// How long a container may take until it is ready: for a health check, the time after which the engine must have decided.
fn patience(seen: &ContainerInspectResponse) -> Duration {
    let Some(check) = seen.config.as_ref().and_then(|config| config.healthcheck.as_ref()) else { return SETTLE };
    let nanoseconds = |value: Option<i64>, usual: u64| {
        let given = value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
        given.map_or(Duration::from_secs(usual), Duration::from_nanos)
    };
    let retries =
        check.retries.and_then(|retries| u32::try_from(retries).ok()).filter(|retries| *retries > 0).unwrap_or(3);
    let round = nanoseconds(check.interval, 30) + nanoseconds(check.timeout, 30);
    nanoseconds(check.start_period, 0) + round * (retries + 1) + BEYOND_HEALTH_CHECK
}

/// Waits until a container has ended, or for this long.
async fn until_ended(run: &Run<'_>, id: &str, limit: Duration) -> Result<()> {
    let ended = Box::pin(run.engine.docker().wait_container(id, None::<WaitContainerOptions>)).into_future();
    tokio::select! {
        // How it ended is seen when it is looked at.
        _ = ended => Ok(()),
        () = sleep(limit) => Ok(()),
        () = run.cancel.cancelled() => Err(run.cancelled()),
    }
}

async fn pause(run: &Run<'_>) -> Result<()> {
    tokio::select! {
        () = sleep(INTERVAL) => Ok(()),
        () = run.cancel.cancelled() => Err(run.cancelled()),
    }
}

fn failed(name: &ServiceName, why: &str) -> Error {
    Error::failed(format!("service {name} is not ready: {why}"))
}

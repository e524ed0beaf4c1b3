//! Waiting until a container is ready, and saying why it is not.

use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::WaitContainerOptions;
use futures_util::StreamExt;
use sternway_model::{At, Code, Error, Result, ServiceName};
use tokio::time::{Instant, sleep};

use super::printed::Printed;
use super::{Output, Run};
use crate::decide::Place;
use crate::model::Condition;
use crate::observe::{Probe, State};

/// How often the engine is asked.
pub(super) const INTERVAL: Duration = Duration::from_millis(150);
/// How long a container without a health check must run before it counts as started. Programs that cannot read their
/// configuration end sooner; what ends later is found when everything is looked at again, and the release before comes back.
const STEADY: Duration = Duration::from_millis(500);
/// The same, once the engine had to start it again.
const STEADY_AFTER_RESTART: Duration = Duration::from_secs(5);
/// How often a container that does what it should is looked at while it is watched.
const LOOK: Duration = Duration::from_secs(1);
/// How long a container without a health check may take until it runs steadily.
const SETTLE: Duration = Duration::from_secs(60);
/// How often it may fail. While something waits in its stead, that is all; otherwise it has [`SETTLE`] as well, because what
/// it needs may only just be starting.
const RESTARTS: i64 = 3;
/// How long a job that runs once may take.
const JOB: Duration = Duration::from_secs(1800);
/// What is added to the time in which a health check decides.
const BEYOND_HEALTH_CHECK: Duration = Duration::from_secs(30);
/// Lines of output in an error.
const LOG_LINES: u32 = 20;
/// How much of what a probe prints the engine keeps, in bytes, before it puts `...` (moby, `daemon/health.go`).
const PROBE_OUTPUT: usize = 4096;
/// Probe results in an error.
const PROBES: usize = 3;

/// Waits until a container does what it was started for: it is healthy, or runs steadily, or has ended with code 0 if it is
/// a job. What a job prints belongs to the run's output: it is what was done; what it had printed until `ended_before` is not.
/// Returns what was seen. `replaces` says that another container waits to come back.
pub(super) async fn ready(
    run: &Run<'_>,
    place: &Place<'_>,
    id: &str,
    ended_before: Option<At>,
    replaces: bool,
) -> Result<String> {
    let ready = until_ready(run, place, id, replaces);
    if !place.model.runs_once(place.name) {
        return ready.await;
    }
    let mut printed = Printed::new(run, place, id, ended_before);
    let seen = tokio::select! {
        seen = ready => seen,
        never = printed.pass_on_each_start() => match never {},
    };
    printed.pass_on_rest().await;
    seen
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
    let watched = place.service.monitor().unwrap_or_default();
    let mut first_restarts = None;
    let mut steady: Option<(Instant, i64)> = None;
    loop {
        let seen = run.engine.observer().inspect(id).await?;
        let state = seen.state.clone().unwrap_or_default();
        let restarts = seen.restart_count.unwrap_or_default();
        let first = *first_restarts.get_or_insert(restarts);
        let code = state.exit_code.unwrap_or_default();
        match (State::of(&state), Probe::of(&state)) {
            (State::Running, Some(Probe::Unhealthy)) => return Err(failed(name, "its health check fails")),
            (State::Running, Some(Probe::Starting)) => steady = None,
            (State::Running, None) if job => {}
            (State::Running, probe) => {
                let (since, _) =
                    *steady.filter(|(_, count)| *count == restarts).get_or_insert((Instant::now(), restarts));
                steady = Some((since, restarts));
                let (seen, needed) = match probe {
                    Some(_) => ("healthy", Duration::ZERO),
                    None if restarts == first => ("running", STEADY),
                    None => ("running", STEADY_AFTER_RESTART),
                };
                let left = needed.max(watched).saturating_sub(since.elapsed());
                if left.is_zero() {
                    return Ok(seen.to_owned());
                }
                // The engine says when it ends, so it need not be asked meanwhile; whether it is still healthy it does not say.
                until_ended(run, id, left.min(LOOK)).await?;
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
                error.message.push_str(&format!("\nprobe: {}", whole_probe(run.output, probe)));
            }
        }
        Err(unseen) => error.message.push_str(&format!("\n(its probe results could not be read: {})", unseen.message)),
    }
    match observer.logs_tail(id, LOG_LINES).await {
        Ok(lines) if lines.is_empty() => error.message.push_str("\nit printed nothing"),
        Ok(mut lines) => {
            // Where the engine cut a long line into pieces, the first one may be such a piece.
            if let Some(first) = lines.first_mut() {
                *first = run.output.without_half_secrets(first);
            }
            error.message.push_str(&format!("\nlast lines of its output:\n  {}", lines.join("\n  ")));
        }
        Err(unseen) => error.message.push_str(&format!("\n(its output could not be read: {})", unseen.message)),
    }
    error
}

/// What a probe printed; where the engine cut it, no secret is left half.
fn whole_probe(output: &dyn Output, probe: &str) -> String {
    if probe.len() < PROBE_OUTPUT {
        return probe.to_owned();
    }
    let text = probe.strip_suffix("...").unwrap_or(probe).trim_end_matches('\u{fffd}');
    format!("{} …", output.without_half_secrets(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Masking;

    impl Output for Masking {
        fn line(&self, _: &str) {}

        fn without_half_secrets(&self, text: &str) -> String {
            text.strip_suffix("hunt").map_or_else(|| text.to_owned(), |rest| format!("{rest}[secret]"))
        }
    }

    #[test]
    fn a_probes_output_that_the_engine_cut_ends_with_no_half_secret() {
        let begin = "x".repeat(PROBE_OUTPUT);
        assert_eq!(whole_probe(&Masking, &format!("{begin}hunt...")), format!("{begin}[secret] …"));
        assert_eq!(whole_probe(&Masking, &format!("{begin}hunt\u{fffd}...")), format!("{begin}[secret] …"));
        assert_eq!(whole_probe(&Masking, "exit code 1: hunt"), "exit code 1: hunt");
    }
}

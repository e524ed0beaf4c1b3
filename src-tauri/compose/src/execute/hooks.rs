//! The commands of `post_start` and `pre_stop`, inside the containers of a service.

use std::collections::VecDeque;
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;
use serde_json::Value;
use sternway_model::{Code, Error, Lines, Result, expand};

use super::Run;
use crate::engine::{REQUEST, failure, limited, timed_out};
use crate::labels;
use crate::model::{Hook, Moment};
use crate::observe::{Container, State};

/// How long a hook may take.
const HOOK: Duration = Duration::from_secs(600);
/// How many of a hook's last lines its failure shows.
const LAST_LINES: usize = 10;

/// Runs the `pre_stop` commands of a container that is about to be stopped: those that it was made with, which may not be those
/// that the Compose file has now. A container that does not run is asked for nothing.
///
/// # Errors
/// [`Code::Failed`] if one fails; then it should not be stopped.
pub(super) async fn before_stop(run: &Run<'_>, container: &Container) -> Result<()> {
    if container.state != State::Running {
        return Ok(());
    }
    let hooks = of(container, Moment::PreStop)?;
    match all(run, &hooks, Moment::PreStop, &container.id, &container.name).await {
        // It has ended by itself since it was looked at.
        Err(error) if error.code == Code::NotFound => Ok(()),
        other => other,
    }
}

/// Runs the `post_start` commands of a container that was started again.
///
/// # Errors
/// [`Code::Failed`] if one fails.
pub(super) async fn after_start(run: &Run<'_>, container: &Container) -> Result<()> {
    all(run, &of(container, Moment::PostStart)?, Moment::PostStart, &container.id, &container.name).await
}

/// The hooks that a container was made with; none if another tool made it.
fn of(container: &Container, moment: Moment) -> Result<Vec<Hook>> {
    let Some(made_from) = container.labels.get(labels::MADE_FROM) else { return Ok(Vec::new()) };
    let broken = |_| {
        Error::failed(format!(
            "the label {} of {} does not say what it was made from",
            labels::MADE_FROM,
            container.name
        ))
    };
    let service: Value = serde_json::from_str(made_from).map_err(broken)?;
    match service.get(moment.key()) {
        None => Ok(Vec::new()),
        Some(hooks) => serde_json::from_value(hooks.clone()).map_err(broken),
    }
}

/// Runs hooks one after the other.
///
/// # Errors
/// [`Code::Failed`] if one fails, [`Code::NotFound`] if the container does not run.
pub(super) async fn all(run: &Run<'_>, hooks: &[Hook], moment: Moment, id: &str, name: &str) -> Result<()> {
    for hook in hooks {
        let doing = format!("run {} in {name}: {}", moment.key(), hook.command.join(" "));
        Box::pin(run.write(&doing, one(run, hook, moment, id, &doing))).await?;
    }
    Ok(())
}

async fn one(run: &Run<'_>, hook: &Hook, moment: Moment, id: &str, doing: &str) -> Result<()> {
    let mut env = Vec::with_capacity(hook.environment.len());
    for (name, value) in &hook.environment {
        if let Some(value) = value {
            env.push(format!("{name}={}", expand(value, run.secrets)?.reveal()));
        }
    }
    let options = CreateExecOptions {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(hook.command.clone()),
        env: Some(env),
        user: hook.user.clone(),
        working_dir: hook.working_dir.clone(),
        privileged: Some(hook.privileged),
        ..CreateExecOptions::default()
    };
    let docker = run.engine.docker();
    let create = async { Ok(docker.create_exec(id, options).await) };
    let created = match limited(doing, REQUEST, create).await? {
        // The engine's answer for a container that does not run.
        Err(BollardError::DockerResponseServerError { status_code: 409, message }) => {
            return Err(Error::new(Code::NotFound, format!("cannot {doing}: {}", message.trim())));
        }
        other => other.map_err(|error| failure(doing, error))?,
    };
    let started = limited(doing, REQUEST, docker.start_exec(&created.id, None::<StartExecOptions>)).await?;
    let StartExecResults::Attached { mut output, .. } = started else {
        return Err(Error::internal("the engine did not connect the command"));
    };
    let mut lines = Lines::default();
    let mut last = VecDeque::new();
    let mut say = |line: &str| {
        run.output.line(&format!("{}: {line}", moment.key()));
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line.to_owned());
    };
    let end = tokio::time::Instant::now() + HOOK;
    loop {
        let piece = tokio::select! {
            piece = tokio::time::timeout_at(end, output.next()) => piece,
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        };
        match piece {
            Err(_) => return Err(timed_out(doing, HOOK)),
            Ok(None) => break,
            Ok(Some(piece)) => lines.push(&piece.map_err(|error| failure(doing, error))?.into_bytes(), &mut say),
        }
    }
    lines.end(&mut say);
    let ended = run.engine.observer().ask(doing, || docker.inspect_exec(&created.id)).await?;
    match ended.exit_code {
        Some(0) => Ok(()),
        Some(code) => {
            let last: Vec<String> = last.into_iter().map(|line| format!("\n  {line}")).collect();
            let printed = if last.is_empty() { "\nit printed nothing".to_owned() } else { last.concat() };
            Err(Error::failed(format!("cannot {doing}: it ended with code {code}{printed}")))
        }
        None => Err(Error::new(Code::Unknown, format!("cannot {doing}: the engine does not know how it ended"))),
    }
}

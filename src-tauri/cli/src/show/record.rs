//! How environments are, and the record of what was done to them.

use std::fmt::Write;

use jiff::SignedDuration;
use sternway_core::view::{DeploymentView, EnvironmentStatus, Health, HistoryPage, OneOffStatus, Status, Waiting};
use sternway_model::{Deployment, Outcome, Step, StepState, counted};

use super::table::Table;
use super::{changes, line, local};

fn health(health: Health) -> String {
    let word = match health {
        Health::Healthy => "healthy",
        Health::Degraded => "degraded",
        Health::Failing => "failing",
        Health::Unknown => "unknown",
        Health::Deploying => "deploying",
        Health::Interrupted => "interrupted",
        Health::Empty => "nothing runs",
    };
    format!("{} {word}", sign(health))
}

fn sign(health: Health) -> char {
    match health {
        Health::Healthy => '●',
        Health::Degraded => '◐',
        Health::Failing => '✕',
        Health::Unknown => '?',
        Health::Deploying => '▸',
        Health::Interrupted => '!',
        Health::Empty => '○',
    }
}

/// How the environments are.
pub fn status(status: &Status) -> String {
    status.environments.iter().map(environment).collect::<Vec<_>>().join("\n")
}

fn environment(environment: &EnvironmentStatus) -> String {
    let mut text = String::new();
    let release = environment.release.map(|number| format!("{number}  ")).unwrap_or_default();
    line!(text, "{}  {release}{}", environment.name, health(environment.health));
    if let Some(reached) = &environment.reached {
        line!(text, "  {reached}");
    }
    let mut services = Table::new().indented();
    for service in &environment.services {
        let state = format!("{} {}", sign(service.health), service.state);
        services.row([service.name.clone(), state, service.image.clone(), service.ports.join(" ")]);
    }
    text.push_str(&services.to_string());
    for OneOffStatus { container, service, by, left_over, running, .. } in &environment.one_offs {
        let how = match (left_over, running) {
            (true, _) => "is left over: it goes with the next `run`, `deploy`, `restart` or `down`; it was started by",
            (false, true) => "runs for",
            (false, false) => "belongs to",
        };
        let sign = if *left_over { '!' } else { '·' };
        line!(text, "  {sign} the one-off container {container} of {service} {how} {by}");
    }
    if let Some(problem) = &environment.problem {
        line!(text, "  ✕ {problem}");
        line!(text, "    {}", problem.hint);
    }
    if let Some(deployment) = environment.deployment.as_ref().or(environment.last.as_ref()) {
        line!(text, "  {}", story(deployment, environment.release.is_some()));
    }
    if let Some(waiting) = environment.waiting.as_ref().filter(|_| environment.problem.is_none()) {
        text.push_str(&what_waits(environment, waiting));
    }
    text
}

/// What became of a deployment that is not the one that runs, and what to do about it.
fn story(deployment: &Deployment, deployed: bool) -> String {
    let Deployment { number, environment, kind, .. } = deployment;
    let bare = number.0;
    let when = local(deployment.ended.unwrap_or(deployment.started));
    match deployment.result {
        None => format!("▸ {kind} {number} runs since {}; `sternway logs {bare}`", local(deployment.started)),
        Some(Outcome::Interrupted) => {
            let back = if deployed { "rollback" } else { "down" };
            format!(
                "! {kind} {number} was interrupted: `sternway resume {environment}`, or `sternway {back} {environment}`"
            )
        }
        Some(Outcome::Cancelled) => format!(
            "! {kind} {number} was cancelled {when}: `sternway resume {environment}` goes on; `sternway show {bare}`"
        ),
        Some(result) => {
            let why = deployment.message.as_deref().and_then(|message| message.lines().next());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let sign = if result == Outcome::Succeeded { '·' } else { '✕' };
            let result = result.as_str().replace('_', " ");
            format!("{sign} {kind} {number} {result} {when}{why} (`sternway show {bare}`)")
        }
    }
}

fn what_waits(status: &EnvironmentStatus, waiting: &Waiting) -> String {
    let (environment, deployed) = (&status.name, status.release.is_some());
    let drift = status.drift.unwrap_or(0);
    let mut text = String::new();
    if drift > 0 {
        line!(text, "  ! {} from its release: `sternway drift {environment}`", counted(drift as usize, "difference"));
    }
    for blocker in &waiting.blockers {
        line!(text, "  ✕ {blocker}");
    }
    match &waiting.problem {
        Some(problem) => {
            line!(text, "  ✕ {problem}");
            if !problem.hint.is_empty() {
                line!(text, "    {}", problem.hint);
            }
        }
        // One that is between two states says itself what to do.
        None if status.deployment.is_some() => {}
        None if !deployed && waiting.blockers.is_empty() => {
            line!(text, "  · ready: `sternway deploy {environment}`");
        }
        None if deployed && waiting.changes > 0 => {
            let waits = if waiting.changes == 1 { "waits" } else { "wait" };
            let changes = counted(waiting.changes as usize, "change");
            // A deployment mends what drifted as well.
            let what = if drift > 0 { "drift and folder" } else { "in the folder" };
            line!(text, "  · {changes} {waits} ({what}): `sternway plan {environment}`");
        }
        None => {}
    }
    text
}

fn row(deployment: &Deployment) -> [String; 8] {
    let result = deployment.result.map_or("running", |result| result.as_str()).replace('_', " ");
    [
        deployment.number.to_string(),
        deployment.kind.to_string(),
        deployment.environment.to_string(),
        result,
        deployment.by.clone(),
        local(deployment.started),
        deployment.ended.map(|ended| took(ended.0.duration_since(deployment.started.0))).unwrap_or_default(),
        deployment.summary.clone(),
    ]
}

/// How long something took: tenths of a second, then seconds, then minutes.
fn took(time: SignedDuration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A page of the history.
pub fn history(page: &HistoryPage) -> String {
    if page.deployments.is_empty() {
        return "nothing was deployed yet".to_owned();
    }
    let mut table = Table::new().head(["", "kind", "environment", "result", "by", "started", "took", "what changed"]);
    for deployment in &page.deployments {
        table.row(row(deployment));
    }
    let mut text = table.to_string();
    let shown = page.deployments.len();
    if usize::try_from(page.total).is_ok_and(|total| total > shown) {
        line!(text, "{shown} of {}", page.total);
    }
    text
}

/// A deployment's page.
pub fn deployment(view: &DeploymentView) -> String {
    let mut text = String::new();
    line!(text, "{}", row(&view.deployment).join("  "));
    let message = view.deployment.message.as_deref();
    if let Some(message) = message {
        line!(text, "{message}");
    }
    let mut steps = Table::new().indented();
    for step in &view.steps {
        steps.row([
            step.number.to_string(),
            step.state.to_string(),
            step.stage.to_string(),
            step.name.clone(),
            detail(step, message),
        ]);
    }
    text.push_str(&steps.to_string());
    if !view.changes.is_empty() {
        line!(text, "changes\n{}", changes(&view.changes));
    }
    if let Some(release) = &view.release {
        line!(text, "release {}", release.number);
        let mut images = Table::new().indented();
        for image in &release.images {
            images.row([image.service.clone(), image.image.clone(), image.id.clone()]);
        }
        text.push_str(&images.to_string());
    }
    if let Some(reachable) = &view.reachable {
        let possible = if reachable.possible { "possible" } else { "not possible" };
        line!(text, "going back to it: {possible} ({})", reachable.reasons.join("; "));
    }
    text
}

/// What was seen of a step; not once more what the deployment's message says.
fn detail(step: &Step, message: Option<&str>) -> String {
    let said = step.state == StepState::Failed && message.is_some_and(|message| message.contains(&step.detail));
    if said { "as said above".to_owned() } else { step.detail.clone() }
}

//! Answers as text.

use std::fmt::Write;

use sternway_core::view::{
    DeploymentView, Drift, Health, HistoryPage, Import, Machine, Matrix, Part, Secrets, ServiceLine, Status, UsageView,
    Variables,
};
use sternway_model::{Action, Change, Deployment, Layer, Plan, Value};

/// Writing into a `String` cannot fail; this keeps that knowledge in one place.
macro_rules! line {
    ($to:expr) => { $to.push('\n') };
    ($to:expr, $($argument:tt)*) => {{
        let written = writeln!($to, $($argument)*);
        debug_assert!(written.is_ok(), "a String takes every text");
    }};
}

/// A plan by layer, with reasons.
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    let from = plan.from.map_or_else(|| "nothing".to_owned(), |number| number.to_string());
    let to = plan.to.map(|number| format!(" → {number}")).unwrap_or_default();
    line!(text, "{} {}   {from}{to}   plan {}", plan.kind, plan.environment, &plan.hash[..12.min(plan.hash.len())]);
    let proven = if plan.ready_to_go_back.proven { "proven" } else { "not proven" };
    line!(text, "going back: {proven} ({})", plan.ready_to_go_back.reasons.join("; "));
    for blocker in &plan.blockers {
        line!(text, "✕ {blocker}");
    }
    if plan.changes.is_empty() {
        line!(text, "nothing to change");
    }
    for layer in [Layer::Configuration, Layer::Application] {
        let of_layer: Vec<&Change> = plan.changes.iter().filter(|change| change.layer == layer).collect();
        if !of_layer.is_empty() {
            line!(text, "{layer}");
            for change in of_layer {
                line!(text, "{}", one_change(change));
            }
        }
    }
    if !plan.kept.is_empty() {
        line!(text, "stays as it is: {}", plan.kept.join(", "));
    }
    if !plan.verifications.is_empty() {
        line!(text, "verified by: {}", plan.verifications.join(" · "));
    }
    for note in &plan.notes {
        line!(text, "! {note}");
    }
    line!(text, "hash {}", plan.hash);
    text.truncate(text.trim_end().len());
    text
}

fn one_change(change: &Change) -> String {
    let sign = match change.action {
        Action::Create | Action::Build | Action::Pull => '+',
        Action::Remove => '-',
        Action::Start => '▸',
        Action::Update | Action::Recreate => '~',
    };
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("  {before} → {after}"),
        (None, Some(after)) => format!("  {after}"),
        (Some(before), None) => format!("  was {before}"),
        (None, None) => String::new(),
    };
    format!("  {sign} {}{values}  ({})", change.subject, change.reason)
}

/// Changes, one a line.
pub fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no difference".to_owned();
    }
    changes.iter().map(one_change).collect::<Vec<_>>().join("\n")
}

/// How an environment differs from its release.
pub fn drift(drift: &Drift) -> String {
    if drift.changes.is_empty() {
        return format!("{} runs what its release says", drift.environment);
    }
    format!("{} differs from its release; going back to it would:\n{}", drift.environment, changes(&drift.changes))
}

fn health(health: Health) -> &'static str {
    match health {
        Health::Healthy => "● healthy",
        Health::Degraded => "◐ degraded",
        Health::Failing => "✕ failing",
        Health::Unknown => "? unknown",
        Health::Deploying => "▸ deploying",
        Health::Interrupted => "! interrupted",
        Health::Empty => "○ nothing deployed",
    }
}

/// How the environments are.
pub fn status(status: &Status) -> String {
    let mut text = String::new();
    for environment in &status.environments {
        let release = environment.release.map(|number| number.to_string()).unwrap_or_default();
        line!(text, "{}  {release}  {}", environment.name, health(environment.health));
        for service in &environment.services {
            let ports = service.ports.join(" ");
            line!(text, "  {:20} {:12} {}  {ports}", service.name, service.state, service.image);
        }
        if let Some(problem) = &environment.problem {
            line!(text, "  {problem}");
            line!(text, "  {}", problem.hint);
        }
    }
    text
}

fn row(deployment: &Deployment) -> String {
    let result = deployment.result.map_or("running", |result| result.as_str()).replace('_', " ");
    format!(
        "{:>5}  {:9} {:14} {:11} {:10} {}  {}",
        deployment.number.to_string(),
        deployment.kind,
        deployment.environment,
        result,
        deployment.by,
        deployment.started.0.strftime("%Y-%m-%d %H:%M"),
        deployment.summary
    )
}

/// A page of the history.
pub fn history(page: &HistoryPage) -> String {
    if page.deployments.is_empty() {
        return "nothing was deployed yet".to_owned();
    }
    let mut text = page.deployments.iter().map(row).collect::<Vec<_>>().join("\n");
    let shown = page.deployments.len();
    if usize::try_from(page.total).is_ok_and(|total| total > shown) {
        line!(text, "\n{shown} of {}", page.total);
    }
    text
}

/// A deployment's page.
pub fn deployment(view: &DeploymentView) -> String {
    let mut text = row(&view.deployment);
    line!(text);
    if let Some(message) = &view.deployment.message {
        line!(text, "{message}");
    }
    for step in &view.steps {
        line!(text, "  {:10} {:14} {}  {}", step.state, step.stage, step.name, step.detail);
    }
    if !view.changes.is_empty() {
        line!(text, "changes\n{}", changes(&view.changes));
    }
    if let Some(release) = &view.release {
        line!(text, "release {}", release.number);
        for image in &release.images {
            line!(text, "  {:20} {}  {}", image.service, image.image, image.id);
        }
    }
    if let Some(reachable) = &view.reachable {
        let possible = if reachable.possible { "possible" } else { "not possible" };
        line!(text, "going back to it: {possible} ({})", reachable.reasons.join("; "));
    }
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::Plain(text) => text.clone(),
        Value::Secret { name, version: Some(version) } => format!("●●●● {name} v{version}"),
        Value::Secret { name, version: None } => format!("●●●● {name}, no value yet"),
    }
}

/// An environment's variables.
pub fn variables(variables: &Variables) -> String {
    let mut text = String::new();
    for variable in &variables.variables {
        let source = format!("{}:{}", variable.source.file.display(), variable.source.line);
        line!(text, "{:28} {:32} {source}", variable.key, value(&variable.value));
    }
    for key in &variables.missing {
        line!(text, "✕ {key} is required and has no value");
    }
    text
}

/// All environments side by side.
pub fn matrix(matrix: &Matrix) -> String {
    let mut text = format!("{:28}", "");
    for environment in &matrix.environments {
        text.push_str(&format!(" {environment:24}"));
    }
    line!(text);
    for row in &matrix.rows {
        text.push_str(&format!("{:28}", row.key));
        for cell in &row.cells {
            let shown = match (&cell.value, &cell.secret) {
                (Some(value), _) if cell.inherited => format!("·{value}"),
                (Some(value), _) => value.clone(),
                (None, Some(secret)) => {
                    let same = secret.same.map(|same| format!(" ={same}")).unwrap_or_default();
                    secret.version.map_or_else(|| "●●●● –".to_owned(), |version| format!("●●●● v{version}{same}"))
                }
                (None, None) if row.required => "✕ missing".to_owned(),
                (None, None) => "—".to_owned(),
            };
            text.push_str(&format!(" {shown:24}"));
        }
        line!(text);
    }
    for problem in &matrix.problems {
        line!(text, "✕ {problem}");
    }
    text
}

/// Secrets and their versions.
pub fn secrets(secrets: &Secrets) -> String {
    if secrets.secrets.is_empty() {
        return "no secret was set yet".to_owned();
    }
    let mut text = String::new();
    for secret in &secrets.secrets {
        let newest = secret.versions.first().map_or_else(
            || "no value".to_owned(),
            |newest| format!("v{} by {} {}", newest.version, newest.by, newest.created.0.strftime("%Y-%m-%d %H:%M")),
        );
        line!(text, "{:14} {:28} {newest}  {}", secret.environment, secret.name, secret.used_by.join(", "));
    }
    text
}

/// What an import would move.
pub fn import(import: &Import) -> String {
    let mut text = String::new();
    for candidate in &import.found {
        let place = format!("{}:{}", candidate.source.file.display(), candidate.source.line);
        let environments: Vec<&str> = candidate.environments.iter().map(|name| name.as_str()).collect();
        line!(text, "{:28} {place:24} {}  (read by {})", candidate.key, candidate.reason, environments.join(", "));
    }
    text
}

/// What Sternway needs from the machine.
pub fn machine(machine: &Machine) -> String {
    let mut text = format!("sternway {}   data in {}\n", machine.version, machine.home.display());
    for (name, part) in [("engine", &machine.engine), ("keychain", &machine.keychain), ("history", &machine.history)] {
        line!(text, "{} {name:9} {}", if part.ok { '✓' } else { '✕' }, part_words(part));
    }
    text
}

fn part_words(part: &Part) -> String {
    match &part.problem {
        Some(problem) => format!("{problem}\n            {}", problem.hint),
        None => part.detail.clone(),
    }
}

/// A line of a service, with the container's name in front: without the project's name, which is always the same.
pub fn service_line(line: &ServiceLine, compose_project: &str, with_time: bool) -> String {
    let name = line.container.strip_prefix(compose_project).and_then(|name| name.strip_prefix('-'));
    let time = if with_time { format!("{} ", line.at) } else { String::new() };
    format!("{:16} | {time}{}", name.unwrap_or(&line.container), line.text)
}

/// What containers use.
pub fn usage(usage: &UsageView) -> String {
    if usage.containers.is_empty() {
        return "nothing runs".to_owned();
    }
    let mut text = String::new();
    for container in &usage.containers {
        let [memory, limit] = [container.memory, container.memory_limit].map(|bytes| bytes / 1_048_576.0);
        line!(text, "{:32} {:6.1} %  {memory:8.1} MiB of {limit:.0} MiB", container.container, container.cpu_percent);
    }
    text
}

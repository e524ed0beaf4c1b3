//! Commands about what runs right now.

mod session;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sternway_core::view::{LogFilter, Pruned, UsageView};
use sternway_core::{ExecCommand, Notices, Pipes, Project, Pruning, ServiceLog};
use sternway_model::{At, Code, DeploymentNumber, EnvironmentName, Error, Result, ServiceName};

use super::Front;
use crate::arguments::{Exec, Logs, Prune, Since, Subject};
use crate::{out, show, signals, stream, terminal};

/// Lines at a time: a log may be longer than memory should hold.
const LINES: u32 = 5000;

/// Says which kept images would go, asks, and gives them up.
pub async fn prune(front: &Front<'_>, prune: Prune) -> Result<u8> {
    let Prune { environment, keep, unknown, dry_run, consent } = prune;
    let project = front.project().await?;
    let pruning = Pruning { keep, unknown };
    let plan = front.core.plan_prune(&project, &environment, pruning).await?;
    if dry_run {
        return front.answer(&plan, show::prune_plan);
    }
    if plan.images.is_empty() {
        let nothing = Pruned { environment, images: Vec::new(), frees: 0.0, made_room: false };
        return front.answer(&nothing, |_| show::prune_plan(&plan));
    }
    if !front.json {
        say!("{}", show::prune_plan(&plan));
    }
    let typed = if plan.guarded {
        Some(stream::name_of(&environment, &format!("{environment} is protected"), consent.confirm)?)
    } else {
        stream::agree("Give these images up?", consent.yes)?;
        None
    };
    let pruned = front.core.prune(&project, &environment, pruning, &plan.stamp, typed.as_deref()).await?;
    front.answer(&pruned, show::pruned)
}

/// Prints a deployment's log, or what services print.
pub async fn logs(front: &Front<'_>, logs: Logs) -> Result<u8> {
    match &logs.subject {
        Subject::Deployment(number) => {
            let of_services = logs.follow || logs.timestamps || logs.since.is_some() || logs.tail.is_some();
            if of_services || !logs.services.is_empty() {
                return Err(Error::new(
                    Code::Usage,
                    "services, --follow, --since, --tail and --timestamps want an environment",
                )
                .hint("For the log of a deployment: `sternway logs 41 [--step 3]`."));
            }
            deployment_log(front, DeploymentNumber(*number), logs.step).await
        }
        Subject::Environment(_) if logs.step.is_some() => {
            Err(Error::new(Code::Usage, "only a deployment has steps")
                .hint("For its log: `sternway logs 41 --step 3`."))
        }
        Subject::Environment(environment) => service_logs(front, environment, &logs).await,
    }
}

async fn deployment_log(front: &Front<'_>, number: DeploymentNumber, step: Option<u32>) -> Result<u8> {
    let project = front.project().await?;
    let steps = front.core.deployment(&project, number).await?.steps;
    let mut after = 0;
    // Whose lines are printed; who asked for one step knows.
    let mut told = step;
    loop {
        let page = front.core.log(&project, number, step, after, LINES).await?;
        let Some(last) = page.lines.last() else { return Ok(0) };
        after = last.line;
        for line in &page.lines {
            front.output(line, |line| {
                let from = steps.iter().find(|step| step.number == line.step && told != Some(step.number));
                told = Some(line.step);
                let heading = from.map(|step| format!("▸ {} {}\n", step.number, step.name));
                heading.unwrap_or_default() + &line.text
            })?;
        }
    }
}

async fn service_logs(front: &Front<'_>, environment: &EnvironmentName, logs: &Logs) -> Result<u8> {
    let project = front.project().await?;
    let since = logs.since.map(|since| match since {
        Since::Time(time) => time,
        Since::Ago(age) => At(jiff::Timestamp::now().checked_sub(age).unwrap_or(jiff::Timestamp::MIN)),
    });
    let filter = LogFilter { services: logs.services.clone(), follow: logs.follow, since, tail: logs.tail };
    let compose_project = project.file.compose_project(environment);
    let ServiceLog { mut lines, notice } = front.core.service_logs(&project, environment, &filter).await?;
    if let Some(notice) = notice {
        mention!("sternway: {}", notice.text);
    }
    let mut printed = false;
    while let Some(line) = lines.try_next().await? {
        printed = true;
        front.output(&line, |line| show::service_line(line, &compose_project, logs.timestamps))?;
        if out::is_unread() {
            break;
        }
    }
    if !printed {
        mention!("sternway: nothing was printed; `sternway status {environment}` says what runs");
    }
    Ok(0)
}

/// Prints what services use, once or until it is stopped.
pub async fn stats(front: &Front<'_>, environment: &EnvironmentName, follow: bool) -> Result<u8> {
    let project = front.project().await?;
    let print = |usage: &UsageView| front.answer(usage, show::usage);
    if !follow {
        return print(&front.core.usage(&project, environment).await?);
    }
    let mut reports = front.core.follow_usage(&project, environment)?;
    while let Some(usage) = reports.try_next().await? {
        print(&usage)?;
        if out::is_unread() {
            break;
        }
    }
    Ok(0)
}

/// Starts services anew.
pub async fn restart(
    front: &Front<'_>,
    environment: &EnvironmentName,
    services: Vec<ServiceName>,
    confirm: Option<String>,
) -> Result<u8> {
    let project = front.project().await?;
    let typed = stream::name_of_protected(&project, environment, confirm)?;
    let services: BTreeSet<ServiceName> = services.into_iter().collect();
    let json = front.json;
    let notices: Notices = Arc::new(move |line| {
        if !json {
            say!("{line}");
        }
    });
    let cancel = signals::cancelled_by_stop();
    let seen = front.core.restart(&project, environment, &services, typed.as_deref(), &notices, &cancel).await?;
    front.answer(&serde_json::json!({ "environment": environment, "restarted": seen }), |_| String::new())
}

/// Runs a command in a new container of a service; its exit code is the answer.
pub async fn run_once(
    front: &Front<'_>,
    environment: &EnvironmentName,
    service: &ServiceName,
    command: Vec<String>,
    confirm: Option<String>,
) -> Result<u8> {
    let project = front.project().await?;
    let typed = name_beside_input(&project, environment, confirm)?;
    let command = (!command.is_empty()).then_some(command);
    let notices: Notices = Arc::new(|line| mention!("sternway: {line}"));
    let cancel = signals::cancelled_by_stop();
    let pipes = Pipes { input: session::piped(), printed: &session::print };
    let run = front.core.run_once(&project, environment, service, command, typed.as_deref(), &notices, pipes, &cancel);
    Ok(exit_code(Box::pin(run).await?))
}

/// Runs a command in a container that runs, as if it ran here.
pub async fn exec(front: &Front<'_>, exec: Exec) -> Result<u8> {
    let project = front.project().await?;
    let terminal = !exec.no_terminal && session::on_terminal();
    let variables = if terminal { session::terminal_variables() } else { Vec::new() };
    let command = ExecCommand { words: exec.command, terminal, user: exec.user, folder: exec.folder, variables };
    let typed = name_beside_input(&project, &exec.environment, exec.confirm)?;
    let core = front.core;
    let session =
        core.exec(&project, &exec.environment, &exec.service, exec.number, typed.as_deref(), &command).await?;
    session::carry_out(session, terminal).await.map(exit_code)
}

/// The name of a protected environment. What is piped in is the command's; nobody is asked there.
fn name_beside_input(
    project: &Project,
    environment: &EnvironmentName,
    confirm: Option<String>,
) -> Result<Option<String>> {
    match confirm {
        None if terminal::is_there() => stream::name_of_protected(project, environment, None),
        given => Ok(given),
    }
}

/// Exit codes that this system cannot pass on become 1.
fn exit_code(code: i64) -> u8 {
    u8::try_from(code).unwrap_or(1)
}

//! From a command line to a use case, and from its answer to text or JSON.

mod compose;
mod config;
mod secret;
mod services;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sternway_core::view::{Doctor, HistoryFilter};
use sternway_core::{Project, Removal, Sternway};
use sternway_model::{Code, DeploymentNumber, EnvironmentName, Error, FILE_NAME, Kind, Plan, Result};

use crate::arguments::{Arguments, Command, Consent};
use crate::{complain, exit, out, show, stream};

/// Where answers go.
pub struct Front<'a> {
    /// The core.
    pub core: &'a Arc<Sternway>,
    /// The project's folder.
    pub folder: &'a Path,
    /// Answers are JSON.
    pub json: bool,
}

impl Front<'_> {
    /// Opens the project.
    pub async fn project(&self) -> Result<Project> {
        self.core.open(self.folder).await
    }

    /// Prints a value or a file's text: as JSON, or as it is.
    pub fn exact<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<u8> {
        if self.json {
            return self.answer(value, |_| String::new());
        }
        out::exact(&text(value));
        Ok(0)
    }

    /// Prints a line that a program printed: as JSON, or as it was.
    pub fn output<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<u8> {
        if self.json {
            return self.answer(value, |_| String::new());
        }
        out::output(&text(value));
        Ok(0)
    }

    /// Prints an answer: as JSON, or as `text` words it.
    pub fn answer<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<u8> {
        if self.json {
            let json = serde_json::to_string(value)
                .map_err(|error| Error::internal(format!("an answer is no JSON: {error}")))?;
            out::json(&json);
        } else {
            let text = text(value);
            if !text.is_empty() {
                say!("{}", text.trim_end());
            }
        }
        Ok(0)
    }
}

/// Does what the command line says; the answer is the exit code.
pub async fn run(core: &Arc<Sternway>, arguments: Arguments) -> Result<u8> {
    let folder = match arguments.project {
        Some(folder) => folder,
        None => nearest_project(&arguments.command),
    };
    let front = Front { core, folder: &folder, json: arguments.json };
    match arguments.command {
        Command::Init => {
            let made = core.init(front.folder).await?;
            front.answer(&made, show::initialised)
        }
        Command::Trust { yes, revoke } => trust::run(&front, yes, revoke).await,
        Command::Plan { environment, exit_code } => {
            let plan = core.plan(&front.project().await?, &environment).await?;
            front.answer(&plan, show::plan)?;
            Ok(exit::of_plan(&plan, exit_code))
        }
        Command::Deploy { environment, plan, consent } => {
            let project = front.project().await?;
            let seen = core.plan(&project, &environment).await?;
            if plan.is_some_and(|hash| hash != seen.hash) {
                return Err(Error::new(Code::PlanMoved, format!("the plan is now {}", seen.hash))
                    .hint("What it was made from has changed. Look at `sternway plan` again."));
            }
            carry_out(&front, &project, &seen, &consent).await
        }
        Command::Rollback { environment, to, layers, consent } => {
            if !layers.is_empty() {
                return Err(Error::new(Code::Unsupported, "single layers cannot go back yet")
                    .hint("Leave out --layers: configuration and application go back together."));
            }
            let project = front.project().await?;
            let plan = core.plan_rollback(&project, &environment, to.map(DeploymentNumber)).await?;
            carry_out(&front, &project, &plan, &consent).await
        }
        Command::Resume { environment, consent } => {
            let project = front.project().await?;
            let plan = core.plan_resume(&project, &environment).await?;
            carry_out(&front, &project, &plan, &consent).await
        }
        Command::Promote { from, to, allow, dry_run, consent } => {
            let project = front.project().await?;
            let promotion = core.plan_promotion(&project, &from, &to, &allow).await?;
            if dry_run {
                front.answer(&promotion, show::promotion)?;
                return Ok(exit::of_plan(&promotion.plan, false));
            }
            if !front.json {
                say!("{}", show::speaks_against(&promotion));
            }
            carry_out(&front, &project, &promotion.plan, &consent).await
        }
        Command::Unlock { environment } => {
            core.unlock(&front.project().await?, &environment).await?;
            front.answer(&serde_json::json!({ "environment": environment }), |_| format!("{environment} is free"))
        }
        Command::Status { environment } => {
            let status = core.status_and_waiting(&front.project().await?, environment.as_ref()).await?;
            front.answer(&status, show::status)?;
            Ok(exit::of_status(&status))
        }
        Command::Drift { environment, exit_code } => {
            let drift = core.drift(&front.project().await?, &environment).await?;
            front.answer(&drift, show::drift)?;
            Ok(exit::of_changes(&drift.changes, exit_code))
        }
        Command::History { environment, limit, offset } => {
            let filter = HistoryFilter { environment, limit: Some(limit), offset, ..HistoryFilter::default() };
            let page = core.deployments(&front.project().await?, filter).await?;
            front.answer(&page, show::history)
        }
        Command::Show { deployment } => {
            let view = core.deployment(&front.project().await?, DeploymentNumber(deployment)).await?;
            front.answer(&view, show::deployment)
        }
        Command::Compare { a, b } => {
            let comparison = core.compare(&front.project().await?, DeploymentNumber(a), DeploymentNumber(b)).await?;
            front.answer(&comparison, |comparison| show::changes(&comparison.changes))
        }
        Command::Logs(logs) => services::logs(&front, logs).await,
        Command::Stats { environment, follow } => services::stats(&front, &environment, follow).await,
        Command::Restart { environment, services, confirm } => {
            services::restart(&front, &environment, services, confirm).await
        }
        Command::Exec(exec) => services::exec(&front, exec).await,
        Command::Down { environment, volumes, images, consent } => {
            let project = front.project().await?;
            let plan = core.plan_down(&project, &environment, Removal { volumes, images }).await?;
            carry_out(&front, &project, &plan, &consent).await
        }
        Command::Prune(prune) => services::prune(&front, prune).await,
        Command::Config(command) => config::run(&front, command).await,
        Command::Secret(command) => Box::pin(secret::run(&front, command)).await,
        Command::Run { environment, service: Some(service), confirm, command } => {
            services::run_once(&front, &environment, &service, command, confirm).await
        }
        Command::Run { environment, service: None, command, .. } => execute(&front, &environment, &command).await,
        Command::Compose(command) => compose::run(&front, command),
        Command::Audit { environment, limit } => {
            let project = front.project().await?;
            front.answer(&core.audit(&project, environment.as_ref(), Some(limit)).await?, show::audit)
        }
        Command::Doctor => {
            let targets = match front.project().await {
                Ok(project) => core.targets(&project).await,
                Err(error) if error.code == Code::ProjectMissing => Vec::new(),
                Err(error) => return Err(error),
            };
            let doctor = Doctor { machine: core.machine().await, targets };
            front.answer(&doctor, show::doctor)?;
            Ok(exit::of_doctor(&doctor))
        }
    }
}

/// The folder from here upwards that has a project; this one if there is none, and for what has nothing to do with one.
fn nearest_project(command: &Command) -> PathBuf {
    let here = PathBuf::from(".");
    if matches!(command, Command::Init | Command::Compose(_)) {
        return here;
    }
    // Without a current folder there is no project, and whoever opens it says so.
    let above = std::env::current_dir().ok();
    let above = above.as_deref().into_iter().flat_map(Path::ancestors).find(|folder| folder.join(FILE_NAME).exists());
    above.map_or(here, Path::to_owned)
}

/// Shows the plan, asks, and follows the deployment to its end.
async fn carry_out(front: &Front<'_>, project: &Project, plan: &Plan, consent: &Consent) -> Result<u8> {
    if !front.json {
        say!("{}\n", show::plan(plan));
    }
    if let Some(refusal) = plan.refusal().filter(|_| !plan.blockers.is_empty()) {
        // The plan has been read, and has all that stands in its way.
        let refusal =
            if front.json { refusal } else { Error::invalid("nothing was done: mend what is marked with ✕ first") };
        complain(&refusal.hint(mending(plan)), front.json);
        return Ok(exit::REFUSED);
    }
    trust::ask(front, project, plan).await?;
    let typed = stream::consent(plan, consent, front.json)?;
    let running = front.core.run(project, &plan.hash, typed.as_deref()).await?;
    stream::follow(running, front.json).await
}

/// What to do about what stands first in a plan's way.
fn mending(plan: &Plan) -> String {
    let environment = &plan.environment;
    let blocker = plan.blockers.first().map_or("", String::as_str);
    let secret = blocker.strip_prefix("the secret ").and_then(|rest| rest.split(' ').next());
    match secret {
        Some(secret) => format!("Set it with `sternway secret set {environment} {secret}`, then plan again."),
        None if blocker.contains(" is required ") => {
            format!("Give it a value with `sternway config set {environment} KEY VALUE`, then plan again.")
        }
        None if blocker.contains(" was left half-way by ") => {
            format!("`sternway resume {environment}` finishes it, `sternway rollback {environment}` goes back.")
        }
        None if plan.kind == Kind::Promote => {
            "Change what is wrong with `sternway config set` or `secret set`; what is meant as it is, name with `--allow KEY`."
                .to_owned()
        }
        None => "Mend what it names, then plan again.".to_owned(),
    }
}

/// Becomes the command: same terminal, same exit code.
async fn execute(front: &Front<'_>, environment: &EnvironmentName, command: &[String]) -> Result<u8> {
    let project = front.project().await?;
    let variables: BTreeMap<_, _> = front.core.environment_of(&project, environment).await?;
    let [program, arguments @ ..] = command else {
        return Err(Error::new(Code::Usage, "a command is wanted behind `--`"));
    };
    let code = sternway_core::become_program(program, arguments, &variables)?;
    Ok(u8::try_from(code).unwrap_or(1))
}

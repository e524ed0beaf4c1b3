//! The move: one function for deploying, going back and recovering.
//!
//! The road is always the same: checks, build, the layers in their order, verification. What differs is the want. Checks and
//! build look at the project's folder, so they are walked only when the want comes from there.

mod first_row;
mod supplies;
mod walk;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sternway_compose::{Engine, Lease};
use sternway_history::ProjectId;
use sternway_model::{Code, DeploymentNumber, EnvironmentName, Error, Event, Kind, Outcome, Release, Result};
use sternway_vault::{Redactor, Revealed};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::journal::{Journal, Live, Lives};
use crate::machine::Core;
use crate::notify::{self, Notice};
use crate::owner::Owner;
use crate::plan::{Prepared, prepare};
use crate::planning::{Goal, Remembered, moved};
use crate::project::Project;
use crate::steps;
use crate::trust::Trusted;
use crate::want::{Want, Wanted};

/// How long an engine may be away in the middle of a deployment: a restart of it, a network that comes back.
const AWAY: Duration = Duration::from_secs(20);
/// The same for the way back.
const AWAY_GOING_BACK: Duration = Duration::from_secs(60);

/// A deployment that has begun.
pub struct Running {
    /// Its number.
    pub number: DeploymentNumber,
    /// The way to stop it.
    pub live: Arc<Live>,
    /// Its events from the very first, and those of the one that moves back after it. Its own end is the last.
    pub events: UnboundedReceiver<Event>,
    /// Ends when it ends.
    pub ended: JoinHandle<Ended>,
}

/// How a deployment ended, as its last event says it.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub result: Outcome,
    /// Why it did not succeed, and in what state things are.
    pub message: Option<String>,
}

/// All that a run holds for as long as it lasts.
struct Hold {
    project: Project,
    environment: EnvironmentName,
    id: ProjectId,
    engine: Engine,
    /// None where the plan changes nothing: then nobody else had the lock before and after the target was looked at.
    lease: Option<Lease>,
    /// Without it no command of the project's runs.
    trusted: Option<Trusted>,
    owner: Owner,
    live: Arc<Live>,
    /// What was seen to before it began, in sentences: what an earlier command left behind, what has no copy.
    beforehand: Vec<String>,
}

impl Hold {
    /// Gives the lock back, if there is one.
    async fn release(&mut self) -> Result<()> {
        match self.lease.take() {
            Some(lease) => lease.release(&self.engine).await,
            None => Ok(()),
        }
    }
}

/// A deployment that can be found by its number.
struct Listed {
    lives: Arc<Lives>,
    key: (std::path::PathBuf, DeploymentNumber),
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Core {
    /// Runs a plan that was made before.
    ///
    /// # Errors
    /// [`Code::PlanMoved`] if its inputs have changed or it is too old, [`Code::Protected`] if the environment's name was
    /// not typed, [`Code::Untrusted`] if the project's commands may not run here, [`Code::Locked`] if somebody else is at it, [`Code::Interrupted`] if the deployment before was. Nothing
    /// was touched then.
    pub async fn run(self: &Arc<Self>, project: &Project, hash: &str, typed: Option<&str>) -> Result<Running> {
        let id = self.project_id(project).await?;
        let plan = self.remembered(id, hash).await?.plan;
        self.begin(project, &plan.environment, hash, typed).await
    }

    /// Goes on with what the interrupted deployment wanted, from what is really there.
    ///
    /// # Errors
    /// [`Code::NotFound`] if nothing was interrupted; else as [`Core::run`].
    pub async fn resume(
        self: &Arc<Self>,
        project: &Project,
        environment: &EnvironmentName,
        typed: Option<&str>,
    ) -> Result<Running> {
        let plan = self.plan_resume(project, environment).await?;
        self.begin(project, environment, &plan.hash, typed).await
    }

    /// Begins a move. When this returns, the deployment is in history and runs.
    ///
    /// # Errors
    /// As [`Core::run`].
    pub async fn begin(
        self: &Arc<Self>,
        project: &Project,
        environment: &EnvironmentName,
        hash: &str,
        typed: Option<&str>,
    ) -> Result<Running> {
        self.recover(project).await?;
        let id = self.project_id(project).await?;
        let Remembered { goal, plan } = self.remembered(id, hash).await?;
        confirm(environment, plan.protected, typed)?;
        if plan.expires < self.parts.clock.now() {
            return Err(
                Error::new(Code::PlanMoved, "the plan is too old").hint("Plan again and look at what has changed.")
            );
        }
        let trusted = self.trusted(project).await?;
        if trusted.is_none()
            && let Some(refusal) = plan.refusal()
        {
            return Err(refusal);
        }
        let engine = self.engine(project, environment)?;
        let owner = Owner::register(&self.parts.home.owners(), token()?)?;
        let live = Arc::new(Live::default());
        let lease = if plan.changes.is_empty() {
            None
        } else {
            Some(self.lease(project, environment, &engine, &live.cancel).await?)
        };
        let mut hold = Hold {
            project: project.clone(),
            environment: environment.clone(),
            id,
            engine,
            lease,
            trusted,
            owner,
            live: live.clone(),
            beforehand: Vec::new(),
        };
        match Box::pin(self.begin_held(&mut hold, &goal, hash)).await {
            Ok((prepared, secrets, number)) => {
                hold.engine = hold.engine.patient(AWAY);
                let core = self.clone();
                let events = live.listen();
                let listed = self.list_live(&hold, number);
                let ended = tokio::spawn(async move {
                    let ended = Box::pin(core.carry_out(hold, prepared, secrets, number)).await;
                    drop(listed);
                    ended
                });
                Ok(Running { number, live, events, ended })
            }
            Err(error) => {
                hold.release().await?;
                Err(error)
            }
        }
    }

    /// Under the lock: looks again, compares with what the person saw, and writes the deployment's first row.
    async fn begin_held(
        &self,
        hold: &mut Hold,
        goal: &Goal,
        hash: &str,
    ) -> Result<(Prepared, Revealed, DeploymentNumber)> {
        if hold.lease.is_some() {
            hold.beforehand = self.sweep(&hold.project, &hold.environment, &hold.engine).await?;
        }
        let mut prepared = match &hold.lease {
            Some(_) => self.prepare(&hold.project, &hold.environment, hold.engine.observer(), goal).await?,
            None => {
                let prepared = match self.made_just_now(&hold.project, hash) {
                    Some(prepared) => prepared,
                    None => {
                        self.unlocked(&hold.project, &hold.environment, &hold.engine).await?;
                        self.prepare(&hold.project, &hold.environment, hold.engine.observer(), goal).await?
                    }
                };
                self.unlocked(&hold.project, &hold.environment, &hold.engine).await?;
                prepared
            }
        };
        if let Some(refusal) = prepared.plan.refusal() {
            let hint =
                if refusal.hint.is_empty() { "Mend it, then plan again.".to_owned() } else { refusal.hint.clone() };
            return Err(refusal.hint(hint));
        }
        if prepared.plan.hash != hash {
            return Err(moved());
        }
        let secrets = self.read_secrets(hold, &prepared).await?;
        let not_kept = self.keep_copies(hold, &mut prepared, &secrets).await?;
        hold.beforehand.extend(not_kept);
        let telling = notify::steps(self, &hold.project);
        let number = self.record_begin(hold, &prepared, goal, telling).await?;
        Ok((prepared, secrets, number))
    }

    /// Walks the road to its end, goes back by itself where it has to, and writes down how it ended.
    async fn carry_out(
        self: Arc<Self>,
        mut hold: Hold,
        prepared: Prepared,
        secrets: Revealed,
        number: DeploymentNumber,
    ) -> Ended {
        let (live, environment) = (hold.live.clone(), hold.environment.clone());
        let redactor = Arc::new(Redactor::default());
        let walked = match redactor.add_all(secrets.values()) {
            Ok(()) => Box::pin(self.walk(&hold, &prepared, &secrets, &redactor, number)).await,
            Err(error) => Err(error),
        };
        let (result, release, mut message) = match walked {
            Ok(walked) => walked,
            // The record itself could not be written: what was done is not known to history.
            Err(error) => (Outcome::Unknown, None, Some(redactor.redact(&error.to_string()))),
        };
        if let Err(error) = hold.release().await {
            add(&mut message, &format!("the lock on the target could not be removed: {error}"));
        }
        let notice = Notice {
            project: hold.project.file.project.clone(),
            deployment: number,
            kind: prepared.plan.kind,
            environment: environment.clone(),
            result,
            message: message.clone(),
        };
        if let Err(error) = self.tell(&hold, &prepared, &secrets, &redactor, &notice).await {
            add(&mut message, &redactor.redact(&error.to_string()));
        }
        let end = Event::End {
            deployment: number,
            kind: prepared.plan.kind,
            environment,
            result,
            release,
            message: message.clone(),
        };
        live.tell(&end);
        Ended { result, message }
    }

    /// Walks the notification stage.
    async fn tell(
        &self,
        hold: &Hold,
        prepared: &Prepared,
        secrets: &Revealed,
        redactor: &Arc<Redactor>,
        notice: &Notice,
    ) -> Result<()> {
        let variables = steps::variables(&hold.environment, &prepared.want.configuration, Some(secrets))?;
        let first = u32::try_from(walk::listed(&hold.project, prepared).len() + 1).unwrap_or(u32::MAX);
        let journal = self.journal(hold, prepared, redactor, notice.deployment).await?;
        self.notify(&hold.project, hold.trusted.as_ref(), &hold.owner, &journal, first, notice, variables).await?;
        journal.close().await
    }

    async fn walk(
        &self,
        hold: &Hold,
        prepared: &Prepared,
        secrets: &Revealed,
        redactor: &Arc<Redactor>,
        number: DeploymentNumber,
    ) -> Result<(Outcome, Option<DeploymentNumber>, Option<String>)> {
        let history = self.history().await?;
        let now = || self.parts.clock.now();
        let journal = self.journal(hold, prepared, redactor, number).await?;
        for sentence in &hold.beforehand {
            journal.state(sentence).await?;
        }
        let walked = Box::pin(self.walk_steps(hold, prepared, secrets, &journal)).await;
        journal.boundary("walked");
        let stopped = match walked {
            Ok(release) => {
                journal.close().await?;
                history.finish(hold.id, number, Outcome::Succeeded, None, Some(&release), now()).await?;
                (self.parts.boundary)("released");
                let unfinished = self.finish_rotations(&hold.project, &hold.environment).await;
                return Ok((Outcome::Succeeded, Some(number), unfinished));
            }
            Err(stopped) => stopped,
        };
        let why = redactor.redact(&stopped.words());
        let result = if stopped.error.code == Code::Cancelled { Outcome::Cancelled } else { Outcome::Failed };
        // Services that come back to volumes which are gone would begin with empty ones, and nobody would notice.
        // Nor may anything be changed once somebody else has the lock.
        let locked_out = stopped.error.code == Code::Locked;
        let can_go_back = stopped.touched && !stopped.stays && !locked_out && !prepared.want.remove.volumes;
        let go_back = result == Outcome::Failed && can_go_back;
        match prepared.have.as_ref().filter(|_| go_back) {
            None => {
                let state = if !stopped.touched {
                    "Nothing was changed."
                } else if locked_out {
                    &format!("{} Somebody else may be at work there now.", stopped.halfway())
                } else if result == Outcome::Cancelled {
                    &format!("{} Resume {}, or deploy it again.", stopped.halfway(), hold.environment)
                } else if stopped.stays {
                    &format!(
                        "It stays as it is, because the service asks for it (failure_action). {} Deploy again, or go back.",
                        stopped.halfway()
                    )
                } else if prepared.plan.kind == Kind::Down {
                    &format!("{} Take it down again, or go back.", stopped.halfway())
                } else {
                    &format!("There is no earlier release to go back to. {}", stopped.halfway())
                };
                let message = format!("{why}\n{state}");
                journal.state(state).await?;
                journal.close().await?;
                history.finish(hold.id, number, result, Some(&message), None, now()).await?;
                Ok((result, None, Some(message)))
            }
            Some(have) => {
                journal.state(&format!("Moving back to {}.", have.number)).await?;
                journal.close().await?;
                history.finish(hold.id, number, Outcome::Failed, Some(&why), None, now()).await?;
                (self.parts.boundary)("failed, moving back");
                let message = match Box::pin(self.move_back(hold, have, secrets, redactor)).await {
                    Ok(back) => {
                        let message =
                            format!("{why}\nThe environment was moved back to {} by deployment {back}.", have.number);
                        history.amend(hold.id, number, Outcome::Failed, Outcome::WentBack, &message).await?;
                        return Ok((Outcome::WentBack, None, Some(message)));
                    }
                    Err(error) => format!(
                        "{why}\nMoving back to {} failed too: {}\nThe environment is in between; look at its services, then go back or deploy again.",
                        have.number,
                        redactor.redact(&error.to_string())
                    ),
                };
                history.amend(hold.id, number, Outcome::Failed, Outcome::Failed, &message).await?;
                Ok((Outcome::Failed, None, Some(message)))
            }
        }
    }

    /// The same move with the release before as its want, recorded as a deployment of its own.
    async fn move_back(
        &self,
        hold: &Hold,
        have: &Release,
        secrets: &Revealed,
        redactor: &Arc<Redactor>,
    ) -> Result<DeploymentNumber> {
        // Whatever it was that failed, the way back is worth a longer wait.
        hold.engine.wait_anew(AWAY_GOING_BACK);
        let wanted = Wanted::plain(Want::from_release(have));
        let observer = hold.engine.observer();
        let prepared = prepare(&hold.project, &hold.environment, observer, Some(have.clone()), wanted, self).await?;
        if !prepared.lacking.is_empty() {
            return Err(Error::new(Code::NotFound, prepared.lacking.join("; "))
                .hint("Bring back what is missing, then go back."));
        }
        // People are told by the deployment that made it necessary.
        let number = self.record_begin(hold, &prepared, &Goal::Release(have.number), Vec::new()).await?;
        let _listed = self.list_live(hold, number);
        let journal = self.journal(hold, &prepared, redactor, number).await?;
        let walked = Box::pin(self.walk_steps(hold, &prepared, secrets, &journal)).await;
        let history = self.history().await?;
        let (result, release, message) = match &walked {
            Ok(release) => (Outcome::Succeeded, Some(release), None),
            Err(stopped) => (Outcome::Failed, None, Some(redactor.redact(&stopped.words()))),
        };
        journal.close().await?;
        history.finish(hold.id, number, result, message.as_deref(), release, self.parts.clock.now()).await?;
        hold.live.tell(&Event::End {
            deployment: number,
            kind: Kind::Rollback,
            environment: hold.environment.clone(),
            result,
            release: release.map(|release| release.number),
            message,
        });
        walked.map(|_| number).map_err(|stopped| stopped.error)
    }

    async fn journal(
        &self,
        hold: &Hold,
        prepared: &Prepared,
        redactor: &Arc<Redactor>,
        number: DeploymentNumber,
    ) -> Result<Journal> {
        Ok(Journal::open(
            self.record(prepared).await?,
            hold.id,
            number,
            hold.live.clone(),
            redactor.clone(),
            self.parts.clock.clone(),
            self.parts.boundary.clone(),
        ))
    }

    /// From now on the deployment can be found by its number, until the answer is dropped.
    fn list_live(&self, hold: &Hold, number: DeploymentNumber) -> Listed {
        let key = (hold.project.folder.clone(), number);
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), hold.live.clone());
        Listed { lives: self.lives.clone(), key }
    }

    /// Stops a deployment that this process runs.
    ///
    /// # Errors
    /// [`Code::NotFound`] if it does not run here.
    pub fn cancel(&self, project: &Project, number: DeploymentNumber) -> Result<()> {
        self.live(project, number)?.cancel.cancel();
        Ok(())
    }

    /// The live events of a deployment that this process runs.
    ///
    /// # Errors
    /// [`Code::NotFound`] if it does not run here.
    pub fn live(&self, project: &Project, number: DeploymentNumber) -> Result<Arc<Live>> {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.get(&(project.folder.clone(), number)).cloned().ok_or_else(|| {
            Error::new(Code::NotFound, format!("deployment {number} does not run here"))
                .hint("It has ended, or another program runs it.")
        })
    }

    /// Every deployment that this process runs.
    #[must_use]
    pub fn running_here(&self) -> Vec<(std::path::PathBuf, DeploymentNumber)> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// Refuses what a person has not confirmed by typing the environment's name, where that is wanted.
pub(crate) fn confirm(environment: &EnvironmentName, wanted: bool, typed: Option<&str>) -> Result<()> {
    if wanted && typed != Some(environment.as_str()) {
        let message = match typed {
            Some(typed) => format!("`{typed}` is not the name of {environment}"),
            None => format!("this is done to {environment} only if its name is typed"),
        };
        return Err(Error::new(Code::Protected, message)
            .hint(format!("Type `{environment}` to confirm; on the command line, `--confirm {environment}`.")));
    }
    Ok(())
}

/// Says one thing more about how a deployment ended.
fn add(message: &mut Option<String>, more: &str) {
    let message = message.get_or_insert_default();
    if !message.is_empty() {
        message.push('\n');
    }
    message.push_str(more);
}

/// Names a process for as long as it runs a deployment.
fn token() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::failed(format!("no random numbers: {error}")))?;
    Ok(hex::encode(bytes))
}

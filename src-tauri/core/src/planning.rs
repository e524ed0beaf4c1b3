//! Use cases: plan a deployment, plan going back, drift.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sternway_compose::{Observer, Removal, lease};
use sternway_config::NO_VERSION;
use sternway_history::{Filter, ProjectId, StoredPlan};
use sternway_model::{
    Code, Deployment, DeploymentNumber, EnvironmentName, Error, Kind, Layer, Outcome, Plan, Readiness, Release, Result,
    SecretPin, Value,
};

use crate::configure::blocking;
use crate::elsewhere;
use crate::kept;
use crate::machine::Core;
use crate::plan::{Prepared, Survey, prepare, survey};
use crate::project::Project;
use crate::promotion::Promoting;
use crate::unresolved;
use crate::view::Drift;
use crate::want::{Want, Wanted};

/// Releases that a message lists.
const LISTED: u32 = 5;

/// How many releases are looked through for one that differs from what runs.
const SEARCHED: u32 = 50;

/// How old what was seen may be when a plan that does nothing is run: as long as a program needs that plans and runs in one
/// go. A person needs longer.
const JUST_NOW: Duration = Duration::from_secs(2);

/// A plan that does nothing, with what it was made from.
pub(crate) struct Idle {
    folder: PathBuf,
    prepared: Prepared,
    made: Instant,
}

/// What is remembered of a plan until it is run: enough to make it again and compare.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub goal: Goal,
    pub plan: Plan,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// What the folder says.
    Folder,
    /// An earlier release.
    Release(DeploymentNumber),
    /// The release before; after a move that did not succeed, the one that it left.
    Before,
    /// What the interrupted deployment wanted.
    Interrupted,
    /// Nothing.
    Nothing(Removal),
    /// The release of another environment.
    Promote(Promoting),
}

impl Goal {
    /// Whether what is moved to was deployed before.
    fn comes_from_history(&self) -> bool {
        matches!(self, Self::Release(_) | Self::Before)
    }
}

impl Core {
    /// What a deployment of the project's folder would change. Changes nothing.
    ///
    /// # Errors
    /// If the folder's files are wrong, or the target cannot be observed.
    pub async fn plan(&self, project: &Project, environment: &EnvironmentName) -> Result<Plan> {
        self.plan_for(project, environment, Goal::Folder).await
    }

    /// What going back would change; to the release before unless one is named. Changes nothing.
    ///
    /// # Errors
    /// If there is no such release, or the target cannot be observed.
    pub async fn plan_rollback(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        to: Option<DeploymentNumber>,
    ) -> Result<Plan> {
        self.plan_for(project, environment, to.map_or(Goal::Before, Goal::Release)).await
    }

    /// What taking an environment down would remove. Changes nothing.
    ///
    /// # Errors
    /// If the target cannot be observed.
    pub async fn plan_down(&self, project: &Project, environment: &EnvironmentName, remove: Removal) -> Result<Plan> {
        self.plan_for(project, environment, Goal::Nothing(remove)).await
    }

    /// What going on with the interrupted deployment would change. Changes nothing.
    ///
    /// # Errors
    /// [`Code::NotFound`] if nothing was interrupted; else as [`Core::plan`].
    pub async fn plan_resume(&self, project: &Project, environment: &EnvironmentName) -> Result<Plan> {
        self.plan_for(project, environment, Goal::Interrupted).await
    }

    /// A plan for any goal. It is remembered under its hash, so that it can be run.
    ///
    /// # Errors
    /// As [`Core::plan`] and [`Core::plan_rollback`].
    pub async fn plan_for(&self, project: &Project, environment: &EnvironmentName, goal: Goal) -> Result<Plan> {
        self.recover(project).await?;
        let observer = self.observer(project, environment)?;
        let noticed = self.notice(project).await;
        let made = Instant::now();
        let compose_project = project.file.compose_project(environment);
        let held = lease::holder(&observer, &compose_project);
        let (held, prepared) = tokio::join!(held, Box::pin(self.prepare(project, environment, &observer, &goal)));
        let (locked, mut prepared) = (held?.is_some(), prepared?);
        if let Err(error) = noticed {
            let note = format!("what changed in the configuration could not be written down as a version: {error}");
            prepared.plan.notes.push(note);
        }
        let id = self.project_id(project).await?;
        let plan = prepared.plan.clone();
        if prepared.is_idle() && !locked {
            let idle = Idle { folder: project.folder.clone(), prepared, made };
            *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(idle);
        }
        let body = serde_json::to_value(Remembered { goal, plan: plan.clone() })
            .map_err(|error| Error::internal(format!("a plan cannot be stored: {error}")))?;
        let stored = StoredPlan {
            hash: plan.hash.clone(),
            kind: plan.kind,
            environment: environment.clone(),
            body,
            created: self.parts.clock.now(),
            expires: plan.expires,
        };
        self.history().await?.hasty().save_plan(id, &stored).await?;
        Ok(plan)
    }

    /// A plan that does nothing and was made a moment ago, when nobody had the lock: what it saw need not be looked at again.
    pub(crate) fn made_just_now(&self, project: &Project, hash: &str) -> Option<Prepared> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let same = idle.folder == project.folder && idle.prepared.plan.hash == hash;
        (same && idle.made.elapsed() < JUST_NOW).then_some(idle.prepared)
    }

    /// A plan that was shown.
    ///
    /// # Errors
    /// [`Code::PlanMoved`] if it is not known any more.
    pub(crate) async fn remembered(&self, id: ProjectId, hash: &str) -> Result<Remembered> {
        let stored = self.history().await?.plan(id, hash).await?.ok_or_else(moved)?;
        serde_json::from_value(stored.body)
            .map_err(|error| Error::new(Code::HistoryDamaged, format!("the plan {hash} cannot be read: {error}")))
    }

    /// The newest deployment of an environment.
    pub(crate) async fn newest(&self, id: ProjectId, environment: &EnvironmentName) -> Result<Option<Deployment>> {
        let filter = Filter { environment: Some(environment.clone()), limit: 1, ..Filter::default() };
        let (deployments, _) = self.history().await?.history(id, &filter).await?;
        Ok(deployments.into_iter().next())
    }

    /// Why nothing new can begin: the deployment before was interrupted.
    async fn left_half_way(&self, id: ProjectId, environment: &EnvironmentName) -> Result<Option<String>> {
        let newest = self.newest(id, environment).await?;
        let interrupted = newest.filter(|newest| newest.result == Some(Outcome::Interrupted));
        Ok(interrupted.map(|Deployment { kind, number, .. }| {
            format!("{environment} was left half-way by {kind} {number}: resume that, or go back")
        }))
    }

    pub(crate) async fn prepare(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        observer: &Observer,
        goal: &Goal,
    ) -> Result<Prepared> {
        project.file.environment(environment)?;
        let id = self.project_id(project).await?;
        let have = self.current_release(project, environment).await?;
        let mut wanted = match goal {
            Goal::Folder => {
                let mut wanted = self.wanted_of_folder(project, environment).await?;
                wanted.notes.extend(self.rotation_notes(project, environment).await?);
                wanted.blockers.extend(self.left_half_way(id, environment).await?);
                wanted
            }
            Goal::Promote(promoting) => {
                let mut wanted = self.promoted(project, environment, observer, promoting).await?;
                wanted.blockers.extend(self.left_half_way(id, environment).await?);
                wanted
            }
            Goal::Release(number) => {
                let number = *number;
                let release =
                    self.release(project, number).await?.filter(|release| &release.environment == environment);
                match release {
                    Some(release) => Wanted::plain(Want::from_release(&release)),
                    None => return Err(self.no_release(id, environment, number).await?),
                }
            }
            Goal::Before => Wanted::plain(Want::from_release(&self.before(project, environment, have.as_ref()).await?)),
            Goal::Interrupted => Wanted::plain(self.interrupted_want(project, id, environment).await?),
            Goal::Nothing(remove) => {
                Wanted::plain(Want::nothing(&project.file.compose_project(environment), have.as_ref(), *remove))
            }
        };
        if goal.comes_from_history() {
            let caveat = kept::caveat(&project.folder, &wanted.want.application);
            wanted.notes.extend(caveat);
            let missing = self.missing_secrets(project, environment, &wanted.want).await?;
            wanted.blockers.extend(missing);
        } else if matches!(goal, Goal::Folder | Goal::Promote(_)) {
            unresolved::tell(project, environment, &mut wanted).await?;
            match self.gone_secrets(project, environment, &wanted.want).await {
                Ok(gone) => wanted.blockers.extend(gone),
                // What does not need the values is planned all the same.
                Err(error) if error.code == Code::KeychainUnavailable => {
                    wanted
                        .notes
                        .push(format!("whether the keychain has the values of its secrets is not known: {error}"));
                }
                Err(error) => return Err(error),
            }
            if have.is_none() {
                wanted.notes.extend(elsewhere::note(project, environment, observer).await);
            }
        }
        if let (Goal::Nothing(_), Some(folder)) = (goal, self.others_folder(project, environment, observer).await?) {
            wanted.blockers.push(format!(
                "the containers of {} were made from another folder, {folder}, and nothing was deployed to {environment} from this one: take \
                 them down from there",
                project.file.compose_project(environment)
            ));
        }
        if let Some(have) = &have {
            let elsewhere::Renamed { notes, blockers } =
                elsewhere::renamed(project, environment, have, observer).await?;
            wanted.notes.extend(notes);
            wanted.blockers.extend(blockers);
            wanted.notes.extend(gone_files(project, goal, have));
            wanted.notes.extend(self.undoes(id, goal, have, &wanted.want).await?);
        }
        let mut prepared = prepare(project, environment, observer, have, wanted, self).await?;
        let dropped = self.dropped_by(project, environment, &prepared.want, prepared.have.as_ref()).await?;
        if !dropped.is_empty() {
            let ready = &mut prepared.plan.ready_to_go_back;
            // What is there now proves nothing about afterwards.
            let lacking = if ready.proven { Vec::new() } else { std::mem::take(&mut ready.reasons) };
            *ready = Readiness { proven: false, reasons: lacking.into_iter().chain(dropped).collect() };
        }
        Ok(prepared)
    }

    /// What the folder says. One environment after the other, and away from the threads that answer: the overview asks for all of
    /// them at once, and whoever asks for something else meanwhile should not wait until they are done.
    pub(crate) async fn wanted_of_folder(&self, project: &Project, environment: &EnvironmentName) -> Result<Wanted> {
        let secrets = self.known_secrets(project).await?;
        let (project, environment) = (project.clone(), environment.clone());
        let _turn = self.turn.lock().await;
        blocking(move || Want::from_folder(&project, &environment, &secrets)).await
    }

    /// Why a release's secrets cannot be had: what was removed from the keychain does not come back.
    async fn missing_secrets(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        want: &Want,
    ) -> Result<Vec<String>> {
        let pins = want.secrets()?;
        let release = want.target.map(|number| number.to_string()).unwrap_or_default();
        Ok(match self.lacking_values(project, environment, &pins).await {
            Ok(lacking) => lacking.told(|SecretPin { name, version }| {
                format!("{release} needs version {version} of the secret {name}, which is not in the keychain any more")
            }),
            Err(error) => vec![format!("the secrets of {release} cannot be read: {error}")],
        })
    }

    /// The secrets that a deployment would not find: known here, and gone from this keychain, as on a new machine.
    async fn gone_secrets(&self, project: &Project, environment: &EnvironmentName, want: &Want) -> Result<Vec<String>> {
        let mut pins = want.secrets()?;
        pins.retain(|pin| pin.version != NO_VERSION);
        let lacking = self.lacking_values(project, environment, &pins).await?;
        Ok(lacking.told(|SecretPin { name, version }| {
            format!(
                "the keychain of this machine has no version {version} of the secret {name}; set it with `sternway secret set \
                 {environment} {name}`"
            )
        }))
    }

    /// Says which releases there are.
    async fn no_release(
        &self,
        id: ProjectId,
        environment: &EnvironmentName,
        number: DeploymentNumber,
    ) -> Result<Error> {
        let newest = self.history().await?.releases(id, environment, LISTED).await?;
        let known: Vec<String> = newest.iter().map(|release| release.number.to_string()).collect();
        let hint = match known.as_slice() {
            [] => "Nothing was deployed to it yet.".to_owned(),
            known => format!("Its newest are {}; `sternway history {environment}` lists all.", known.join(", ")),
        };
        Ok(Error::new(Code::NotFound, format!("{environment} has no release {number}")).hint(hint))
    }

    /// The release to go back to when none is named.
    async fn before(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        have: Option<&Release>,
    ) -> Result<Release> {
        let id = self.project_id(project).await?;
        let nothing = || {
            Error::new(Code::NotFound, format!("{environment} has no earlier release to go back to"))
                .hint("A release is written when a deployment succeeds.")
        };
        let have = have.ok_or_else(nothing)?;
        // A move that did not succeed may have left the environment somewhere between; the way back leads to where it came from. One
        // that was interrupted is over only when that was done, even if there is nothing left to do.
        let newest = self.newest(id, environment).await?.filter(|newest| newest.number > have.number);
        let halfway = match newest.map(|newest| newest.result) {
            None | Some(Some(Outcome::WentBack)) => false,
            Some(None | Some(Outcome::Interrupted | Outcome::Unknown)) => true,
            Some(Some(_)) => !self.drift(project, environment).await?.changes.is_empty(),
        };
        if halfway {
            return Ok(have.clone());
        }
        // A release that is what runs already leads nowhere: that of a deployment which changed nothing, or the one that a
        // failed deployment was moved back to.
        let earlier = self.newest_releases(project, environment, SEARCHED).await?.into_iter().skip(1);
        let mut same = None;
        for release in earlier {
            if !runs_the_same(&release, have) {
                return Ok(release);
            }
            same.get_or_insert(release.number);
        }
        Err(match same {
            Some(same) => {
                Error::new(Code::NotFound, format!("every earlier release of {environment} is what runs now")).hint(
                    format!("Name one to go to it all the same: `sternway rollback {environment} --to {}`.", same.0),
                )
            }
            None => nothing(),
        })
    }

    /// Going back from a rollback leads to where that came from; nobody should be surprised by it.
    async fn undoes(&self, id: ProjectId, goal: &Goal, have: &Release, want: &Want) -> Result<Option<String>> {
        let made = self.history().await?.deployment(id, have.number).await?;
        let rollback = made.filter(|made| *goal == Goal::Before && made.kind == Kind::Rollback);
        let undone = rollback.filter(|made| want.target > made.target);
        Ok(undone.map(|made| {
            format!(
                "{} was itself a rollback: going back from it undoes it; name another release to go further back",
                made.number
            )
        }))
    }

    /// What the interrupted deployment wanted.
    async fn interrupted_want(&self, project: &Project, id: ProjectId, environment: &EnvironmentName) -> Result<Want> {
        let interrupted = self
            .newest(id, environment)
            .await?
            .filter(|newest| {
                matches!(newest.result, Some(Outcome::Interrupted | Outcome::Cancelled | Outcome::Unknown))
            })
            .ok_or_else(|| {
                Error::new(Code::NotFound, format!("no deployment of {environment} was interrupted"))
                    .hint("Its status says how it is.")
            })?;
        self.stored_want(project, id, interrupted.number).await
    }

    /// How what runs differs from its release: a move back to the release, planned and not run.
    ///
    /// # Errors
    /// If nothing was deployed, or the target cannot be observed.
    pub async fn drift(&self, project: &Project, environment: &EnvironmentName) -> Result<Drift> {
        let release = self.current_release(project, environment).await?;
        let Some(release) = release else {
            return Err(Error::new(Code::NotFound, format!("nothing was deployed to {environment} yet"))
                .hint(format!("Deploy it with `sternway deploy {environment}`.")));
        };
        let observer = self.observer(project, environment)?;
        let wanted = Wanted::plain(Want::from_release(&release));
        let survey = survey(project, environment, &observer, Some(&release), wanted, &self.parts.home.kept()).await?;
        let changes = survey.changes().filter(|change| change.layer != Layer::Configuration).cloned();
        Ok(Drift { environment: environment.clone(), changes: changes.collect() })
    }

    /// What a deployment of the folder would change now. It is asked again and again, for every environment.
    pub(crate) async fn look_ahead(&self, project: &Project, environment: &EnvironmentName) -> Result<Survey> {
        let observer = self.observer(project, environment)?;
        let have = self.current_release(project, environment).await?;
        let mut wanted = self.wanted_of_folder(project, environment).await?;
        unresolved::tell(project, environment, &mut wanted).await?;
        survey(project, environment, &observer, have.as_ref(), wanted, &self.parts.home.kept()).await
    }
}

/// Files that set variables of the release and are not there any more: their variables go with them.
fn gone_files(project: &Project, goal: &Goal, have: &Release) -> Option<String> {
    let mut files: Vec<&Path> = have.configuration.iter().map(|variable| variable.source.file.as_path()).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|file| !project.folder.join(file).exists());
    if *goal != Goal::Folder || files.is_empty() {
        return None;
    }
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Some(format!(
        "{} is not there any more; the variables that {} had from it would be removed",
        names.join(", "),
        have.number
    ))
}

/// Whether two releases run the same: the same values, images and model, wherever they came from.
fn runs_the_same(a: &Release, b: &Release) -> bool {
    let values = |release: &Release| -> BTreeMap<String, Value> {
        release.configuration.iter().map(|variable| (variable.key.clone(), variable.value.clone())).collect()
    };
    a.application == b.application && a.images == b.images && values(a) == values(b)
}

/// What the person saw is not what would be done.
pub(crate) fn moved() -> Error {
    Error::new(Code::PlanMoved, "what the plan was made from has changed")
        .hint("Plan again and look at what has changed.")
}

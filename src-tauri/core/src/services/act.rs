//! Doing something with what runs: starting it anew, a command inside it, a command beside it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use sternway_compose::{Command, Engine, Lease, Output, Pipes, Printed, Run, Session, Shown};
use sternway_model::{Code, EnvironmentName, Error, Release, Result, ServiceName};
use sternway_vault::{ByteRedactor, LineRedactor, Redactor, Revealed};
use tokio_util::sync::CancellationToken;

use crate::layers::Whole;
use crate::machine::Core;
use crate::project::Project;
use crate::run::confirm;
use crate::values::Use;
use crate::view::{CommandEvent, CommandLine};
use crate::want::Want;

/// Gets what is printed meanwhile, line by line and redacted.
pub type Notices = Arc<dyn Fn(&str) + Send + Sync>;

/// What a command in a service's container does, as it goes on; redacted.
pub type CommandEvents = BoxStream<'static, Result<CommandEvent>>;

/// The release that runs, and what is needed to touch it.
struct Hand {
    engine: Engine,
    want: Want,
    secrets: Revealed,
    redactor: Redactor,
}

impl Core {
    /// Starts services anew, as they are: one container after the other, what others depend on first, each until it is ready.
    /// Without names it is all services, except jobs that run once. It is no deployment: history does not have it. Returns
    /// what was seen, for each container.
    ///
    /// # Errors
    /// [`Code::Protected`] if the environment's name was not typed, [`Code::Locked`] if somebody is at it,
    /// [`Code::NotFound`] if nothing was deployed; [`Code::Failed`] with the reason if a container does not become ready.
    pub async fn restart(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        services: &BTreeSet<ServiceName>,
        typed: Option<&str>,
        notices: &Notices,
        cancel: &CancellationToken,
    ) -> Result<Vec<String>> {
        confirm(environment, project.file.environment(environment)?.protected, typed)?;
        let hand = self.hand(project, environment, notices).await?;
        let lease = self.lease(project, environment, &hand.engine, cancel).await?;
        let work = async {
            self.sweep(project, environment, &hand.engine).await?.iter().for_each(|left_over| notices(left_over));
            let whole = Whole::new(project, environment, &hand.want, &self.parts.home.kept())?;
            let output = Told { notices, redactor: &hand.redactor };
            let want = whole.want(&hand.want, None);
            let run = self.run_of(&hand, &want, &output, cancel, Some(&lease));
            sternway_compose::restart(&run, services).await
        };
        let seen = Box::pin(work).await;
        let released = lease.release(&hand.engine).await;
        let seen = seen.map_err(|error| redacted(error, &hand.redactor))?;
        released?;
        Ok(seen)
    }

    /// Runs a command once in a new container of a service, with the release's image, variables and secrets, beside what
    /// runs. Without a command it is the service's own. What it prints goes through `pipes` with its secrets redacted; the answer is
    /// its exit code.
    ///
    /// # Errors
    /// [`Code::Protected`] if the environment's name was not typed; [`Code::NotFound`] if the release has no such service;
    /// [`Code::Cancelled`] if it was stopped.
    #[allow(clippy::too_many_arguments, reason = "each is a thing of its own that the person says")]
    pub async fn run_once(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        service: &ServiceName,
        command: Option<Vec<String>>,
        typed: Option<&str>,
        notices: &Notices,
        pipes: Pipes<'_>,
        cancel: &CancellationToken,
    ) -> Result<i64> {
        confirm(environment, project.file.environment(environment)?.protected, typed)?;
        let hand = self.hand(project, environment, notices).await?;
        self.sweep(project, environment, &hand.engine).await?.iter().for_each(|left_over| notices(left_over));
        let whole = Whole::new(project, environment, &hand.want, &self.parts.home.kept())?;
        let output = Told { notices, redactor: &hand.redactor };
        let want = whole.want(&hand.want, None);
        let run = self.run_of(&hand, &want, &output, cancel, None);
        let redacting = || Mutex::new(ByteRedactor::new(hand.redactor.clone()));
        let (out, error) = (redacting(), redacting());
        let printed = |piece: Printed| {
            (pipes.printed)(match piece {
                Printed::Out(bytes) => Printed::Out(held(&out).push(&bytes)),
                Printed::Error(bytes) => Printed::Error(held(&error).push(&bytes)),
            });
        };
        let inner = Pipes { input: pipes.input, printed: &printed };
        let ended = Box::pin(sternway_compose::run_once(&run, service, command, inner, &self.this_process())).await;
        (pipes.printed)(Printed::Out(held(&out).finish()));
        (pipes.printed)(Printed::Error(held(&error).finish()));
        ended.map_err(|error| redacted(error, &hand.redactor))
    }

    /// Starts a command in a service's container that runs.
    ///
    /// # Errors
    /// [`Code::Protected`] if the environment's name was not typed; [`Code::NotFound`] if the service has no container that runs.
    pub async fn exec(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        service: &ServiceName,
        number: Option<u32>,
        typed: Option<&str>,
        command: &Command,
    ) -> Result<Session> {
        confirm(environment, project.file.environment(environment)?.protected, typed)?;
        let engine = self.engine(project, environment)?;
        self.refuse_others(project, environment, engine.observer()).await?;
        engine.exec(&project.file.compose_project(environment), service, number, command).await
    }

    /// Runs a line with `sh -c` in a service's first container that runs, without a terminal and without input. It is ended
    /// when `stop` is cancelled, and then tells how; it is ended as well when nobody reads it any more.
    ///
    /// # Errors
    /// [`Code::Protected`] if the environment's name was not typed; [`Code::NotFound`] if the service has no container that
    /// runs; [`Code::Failed`] if there is no `sh` in it; if the keychain cannot be read while the release has secrets.
    pub async fn run_in_service(
        &self,
        project: &Project,
        environment: &EnvironmentName,
        service: &ServiceName,
        line: &str,
        typed: Option<&str>,
        stop: &CancellationToken,
    ) -> Result<CommandEvents> {
        confirm(environment, project.file.environment(environment)?.protected, typed)?;
        self.refuse_others(project, environment, &self.observer(project, environment)?).await?;
        let (redactor, notice) = self.environment_redactor(project, environment).await?;
        let engine = self.engine(project, environment)?;
        let shown = engine.shell(&project.file.compose_project(environment), service, line, stop).await?;
        let mut lines = CommandLines { out: LineRedactor::new(redactor.clone()), error: LineRedactor::new(redactor) };
        let events = shown.map_ok(move |shown| stream::iter(lines.events(shown)).map(Ok)).try_flatten();
        let notice = notice.map(|text| Ok(CommandEvent::Line(CommandLine { error: true, text })));
        Ok(stream::iter(notice).chain(events).boxed())
    }

    async fn hand(&self, project: &Project, environment: &EnvironmentName, notices: &Notices) -> Result<Hand> {
        let release: Option<Release> = self.current_release(project, environment).await?;
        let Some(release) = release else {
            return Err(Error::new(Code::NotFound, format!("nothing was deployed to {environment} yet"))
                .hint(format!("Deploy it with `sternway deploy {environment}`.")));
        };
        let want = Want::from_release(&release);
        // A value that is gone is missed only by what needs it: a hook, or the service that is run.
        let (secrets, redactor, notice) =
            self.kept_secrets(project, environment, &want.secrets()?, Use::Container).await?;
        if let Some(notice) = notice {
            notices(&notice);
        }
        Ok(Hand { engine: self.engine(project, environment)?, want, secrets, redactor })
    }

    fn run_of<'a>(
        &'a self,
        hand: &'a Hand,
        want: &'a sternway_compose::Want<'a>,
        output: &'a dyn Output,
        cancel: &'a CancellationToken,
        lease: Option<&'a Lease>,
    ) -> Run<'a> {
        Run {
            engine: &hand.engine,
            source: None,
            want,
            secrets: &hand.secrets,
            output,
            cancel,
            boundary: &|_| {},
            lease,
        }
    }
}

/// Makes redacted lines of what a command prints, standard output and standard error apart.
struct CommandLines {
    out: LineRedactor,
    error: LineRedactor,
}

impl CommandLines {
    fn events(&mut self, shown: Shown) -> Vec<CommandEvent> {
        let line = |error: bool| move |text: String| CommandEvent::Line(CommandLine { error, text });
        match shown {
            Shown::Printed(Printed::Out(bytes)) => self.out.push(&bytes).into_iter().map(line(false)).collect(),
            Shown::Printed(Printed::Error(bytes)) => self.error.push(&bytes).into_iter().map(line(true)).collect(),
            Shown::Ended(code) => {
                let rest = self.out.finish().map(line(false)).into_iter().chain(self.error.finish().map(line(true)));
                // The engine's type is larger than what a process can end with.
                rest.chain([CommandEvent::Ended(i32::try_from(code).unwrap_or(i32::MAX))]).collect()
            }
        }
    }
}

fn held(redactor: &Mutex<ByteRedactor>) -> MutexGuard<'_, ByteRedactor> {
    redactor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What programs printed may be in an error too.
fn redacted(mut error: Error, redactor: &Redactor) -> Error {
    error.message = redactor.redact(&error.message);
    error
}

struct Told<'a> {
    notices: &'a Notices,
    redactor: &'a Redactor,
}

impl Output for Told<'_> {
    fn line(&self, text: &str) {
        (self.notices)(&self.redactor.redact_line(text));
    }

    fn without_half_secrets(&self, text: &str) -> String {
        self.redactor.redact_cut(text)
    }
}

#[cfg(test)]
mod tests {
    use sternway_model::Sensitive;

    use super::*;

    #[test]
    fn lines_of_a_command_are_redacted_and_complete_when_it_ends() {
        let redactor = Redactor::default();
        redactor.add(&Sensitive::new("hunter2!".to_owned())).expect("it can be looked for");
        let mut lines = CommandLines { out: LineRedactor::new(redactor.clone()), error: LineRedactor::new(redactor) };
        let pieces = [
            Shown::Printed(Printed::Out(b"it is hun".to_vec())),
            Shown::Printed(Printed::Error(b"oh\nhunter2!".to_vec())),
            Shown::Printed(Printed::Out(b"ter2!\nlast".to_vec())),
            Shown::Ended(3),
        ];
        let told: Vec<_> = pieces.into_iter().flat_map(|piece| lines.events(piece)).collect();
        let line = |error: bool, text: &str| CommandEvent::Line(CommandLine { error, text: text.to_owned() });
        let wanted = [
            line(true, "oh"),
            line(false, "it is [secret]"),
            line(false, "last"),
            line(true, "[secret]"),
            CommandEvent::Ended(3),
        ];
        assert_eq!(told, wanted);
    }
}

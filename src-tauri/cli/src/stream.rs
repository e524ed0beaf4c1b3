//! Asking the person, and following a deployment.

use std::io::{BufRead, IsTerminal, Read};

use sternway_core::{Project, Running};
use sternway_model::{Action, Code, DeploymentNumber, EnvironmentName, Error, Event, Outcome, Plan, Result, StepState};

use crate::arguments::Consent;
use crate::out;
use crate::signals;

/// Asks for a yes, unless it was given beforehand.
///
/// # Errors
/// [`Code::Declined`] for anything but a yes; [`Code::Usage`] where nobody can be asked.
pub fn agree(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    let nobody = || Error::new(Code::Usage, "nobody is there to be asked").hint("Use --yes.");
    match ask(&format!("{question} [y/N] "), nobody)?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Error::new(Code::Declined, "nothing was done")),
    }
}

/// The person's consent to a plan: what was typed as the environment's name, where that is wanted.
///
/// # Errors
/// As [`agree`].
pub fn consent(plan: &Plan, consent: &Consent, json: bool) -> Result<Option<String>> {
    let protected = plan.protected;
    if consent.confirm.is_some() {
        return Ok(consent.confirm.clone());
    }
    if !protected && (consent.yes || json) {
        return Ok(None);
    }
    if protected {
        let removes = |what: &str| {
            plan.changes.iter().any(|change| change.subject.starts_with(what) && change.action == Action::Remove)
        };
        let why = if removes("volume ") {
            "data is removed for good".to_owned()
        } else if removes("image ") {
            "images are removed that releases need to be gone back to".to_owned()
        } else {
            format!("{} is protected", plan.environment)
        };
        if consent.yes || json {
            return Err(not_typed(&plan.environment, &why));
        }
        return name_of(&plan.environment, &why, None).map(Some);
    }
    agree(&format!("{} {}?", capital(plan.kind.as_str()), plan.environment), false).map(|()| None)
}

/// What was typed as a protected environment's name: beforehand, or now.
///
/// # Errors
/// As [`agree`].
pub fn name_of_protected(
    project: &Project,
    environment: &EnvironmentName,
    confirm: Option<String>,
) -> Result<Option<String>> {
    if !project.file.environment(environment)?.protected {
        return Ok(confirm);
    }
    name_of(environment, &format!("{environment} is protected"), confirm).map(Some)
}

/// The environment's name, typed beforehand or now, with why it is wanted.
///
/// # Errors
/// [`Code::Protected`] where nobody can be asked.
pub fn name_of(environment: &EnvironmentName, why: &str, confirm: Option<String>) -> Result<String> {
    match confirm {
        Some(typed) => Ok(typed),
        None => ask(&format!("{why}. Type the environment's name to go on: "), || not_typed(environment, why)),
    }
}

fn not_typed(environment: &EnvironmentName, why: &str) -> Error {
    Error::new(Code::Protected, format!("{why}, and only if the environment's name is typed"))
        .hint(format!("Use --confirm {environment}."))
}

/// Longer than anything that somebody is asked for, in bytes.
const LONGEST_ANSWER: u64 = 4096;

/// What a person types; `nobody` is the error where there is none.
fn ask(question: &str, nobody: impl FnOnce() -> Error) -> Result<String> {
    if std::io::stdin().is_terminal() {
        out::question(question).map_err(|error| Error::failed(format!("cannot ask: {error}")))?;
    }
    let mut answer = String::new();
    let read = std::io::stdin()
        .lock()
        .take(LONGEST_ANSWER)
        .read_line(&mut answer)
        .map_err(|error| Error::failed(format!("cannot read the answer: {error}")))?;
    if read == 0 {
        return Err(nobody());
    }
    Ok(answer.trim().to_owned())
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Prints what happens until it is over; Ctrl-C and the system's request to end cancel the deployment. The answer is the exit code.
pub async fn follow(running: Running, json: bool) -> Result<u8> {
    let Running { number, live, mut events, ended } = running;
    signals::outlive_terminal().map_err(|error| Error::internal(format!("signals cannot be listened to: {error}")))?;
    let interrupt = tokio::spawn(async move {
        while signals::stop().await.is_ok() {
            mention!("sternway: stopping; what was begun is brought to a safe state first");
            live.cancel.cancel();
        }
    });
    let mut teller = Teller { number, held: None };
    while let Some(event) = events.recv().await {
        if json {
            let line = serde_json::to_string(&event)
                .map_err(|error| Error::internal(format!("an event is no JSON: {error}")))?;
            out::json(&line);
        } else {
            teller.tell(&event);
        }
        if matches!(&event, Event::End { deployment, .. } if *deployment == number) {
            break;
        }
    }
    interrupt.abort();
    let ended = ended.await.map_err(|error| {
        Error::new(Code::Unknown, format!("the deployment's end is not known: {error}"))
            .hint("Look at `sternway status`.")
    })?;
    Ok(match ended.result {
        Outcome::Succeeded => 0,
        Outcome::Unknown | Outcome::Interrupted => 4,
        Outcome::Failed | Outcome::WentBack | Outcome::Cancelled => 1,
    })
}

/// Tells a person what happens. Why it failed is said once: at the end, where it is still on the screen.
struct Teller {
    number: DeploymentNumber,
    /// Where things stand; said when something follows that does not say it itself.
    held: Option<String>,
}

impl Teller {
    fn tell(&mut self, event: &Event) {
        if let Some(state) = self.held.take()
            && !matches!(event, Event::End { message: Some(message), .. } if message.contains(&state))
        {
            say!("• {}", indented(&state));
        }
        match event {
            Event::Step { step, .. } => match step.state {
                StepState::Running => say!("▸ {}", step.name),
                // Several run at the same time, so the end of each says whose it is.
                StepState::Done => say!("  ✓ {}: {}", step.name, indented(&step.detail)),
                StepState::Failed => say!("  ✕ {} failed", step.name),
                StepState::Cancelled => say!("  ■ {}: cancelled", step.name),
                StepState::Pending | StepState::Skipped => {}
            },
            Event::Log { text, .. } => out::output(&format!("  │ {text}")),
            Event::State { text, .. } => self.held = Some(text.clone()),
            Event::End { deployment, kind, environment, result, release, message } => {
                let release = release.map(|release| format!(", release {release}")).unwrap_or_default();
                let word = result.as_str().replace('_', " ");
                say!("{} {deployment} of {environment}: {word}{release}", capital(kind.as_str()));
                // The message of one that moved back is part of the message of the one that made it necessary.
                if *deployment == self.number {
                    if let Some(message) = message {
                        say!("  {}", indented(message));
                    }
                    if *result != Outcome::Succeeded {
                        say!("More: `sternway show {0}`, `sternway logs {0}`", deployment.0);
                    }
                }
            }
        }
    }
}

/// Further lines stand under the first.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}

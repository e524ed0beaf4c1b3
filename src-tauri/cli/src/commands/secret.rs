//! `sternway secret …`

use sternway_core::view::{RotationState, RotationView, SecretRemoval, TakeOverOutcome};
use sternway_core::{Asked, Project, Purpose};
use sternway_model::{Code, EnvironmentName, Error, Recipe, Result, SecretName, Sensitive, counted};

use super::Front;
use super::config::standard_input;
use crate::arguments::{COPY_ORDER, Consent, NewValue, Secret};
use crate::{show, stream, terminal};

/// Does what the command line says.
pub async fn run(front: &Front<'_>, command: Secret) -> Result<u8> {
    let project = front.project().await?;
    let core = front.core;
    match command {
        Secret::List { environment } => {
            let secrets = core.secrets(&project, environment.as_ref()).await?;
            front.answer(&secrets, show::secrets)
        }
        Secret::Set { environment, name, value, note } => {
            let value = new_value(front, &value, &environment, &name)?;
            let version = core.set_secret(&project, &environment, &name, &value, note.as_deref()).await?;
            if let Some(unused) = core.unused_secret(&project, &environment, &name).await? {
                mention!("sternway: {unused}");
            }
            let answer = serde_json::json!({ "environment": environment, "name": name, "version": version });
            front.answer(&answer, |_| format!("{name} in {environment} is now v{version}"))
        }
        Secret::Reveal { environment, name, version, why, yes, confirm } => {
            let protected = project.file.environment(&environment)?.protected;
            let version = Some(core.revealable(&project, &environment, &name, version).await?);
            let typed = stream::name_of_protected(&project, &environment, confirm)?;
            if !protected {
                stream::agree(&format!("Print the value of {name} in {environment}?"), yes)?;
            }
            let asked = Asked { typed: typed.as_deref(), why: why.as_deref() };
            let (version, value) =
                core.reveal_secret(&project, &environment, &name, version, Purpose::Reveal, &asked).await?;
            let answer = serde_json::json!({
                "environment": environment, "name": name, "version": version, "value": value.reveal(),
            });
            front.exact(&answer, |_| value.reveal().to_owned())
        }
        Secret::Rotate { environment, name, value, give_up, consent } => {
            rotate(front, &project, &environment, &name, &value, give_up, &consent).await
        }
        Secret::Scan { no_history } => {
            let report = core.scan_leaks(&project, !no_history).await?;
            front.answer(&report, show::leaks)?;
            Ok(u8::from(!report.leaks.is_empty()))
        }
        Secret::Copy { from, to, name } => {
            let known = project.file.environment(&from).and_then(|_| project.file.environment(&to));
            known.map_err(|error| {
                let hint = format!("{} {COPY_ORDER}", error.hint);
                error.hint(hint)
            })?;
            let version = core.copy_secret(&project, &name, &from, &to).await?;
            let answer = serde_json::json!({ "environment": to, "name": name, "version": version });
            front.answer(&answer, |_| {
                format!(
                    "{name} in {to} is now v{version}, the value of {from}; promoting to {to} will ask whether the same \
                     value in both is meant"
                )
            })
        }
        Secret::Rm { environment, name, version, dry_run, yes, confirm } => {
            let planned = core.plan_secret_removal(&project, &environment, &name, version).await?;
            if dry_run {
                return front.answer(&planned, show::removal);
            }
            if !front.json {
                say!("{}", show::removal(&planned));
            }
            let what = version.map_or_else(|| "every version".to_owned(), |version| format!("version {version}"));
            let typed = if planned.guarded {
                let why = if planned.running { "is in use there" } else { "is one of a protected environment" };
                Some(stream::name_of(&environment, &format!("{name} {why}"), confirm)?)
            } else {
                stream::agree(&format!("Remove {what} of {name} in {environment}?"), yes)?;
                None
            };
            let SecretRemoval { versions, releases, running, .. } =
                core.remove_secret(&project, &environment, &name, version, typed.as_deref()).await?;
            let answer = serde_json::json!({
                "environment": environment, "name": name, "removed": versions, "releases": releases, "running": running,
            });
            front.answer(&answer, |_| {
                format!("removed {} of {name} in {environment}", counted(versions.len(), "version"))
            })
        }
        Secret::Import { environment, keys, dry_run, yes } => {
            let mut found = core.import_candidates(&project, &environment).await?;
            if !keys.is_empty() {
                found.found.retain(|candidate| keys.contains(&candidate.key));
            }
            if found.found.is_empty() {
                return front.answer(&found, |_| "no value in the env files looks like a secret".to_owned());
            }
            if dry_run {
                return front.answer(&found, show::import);
            }
            if !front.json {
                say!("{}", show::import(&found));
            }
            stream::agree("Move these values into the keychain and leave references behind?", yes)?;
            let keys: Vec<String> = found.found.into_iter().map(|candidate| candidate.key).collect();
            let moved = core.import_secrets(&project, &environment, &keys).await?;
            front.answer(&moved, show::imported)
        }
        Secret::TakeOver { dry_run, yes } => take_over(front, &project, dry_run, yes).await,
    }
}

/// Shows what is kept under the project's name, asks, and takes it over. Ends with 1 if something could not be.
async fn take_over(front: &Front<'_>, project: &Project, dry_run: bool, yes: bool) -> Result<u8> {
    let planned = front.core.plan_take_over(project).await?;
    if dry_run || planned.entries.is_empty() {
        return front.answer(&planned, show::take_over);
    }
    if !front.json {
        say!("{}", show::take_over(&planned));
    }
    stream::agree("Make them this project's own in the keychain, and remove the old entries?", yes)?;
    let taken = front.core.take_over(project).await?;
    front.answer(&taken, show::take_over)?;
    Ok(u8::from(taken.entries.iter().any(|entry| entry.outcome != TakeOverOutcome::Taken)))
}

/// Sets the new value, deploys it, and says what became of the old one. One that was begun goes on where it stopped.
async fn rotate(
    front: &Front<'_>,
    project: &Project,
    environment: &EnvironmentName,
    name: &SecretName,
    value: &NewValue,
    give_up: bool,
    consent: &Consent,
) -> Result<u8> {
    let core = front.core;
    if give_up {
        let view = core.give_up_rotation(project, environment, name).await?;
        return front.answer(&view, show::rotation);
    }
    let before = core.rotation(project, environment, name).await?;
    match before.state {
        RotationState::Deployed => {
            let view = core.finish_rotation(project, environment, name).await?;
            return front.answer(&view, show::rotation);
        }
        RotationState::Set => {}
        _ => {
            if !front.json {
                say!("{}", show::rotation(&before));
            }
            let value = new_value(front, value, environment, name)?;
            core.start_rotation(project, environment, name, &value).await?;
        }
    }
    core.recover(project).await?;
    let plan = core.plan(project, environment).await?;
    let exit = super::carry_out(front, project, &plan, consent).await?;
    let after = core.rotation(project, environment, name).await?;
    // Nothing is open any more once the deployment has dropped the old value.
    let after = match after.state {
        RotationState::None => RotationView { state: RotationState::Done, new: after.old, old: before.old, ..after },
        _ => after,
    };
    front.answer(&after, show::rotation)?;
    Ok(if exit == 0 && after.state != RotationState::Done { 1 } else { exit })
}

/// The value that a person gives or leaves to chance.
fn new_value(
    front: &Front<'_>,
    value: &NewValue,
    environment: &EnvironmentName,
    name: &SecretName,
) -> Result<Sensitive> {
    if value.generate {
        return front.core.generate(&Recipe { length: value.length, alphabet: value.alphabet });
    }
    match &value.from_file {
        Some(file) => {
            let text = sternway_model::read_piped("read", file)?;
            if text.is_empty() {
                return Err(Error::new(Code::Usage, "the file is empty"));
            }
            Ok(Sensitive::new(text))
        }
        None => secret_value(&format!("Value of {name} in {environment} (it is not shown): ")),
    }
}

/// From standard input; a single line end at the end belongs to the terminal, not to the value.
fn secret_value(prompt: &str) -> Result<Sensitive> {
    let mut text = if terminal::is_there() { terminal::hidden(prompt)? } else { standard_input()? };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(Error::new(Code::Usage, "the value is empty").hint("Give it on standard input."));
    }
    Ok(Sensitive::new(text))
}

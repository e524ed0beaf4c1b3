//! `sternway config …`

use std::io::Read;

use sternway_core::view::{RestoreScope, VersionsFilter};
use sternway_core::{Asked, Project};
use sternway_model::{Code, Error, Result, Value, looks_like_secret, nearest};

use super::Front;
use crate::arguments::{Config, Restore};
use crate::{exit, out, show, stream};

/// Does what the command line says.
pub async fn run(front: &Front<'_>, command: Config) -> Result<u8> {
    let project = front.project().await?;
    let core = front.core;
    match command {
        Config::List { environment } => {
            let variables = core.variables(&project, &environment).await?;
            front.answer(&variables, show::variables)
        }
        Config::Get { environment, key } => {
            let variables = core.variables(&project, &environment).await?;
            let known = variables.variables.iter().map(|variable| variable.key.as_str());
            let hint = match nearest(&key, known) {
                Some(near) => format!("Did you mean `{near}`? `sternway config list {environment}` lists what is set."),
                None => format!("`sternway config list {environment}` lists what is."),
            };
            let variable =
                variables.variables.into_iter().find(|variable| variable.key == key).ok_or_else(|| {
                    Error::new(Code::NotFound, format!("{key} is not set in {environment}")).hint(hint)
                })?;
            front.exact(&variable, |variable| match &variable.value {
                Value::Plain(text) => text.clone(),
                Value::Secret { name, .. } => format!("keychain:{name}"),
            })
        }
        Config::Set { environment, key, value, force, note } => {
            let value = match value {
                Some(value) => value,
                None => standard_input()?,
            };
            let edited = core.set_variable(&project, Some(&environment), &key, &value, force, note.as_deref()).await?;
            if let Some(reason) = looks_like_secret(&key, &value) {
                let place = format!("{}:{}", edited.file.display(), edited.line);
                mention!("sternway: {key} {reason}, and stands in {place} in plain text");
                mention!("  `sternway secret import {environment} --keys {key}` moves it into the keychain.");
            }
            front.answer(&edited, |edited| {
                let done = format!("{key} set in {}:{}", edited.file.display(), edited.line);
                show::edited(&done, edited)
            })
        }
        Config::Unset { environment, key, note } => {
            let edited = core.unset_variable(&project, Some(&environment), &key, note.as_deref()).await?;
            front.answer(&edited, |edited| {
                let done = format!("{key} removed from {}", edited.file.display());
                show::edited(&done, edited)
            })
        }
        Config::Matrix => {
            let matrix = core.matrix(&project).await?;
            front.answer(&matrix, show::matrix)
        }
        Config::Diff { environment, other, exit_code } => {
            let changes = core.configuration_diff(&project, &environment, other.as_ref()).await?;
            let answer = serde_json::json!({ "environment": environment, "other": other, "changes": changes });
            front.answer(&answer, |_| show::changes(&changes))?;
            Ok(exit::of_changes(&changes, exit_code))
        }
        Config::Versions { environment, key, limit, offset } => {
            let filter = VersionsFilter { environment, key, offset, limit: Some(limit) };
            front.answer(&core.config_versions(&project, filter).await?, show::versions)
        }
        Config::Compare { from, to } => {
            front.answer(&core.version_difference(&project, from, to).await?, show::version_difference)
        }
        Config::Blame { environment } => front.answer(&core.blame(&project, &environment).await?, show::blame),
        Config::Restore(wanted) => restore(front, &project, wanted).await,
        Config::Export { environment, format, secrets, why, confirm } => {
            let typed = if secrets { stream::name_of_protected(&project, &environment, confirm)? } else { None };
            let asked = Asked { typed: typed.as_deref(), why: why.as_deref() };
            let text = core.export(&project, &environment, format, secrets.then_some(&asked)).await?;
            if front.json {
                let answer = serde_json::json!({
                    "environment": environment, "format": format, "text": text.reveal(),
                });
                return front.answer(&answer, |_| String::new());
            }
            // As it is: it may go into a file.
            out::exact_part(text.reveal());
            Ok(0)
        }
    }
}

/// Shows what would come back, asks, and does just that.
async fn restore(front: &Front<'_>, project: &Project, wanted: Restore) -> Result<u8> {
    let Restore { environment, key, version, file, all: _, dry_run, yes, note } = wanted;
    let scope = RestoreScope { environment, file, key };
    let plan = front.core.plan_restore(project, version, &scope).await?;
    if dry_run {
        return front.answer(&plan, show::restore_plan);
    }
    if !front.json {
        say!("{}", show::restore_plan(&plan));
    }
    if !plan.changes.is_empty() {
        stream::agree("Bring this back?", yes || front.json)?;
    }
    let restored = front.core.restore(project, version, &scope, Some(&plan.stamp), note.as_deref()).await?;
    front.answer(&restored, show::restored)
}

/// The most that is taken from standard input as a value, in bytes: as much as a file of the project may have.
const LONGEST_INPUT: u64 = 4 << 20;

/// All of standard input, as it is.
pub fn standard_input() -> Result<String> {
    text_of(std::io::stdin())
}

fn text_of(input: impl Read) -> Result<String> {
    let unreadable = |why: &str| Error::new(Code::Usage, format!("standard input cannot be read as text: {why}"));
    let mut bytes = Vec::new();
    input.take(LONGEST_INPUT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error.to_string()))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        let most = LONGEST_INPUT >> 20;
        return Err(Error::new(Code::Usage, format!("standard input has more than {most} MiB, which is no value")));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_without_end_is_refused() {
        assert_eq!(text_of(&b"a value\n"[..]).as_deref(), Ok("a value\n"));
        let error = text_of(std::io::repeat(b'x')).expect_err("too long");
        assert_eq!((error.code, error.message.contains("more than 4 MiB")), (Code::Usage, true));
        assert_eq!(text_of(&b"\xff"[..]).expect_err("no text").code, Code::Usage);
    }
}

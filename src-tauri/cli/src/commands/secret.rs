//! `sternway secret …`

use std::io::IsTerminal;

use sternway_model::{Code, Error, Result, Sensitive, counted};

use super::Front;
use super::config::standard_input;
use crate::arguments::Secret;
use crate::{show, stream};

/// Does what the command line says.
pub async fn run(front: &Front<'_>, command: Secret) -> Result<u8> {
    let project = front.project().await?;
    let core = front.core;
    match command {
        Secret::List { environment } => {
            let secrets = core.secrets(&project, environment.as_ref()).await?;
            front.answer(&secrets, show::secrets)
        }
        Secret::Set { environment, name } => {
            let value = secret_value(&format!("Value of {name} in {environment}, then Ctrl-D: "))?;
            let version = core.set_secret(&project, &environment, &name, &value).await?;
            let answer = serde_json::json!({ "environment": environment, "name": name, "version": version });
            front.answer(&answer, |_| format!("{name} in {environment} is now v{version}"))
        }
        Secret::Copy { name, from, to } => {
            let version = core.copy_secret(&project, &name, &from, &to).await?;
            let answer = serde_json::json!({ "environment": to, "name": name, "version": version });
            front.answer(&answer, |_| format!("{name} in {to} is now v{version}, the value of {from}"))
        }
        Secret::Rm { environment, name, version, yes } => {
            let what = version.map_or_else(|| "every version".to_owned(), |version| format!("version {version}"));
            let question =
                format!("Remove {what} of {name} in {environment}? Releases that use it cannot be gone back to.");
            stream::agree(&question, yes)?;
            let removed = core.remove_secret(&project, &environment, &name, version).await?;
            let answer = serde_json::json!({ "environment": environment, "name": name, "removed": removed });
            front.answer(&answer, |_| {
                format!("removed {} of {name} in {environment}", counted(removed.len(), "version"))
            })
        }
        Secret::Import { environment, keys, yes } => {
            let mut found = core.import_candidates(&project, &environment).await?;
            if !keys.is_empty() {
                found.found.retain(|candidate| keys.contains(&candidate.key));
            }
            if found.found.is_empty() {
                return front.answer(&found, |_| "no value in the env files looks like a secret".to_owned());
            }
            if !front.json {
                println!("{}", show::import(&found));
            }
            stream::agree("Move these values into the keychain and leave references behind?", yes)?;
            let keys: Vec<String> = found.found.into_iter().map(|candidate| candidate.key).collect();
            let moved = core.import_secrets(&project, &environment, &keys).await?;
            front.answer(&moved, show::imported)
        }
    }
}

/// From standard input; a single line end at the end belongs to the terminal, not to the value.
fn secret_value(prompt: &str) -> Result<Sensitive> {
    if std::io::stdin().is_terminal() {
        eprint!("{prompt}");
    }
    let mut text = standard_input()?;
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

//! `sternway config …`

use std::io::Read;

use sternway_model::{Code, Error, Result, Value, nearest};

use super::Front;
use crate::arguments::Config;
use crate::show;

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
            front.answer(&variable, |variable| match &variable.value {
                Value::Plain(text) => text.clone(),
                Value::Secret { name, .. } => format!("keychain:{name}"),
            })
        }
        Config::Set { environment, key, value, force } => {
            let value = match value {
                Some(value) => value,
                None => standard_input()?,
            };
            let edited = core.set_variable(&project, Some(&environment), &key, &value, force).await?;
            front.answer(&edited, |edited| format!("{key} set in {}:{}", edited.file.display(), edited.line))
        }
        Config::Unset { environment, key } => {
            let edited = core.unset_variable(&project, Some(&environment), &key).await?;
            front.answer(&edited, |edited| format!("{key} removed from {}", edited.file.display()))
        }
        Config::Matrix => {
            let matrix = core.matrix(&project).await?;
            front.answer(&matrix, show::matrix)
        }
        Config::Diff { environment, other } => {
            let changes = core.configuration_diff(&project, &environment, other.as_ref()).await?;
            let answer = serde_json::json!({ "environment": environment, "other": other, "changes": changes });
            front.answer(&answer, |_| show::changes(&changes))
        }
    }
}

/// All of standard input, as it is.
pub fn standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Error::new(Code::Usage, format!("standard input cannot be read as text: {error}")))?;
    Ok(text)
}

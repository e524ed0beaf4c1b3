//! What the stages share: a step's evidence, and the variables that commands get.

use std::collections::BTreeMap;

use sternway_model::{Code, EnvironmentName, Result, Sensitive, Step, StepState, Value, Variable, expand, mentions};
use sternway_vault::Revealed;

use crate::journal::Journal;

/// Writes the evidence, or why there is none.
///
/// # Errors
/// That of the step, or of history.
pub(crate) async fn end(journal: &Journal, step: Step, done: Result<String>) -> Result<String> {
    match done {
        Ok(seen) => {
            journal.end(step, StepState::Done, &seen).await?;
            Ok(seen)
        }
        Err(error) => {
            let state = if error.code == Code::Cancelled { StepState::Cancelled } else { StepState::Failed };
            journal.end(step, state, &error.to_string()).await?;
            Err(error)
        }
    }
}

/// An environment's variables for commands; secrets only for those that may see them. One whose value is gone is left out: only
/// taking an environment down gets that far without it.
///
/// # Errors
/// If a value has a reference that is none.
pub(crate) fn variables(
    environment: &EnvironmentName,
    configuration: &[Variable],
    secrets: Option<&Revealed>,
) -> Result<BTreeMap<String, Sensitive>> {
    let nothing = Revealed::default();
    let mut variables = BTreeMap::new();
    for variable in configuration {
        let text = variable.value.pinned().unwrap_or_default();
        // A secret may also stand inside another value, such as an address.
        let secret = matches!(variable.value, Value::Secret { .. }) || !mentions(&text)?.is_empty();
        if secret && secrets.is_none() {
            continue;
        }
        match expand(&text, secrets.unwrap_or(&nothing)) {
            Ok(value) => drop(variables.insert(variable.key.clone(), value)),
            Err(error) if error.code == Code::SecretMissing => {}
            Err(error) => return Err(error),
        }
    }
    variables.insert("STERNWAY_ENVIRONMENT".to_owned(), Sensitive::new(environment.to_string()));
    Ok(variables)
}

//! Types of variables: what `sternway.yaml` declares, and whether values keep to it.

use sternway_model::{Error, ProjectFile, Result, SecretRef, Value, ValueType, Variable, mentions, template};

/// Whether a text may be set as a variable's value. One with variables inside is judged when they are filled in, and a
/// secret cannot be judged here.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] with what is wrong and what to write, never with the text.
pub fn check_type(project: &ProjectFile, key: &str, text: &str) -> Result<()> {
    let open = SecretRef::parse(text).is_some()
        || template::fill(text, &|_| None).map_or(true, |filled| filled.text != text || !filled.unset.is_empty());
    match project.configuration.types.get(key) {
        Some(kind) if !open => check(kind, text),
        _ => Ok(()),
    }
}

/// The variables of an environment that are not what `sternway.yaml` says, each with what is wrong.
#[must_use]
pub fn wrong_types(project: &ProjectFile, variables: &[Variable]) -> Vec<(String, Error)> {
    let wrong = |variable: &Variable| {
        let kind = project.configuration.types.get(&variable.key)?;
        Some((variable.key.clone(), problem(kind, &variable.value)?))
    };
    variables.iter().filter_map(wrong).collect()
}

/// What is wrong with a value, its variables filled in.
pub(crate) fn problem(kind: &ValueType, value: &Value) -> Option<Error> {
    match value {
        // What stands in the keychain is not known here.
        Value::Plain(text) if mentions(text).is_ok_and(|pins| pins.is_empty()) => check(kind, text).err(),
        _ => None,
    }
}

/// An empty value is none: whether there has to be one says `configuration.required`.
fn check(kind: &ValueType, text: &str) -> Result<()> {
    if text.is_empty() { Ok(()) } else { kind.check(text) }
}

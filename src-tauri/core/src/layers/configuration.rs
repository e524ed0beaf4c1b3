//! Variables and secrets. What is deployed is what the release says; containers get it from the application layer.

use std::collections::HashMap;

use async_trait::async_trait;
use sternway_compose::model::FailureAction;
use sternway_model::{Action, Change, Error, Kind, Layer as LayerName, Result, Stage, Value, Variable, counted, shown};

use super::{Act, Job, Layer, LayerPlan, Observed, Sight};
use crate::want::Want;

/// The configuration layer.
pub struct Configuration;

#[async_trait]
impl Layer for Configuration {
    fn name(&self) -> LayerName {
        LayerName::Configuration
    }

    async fn observe(&self, sight: &Sight<'_>, _: &Want) -> Result<Observed> {
        let variables = sight.have.map(|release| release.configuration.clone());
        Ok(Observed::Configuration(variables.unwrap_or_default()))
    }

    fn plan(&self, _: &Sight<'_>, observed: &Observed, want: &Want) -> Result<LayerPlan> {
        let Observed::Configuration(have) = observed else {
            return Err(Error::internal("the configuration layer was given what another layer saw"));
        };
        let mut changes = difference(have, &want.configuration);
        if let Some(release) = want.target.filter(|_| want.kind == Kind::Rollback) {
            // The lines of the files may be others by now, and going back leaves the files alone.
            for change in &mut changes {
                change.reason = match change.action {
                    Action::Remove => format!("{release} did not have it"),
                    _ => format!("as it was in {release}"),
                };
            }
        }
        if changes.is_empty() {
            return Ok(LayerPlan::default());
        }
        let job = Job {
            layer: LayerName::Configuration,
            stage: Stage::Configuration,
            name: format!("configuration: {} changed", changes.len()),
            changes,
            intent: serde_json::Value::Null,
            after: Vec::new(),
            on_failure: FailureAction::default(),
        };
        Ok(LayerPlan { jobs: vec![job], ..LayerPlan::default() })
    }

    async fn apply(&self, _: &Job, act: &Act<'_>) -> Result<String> {
        let secrets = act.want.secrets()?;
        // The values were read when the run began; this is the proof that all of them are at hand before a container needs one.
        for pin in &secrets {
            sternway_model::Reveal::reveal(act.secrets, pin)?;
        }
        let variables = counted(act.want.configuration.len(), "variable");
        Ok(match secrets.len() {
            0 => variables,
            read => format!("{variables}; {} read from the keychain", counted(read, "secret version")),
        })
    }
}

/// What changes from one set of variables to another. Secrets show their versions, never values.
pub fn difference(before: &[Variable], after: &[Variable]) -> Vec<Change> {
    let old: HashMap<&str, &Variable> = before.iter().map(|variable| (variable.key.as_str(), variable)).collect();
    let new: HashMap<&str, &Variable> = after.iter().map(|variable| (variable.key.as_str(), variable)).collect();
    let mut changes = Vec::new();
    for variable in after {
        match old.get(variable.key.as_str()) {
            None => changes.push(change(variable, Action::Create, None, Some(&variable.value), "new")),
            Some(had) if had.value != variable.value => {
                changes.push(change(variable, Action::Update, Some(&had.value), Some(&variable.value), "changed"));
            }
            Some(_) => {}
        }
    }
    for variable in before.iter().filter(|variable| !new.contains_key(variable.key.as_str())) {
        changes.push(change(variable, Action::Remove, Some(&variable.value), None, "no longer set"));
    }
    changes
}

fn change(variable: &Variable, action: Action, before: Option<&Value>, after: Option<&Value>, reason: &str) -> Change {
    let reason = match (action, before, after) {
        (Action::Remove, ..) => reason.to_owned(),
        (_, Some(Value::Plain(_)), Some(Value::Secret { .. })) => "is a secret now".to_owned(),
        (_, Some(Value::Secret { .. }), Some(Value::Plain(_))) => "is no secret any more".to_owned(),
        _ => format!("{reason} in {}:{}", variable.source.file.display(), variable.source.line),
    };
    Change {
        layer: LayerName::Configuration,
        subject: format!("variable {}", variable.key),
        action,
        reason,
        before: match (before, after) {
            // What becomes a secret was a password in a file: it is not shown once more.
            (Some(Value::Plain(_)), Some(Value::Secret { .. })) => Some("in the file as plain text".to_owned()),
            _ => before.map(|value| said(&variable.key, value)),
        },
        after: after.map(|value| said(&variable.key, value)),
    }
}

/// A value as people see it; not if it looks like a secret.
fn said(key: &str, value: &Value) -> String {
    match value {
        Value::Plain(text) => shown(key, text).to_owned(),
        Value::Secret { name, version: Some(version) } => format!("secret {name} v{version}"),
        Value::Secret { name, version: None } => format!("secret {name}, no value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sternway_model::Origin;

    fn variable(key: &str, value: Value) -> Variable {
        let source = Origin { file: ".env".into(), line: 1 };
        Variable { key: key.to_owned(), value, source, overridden: Vec::new() }
    }

    fn secret(version: u32) -> Value {
        Value::Secret { name: "PW".parse().expect("a name"), version: Some(version) }
    }

    #[test]
    fn says_what_is_added_changed_and_removed() {
        let plain = |text: &str| Value::Plain(text.to_owned());
        let before = [variable("A", plain("1")), variable("B", secret(1)), variable("C", plain("x"))];
        let after = [variable("A", plain("2")), variable("B", secret(2)), variable("D", plain("new"))];
        let changes = difference(&before, &after);
        let told: Vec<_> =
            changes.iter().map(|c| (c.subject.as_str(), c.action, c.before.as_deref(), c.after.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("variable A", Action::Update, Some("1"), Some("2")),
                ("variable B", Action::Update, Some("secret PW v1"), Some("secret PW v2")),
                ("variable D", Action::Create, None, Some("new")),
                ("variable C", Action::Remove, Some("x"), None),
            ]
        );
    }

    #[test]
    fn what_looks_like_a_secret_is_never_shown() {
        let plain = |text: &str| Value::Plain(text.to_owned());
        let changes = difference(&[variable("DB_PASSWORD", plain("hunter2"))], &[variable("DB_PASSWORD", plain("x9"))]);
        assert_eq!((changes[0].before.as_deref(), changes[0].after.as_deref()), (Some("●●●●"), Some("●●●●")));
        // An address whose password is in the keychain shows where it leads.
        let address = plain("postgres://app:⟦keychain:PW@1⟧@db/shop");
        assert!(
            difference(&[], &[variable("URL", address)])[0]
                .after
                .as_deref()
                .is_some_and(|url| url.ends_with("@db/shop"))
        );
    }

    #[test]
    fn what_becomes_a_secret_is_not_shown_once_more() {
        let changes = difference(&[variable("B", Value::Plain("hunter2".to_owned()))], &[variable("B", secret(1))]);
        assert_eq!(changes[0].reason, "is a secret now");
        assert_eq!(changes[0].before.as_deref(), Some("in the file as plain text"));
    }

    #[test]
    fn a_value_that_moves_to_another_line_is_no_change() {
        let mut moved = variable("A", Value::Plain("1".to_owned()));
        moved.source.line = 9;
        assert!(difference(&[variable("A", Value::Plain("1".to_owned()))], &[moved]).is_empty());
    }
}

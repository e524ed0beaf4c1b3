//! Plans and changes.

use std::fmt::Write;

use sternway_core::view::Drift;
use sternway_model::{Action, Change, Layer, Plan};

use super::{commands, line};

/// A plan by layer, with reasons.
pub fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    let to = plan.to.map(|to| match &plan.source {
        Some(source) => format!("{to} of {source}"),
        None => to.to_string(),
    });
    let road = match (plan.from, to) {
        (Some(from), Some(_)) if plan.from == plan.to => format!("{from} once more"),
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (Some(from), None) => from.to_string(),
        (None, Some(to)) => format!("→ {to}"),
        (None, None) => "no release yet".to_owned(),
    };
    line!(text, "{} {}   {road}   plan {}", plan.kind, plan.environment, &plan.hash[..12.min(plan.hash.len())]);
    let proven = if plan.ready_to_go_back.proven { "proven" } else { "not proven" };
    line!(text, "going back: {proven} ({})", plan.ready_to_go_back.reasons.join("; "));
    for blocker in &plan.blockers {
        line!(text, "✕ {blocker}");
    }
    if !plan.untrusted.is_empty() {
        line!(text, "✕ this project is new to this machine; until it is trusted (`sternway trust`), it may not run:");
        text.push_str(&commands(&plan.untrusted));
    }
    if plan.changes.is_empty() {
        line!(text, "nothing to change");
    }
    for layer in [Layer::Configuration, Layer::Application] {
        let of_layer: Vec<&Change> = plan.changes.iter().filter(|change| change.layer == layer).collect();
        if !of_layer.is_empty() {
            line!(text, "{layer}");
            for change in of_layer {
                line!(text, "{}", one_change(change));
            }
        }
    }
    if !plan.kept.is_empty() {
        line!(text, "stays as it is: {}", plan.kept.join(", "));
    }
    let stages = [("checks before", &plan.checks), ("builds", &plan.builds), ("verified by", &plan.verifications)];
    for (stage, steps) in stages.into_iter().filter(|(_, steps)| !steps.is_empty()) {
        line!(text, "{stage}: {}", steps.join(" · "));
    }
    for note in &plan.notes {
        line!(text, "! {note}");
    }
    line!(text, "hash {}", plan.hash);
    text.truncate(text.trim_end().len());
    text
}

fn one_change(change: &Change) -> String {
    let sign = match change.action {
        Action::Create | Action::Build | Action::Pull => '+',
        Action::Remove => '-',
        Action::Start => '▸',
        Action::Update | Action::Recreate => '~',
    };
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("  {} → {}", one_line(before), one_line(after)),
        (None, Some(after)) => format!("  {}", one_line(after)),
        (Some(before), None) => format!("  was {}", one_line(before)),
        (None, None) => String::new(),
    };
    format!("  {sign} {}{values}  ({})", change.subject, change.reason)
}

/// A value on one line: breaks and what else would move the cursor are shown as escapes.
fn one_line(value: &str) -> String {
    value.chars().fold(String::with_capacity(value.len()), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
        line
    })
}

/// Changes, one a line.
pub fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no difference".to_owned();
    }
    changes.iter().map(one_change).collect::<Vec<_>>().join("\n")
}

/// How an environment differs from its release.
pub fn drift(drift: &Drift) -> String {
    if drift.changes.is_empty() {
        return format!("{} runs what its release says", drift.environment);
    }
    format!("{} differs from its release; going back to it would:\n{}", drift.environment, changes(&drift.changes))
}

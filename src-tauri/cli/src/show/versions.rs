//! Versions of the configuration.

use std::fmt::Write;

use sternway_core::EditedView;
use sternway_core::view::{
    Blame, Left, RestorePlan, Restored, VersionChange, VersionDifference, VersionHead, VersionsPage,
};
use sternway_model::{Action, Cause, EnvironmentName, counted};

use super::table::Table;
use super::{line, local};

/// What was edited, and what became of its version.
pub fn edited(done: &str, edited: &EditedView) -> String {
    match &edited.problem {
        Some(problem) => format!("{done}\n! {problem}"),
        None => done.to_owned(),
    }
}

fn head(version: &VersionHead) -> String {
    let note = version.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
    // Whoever changed it outside is not known, and the cause says just that.
    let by = if version.cause == Cause::Outside { String::new() } else { format!("  {}", version.by) };
    format!("{}  {}{by}  {}{note}", version.number, local(version.created), version.cause)
}

fn change(change: &VersionChange) -> String {
    let sign = match change.action {
        Action::Create => '+',
        Action::Remove => '-',
        _ => '~',
    };
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("  {before} → {after}"),
        (None, Some(after)) => format!("  {after}"),
        (Some(before), None) => format!("  was {before}"),
        (None, None) => String::new(),
    };
    let place = match &change.file {
        Some(file) if change.key.is_some() => file.display().to_string(),
        _ => String::new(),
    };
    let readers: Vec<&str> = change.environments.iter().map(EnvironmentName::as_str).collect();
    let readers = readers.join(", ");
    let place = if place.is_empty() { readers } else { format!("{place}: {readers}") };
    format!("  {sign} {}{values}  ({place})", change.subject).replace('\n', "⏎")
}

fn changes(changes: &[VersionChange]) -> String {
    changes.iter().map(|one| change(one) + "\n").collect()
}

/// A page of versions.
pub fn versions(page: &VersionsPage) -> String {
    if page.versions.is_empty() {
        return "there is no such version".to_owned();
    }
    let mut text = String::new();
    for version in &page.versions {
        line!(text, "{}", head(&version.head));
        text.push_str(&changes(&version.changes));
        if version.more > 0 {
            line!(text, "  … and {} more", version.more);
        }
    }
    if usize::try_from(page.total).is_ok_and(|total| total > page.versions.len()) {
        line!(text, "{} of {}", page.versions.len(), page.total);
    }
    text
}

/// Two versions side by side.
pub fn version_difference(difference: &VersionDifference) -> String {
    if difference.changes.is_empty() {
        return "no difference".to_owned();
    }
    changes(&difference.changes)
}

/// Who set what.
pub fn blame(blame: &Blame) -> String {
    let mut table = Table::new().head(["key", "value", "version", "by", "set", "first ran", "why"]);
    for variable in &blame.variables {
        let value = match (&variable.value, &variable.secret) {
            (Some(value), _) => value.clone(),
            (None, Some(name)) => {
                let version = variable.secret_version.map(|version| format!(" v{version}")).unwrap_or_default();
                format!("●●●● {name}{version}")
            }
            (None, None) => String::new(),
        };
        let version = variable.version.as_ref();
        table.row([
            variable.key.clone(),
            value,
            version.map(|version| version.number.to_string()).unwrap_or_default(),
            version.map(|version| version.by.clone()).unwrap_or_default(),
            version.map(|version| local(version.created)).unwrap_or_default(),
            variable.first_ran.map_or_else(|| "not yet".to_owned(), |number| number.to_string()),
            version.and_then(|version| version.note.clone()).unwrap_or_default(),
        ]);
    }
    table.to_string()
}

/// What bringing a version back would change.
pub fn restore_plan(plan: &RestorePlan) -> String {
    let mut text = format!("back to version {}\n", head(&plan.version));
    if plan.changes.is_empty() {
        line!(text, "nothing would change");
    }
    text.push_str(&changes(&plan.changes));
    text.push_str(&left(&plan.left));
    text
}

fn left(left: &[Left]) -> String {
    left.iter().map(|left| format!("! {} stays: {}\n", left.subject, left.reason)).collect()
}

/// What was brought back.
pub fn restored(restored: &Restored) -> String {
    let mut text = match restored.version {
        Some(version) => {
            format!("{} brought back; this is version {version}\n", counted(restored.changes.len(), "value"))
        }
        None => "nothing differed\n".to_owned(),
    };
    text.push_str(&left(&restored.left));
    text
}

//! Secrets under way: promotions, rotations, leaks, the audit.

use std::fmt::Write;

use sternway_core::view::{
    Audit, Leak, LeakReport, Promotion, RotationState, RotationView, SecretRemoval, TakeOver, TakeOverEntry,
    TakeOverOutcome,
};
use sternway_model::counted;

use super::table::Table;
use super::{changes, line, local, plan};

/// What moving an environment to another one's release would change.
pub fn promotion(promotion: &Promotion) -> String {
    format!("{}\n{}", speaks_against(promotion), plan(&promotion.plan))
}

/// How two environments differ, and what looks wrong about it.
pub fn speaks_against(promotion: &Promotion) -> String {
    let Promotion { from, to, release, differences, suspicious, .. } = promotion;
    let mut text = format!("{release} of {from}, with the variables of {to}:\n{}\n", changes(differences));
    for suspicion in suspicious {
        let (sign, what) = if suspicion.allowed { ('·', "allowed: ") } else { ('✕', "") };
        line!(text, "{sign} {what}{} {}", suspicion.key, suspicion.reason);
    }
    let open: Vec<&str> = suspicious.iter().filter(|one| !one.allowed).map(|one| one.key.as_str()).collect();
    if !open.is_empty() {
        line!(text, "If that is meant: --allow {}", open.join(","));
    }
    text
}

/// What is kept under the project's name, or what became of it.
pub fn take_over(view: &TakeOver) -> String {
    if view.entries.is_empty() {
        return "all secrets of this project are its own".to_owned();
    }
    let mut text = String::new();
    for TakeOverEntry { environment, name, version, outcome } in &view.entries {
        let (sign, what) = match outcome {
            TakeOverOutcome::Waiting => {
                ('·', "is kept under the project's name, where every project of that name reaches it")
            }
            TakeOverOutcome::Taken => ('✓', "is this project's own now"),
            TakeOverOutcome::Missing => {
                ('✕', "is not in this keychain; set it again, or come back with the keychain that has it")
            }
            TakeOverOutcome::Foreign => (
                '✕',
                "is not there: the entry of this name and number has a value that this project never set, and stays",
            ),
        };
        line!(text, "{sign} {name} v{version} of {environment} {what}");
    }
    text
}

/// What a rotation would do, or how far it is.
pub fn rotation(view: &RotationView) -> String {
    let RotationView { environment, name, state, old, new, used_by, services, releases, .. } = view;
    let version =
        |version: &Option<u32>| version.map_or_else(|| "no value".to_owned(), |version| format!("v{version}"));
    let (old, new) = (version(old), version(new));
    let mut text = match state {
        RotationState::None => format!("{name} in {environment} is {old}\n"),
        RotationState::Begun => format!("the rotation of {name} in {environment} was begun; it has no new value yet\n"),
        RotationState::Set => {
            format!("{name} in {environment} has its new value, {new}; {old} is kept until a release runs with it\n")
        }
        RotationState::Deployed => format!("{environment} runs with {new} of {name}; {old} can be dropped\n"),
        RotationState::Done => format!("{name} in {environment} is {new} now; {old} is dropped\n"),
        RotationState::GivenUp => format!("{new} of {name} is dropped; {environment} goes on with {old}\n"),
    };
    if matches!(state, RotationState::None | RotationState::Begun | RotationState::Set) {
        let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        line!(text, "  used by variables: {}", list(used_by));
        line!(text, "  running services that get it: {}", list(services));
        if !releases.is_empty() {
            line!(text, "  releases that cannot be gone back to once {old} is dropped: {}", listed(releases));
        }
    }
    if *state == RotationState::Set {
        line!(text, "  `sternway secret rotate {environment} {name}` goes on, with `--give-up` it is back at {old}");
    }
    text
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What removing a secret would take along.
pub fn removal(removal: &SecretRemoval) -> String {
    let SecretRemoval { environment, name, versions, releases, running, .. } = removal;
    let versions: Vec<String> = versions.iter().map(|version| format!("v{version}")).collect();
    let mut text = format!("{} of {name} in {environment} would be gone for good\n", listed(&versions));
    if *running {
        line!(text, "  ✕ what runs needs it: its containers go on, and cannot be made anew or gone back to");
    }
    if !releases.is_empty() {
        line!(text, "  ✕ releases that cannot be gone back to any more: {}", listed(releases));
    }
    if !running && releases.is_empty() {
        line!(text, "  no release needs it");
    }
    text
}

fn leak(leak: &Leak) -> [String; 3] {
    let commit = leak.commit.as_deref().map(|commit| commit.get(..12).unwrap_or(commit)).unwrap_or_default();
    let what = match (&leak.secret, &leak.looks_like) {
        (Some(secret), _) => format!("the secret {} v{} of {}", secret.name, secret.version, secret.environment),
        (None, Some(reason)) => format!("it {reason}"),
        (None, None) => String::new(),
    };
    [format!("{}:{}", leak.file.display(), leak.line), commit.to_owned(), what]
}

/// Where secrets were found.
pub fn leaks(report: &LeakReport) -> String {
    let read =
        format!("{} and {} read", counted(report.files as usize, "file"), counted(report.commits as usize, "commit"));
    let mut text = String::new();
    if report.leaks.is_empty() {
        line!(text, "no secret was found; {read}");
    } else {
        let mut table = Table::new().head(["where", "commit", "what"]);
        for found in &report.leaks {
            table.row(leak(found));
        }
        text.push_str(&table.to_string());
        line!(text, "{}; {read}", counted(report.leaks.len(), "place"));
        line!(
            text,
            "Rotate what was found: `sternway secret rotate ENV NAME`. Taking it out of the files is not enough."
        );
    }
    for gap in &report.gaps {
        line!(text, "! {gap}");
    }
    text
}

/// Who saw secrets.
pub fn audit(audit: &Audit) -> String {
    if audit.entries.is_empty() {
        return "nobody has looked at a secret's value".to_owned();
    }
    let mut table = Table::new().head(["when", "who", "did", "environment", "with", "why"]);
    for entry in &audit.entries {
        table.row([
            local(entry.at),
            entry.by.clone(),
            entry.action.clone(),
            entry.environment.to_string(),
            entry.subject.clone(),
            entry.why.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}

//! Answers as text.

mod init;
mod plan;
mod prune;
mod record;
mod safekeeping;
mod table;
mod trust;
mod values;
mod versions;

use std::fmt::Write;

use sternway_core::view::{Doctor, Part, ServiceLine, TargetPart, UsageView};
use sternway_model::At;

pub use init::initialised;
pub use plan::{changes, drift, plan};
pub use prune::{prune_plan, pruned};
pub use record::{deployment, history, status};
pub use safekeeping::{audit, leaks, promotion, removal, rotation, speaks_against, take_over};
pub use trust::{commands, trust};
pub use values::{import, imported, matrix, secrets, variables};
pub use versions::{blame, edited, restore_plan, restored, version_difference, versions};

use table::Table;

/// Writing into a `String` cannot fail; this keeps that knowledge in one place.
macro_rules! line {
    ($to:expr) => { $to.push('\n') };
    ($to:expr, $($argument:tt)*) => {{
        let written = writeln!($to, $($argument)*);
        debug_assert!(written.is_ok(), "a String takes every text");
    }};
}
use line;

/// A time as the person's own clock says it.
fn local(at: At) -> String {
    at.0.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// What Sternway needs from the machine, and the engines of the project.
pub fn doctor(doctor: &Doctor) -> String {
    let machine = &doctor.machine;
    let mut text = format!("sternway {}   data in {}\n", machine.version, machine.home.display());
    for (name, part) in [("engine", &machine.engine), ("keychain", &machine.keychain), ("history", &machine.history)] {
        line!(text, "{} {name:9} {}", if part.ok { '✓' } else { '✕' }, part_words(part));
    }
    for TargetPart { environment, target, part } in &doctor.targets {
        line!(text, "{} {environment} ({target})\n            {}", if part.ok { '✓' } else { '✕' }, part_words(part));
    }
    text
}

fn part_words(part: &Part) -> String {
    match &part.problem {
        Some(problem) => format!("{problem}\n            {}", problem.hint),
        None => part.detail.clone(),
    }
}

/// A line of a service, with the container's name in front: without the project's name, which is always the same.
pub fn service_line(line: &ServiceLine, compose_project: &str, with_time: bool) -> String {
    let name = line.container.strip_prefix(compose_project).and_then(|name| name.strip_prefix('-'));
    let time = if with_time { format!("{} ", line.at) } else { String::new() };
    format!("{:16} | {time}{}", name.unwrap_or(&line.container), line.text)
}

/// What containers use.
pub fn usage(usage: &UsageView) -> String {
    if usage.containers.is_empty() {
        return "nothing runs".to_owned();
    }
    let mut table = Table::new().head(["container", "processor", "memory", "of"]);
    for container in &usage.containers {
        let [memory, limit] = [container.memory, container.memory_limit].map(|bytes| bytes / 1_048_576.0);
        let processor = format!("{:.1} %", container.cpu_percent);
        table.row([container.container.clone(), processor, format!("{memory:.1} MiB"), format!("{limit:.0} MiB")]);
    }
    table.to_string()
}

//! A plan as text.

use std::fmt;

use sternway_model::Action;

use super::{ComposePlan, Work};

impl fmt::Display for ComposePlan {
    /// One line per piece of work, then what stays, then the notes and what stands in the way. `{:#}` adds what each piece waits
    /// for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Work { change, after, .. } in &self.work {
            write!(f, "{} {}: {}", word(change.action), change.subject, change.reason)?;
            if f.alternate() && !after.is_empty() {
                let awaited = after.iter().filter_map(|place| Some(self.work.get(*place)?.change.subject.as_str()));
                write!(f, " [after {}]", awaited.collect::<Vec<_>>().join(", "))?;
            }
            writeln!(f)?;
        }
        for service in &self.kept {
            writeln!(f, "keep service {service}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for key in &self.without_effect {
            writeln!(f, "note: {key}")?;
        }
        for blocker in &self.blockers {
            writeln!(f, "blocker: {blocker}")?;
        }
        Ok(())
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Recreate => "recreate",
        Action::Start => "start",
        Action::Remove => "remove",
        Action::Build => "build",
        Action::Pull => "pull",
    }
}

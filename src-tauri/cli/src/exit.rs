//! The exit codes of answers. An answer can be complete and still say that something is not as it should be.

use sternway_core::view::{Doctor, Status};
use sternway_model::{Change, Code, Plan};

const DONE: u8 = 0;
const FAILED: u8 = 1;
/// Nothing was touched, because something stands in the way.
pub const REFUSED: u8 = 3;

/// A plan that would not be run, so that a script need not read it to know; else as [`of_changes`].
pub fn of_plan(plan: &Plan, asked: bool) -> u8 {
    if plan.refusal().is_none() { of_changes(&plan.changes, asked) } else { REFUSED }
}

/// Something differs, where a script asked to be told so.
pub fn of_changes(changes: &[Change], asked: bool) -> u8 {
    if asked && !changes.is_empty() { FAILED } else { DONE }
}

/// How an environment is cannot be said when its engine does not answer.
pub fn of_status(status: &Status) -> u8 {
    let known = status.environments.iter().all(|environment| environment.problem.is_none());
    if known { DONE } else { Code::Unknown.exit_code() }
}

/// Something that is needed is not there.
pub fn of_doctor(doctor: &Doctor) -> u8 {
    let machine = &doctor.machine;
    let of_machine = [&machine.engine, &machine.keychain, &machine.history];
    let fine = of_machine.into_iter().chain(doctor.targets.iter().map(|target| &target.part)).all(|part| part.ok);
    if fine { DONE } else { FAILED }
}

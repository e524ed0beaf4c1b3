//! Who holds a lock, and whether that process still exists.

use std::fmt;

use serde::{Deserialize, Serialize};
use sternway_model::{DeploymentNumber, Error, Result};

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The person.
    pub who: String,
    /// The machine that the program runs on.
    pub host: String,
    /// The program's process.
    pub pid: u32,
    /// When that process began, in the system's own unit: process numbers are used again. `None` where it is not known.
    pub started: Option<u64>,
    /// What identifies this run of the machine's system, so that processes from before a restart count as gone.
    pub boot: Option<String>,
    /// The deployment.
    pub deployment: Option<DeploymentNumber>,
}

impl Owner {
    /// This process, on behalf of a person.
    #[must_use]
    pub fn this_process(who: impl Into<String>, host: impl Into<String>, deployment: Option<DeploymentNumber>) -> Self {
        let pid = std::process::id();
        Self { who: who.into(), host: host.into(), pid, started: started(pid), boot: boot(), deployment }
    }

    /// As a container's label has it.
    pub(crate) fn to_label(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal(format!("an owner is no JSON: {error}")))
    }

    /// Whether it can be proved that the owner does not exist any more: it was a process of this machine, and this machine
    /// has no such process. Without proof: no.
    pub(crate) fn is_gone(&self) -> bool {
        // Only where the system says what run of it this is can its process numbers be compared.
        if self.boot.is_none() || self.boot != boot() {
            return false;
        }
        match (self.started, started(self.pid)) {
            (Some(then), Some(now)) => then != now,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} (process {})", self.who, self.host, self.pid)?;
        match self.deployment {
            Some(number) => write!(f, ", deployment {number},"),
            None => Ok(()),
        }
    }
}

/// When a process began; `None` if there is none, or the system does not say.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses and may itself have spaces; after it, `starttime` is the 20th field.
    let fields = stat.rsplit_once(')')?.1;
    let zombie = fields.split_whitespace().next() == Some("Z");
    fields.split_whitespace().nth(19).filter(|_| !zombie)?.parse().ok()
}

/// What identifies this run of the system, and within it the set of processes that can be seen: a container has its own.
fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let processes = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", id.trim(), processes.display()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_can_be_proved_gone() {
        let here = Owner::this_process("ann", "laptop", None);
        assert!(!here.is_gone(), "this process runs");
        assert!(Owner { started: Some(1), ..here.clone() }.is_gone(), "its number was given to another one");
        assert!(!Owner { boot: Some("other".into()), started: Some(1), ..here }.is_gone(), "no proof from afar");
    }
}

//! For crash tests: ends the process, as hard as a power cut, at a place of a deployment or a rotation.
//!
//! `STERNWAY_ABORT_AT_BOUNDARY=n` ends it at the n-th place (from 1) at which a crash would matter. A run that passes fewer
//! places ends normally: so a test counts up until that happens, and has tried them all. Instead of a number it may be the
//! name of a place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const VARIABLE: &str = "STERNWAY_ABORT_AT_BOUNDARY";

/// Called by the core at each such place.
pub type Boundary = Arc<dyn Fn(&str) + Send + Sync>;

/// What the environment asks for; nothing unless a crash test runs.
pub fn boundary() -> Boundary {
    let Ok(wanted) = std::env::var(VARIABLE) else { return Arc::new(|_| {}) };
    let passed = AtomicU32::new(0);
    Arc::new(move |name| {
        let number = passed.fetch_add(1, Ordering::SeqCst) + 1;
        if wanted == name || wanted == number.to_string() {
            mention!("aborted at boundary {number}: {name}");
            std::process::abort();
        }
    })
}

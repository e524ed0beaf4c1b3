//! For crash tests: ends the process, as hard as a power cut, at a numbered place of a deployment.
//!
//! `STERNWAY_ABORT_AT_BOUNDARY=n` ends it at the n-th place (from 1) at which a crash would matter. A run that passes fewer
//! places ends normally: so a test counts up until that happens, and has tried them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sternway_model::{Code, Error, Result};

const VARIABLE: &str = "STERNWAY_ABORT_AT_BOUNDARY";

/// Called by the core at each such place.
pub type Boundary = Arc<dyn Fn(&str) + Send + Sync>;

/// What the environment asks for; nothing unless a crash test runs.
///
/// # Errors
/// If the variable is no number.
pub fn boundary() -> Result<Boundary> {
    let Ok(number) = std::env::var(VARIABLE) else { return Ok(Arc::new(|_| {})) };
    let number: u32 =
        number.parse().map_err(|_| Error::new(Code::Usage, format!("{VARIABLE} is no number: `{number}`")))?;
    let passed = AtomicU32::new(0);
    Ok(Arc::new(move |name| {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 == number {
            eprintln!("aborted at boundary {number}: {name}");
            std::process::abort();
        }
    }))
}

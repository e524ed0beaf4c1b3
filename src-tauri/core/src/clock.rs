//! Time comes in as a value, so that tests can give another.

use jiff::Timestamp;
use sternway_model::At;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> At;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> At {
        At(Timestamp::now())
    }
}

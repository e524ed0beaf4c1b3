//! What the host of a virtual machine takes of its processors, from `/proc/stat`: time in which nothing here goes on.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Failure, Result};
use tokio::time::Instant;

/// A measurement from which the host took more than this part of the processors' time is done again,
const TOO_MUCH: f64 = 0.03;
/// but not more often than this: on a host that never rests, what is there counts.
const TRIES: usize = 4;
/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A time that is watched.
pub struct Watch {
    stolen: Duration,
    begun: Instant,
}

impl Watch {
    /// From now on.
    ///
    /// # Errors
    /// If there is no `/proc`.
    pub fn begin() -> Result<Self> {
        Ok(Self { stolen: stolen()?, begun: Instant::now() })
    }

    /// What the host has taken since, as a part of all processors' time.
    ///
    /// # Errors
    /// If there is no `/proc`.
    pub fn taken(&self) -> Result<f64> {
        let processors = u32::try_from(std::thread::available_parallelism()?.get())?;
        let taken = stolen()?.saturating_sub(self.stolen);
        Ok(taken.as_secs_f64() / (self.begun.elapsed() * processors).as_secs_f64())
    }
}

/// Measures until the host lets it go on undisturbed. `measure` gives a figure, and what [`Watch::taken`] said at its end.
///
/// # Errors
/// Those of `measure`.
pub async fn undisturbed<T>(mut measure: impl AsyncFnMut() -> Result<(T, f64)>) -> Result<T> {
    for _ in 1..TRIES {
        let (figure, taken) = measure().await?;
        if taken <= TOO_MUCH {
            return Ok(figure);
        }
    }
    measure().await.map(|(figure, _)| figure)
}

/// Since the machine was started, of all processors.
fn stolen() -> Result<Duration> {
    let times = fs::read_to_string("/proc/stat")?;
    // The first line: `cpu`, then user, nice, system, idle, iowait, irq, softirq, steal (proc(5)).
    let ticks = times.split_whitespace().nth(8).and_then(|ticks| ticks.parse::<u32>().ok());
    Ok(TICK * ticks.ok_or_else(|| Failure::new("/proc/stat does not say what the host took"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_disturbed_is_done_again_and_not_for_ever() {
        let mut taken = [0.5, 0.01, 0.0].into_iter();
        let figure = undisturbed(async || Ok((taken.len(), taken.next().expect("no more than two tries")))).await;
        assert_eq!(figure.expect("a figure"), 2, "the second");
        let mut tries = 0;
        undisturbed(async || Ok((tries += 1, 1.0))).await.expect("the last one");
        assert_eq!(tries, TRIES);
    }
}

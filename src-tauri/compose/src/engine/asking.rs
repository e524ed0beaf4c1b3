//! Questions are asked again where the connection broke or the engine was away for a moment: asking changes nothing.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error as BollardError;
use sternway_model::Result;
use tokio::time::{Instant, sleep};

use super::{Observer, REQUEST, dialled, failure, timed_out};

/// How often a question is asked again at once: of connections that are kept, several may have broken.
const AT_ONCE: u32 = 2;
/// How long it takes until an engine that is away is asked again: first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// For how long an engine that is away is waited for. It counts from the first question that found it so.
#[derive(Debug, Default)]
pub(crate) struct Patience(Mutex<Waited>);

#[derive(Debug, Default, Clone, Copy)]
struct Waited {
    limit: Duration,
    away_since: Option<Instant>,
}

impl Patience {
    pub fn of(limit: Duration) -> Self {
        Self(Mutex::new(Waited { limit, away_since: None }))
    }

    /// From now on it is waited for so long, whatever was before.
    pub fn renew(&self, limit: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Waited { limit, away_since: None };
    }

    fn there(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).away_since = None;
    }

    /// Whether it is still waited for.
    fn lasts(&self) -> bool {
        let mut waited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *waited.away_since.get_or_insert_with(Instant::now);
        since.elapsed() < waited.limit
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The engine answered, if only with a refusal.
    Open,
    /// The connection broke on the way.
    Broke,
    /// There was none.
    Closed,
}

impl Way {
    fn of(error: &BollardError) -> Self {
        match error {
            BollardError::SocketNotFoundError(_) => Self::Closed,
            BollardError::HyperLegacyError { err } if err.is_connect() || dialled(err).is_some() => Self::Closed,
            BollardError::HyperLegacyError { .. }
            | BollardError::HyperResponseError { .. }
            | BollardError::IOError { .. } => Self::Broke,
            // A body that ends early.
            other if causes(other).any(|cause| cause.is::<hyper::Error>()) => Self::Broke,
            _ => Self::Open,
        }
    }
}

fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

impl Observer {
    /// Asks the engine something, with the time limit of an ordinary request for each time that it is asked.
    pub(crate) async fn ask<T, F: Future<Output = Result<T, BollardError>>>(
        &self,
        doing: &str,
        question: impl Fn() -> F,
    ) -> Result<T> {
        let mut at_once = AT_ONCE;
        let [mut pause, longest] = PAUSES;
        loop {
            let error = match tokio::time::timeout(REQUEST, question()).await {
                Ok(Ok(answer)) => {
                    self.patience.there();
                    return Ok(answer);
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(timed_out(doing, REQUEST)),
            };
            match Way::of(&error) {
                Way::Open => {
                    self.patience.there();
                    return Err(failure(doing, error));
                }
                Way::Broke if at_once > 0 => at_once -= 1,
                Way::Broke | Way::Closed if self.patience.lasts() => {
                    sleep(pause).await;
                    pause = (pause * 2).min(longest);
                }
                Way::Broke | Way::Closed => return Err(failure(doing, error)),
            }
        }
    }

    /// Sees that the engine answers, over connections that are made for it: one that is being ended takes no new ones, and goes
    /// on to answer over those that it has.
    ///
    /// # Errors
    /// [`sternway_model::Code::EngineUnreachable`] if it does not.
    pub async fn answers_anew(&self) -> Result<()> {
        if let Some(pool) = &self.pool {
            pool.renew();
        }
        self.ask("ask the engine whether it is there", || self.docker.ping()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_questions_together_wait_once() {
        let patience = Patience::of(Duration::from_secs(600));
        assert!(patience.lasts());
        let since = patience.0.lock().expect("not poisoned").away_since;
        assert!(since.is_some() && patience.lasts());
        assert_eq!(patience.0.lock().expect("not poisoned").away_since, since, "it counts from the first");
        patience.there();
        assert_eq!(patience.0.lock().expect("not poisoned").away_since, None, "until it answers");
        patience.renew(Duration::ZERO);
        assert!(!patience.lasts(), "whoever has none does not wait");
    }
}

//! Questions to a keychain that may wait for a person: one after another, each with an end.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use sternway_model::{Error, Result};
use tokio::sync::oneshot;

use crate::keychain::Keychain;

/// How long a person has for the keychain's dialog.
const OF_A_PERSON: Duration = Duration::from_secs(120);
/// How long the keychain has where nobody sees its dialog; a bus that has to start it first takes some seconds.
const UNATTENDED: Duration = Duration::from_secs(8);
/// An answer that takes longer is said to be waited for.
const SOON: Duration = Duration::from_secs(1);

/// How long the keychain is waited for, and who hears that it is.
#[derive(Clone)]
pub struct Patience {
    limit: Duration,
    waiting: Arc<dyn Fn(bool) + Send + Sync>,
}

impl Patience {
    /// Of a person who sees the keychain's dialog.
    #[must_use]
    pub fn of_a_person() -> Self {
        Self::of(OF_A_PERSON)
    }

    /// Where nobody can be asked: in a script, or in the night.
    #[must_use]
    pub fn unattended() -> Self {
        Self::of(UNATTENDED)
    }

    /// Of this length.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self { limit, waiting: Arc::new(|_| {}) }
    }

    /// The same, with somebody who hears when the keychain is waited for (`true`), and when it is not any more.
    #[must_use]
    pub fn told(self, waiting: impl Fn(bool) + Send + Sync + 'static) -> Self {
        Self { waiting: Arc::new(waiting), ..self }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("limit", &self.limit).finish_non_exhaustive()
    }
}

type Job = Box<dyn FnOnce(&dyn Keychain) + Send>;

/// The way to a keychain. A clone is another handle to the same.
#[derive(Debug, Clone)]
pub(crate) struct Questions {
    line: Arc<Mutex<Line>>,
    /// The number of the last question that was answered.
    answered: Arc<AtomicU64>,
    /// How many are waited for longer than [`SOON`].
    late: Arc<AtomicUsize>,
    patience: Patience,
}

/// Questions in the order in which they were asked, numbered from 1.
#[derive(Debug)]
struct Line {
    jobs: mpsc::Sender<Job>,
    asked: u64,
    /// The last one that nobody waits for any more.
    given_up: u64,
}

impl Questions {
    /// To this keychain.
    pub(crate) fn to(keychain: Arc<dyn Keychain>, patience: Patience) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let line = Arc::new(Mutex::new(Line { jobs, asked: 0, given_up: 0 }));
        std::thread::Builder::new()
            .name("keychain".into())
            .spawn(move || {
                for job in waiting {
                    job(keychain.as_ref());
                }
            })
            .map_err(|error| Error::failed(format!("no thread for the keychain: {error}")))?;
        Ok(Self { line, answered: Arc::default(), late: Arc::default(), patience })
    }

    /// The answer, or how long it was waited for. While a question is open on which somebody gave up, others get no answer either: they
    /// would only wait behind it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Keychain) -> T + Send + 'static,
    ) -> Result<std::result::Result<T, Duration>> {
        let limit = self.patience.limit;
        let (answer, mut answered) = oneshot::channel();
        let gone = || Error::internal("the keychain's thread has ended");
        let number = {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            if line.given_up > self.answered.load(Ordering::SeqCst) {
                return Ok(Err(limit));
            }
            line.asked += 1;
            let (number, last) = (line.asked, self.answered.clone());
            let job: Job = Box::new(move |keychain| {
                // Nobody wants to know any more: what was not begun must not be done behind their back.
                let answered = (!answer.is_closed()).then(|| question(keychain));
                last.store(number, Ordering::SeqCst);
                if let Some(answered) = answered {
                    drop(answer.send(answered));
                }
            });
            line.jobs.send(job).map_err(|_| gone())?;
            number
        };
        if let Ok(answered) = tokio::time::timeout(SOON.min(limit), &mut answered).await {
            return answered.map(Ok).map_err(|_| gone());
        }
        let _late = Late::begin(self);
        match tokio::time::timeout(limit.saturating_sub(SOON), answered).await {
            Ok(answered) => answered.map(Ok).map_err(|_| gone()),
            Err(_) => {
                let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
                line.given_up = line.given_up.max(number);
                Ok(Err(limit))
            }
        }
    }
}

/// A question that is waited for; whoever wants to hear of it does when the first begins and the last ends.
struct Late<'a>(&'a Questions);

impl<'a> Late<'a> {
    fn begin(questions: &'a Questions) -> Self {
        if questions.late.fetch_add(1, Ordering::SeqCst) == 0 {
            (questions.patience.waiting)(true);
        }
        Self(questions)
    }
}

impl Drop for Late<'_> {
    fn drop(&mut self) {
        if self.0.late.fetch_sub(1, Ordering::SeqCst) == 1 {
            (self.0.patience.waiting)(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::testing::MemoryKeychain;

    /// A dialog that nobody answers until it is told to.
    #[derive(Default)]
    struct Dialog {
        closed: Mutex<bool>,
        changed: Condvar,
    }

    impl Dialog {
        fn wait(&self) {
            let mut closed = self.closed.lock().unwrap();
            while !*closed {
                closed = self.changed.wait(closed).unwrap();
            }
        }

        fn close(&self) {
            *self.closed.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    fn questions(patience: Patience) -> Questions {
        Questions::to(Arc::new(MemoryKeychain::default()), patience).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_locked_keychain_costs_one_deadline_until_its_dialog_is_answered() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let told = heard.clone();
        let questions = questions(Patience::unattended().told(move |waiting| told.lock().unwrap().push(waiting)));
        let dialog = Arc::new(Dialog::default());
        let (open, later) = (dialog.clone(), Arc::new(AtomicBool::new(false)));
        let begin = tokio::time::Instant::now();
        let (first, second) = tokio::join!(
            questions.ask(move |_| open.wait()),
            questions.ask({
                let later = later.clone();
                move |_| later.store(true, Ordering::SeqCst)
            })
        );
        assert_eq!(first.unwrap(), Err(UNATTENDED));
        assert_eq!(second.unwrap(), Err(UNATTENDED));
        assert_eq!(begin.elapsed(), UNATTENDED, "both waited for the same time");
        assert_eq!(questions.ask(|_| ()).await.unwrap(), Err(UNATTENDED));
        assert_eq!(begin.elapsed(), UNATTENDED, "whoever comes later does not wait again");
        assert_eq!(*heard.lock().unwrap(), [true, false], "that it is waited for is heard once");
        // What the keychain's thread does is not bound to a clock that stands still.
        tokio::time::resume();
        dialog.close();
        while questions.ask(|_| ()).await.unwrap().is_err() {
            tokio::task::yield_now().await;
        }
        assert!(!later.load(Ordering::SeqCst), "what nobody waits for any more is not done");
    }
}

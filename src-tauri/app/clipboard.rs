//! The clipboard, for secrets: they go there past the page, and are gone after half a minute.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use sternway_model::{Error, Result, Sensitive};
use tokio::sync::oneshot;

/// How long a secret stays.
pub const KEPT: Duration = Duration::from_secs(30);

/// What is needed of the system's clipboard.
pub trait Board {
    /// Puts a text there, and asks programs that remember texts not to.
    fn write(&mut self, text: &Sensitive) -> Result<()>;
    /// The text that is there; `None` if it is something else, or nothing.
    fn read(&mut self) -> Result<Option<Sensitive>>;
    /// Empties it.
    fn clear(&mut self) -> Result<()>;
}

type Job = Box<dyn FnOnce(&mut dyn Board) + Send>;

/// The clipboard on a thread of its own: the systems' clipboards block, and some serve what they hold from that thread.
#[derive(Debug, Clone)]
pub struct Clipboard {
    jobs: mpsc::Sender<Job>,
    /// What has to go before the program does.
    lent: Arc<Mutex<Option<Sensitive>>>,
}

impl Clipboard {
    /// The system's clipboard. It is not touched before the first secret.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn system() -> Result<Self> {
        Self::on(|| Box::new(System::default()))
    }

    /// On the clipboard that `make` gives.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn on(make: impl FnOnce() -> Box<dyn Board> + Send + 'static) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || {
                let mut board = make();
                for job in waiting {
                    job(board.as_mut());
                }
            })
            .map_err(|error| Error::failed(format!("no thread for the clipboard: {error}")))?;
        Ok(Self { jobs, lent: Arc::default() })
    }

    /// Puts a value there.
    ///
    /// # Errors
    /// If the system has no clipboard.
    pub async fn put(&self, value: &Sensitive) -> Result<()> {
        let writing = value.clone();
        self.ask(move |board| board.write(&writing)).await?;
        *self.lent.lock().unwrap_or_else(PoisonError::into_inner) = Some(value.clone());
        Ok(())
    }

    /// Empties the clipboard, if it still holds this value; whether it did.
    ///
    /// # Errors
    /// If the system has no clipboard.
    pub async fn take_back(&self, value: &Sensitive) -> Result<bool> {
        let value = value.clone();
        self.ask(move |board| {
            let mine = board.read()?.is_some_and(|there| there == value);
            if mine {
                board.clear()?;
            }
            Ok(mine)
        })
        .await
    }

    /// Takes back what is still there, because the program ends: some systems keep the text for longer than that.
    ///
    /// # Errors
    /// If the system has no clipboard.
    pub async fn leave(&self) -> Result<()> {
        let lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner).take();
        match lent {
            Some(value) => self.take_back(&value).await.map(drop),
            None => Ok(()),
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Board) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::internal("the clipboard's thread has ended");
        // Whoever asked may be gone by the time the answer is there.
        self.jobs.send(Box::new(move |board| drop(answer.send(job(board))))).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// The system's clipboard, opened when it is first needed.
#[derive(Default)]
struct System {
    open: Option<arboard::Clipboard>,
}

impl System {
    fn open(&mut self) -> Result<&mut arboard::Clipboard> {
        let opened = match self.open.take() {
            Some(open) => open,
            None => arboard::Clipboard::new().map_err(|error| failed(&error))?,
        };
        Ok(self.open.insert(opened))
    }
}

/// Errors of the library do not quote what is on the clipboard.
fn failed(error: &arboard::Error) -> Error {
    Error::failed(format!("the clipboard cannot be used: {error}")).hint("Reveal the value and type it over.")
}

impl Board for System {
    fn write(&mut self, text: &Sensitive) -> Result<()> {
        #[cfg(target_os = "macos")]
        use arboard::SetExtApple;
        #[cfg(all(unix, not(target_os = "macos")))]
        use arboard::SetExtLinux;
        #[cfg(windows)]
        use arboard::SetExtWindows;
        let writing = self.open()?.set().exclude_from_history();
        writing.text(text.reveal().to_owned()).map_err(|error| failed(&error))
    }

    fn read(&mut self) -> Result<Option<Sensitive>> {
        match self.open()?.get_text() {
            Ok(text) => Ok(Some(Sensitive::new(text))),
            Err(arboard::Error::ContentNotAvailable) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn clear(&mut self) -> Result<()> {
        self.open()?.clear().map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Paper(Arc<Mutex<Option<Sensitive>>>);

    impl Board for Paper {
        fn write(&mut self, text: &Sensitive) -> Result<()> {
            *self.0.lock().expect("no panic") = Some(text.clone());
            Ok(())
        }
        fn read(&mut self) -> Result<Option<Sensitive>> {
            Ok(self.0.lock().expect("no panic").clone())
        }
        fn clear(&mut self) -> Result<()> {
            *self.0.lock().expect("no panic") = None;
            Ok(())
        }
    }

    #[tokio::test]
    async fn only_what_is_still_there_is_taken_back() {
        let held = Arc::new(Mutex::new(None));
        let paper = held.clone();
        let clipboard = Clipboard::on(move || Box::new(Paper(paper))).expect("a thread");
        let secret = Sensitive::new("a secret".to_owned());
        clipboard.put(&secret).await.expect("written");
        assert_eq!(*held.lock().expect("no panic"), Some(secret.clone()));
        assert!(clipboard.take_back(&secret).await.expect("looked"));
        assert_eq!(*held.lock().expect("no panic"), None);

        clipboard.put(&secret).await.expect("written");
        let other = Some(Sensitive::new("copied meanwhile".to_owned()));
        held.lock().expect("no panic").clone_from(&other);
        assert!(!clipboard.take_back(&secret).await.expect("looked"), "it is somebody else's now");
        assert_eq!(*held.lock().expect("no panic"), other);
    }
}

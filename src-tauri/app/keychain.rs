//! What the page hears of the keychain: that it is waited for. Its dialog may stand behind the window.

use std::sync::{Mutex, PoisonError};

use tauri::ipc::Channel;

/// Whether the keychain is waited for, and the page that wants to know.
#[derive(Default)]
pub struct Waiting {
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    waits: bool,
    page: Option<Channel<bool>>,
}

impl Waiting {
    /// It is waited for from now on, or not any more.
    pub fn is(&self, waits: bool) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.waits = waits;
        now.tell();
    }

    /// The page that is told from now on, and at once how it is; the one before was reloaded.
    pub fn tell(&self, page: Channel<bool>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.page = Some(page);
        now.tell();
    }
}

impl Now {
    fn tell(&mut self) {
        // A page that is gone asks anew when it comes back.
        if self.page.as_ref().is_some_and(|page| page.send(self.waits).is_err()) {
            self.page = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tauri::ipc::InvokeResponseBody;

    use super::*;

    #[test]
    fn a_page_is_told_how_it_is_and_what_changes() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = told.clone();
        let page = Channel::new(move |message| {
            let InvokeResponseBody::Json(json) = message else { return Ok(()) };
            heard.lock().expect("no panic").push(json);
            Ok(())
        });
        let waiting = Waiting::default();
        waiting.is(true);
        waiting.tell(page);
        waiting.is(false);
        assert_eq!(*told.lock().expect("no panic"), ["true", "false"]);
    }
}

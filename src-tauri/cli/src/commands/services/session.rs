//! This terminal, connected to a command in a container.

use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

use crossterm::terminal::size;
use futures_util::TryStreamExt;
use sternway_core::{Printed, Session, next_piece};
use sternway_model::{Error, Result};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::terminal::Raw;

/// How often it is looked whether the terminal has another size.
const LOOK: Duration = Duration::from_millis(250);
/// Bytes of input at a time.
const PIECE: usize = 4096;

/// Whether a person sits at both ends.
pub fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What the command has to know of the terminal that it is shown on.
pub fn terminal_variables() -> Vec<String> {
    std::env::var("TERM").map(|kind| format!("TERM={kind}")).into_iter().collect()
}

/// Passes everything through until the command ends; the answer is its exit code.
pub async fn carry_out(mut session: Session, terminal: bool) -> Result<i64> {
    let _raw = if terminal { Some(Raw::new()?) } else { None };
    let mut typed = Some(typed());
    let mut shown_size = (0, 0);
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            printed = session.output.try_next() => match printed? {
                Some(Printed::Out(bytes)) => pass(std::io::stdout(), &bytes)?,
                Some(Printed::Error(bytes)) => pass(std::io::stderr(), &bytes)?,
                None => break,
            },
            bytes = next_piece(&mut typed) => match bytes {
                // The command may have closed its end; that is no failure of ours.
                Some(bytes) => if session.input.write_all(&bytes).await.is_err() { typed = None },
                None => {
                    typed = None;
                    drop(session.input.shutdown().await);
                }
            },
            _ = look.tick(), if terminal => {
                let now = size().unwrap_or(shown_size);
                // A command that has just ended cannot be resized any more.
                if now != shown_size && session.resize(now.0, now.1).await.is_ok() {
                    shown_size = now;
                }
            }
        }
    }
    session.exit_code().await
}

/// Standard input, where it is no terminal: a command without one of its own cannot be typed to.
pub fn piped() -> Option<mpsc::Receiver<Vec<u8>>> {
    (!std::io::stdin().is_terminal()).then(typed)
}

/// Passes on what a command printed. Where nobody reads it any more, the command goes on.
pub fn print(printed: Printed) {
    drop(match printed {
        Printed::Out(bytes) => pass(std::io::stdout(), &bytes),
        Printed::Error(bytes) => pass(std::io::stderr(), &bytes),
    });
}

/// Standard input in pieces. Reading it cannot be interrupted, so it has a thread of its own that ends with the program.
fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(read @ 1..) = std::io::stdin().lock().read(&mut piece) {
            if sender.blocking_send(piece[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

fn pass(mut to: impl Write, bytes: &[u8]) -> Result<()> {
    let passed = to.write_all(bytes).and_then(|()| to.flush());
    passed.map_err(|error| Error::failed(format!("cannot print what the command printed: {error}")))
}

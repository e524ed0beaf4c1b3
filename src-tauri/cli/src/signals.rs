//! How a person or the system asks the program to stop.

use std::io::Result;

use tokio_util::sync::CancellationToken;

/// Waits until somebody wants the work to stop: Ctrl-C, or the system's request to end.
///
/// # Errors
/// If signals cannot be listened to.
#[cfg(unix)]
pub async fn stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = end.recv() => Ok(()),
    }
}

/// Waits until somebody wants the work to stop.
///
/// # Errors
/// If signals cannot be listened to.
#[cfg(not(unix))]
pub async fn stop() -> Result<()> {
    tokio::signal::ctrl_c().await
}

/// From now on the program outlives the terminal that it was started in: a deployment whose window is closed or whose connection
/// breaks goes on, as one that was started in Sternway's window does.
///
/// # Errors
/// If signals cannot be listened to.
#[cfg(unix)]
pub fn outlive_terminal() -> Result<()> {
    // Whoever listens to the signal is not ended by it, and goes on listening until the program ends.
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(drop)
}

/// There is no such signal here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn outlive_terminal() -> Result<()> {
    Ok(())
}

/// Is cancelled when somebody wants the work to stop.
pub fn cancelled_by_stop() -> CancellationToken {
    let cancel = CancellationToken::new();
    let cancelled = cancel.clone();
    tokio::spawn(async move {
        if stop().await.is_ok() {
            cancelled.cancel();
        }
    });
    cancel
}

//! What runs inside the containers: a server, and one that forwards to it. Both end what they began when they are stopped.

use std::time::Duration;

use sternway_e2e::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Where both listen.
const PORT: u16 = 8000;
/// The end of a whole answer.
pub const END: &[u8] = b"whole\n";
/// How long an answer takes, as if something were done for it.
const WORK: Duration = Duration::from_millis(2);

/// Answers requests until it is stopped.
///
/// # Errors
/// If it cannot listen.
pub async fn serve() -> Result<()> {
    listen(|mut stream| async move {
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await?;
        if read > 0 {
            tokio::time::sleep(WORK).await;
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await?;
            stream.write_all(END).await?;
            stream.shutdown().await?;
        }
        Ok(())
    })
    .await
}

/// Passes connections on to another host, to whichever of its addresses takes them.
///
/// # Errors
/// If it cannot listen.
pub async fn forward(host: String) -> Result<()> {
    listen(move |mut stream| {
        let host = host.clone();
        async move {
            let mut behind = TcpStream::connect((host.as_str(), PORT)).await?;
            copy_bidirectional(&mut stream, &mut behind).await.map(drop)
        }
    })
    .await
}

/// Whether something listens here.
///
/// # Errors
/// If nothing does.
pub async fn probe() -> Result<()> {
    Ok(TcpStream::connect(("127.0.0.1", PORT)).await.map(drop)?)
}

async fn listen<F: Future<Output = std::io::Result<()>> + Send + 'static>(
    handle: impl Fn(TcpStream) -> F,
) -> Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let mut stopped = signal(SignalKind::terminate())?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                connections.spawn(handle(accepted?.0));
                while connections.try_join_next().is_some() {}
            }
            _ = stopped.recv() => break,
        }
    }
    drop(listener);
    // A connection that breaks off is its client's loss, and the client counts it.
    while connections.join_next().await.is_some() {}
    Ok(())
}

//! What runs inside the containers: a server, and one that forwards to it. Both end what they began when they are stopped.

use std::time::Duration;

use sternway_e2e::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Where both listen.
const PORT: u16 = 8000;
/// The end of a whole answer.
pub const END: &[u8] = b"whole\n";
/// How long an address may take to take a request. Where a container was, nothing says that it is gone; Caddy waits as long.
const DIAL: Duration = Duration::from_secs(3);
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

/// Passes requests on to another host, as reverse proxies do unless they are told otherwise: a request that an address of the
/// host does not take in time, or of which it answers nothing, goes to the next one.
///
/// # Errors
/// If it cannot listen.
pub async fn forward(host: String) -> Result<()> {
    listen(move |mut stream| {
        let host = host.clone();
        async move {
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await?;
            if read > 0 {
                stream.write_all(&answer_of(&host, &request[..read]).await?).await?;
                stream.shutdown().await?;
            }
            Ok(())
        }
    })
    .await
}

/// The first answer that an address of a host gives to a request.
async fn answer_of(host: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in lookup_host((host, PORT)).await? {
        let asked = async {
            let mut behind = tokio::time::timeout(DIAL, TcpStream::connect(address)).await??;
            behind.write_all(request).await?;
            let mut answer = Vec::new();
            behind.read_to_end(&mut answer).await?;
            if answer.is_empty() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
        };
        match asked.await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    Err(last)
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

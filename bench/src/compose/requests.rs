//! Requests from outside, at an even rate, and how many of them are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sternway_e2e::{Failure, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// A person has gone away by then.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a service may take until its first answer.
const FIRST: Duration = Duration::from_secs(20);

/// Requests that are being sent.
pub struct Load {
    stop: CancellationToken,
    sender: JoinHandle<(usize, usize)>,
}

impl Load {
    /// Sends requests from the first answer on.
    ///
    /// # Errors
    /// If nothing answers at all.
    pub async fn begin(port: u16, rate: u32) -> Result<Self> {
        let begin = tokio::time::Instant::now();
        while !answers(port).await {
            if begin.elapsed() > FIRST {
                return Err(Failure::new(format!("nothing answers at port {port}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let stop = CancellationToken::new();
        let sender = tokio::spawn(send(port, rate, stop.clone()));
        Ok(Self { stop, sender })
    }

    /// Stops sending; how many were sent, and how many had no answer.
    ///
    /// # Errors
    /// If the sender broke off.
    pub async fn end(self) -> Result<(usize, usize)> {
        self.stop.cancel();
        Ok(self.sender.await?)
    }
}

async fn send(port: u16, rate: u32, stop: CancellationToken) -> (usize, usize) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    // A machine that is busy for a moment sends what it owes afterwards.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let lost = Arc::new(AtomicUsize::new(0));
    let mut requests = JoinSet::new();
    let mut sent = 0;
    while !stop.is_cancelled() {
        ticks.tick().await;
        sent += 1;
        let lost = lost.clone();
        requests.spawn(async move {
            if !answers(port).await {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
    (sent, lost.load(Ordering::Relaxed))
}

/// Whether a request gets a whole answer.
pub async fn answers(port: u16) -> bool {
    let request = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer.ends_with(super::servers::END))
    };
    matches!(tokio::time::timeout(PATIENCE, request).await, Ok(Ok(true)))
}

//! Requests from outside, at an even rate: how many of them are lost, and how many are answered late.

use std::time::Duration;

use sternway_e2e::{Failure, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// A person has gone away by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// A person has noticed by then.
const LATE: Duration = Duration::from_secs(1);
/// How long a service may take until its first answer.
const FIRST: Duration = Duration::from_secs(20);

/// Requests that are being sent.
pub struct Load {
    stop: CancellationToken,
    sender: JoinHandle<Sent>,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub struct Sent {
    pub all: usize,
    /// They had no whole answer within [`PATIENCE`].
    pub lost: usize,
    /// They had one after more than [`LATE`].
    pub late: usize,
}

impl Load {
    /// Sends requests from the first answer on.
    ///
    /// # Errors
    /// If nothing answers at all.
    pub async fn begin(port: u16, rate: u32) -> Result<Self> {
        let begin = tokio::time::Instant::now();
        while answer(port).await.is_none() {
            if begin.elapsed() > FIRST {
                return Err(Failure::new(format!("nothing answers at port {port}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let stop = CancellationToken::new();
        let sender = tokio::spawn(send(port, rate, stop.clone()));
        Ok(Self { stop, sender })
    }

    /// Stops sending.
    ///
    /// # Errors
    /// If the sender broke off.
    pub async fn end(self) -> Result<Sent> {
        self.stop.cancel();
        Ok(self.sender.await?)
    }
}

async fn send(port: u16, rate: u32, stop: CancellationToken) -> Sent {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    // A machine that is busy for a moment sends what it owes afterwards.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    let mut sent = Sent::default();
    while !stop.is_cancelled() {
        ticks.tick().await;
        requests.spawn(answer(port));
        while let Some(done) = requests.try_join_next() {
            sent.count(done.ok().flatten());
        }
    }
    while let Some(done) = requests.join_next().await {
        sent.count(done.ok().flatten());
    }
    sent
}

impl Sent {
    fn count(&mut self, answer: Option<Duration>) {
        self.all += 1;
        match answer {
            None => self.lost += 1,
            Some(took) => self.late += usize::from(took > LATE),
        }
    }
}

/// How long a request took to get a whole answer, if it got one.
async fn answer(port: u16) -> Option<Duration> {
    let begun = tokio::time::Instant::now();
    let request = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer.ends_with(super::servers::END))
    };
    matches!(tokio::time::timeout(PATIENCE, request).await, Ok(Ok(true))).then(|| begun.elapsed())
}

//! What a browser would get.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Failure, Result};

/// A page's status and body.
///
/// # Errors
/// If nobody answers within five seconds.
pub async fn get(address: &str) -> Result<(u16, String)> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
    let answer = client.get(address).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

/// A page's body, which has to come with status 200.
///
/// # Errors
/// As [`get`], and with another status.
pub async fn body(address: &str) -> Result<String> {
    match get(address).await? {
        (200, body) => Ok(body),
        (status, body) => Err(Failure::new(format!("{address} answered {status}: {body}"))),
    }
}

/// Asks `probe` again and again until it gives something.
///
/// # Errors
/// If it has given nothing after `limit`: then with its last failure.
pub async fn until<T>(limit: Duration, mut probe: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        match probe().await {
            Err(_) if Instant::now() < end => tokio::time::sleep(Duration::from_millis(50)).await,
            settled => return settled,
        }
    }
}

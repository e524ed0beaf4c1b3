//! The verification stage: what decides whether a change stays.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sternway_compose::Observer;
use sternway_compose::observe::Probe;
use sternway_model::{Code, Error, HttpCheck, Result, Sensitive, ServiceName, Verify, VerifyStep, template};
use sternway_vault::Redactor;
use tokio_util::sync::CancellationToken;

use crate::command::{self, Command};
use crate::owner::Owner;
use crate::project::Project;
use crate::trust::{self, Trusted};
use crate::want::{Want, without_secrets};

/// How much of an answer's body is read, in bytes; what is looked for has to be in it.
const BODY: usize = 1 << 20;

/// How much of a body an error shows, in characters.
const SHOWN: usize = 200;

/// Where a verification looks.
pub struct Scene<'a> {
    /// The project.
    pub project: &'a Project,
    /// The Compose project's name.
    pub compose_project: &'a str,
    /// What was deployed.
    pub want: &'a Want,
    /// Reads the target.
    pub observer: &'a Observer,
    /// The environment's variables, for commands.
    pub variables: &'a BTreeMap<String, Sensitive>,
    /// Stops it.
    pub cancel: &'a CancellationToken,
    /// Gets each line of output.
    pub output: &'a (dyn Fn(&str) + Send + Sync),
    /// Whether commands may run.
    pub trusted: Option<&'a Trusted>,
    /// On whose behalf commands run.
    pub owner: &'a Owner,
    /// Takes secrets out of what others answer.
    pub redactor: &'a Redactor,
}

/// Tries until it is so, or until there are no tries left; says what was seen.
///
/// # Errors
/// The last try's failure, [`Code::Cancelled`], or [`Code::Unsupported`] for an address that would show a secret.
pub async fn verify(step: &VerifyStep, scene: &Scene<'_>) -> Result<String> {
    let tries = step.retries + 1;
    let mut number = 1;
    loop {
        let begin = Instant::now();
        let tried = tokio::select! {
            tried = attempt(step, scene) => tried,
            () = scene.cancel.cancelled() => return Err(Error::new(Code::Cancelled, format!("{} was stopped", step.name))),
        };
        match tried {
            Ok(seen) => {
                let again = if number == 1 { String::new() } else { format!(", at try {number}") };
                return Ok(format!("{seen} in {} ms{again}", begin.elapsed().as_millis()));
            }
            Err(error) if error.code == Code::Unsupported || number == tries => {
                let after = if tries == 1 { String::new() } else { format!(" (after {number} tries)") };
                return Err(Error { message: format!("{}{after}", error.message), ..error });
            }
            Err(error) => (scene.output)(&format!("try {number} of {tries}: {}", error.message)),
        }
        number += 1;
        tokio::select! {
            () = tokio::time::sleep(step.interval.to_duration()) => {}
            () = scene.cancel.cancelled() => {}
        }
    }
}

async fn attempt(step: &VerifyStep, scene: &Scene<'_>) -> Result<String> {
    let timeout = step.timeout.to_duration();
    match &step.verify {
        Verify::Http(check) => http(check, timeout, scene).await,
        Verify::Command(line) => {
            let command = Command {
                line,
                folder: &scene.project.folder,
                variables: scene.variables,
                timeout,
                owner: scene.owner,
            };
            command::run(trust::wanted(scene.trusted)?, &command, scene.cancel, scene.output).await?;
            Ok("ended with exit code 0".to_owned())
        }
        Verify::Healthy(service) => healthy(service, scene).await,
    }
}

async fn http(check: &HttpCheck, timeout: Duration, scene: &Scene<'_>) -> Result<String> {
    let filled = template::fill(&check.url, &|name| scene.want.variable(name))?;
    if let Some(unset) = filled.unset.first() {
        return Err(Error::new(Code::Unsupported, format!("`{}` needs {unset}, which has no value", check.url)));
    }
    let url = filled.text;
    without_secrets(&format!("the address `{}`", check.url), &url)?;
    get(&url, check, timeout, scene.redactor).await
}

async fn get(url: &str, check: &HttpCheck, timeout: Duration, redactor: &Redactor) -> Result<String> {
    let failed = |error: reqwest::Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), innermost);
        Error::failed(format!("GET {url}: {reason}"))
    };
    let client = reqwest::Client::builder().timeout(timeout).no_proxy().build().map_err(failed)?;
    let mut answer = client.get(url).send().await.map_err(failed)?;
    let status = answer.status();
    let mut body = Vec::new();
    while body.len() <= BODY
        && let Some(piece) = answer.chunk().await.map_err(failed)?
    {
        body.extend_from_slice(&piece);
    }
    let cut = body.len() > BODY;
    body.truncate(BODY);
    let body = String::from_utf8_lossy(&body);
    let wanted = check.status.map_or_else(|| status.is_success(), |wanted| status.as_u16() == wanted);
    if !wanted {
        let body = if cut { redactor.redact_cut(&body) } else { redactor.redact(&body) };
        let begin: String = body.chars().take(SHOWN).collect();
        return Err(Error::failed(format!("GET {url} answered {status}: {}", begin.trim())));
    }
    if let Some(text) = check.body.as_ref().filter(|text| !body.contains(text.as_str())) {
        let what =
            if cut { format!("the first {} KiB of its body do", BODY / 1024) } else { "its body does".to_owned() };
        return Err(Error::failed(format!("GET {url} answered {status}, but {what} not contain `{text}`")));
    }
    Ok(format!("GET {url} answered {}", status.as_u16()))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

async fn healthy(service: &ServiceName, scene: &Scene<'_>) -> Result<String> {
    let observed = scene.observer.observe(scene.compose_project).await?;
    let mut containers =
        observed.containers.iter().filter(|container| container.service == service.as_str()).peekable();
    if containers.peek().is_none() {
        return Err(Error::failed(format!("{service} has no container")));
    }
    let mut count = 0;
    for container in containers {
        match container.health {
            Some(Probe::Healthy) => count += 1,
            Some(Probe::Starting) => return Err(Error::failed(format!("{} is still starting", container.name))),
            Some(Probe::Unhealthy) => return Err(Error::failed(format!("{} is unhealthy", container.name))),
            None => {
                return Err(Error::new(Code::Unsupported, format!("{service} has no health check of its own"))
                    .hint("Give the service a `healthcheck`, or verify it with `http` or `run`."));
            }
        }
    }
    Ok(format!("{count} of {count} containers of {service} report healthy"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What a check makes of an answer: a status line and headers, then a text for ever.
    async fn checked(head: &'static str, piece: Vec<u8>, forever: bool, check: HttpCheck) -> Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a guest");
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.expect("a request") > 0);
            let mut sent = stream.write_all(format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes()).await;
            sent = sent.and(stream.write_all(&piece).await);
            while forever && sent.is_ok() {
                sent = stream.write_all(&piece).await;
            }
        });
        let redactor = Redactor::default();
        redactor.add(&Sensitive::new("hunter2-and-much-more".to_owned())).expect("known");
        let seen = get(&url, &check, Duration::from_secs(60), &redactor).await;
        server.abort();
        seen.map_err(|error| Error { message: error.message.replace(&url, "URL"), ..error })
    }

    fn wanting(body: Option<&str>) -> HttpCheck {
        HttpCheck { url: String::new(), status: None, body: body.map(str::to_owned) }
    }

    #[tokio::test]
    async fn an_answer_without_end_is_read_as_far_as_is_said() {
        let seen = checked("200 OK", vec![b'x'; 1 << 16], true, wanting(None)).await;
        assert!(seen.is_ok(), "{seen:?}");
        let seen = checked("200 OK", vec![b'x'; 1 << 16], true, wanting(Some("ready"))).await;
        let message = seen.expect_err("it is not there").message;
        assert_eq!(message, "GET URL answered 200 OK, but the first 1024 KiB of its body do not contain `ready`");
        let seen = checked("200 OK", b"not yet".to_vec(), false, wanting(Some("ready"))).await;
        assert!(seen.expect_err("it is not there").message.ends_with("but its body does not contain `ready`"));
    }

    #[tokio::test]
    async fn no_half_of_a_secret_is_shown_of_a_body() {
        let begin = "x".repeat(SHOWN - 12);
        let body = format!("{begin}hunter2-and-much-more");
        let message = checked("500 Oops", body.into_bytes(), false, wanting(None)).await.expect_err("500").message;
        assert!(message.ends_with("xxxx[secret]"), "{message}");
        let blanks = format!("{}hunter2-and{}", " ".repeat(BODY - 11), "-much-more");
        let message = checked("500 Oops", blanks.into_bytes(), false, wanting(None)).await.expect_err("500").message;
        assert!(!message.contains("hunt"), "{message}");
    }
}

//! The verification stage: what decides whether a change stays.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sternway_compose::Observer;
use sternway_compose::observe::Probe;
use sternway_model::{Code, Error, HttpCheck, Result, Sensitive, ServiceName, Verify, VerifyStep, template};
use tokio_util::sync::CancellationToken;

use crate::command::{self, Command};
use crate::project::Project;
use crate::want::{Want, without_secrets};

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
    pub output: &'a (dyn Fn(String) + Send + Sync),
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
            Err(error) => (scene.output)(format!("try {number} of {tries}: {}", error.message)),
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
        Verify::Http(check) => http(check, timeout, scene.want).await,
        Verify::Command(line) => {
            let command = Command { line, folder: &scene.project.folder, variables: scene.variables, timeout };
            command::run(&command, scene.cancel, scene.output).await?;
            Ok("ended with exit code 0".to_owned())
        }
        Verify::Healthy(service) => healthy(service, scene).await,
    }
}

async fn http(check: &HttpCheck, timeout: Duration, want: &Want) -> Result<String> {
    let filled = template::fill(&check.url, &|name| want.variable(name))?;
    if let Some(unset) = filled.unset.first() {
        return Err(Error::new(Code::Unsupported, format!("`{}` needs {unset}, which has no value", check.url)));
    }
    let url = filled.text;
    without_secrets(&format!("the address `{}`", check.url), &url)?;
    let failed = |error: reqwest::Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), innermost);
        Error::failed(format!("GET {url}: {reason}"))
    };
    let client = reqwest::Client::builder().timeout(timeout).no_proxy().build().map_err(failed)?;
    let answer = client.get(&url).send().await.map_err(failed)?;
    let status = answer.status();
    let body = answer.text().await.map_err(failed)?;
    let wanted = check.status.map_or_else(|| status.is_success(), |wanted| status.as_u16() == wanted);
    if !wanted {
        let begin: String = body.chars().take(200).collect();
        return Err(Error::failed(format!("GET {url} answered {status}: {}", begin.trim())));
    }
    if let Some(text) = check.body.as_ref().filter(|text| !body.contains(text.as_str())) {
        return Err(Error::failed(format!("GET {url} answered {status}, but its body does not contain `{text}`")));
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

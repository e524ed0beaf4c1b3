//! Starting services anew, as they are.

use std::collections::BTreeSet;

use sternway_model::{Code, Error, Result, ServiceName};

use super::container::{start, stop};
use super::{Run, hooks, wait};
use crate::decide::Place;
use crate::observe::{Container, Detail, State};

/// Stops and starts the containers of services, one after the other and what others depend on first, and waits until each is
/// ready again. Without names it is all services, except jobs that run once. Returns what was seen, for each container.
///
/// # Errors
/// [`Code::NotFound`] for a service without a container; else as [`super::execute`]: what comes after the container that did
/// not become ready is left alone.
pub async fn restart(run: &Run<'_>, services: &BTreeSet<ServiceName>) -> Result<Vec<String>> {
    let model = run.want.model;
    let containers = run.engine.observer().containers(run.want.project, Detail::Enough).await?;
    if let Some(name) = services.iter().find(|name| containers.iter().all(|c| c.service != name.as_str())) {
        return Err(Error::new(Code::NotFound, format!("service {name} has no container to start anew"))
            .hint("`sternway status` lists the services that there are."));
    }
    let mut seen = Vec::new();
    for name in model.start_order()? {
        let wanted = if services.is_empty() { !model.runs_once(name) } else { services.contains(name) };
        for container in containers.iter().filter(|container| wanted && container.service == name.as_str()) {
            if run.cancel.is_cancelled() {
                return Err(run.cancelled());
            }
            let service = run.service(name)?;
            let place = Place { project: run.want.project, model, name, service, number: container.number };
            let ready = again(run, &place, container).await?;
            run.output.line(&format!("{}: {ready}", container.name));
            seen.push(format!("{}: {ready}", container.name));
        }
    }
    Ok(seen)
}

async fn again(run: &Run<'_>, place: &Place<'_>, container: &Container) -> Result<String> {
    if matches!(container.state, State::Running | State::Restarting | State::Paused) {
        stop(run, container).await?;
    }
    let stopped = Container { state: State::Exited, ..container.clone() };
    let ended_before = start(run, place, &stopped).await?;
    let ready = async {
        hooks::after_start(run, container).await?;
        wait::ready(run, place, &container.id, ended_before, false).await
    };
    match Box::pin(ready).await {
        Ok(seen) => Ok(seen),
        Err(error) => Err(wait::with_evidence(run, error, &container.id).await),
    }
}

//! Ports of the host that go from one service to another within a plan.

use sternway_model::ServiceName;

use crate::decide::host_ports;
use crate::model::Model;
use crate::observe::{Container, Observed};

/// The order in which services get their containers: as they depend on each other, and where that leaves it open, who has a port
/// before who takes it.
pub(super) fn order<'m>(
    observed: &Observed,
    model: &'m Model,
    mut waiting: Vec<&'m ServiceName>,
) -> Vec<&'m ServiceName> {
    let mut order: Vec<&ServiceName> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |name: &ServiceName| {
            let mut dependencies = model.services[name].depends_on.keys();
            dependencies.all(|dependency| !waiting.contains(&dependency))
        };
        let free = |name: &ServiceName| holders(observed, model, name, &order).next().is_none();
        let next = waiting.iter().position(|name| ready(name) && free(name));
        // Two services that swap ports, or one whose port the other needs before it: the holder stops early.
        let next = next.or_else(|| waiting.iter().position(|name| ready(name))).unwrap_or(0);
        order.push(waiting.remove(next));
    }
    order
}

/// The containers of other services that have a port which a service takes and that they do not keep, as far as their own
/// service is not among those that are done.
pub(super) fn holders<'o>(
    observed: &'o Observed,
    model: &'o Model,
    taker: &'o ServiceName,
    done: &'o [&ServiceName],
) -> impl Iterator<Item = &'o Container> {
    let wanted = host_ports(&model.services[taker]);
    observed.containers.iter().filter(move |container| {
        let Some((name, holder)) = model.services.get_key_value(container.service.as_str()) else { return false };
        let kept = host_ports(holder);
        let mut goes_over = container.ports.iter().filter(|held| !kept.iter().any(|port| port.collides(held)));
        name != taker && !done.contains(&name) && goes_over.any(|held| wanted.iter().any(|port| port.collides(held)))
    })
}

/// Ports that several containers of one service want to publish at the same time.
pub(super) fn too_narrow(model: &Model) -> Vec<String> {
    let several = model.services.iter().filter(|(_, service)| service.replicas() > 1);
    let ports =
        several.flat_map(|(name, service)| host_ports(service).into_iter().map(move |port| (name, service, port)));
    ports
        .filter(|(_, service, port)| port.width() < service.replicas())
        .map(|(name, service, port)| {
            let (count, port, protocol) = (service.replicas(), &port.port, &port.protocol);
            format!(
                "service {name} has {count} containers, which cannot all publish port {port}/{protocol} of the host: give it one \
                 container, a range of ports, or no published port"
            )
        })
        .collect()
}

/// Ports that two services of a model want to publish at the same time.
pub(super) fn claimed_twice(model: &Model) -> Vec<String> {
    let claims: Vec<_> = model
        .services
        .iter()
        .filter(|(_, service)| service.replicas() > 0)
        .flat_map(|(name, service)| host_ports(service).into_iter().map(move |port| (name, port)))
        .collect();
    let mut twice = Vec::new();
    for (index, (name, port)) in claims.iter().enumerate() {
        let others = claims[..index].iter().filter(|(other, taken)| other != name && taken.collides(port));
        twice.extend(others.map(|(other, _)| {
            let (port, protocol) = (&port.port, &port.protocol);
            format!("services {other} and {name} both publish port {port}/{protocol} of the host: change one of them")
        }));
    }
    twice
}

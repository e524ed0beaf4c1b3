//! What the containers of a project use of their host.

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};
use sternway_model::Result;

use crate::engine::{Observer, REQUEST, failure, found, timed_out};
use crate::observe::{Container, Detail, State};

/// Requests at the same time: each takes the engine about two seconds, in which it only waits.
const AT_ONCE: usize = 64;

/// What a container uses, over about a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// Of one processor, in percent: 200 are two processors.
    pub cpu_percent: f64,
    /// Memory in bytes, without what the system only keeps because nobody else wants it.
    pub memory: u64,
    /// How much memory it may have, in bytes.
    pub memory_limit: u64,
}

impl Observer {
    /// What the running containers of a project use. It takes about two seconds, in which the engine measures.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn usage(&self, project: &str) -> Result<Vec<Usage>> {
        let containers = self.containers(project, Detail::Enough).await?;
        let running = containers.into_iter().filter(|container| container.state == State::Running);
        let measured: Vec<Option<Usage>> =
            stream::iter(running).map(|container| self.measure(container)).buffered(AT_ONCE).try_collect().await?;
        Ok(measured.into_iter().flatten().collect())
    }

    async fn measure(&self, container: Container) -> Result<Option<Usage>> {
        let doing = format!("measure {}", container.name);
        let options = StatsOptionsBuilder::new().stream(false).build();
        let mut stats = self.docker.stats(&container.id, Some(options)).boxed();
        let answer = tokio::time::timeout(REQUEST, stats.next()).await.map_err(|_| timed_out(&doing, REQUEST))?;
        // It ended meanwhile.
        let Some(answer) = answer else { return Ok(None) };
        let Some(stats) = found(answer.map_err(|error| failure(&doing, error)))? else { return Ok(None) };
        Ok(usage(container, stats))
    }
}

/// From the engine's counters, as `docker stats` does it.
fn usage(container: Container, stats: ContainerStatsResponse) -> Option<Usage> {
    let (now, before) = (stats.cpu_stats?, stats.precpu_stats?);
    let memory = stats.memory_stats?;
    let counted = |cpu: &bollard::models::ContainerCpuStats| cpu.cpu_usage.as_ref()?.total_usage;
    let used = counted(&now)?.saturating_sub(counted(&before).unwrap_or_default());
    let passed = now.system_cpu_usage.unwrap_or_default().saturating_sub(before.system_cpu_usage.unwrap_or_default());
    let processors = f64::from(now.online_cpus.unwrap_or(1));
    #[allow(clippy::cast_precision_loss, reason = "nanoseconds of two seconds are far below 2^52")]
    let share = if passed == 0 { 0.0 } else { used as f64 / passed as f64 };
    let details = memory.stats.unwrap_or_default();
    // The first is version 2 of control groups, the second version 1.
    let idle = details.get("inactive_file").or_else(|| details.get("total_inactive_file")).copied();
    Some(Usage {
        service: container.service,
        container: container.name,
        cpu_percent: share * processors * 100.0,
        memory: memory.usage?.saturating_sub(idle.unwrap_or_default()),
        memory_limit: memory.limit.unwrap_or_default(),
    })
}

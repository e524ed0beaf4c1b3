//! Commands about what runs right now: services, their output, what they use. What is followed goes to the page over a
//! channel until the page says that it has seen enough.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde::Serialize;
use specta::Type;
use sternway_core::view::{CommandEvent, LogFilter, PrunePlan, Pruned, ServiceLine, Services, UsageView};
use sternway_core::{Pruning, Removal, ServiceLog};
use sternway_model::{EnvironmentName, Error, Plan, Result, ServiceName};
use tauri::State;
use tauri::ipc::Channel;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::state::Shared;

/// A channel has no back-pressure, so lines go to the page in batches: at most this many at once …
const BATCH: usize = 256;
/// … and at most this often.
const PAUSE: Duration = Duration::from_millis(30);

/// Streams that the page follows, by the number that it was given.
#[derive(Default)]
pub struct Followed {
    last: AtomicU32,
    streams: Arc<Mutex<HashMap<u32, CancellationToken>>>,
}

/// What comes of following.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Followings<T> {
    /// More of it, in order.
    Items(Vec<T>),
    /// It broke off.
    Broken(Error),
    /// There is no more.
    Ended,
}

impl Followed {
    /// Sends a stream to the page until it ends or is stopped; the answer is the number to stop it by.
    fn forward<T: Serialize + Send + 'static>(
        &self,
        stream: BoxStream<'static, Result<T>>,
        channel: Channel<Followings<T>>,
    ) -> u32
    where
        Followings<T>: Serialize,
    {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        self.keep(stop, async move {
            tokio::select! {
                () = send(stream, channel) => {}
                () = stopped.cancelled() => {}
            }
        })
    }

    /// The same for what has an end to tell after it was stopped, which is the stream's own affair.
    fn forward_to_the_end<T: Serialize + Send + 'static>(
        &self,
        stream: BoxStream<'static, Result<T>>,
        channel: Channel<Followings<T>>,
        stop: CancellationToken,
    ) -> u32
    where
        Followings<T>: Serialize,
    {
        self.keep(stop, send(stream, channel))
    }

    fn keep(&self, stop: CancellationToken, work: impl Future<Output = ()> + Send + 'static) -> u32 {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).insert(number, stop);
        let streams = self.streams.clone();
        tauri::async_runtime::spawn(async move {
            work.await;
            streams.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        });
        number
    }

    fn stop(&self, number: u32) {
        if let Some(stop) = self.streams.lock().unwrap_or_else(PoisonError::into_inner).remove(&number) {
            stop.cancel();
        }
    }
}

async fn send<T: Serialize + Send + 'static>(
    mut stream: BoxStream<'static, Result<T>>,
    channel: Channel<Followings<T>>,
) {
    loop {
        let (items, end) = batch(&mut stream).await;
        let last = end.is_some();
        for message in (!items.is_empty()).then_some(Followings::Items(items)).into_iter().chain(end) {
            // A page that is gone follows anew when it comes back.
            if channel.send(message).is_err() {
                return;
            }
        }
        if last {
            return;
        }
    }
}

/// The next item with what comes within `PAUSE` of it, and how the stream ended if it did. What is ready at the same moment is no
/// measure: a connection to an engine hands over one line at a time, however many there are.
async fn batch<T>(stream: &mut BoxStream<'static, Result<T>>) -> (Vec<T>, Option<Followings<T>>) {
    let mut items = Vec::new();
    let mut next = stream.next().await;
    let until = Instant::now() + PAUSE;
    loop {
        match next {
            Some(Ok(item)) => items.push(item),
            Some(Err(broken)) => return (items, Some(Followings::Broken(broken))),
            None => return (items, Some(Followings::Ended)),
        }
        if items.len() == BATCH {
            sleep_until(until).await;
            return (items, None);
        }
        match timeout_at(until, stream.next()).await {
            Ok(more) => next = more,
            Err(_) => return (items, None),
        }
    }
}

#[tauri::command]
#[specta::specta]
pub async fn services(shared: State<'_, Shared>, project: PathBuf, environment: EnvironmentName) -> Result<Services> {
    shared.core.services(&shared.project(&project).await?, &environment).await
}

/// Measures until `stop_following` gets the number that is answered.
#[tauri::command]
#[specta::specta]
pub async fn follow_usage(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    reports: Channel<Followings<UsageView>>,
) -> Result<u32> {
    let stream = shared.core.follow_usage(&shared.project(&project).await?, &environment)?;
    Ok(shared.followed.forward(stream, reports))
}

/// Lines of the services' output, until they end or `stop_following` gets the number that is answered.
#[tauri::command]
#[specta::specta]
pub async fn service_logs(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    filter: LogFilter,
    lines: Channel<Followings<ServiceLine>>,
) -> Result<u32> {
    let ServiceLog { lines: stream, notice } =
        shared.core.service_logs(&shared.project(&project).await?, &environment, &filter).await?;
    // Where people look at lines they see it, too.
    let stream = futures_util::stream::iter(notice.map(Ok)).chain(stream).boxed();
    Ok(shared.followed.forward(stream, lines))
}

/// Runs a line in a service's container. The answer is a number: `stop_following` ends the command, whose end is then told too.
#[tauri::command]
#[specta::specta]
pub async fn run_in_service(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    service: ServiceName,
    line: String,
    typed_name: Option<String>,
    events: Channel<Followings<CommandEvent>>,
) -> Result<u32> {
    let project = shared.project(&project).await?;
    let stop = CancellationToken::new();
    let typed = typed_name.as_deref();
    let stream = shared.core.run_in_service(&project, &environment, &service, &line, typed, &stop).await?;
    Ok(shared.followed.forward_to_the_end(stream, events, stop))
}

#[tauri::command]
#[specta::specta]
pub fn stop_following(shared: State<'_, Shared>, number: u32) {
    shared.followed.stop(number);
}

/// Starts services anew, as they are; all of them without names. The answer is what was seen, for each container.
#[tauri::command]
#[specta::specta]
pub async fn restart(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    services: Vec<ServiceName>,
    typed_name: Option<String>,
) -> Result<Vec<String>> {
    let project = shared.project(&project).await?;
    let services: BTreeSet<ServiceName> = services.into_iter().collect();
    let notices: sternway_core::Notices = Arc::new(|_| {});
    let never = CancellationToken::new();
    shared.core.restart(&project, &environment, &services, typed_name.as_deref(), &notices, &never).await
}

/// Which kept images `prune` would give up.
#[tauri::command]
#[specta::specta]
pub async fn plan_prune(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    keep: u32,
    unknown: bool,
) -> Result<PrunePlan> {
    shared.core.plan_prune(&shared.project(&project).await?, &environment, Pruning { keep, unknown }).await
}

/// Gives up kept images, if they are those of the plan with this stamp.
#[tauri::command]
#[specta::specta]
pub async fn prune(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    keep: u32,
    unknown: bool,
    stamp: String,
    typed_name: Option<String>,
) -> Result<Pruned> {
    let pruning = Pruning { keep, unknown };
    let project = shared.project(&project).await?;
    shared.core.prune(&project, &environment, pruning, &stamp, typed_name.as_deref()).await
}

/// What taking an environment down would remove; `run` does it.
#[tauri::command]
#[specta::specta]
pub async fn plan_down(
    shared: State<'_, Shared>,
    project: PathBuf,
    environment: EnvironmentName,
    volumes: bool,
    images: bool,
) -> Result<Plan> {
    shared.core.plan_down(&shared.project(&project).await?, &environment, Removal { volumes, images }).await
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// Lines that are all there, of which a connection hands over one at a time.
    fn one_by_one(count: u32) -> BoxStream<'static, Result<u32>> {
        stream::iter(0..count)
            .then(|line| async move {
                tokio::task::yield_now().await;
                Ok(line)
            })
            .boxed()
    }

    #[tokio::test]
    async fn lines_that_come_one_by_one_go_to_the_page_together() {
        let mut lines = one_by_one(300);
        let (first, end) = batch(&mut lines).await;
        assert_eq!(first.len(), BATCH, "as many as go at once");
        assert!(end.is_none(), "there is more");
        let (rest, end) = batch(&mut lines).await;
        assert_eq!(rest.len(), 300 - BATCH);
        assert!(matches!(end, Some(Followings::Ended)), "its end comes with the last of them");
    }

    #[tokio::test]
    async fn a_line_does_not_wait_for_others() {
        let mut lines = one_by_one(1).chain(stream::pending()).boxed();
        let begun = Instant::now();
        let (items, end) = batch(&mut lines).await;
        assert_eq!(items, [0]);
        assert!(end.is_none());
        assert!(begun.elapsed() < 20 * PAUSE, "it was sent after {:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn what_came_before_it_broke_off_is_told() {
        let mut lines = one_by_one(2).chain(stream::iter([Err(Error::failed("gone"))])).boxed();
        let (items, end) = batch(&mut lines).await;
        assert_eq!(items, [0, 1]);
        assert!(matches!(end, Some(Followings::Broken(_))));
    }
}

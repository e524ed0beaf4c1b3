//! The engine's BuildKit, over its control service (moby/buildkit, `api/services/control`).
//!
//! The client library's driver is not used: it passes no log on, does not say which image came out, and wants secrets in
//! files or variables.

use std::collections::{BTreeMap, HashMap};
use std::error::Error as _;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use bollard_buildkit_proto::moby::buildkit::v1::{
    CacheOptions, CacheOptionsEntry, SolveRequest, StatusRequest, StatusResponse,
};
use futures_util::{StreamExt, stream};
use hyper::Uri;
use hyper::upgrade::Upgraded;
use sternway_model::{Error, ImageId, Lines, Result, expand};
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::session::{Content, Offer, Session, random, upgraded};
use super::{BUILD, Log, QUIET, Wanted, agent, context, failed};
use crate::engine::{cut, timed_out};
use crate::execute::Run;
use crate::image;
use crate::labels;
use crate::model::{Build, Further};
use crate::observe::in_background;

/// The largest message: logs come in pieces far below it.
const MESSAGE: usize = 16 << 20;
/// How long the last lines of the log may take when the build has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Builds an image, passes the log on, and returns the image's id.
///
/// # Errors
/// [`Code::Unsupported`] if the engine has no BuildKit; [`Code::Failed`] with the build's last lines; [`Code::Cancelled`].
pub(super) async fn make(run: &Run<'_>, wanted: &Wanted<'_>) -> Result<ImageId> {
    let observer = run.engine.observer();
    let archive = in_background(wanted.build.clone(), |build| context::archive(&build)).await?;
    let session = Session::open(observer, offer(run, wanted.build, archive).await?).await?;
    let line = upgraded(observer, "/grpc", &session.id, &[]).await?;
    let channel = Endpoint::from_static("http://docker").connect_with_connector(Once(Some(line))).await;
    let channel = channel.map_err(|error| cut("talk to the engine's BuildKit", &error.to_string()))?;
    let request = request(wanted, &session)?;
    let mut log = Log::default();
    let ended = {
        let end = tokio::time::sleep(BUILD);
        tokio::select! {
            ended = Box::pin(solve(run, channel, request, &mut log)) => ended,
            () = end => return Err(timed_out(&format!("build the image of service {}", wanted.service), BUILD)),
            // The engine stops building when nobody listens any more.
            () = run.cancel.cancelled() => return Err(run.cancelled()),
        }
    };
    log.end(run);
    match ended {
        Ok(Some(id)) => id.parse(),
        Ok(None) => match observer.image_id(wanted.name).await? {
            Some(id) => Ok(id),
            None => Err(failed(wanted.service, "the engine named no image", &log)),
        },
        // Who has a cause of its own did not come from the engine.
        Err(status) if status.source().is_some() || session.is_broken() => {
            Err(cut(&format!("build the image of service {}", wanted.service), &plain(status.message())))
        }
        Err(status) => Err(failed(wanted.service, &plain(status.message()), &log)),
    }
}

/// What the build may ask this machine for.
async fn offer(run: &Run<'_>, build: &Build, context: std::fs::File) -> Result<Offer> {
    let mut secrets = HashMap::new();
    for (id, key) in build.secret_ids() {
        let source = run.want.model.secrets.get(key);
        let content = match source.map(|source| (&source.content, &source.file)) {
            Some((Some(content), _)) => Content::Text(expand(content, run.secrets)?),
            Some((None, Some(file))) => Content::File(file.clone()),
            _ => return Err(Error::invalid(format!("the secret {key} of a build has no content"))),
        };
        secrets.insert(id.to_owned(), content);
    }
    let folders = build.further().filter_map(|(name, from)| match from {
        Further::Folder(folder) => Some((name.to_owned(), folder.to_owned())),
        Further::Service(_) | Further::Address(_) => None,
    });
    let agents = agent::sockets(&build.ssh, std::env::var_os("SSH_AUTH_SOCK").map(Into::into))?;
    let credentials = in_background((), |()| image::ClientConfig::read()).await?;
    Ok(Offer { context, folders: folders.collect(), secrets, agents, credentials })
}

/// Builds, and tells meanwhile what is going on. Returns the image's id, if the engine says it.
async fn solve(
    run: &Run<'_>,
    channel: Channel,
    request: SolveRequest,
    log: &mut Log,
) -> std::result::Result<Option<String>, tonic::Status> {
    let control = ControlClient::new(channel).max_decoding_message_size(MESSAGE);
    let (mut asking, mut telling) = (control.clone(), control);
    let reference = StatusRequest { r#ref: request.r#ref.clone() };
    let mut story = Story::default();
    let mut solved = Box::pin(asking.solve(request));
    let told = stream::once(async move { telling.status(reference).await });
    let mut told = Box::pin(told.flat_map(|answer| match answer {
        Ok(news) => news.into_inner().boxed(),
        Err(status) => stream::iter([Err(status)]).boxed(),
    }));
    let ended = loop {
        tokio::select! {
            ended = &mut solved => break ended,
            Some(news) = told.next() => story.tell(run, log, news),
            () = tokio::time::sleep(QUIET) => log.quiet(run),
        }
    };
    // What it said last is still on the way.
    let rest = async {
        while let Some(news) = told.next().await {
            story.tell(run, log, news);
        }
    };
    if tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
        log.say(run, "(the end of the log did not come)");
    }
    Ok(ended?.into_inner().exporter_response.remove("containerimage.digest"))
}

/// What has been told of a build.
#[derive(Default)]
struct Story {
    /// Steps, and what they are called.
    steps: BTreeMap<String, Step>,
}

#[derive(Default)]
struct Step {
    begun: bool,
    ended: bool,
    lines: Lines,
    /// Something was left out behind what was told last.
    clipped: bool,
}

impl Story {
    fn tell(&mut self, run: &Run<'_>, log: &mut Log, news: std::result::Result<StatusResponse, tonic::Status>) {
        let news = match news {
            Ok(news) => news,
            Err(status) => return log.say(run, &format!("(the log cannot be read: {})", status.message())),
        };
        for vertex in news.vertexes {
            let step = self.steps.entry(vertex.digest).or_default();
            // What BuildKit does for itself, such as reading the Dockerfile, is of no interest.
            let own = vertex.name.starts_with("[internal]");
            if vertex.cached && !step.begun && !own {
                log.say(run, &format!("{} (from the cache)", vertex.name));
            } else if vertex.started.is_some() && !step.begun && !own {
                log.say(run, &vertex.name);
            }
            step.begun |= vertex.cached || vertex.started.is_some();
            if vertex.completed.is_some() && !step.ended {
                step.ended = true;
                step.lines.end(|line| log.say(run, line));
                if !vertex.error.is_empty() {
                    log.say(run, &plain(&vertex.error));
                }
            }
        }
        for piece in news.logs {
            let step = self.steps.entry(piece.vertex).or_default();
            // Where BuildKit leaves something out, a line before and one behind it may have half a secret.
            let clipped = is_clipped(&piece.msg);
            let cut = std::mem::replace(&mut step.clipped, clipped) || clipped;
            step.lines.push(&piece.msg, |line| match cut {
                true => log.say(run, &run.output.without_half_secrets(line)),
                false => log.say(run, line),
            });
        }
        // The layers of images that come from a registry; other steps count other things.
        for layer in news.statuses.iter().filter(|status| status.id.starts_with("sha256:") && status.total > 0) {
            log.progress.count(&layer.id, layer.current, layer.total, layer.completed.is_some());
        }
        log.tick(run);
    }
}

/// Whether BuildKit has left something out of a step's log (moby/buildkit, `util/progress/logs`).
fn is_clipped(piece: &[u8]) -> bool {
    const NOTE: &[u8] = b"[output clipped, log limit ";
    piece.windows(NOTE.len()).any(|part| part == NOTE)
}

/// An error without the names of those who only passed it on.
fn plain(message: &str) -> String {
    let mut rest = message;
    loop {
        let next = match rest.split_once(": ") {
            Some((first, next)) if first.starts_with("failed to solve") => next,
            Some(("rpc error", next)) => next.split_once("desc = ").map_or(next, |(_, next)| next),
            _ => return rest.to_owned(),
        };
        rest = next;
    }
}

/// The build in BuildKit's words: its Dockerfile frontend's attributes (moby/buildkit, `frontend/dockerfile/docs`).
fn request(wanted: &Wanted<'_>, session: &Session) -> Result<SolveRequest> {
    let build = wanted.build;
    let mut attributes = HashMap::from([
        ("context".to_owned(), session.context.clone()),
        ("filename".to_owned(), context::dockerfile_name(build)?),
        ("image-resolve-mode".to_owned(), if build.pull { "pull" } else { "default" }.to_owned()),
        (format!("label:{}", labels::CONTEXT), wanted.hash.to_owned()),
    ]);
    let mut set = |name: String, value: &str| attributes.insert(name, value.to_owned());
    for (name, value) in &build.labels {
        set(format!("label:{name}"), value);
    }
    for (name, value) in &build.args {
        if let Some(value) = value {
            set(format!("build-arg:{name}"), value);
        }
    }
    for (name, from) in build.further() {
        let from = match from {
            Further::Address(address) => address.to_owned(),
            Further::Folder(_) => format!("local:{name}"),
            Further::Service(service) => {
                format!("docker-image://{}", wanted.below.get(service).map_or("", String::as_str))
            }
        };
        set(format!("context:{name}"), &from);
    }
    if build.no_cache {
        set("no-cache".to_owned(), "");
    }
    let hosts: Vec<String> =
        build.extra_hosts.iter().map(|host| host.replacen(':', "=", usize::from(!host.contains('=')))).collect();
    let ulimits = build.ulimits.iter().map(|(name, limit)| {
        let [soft, hard] = limit.both();
        format!("{name}={soft}:{hard}")
    });
    for (name, value) in [
        ("target", build.target.clone()),
        ("platform", build.platforms.first().cloned()),
        ("force-network-mode", build.network.clone().filter(|mode| mode == "host" || mode == "none")),
        ("add-hosts", (!hosts.is_empty()).then(|| hosts.join(","))),
        ("shm-size", build.shm_size.map(|size| size.0.to_string())),
        ("ulimit", (!build.ulimits.is_empty()).then(|| ulimits.collect::<Vec<_>>().join(","))),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            set(name.to_owned(), &value);
        }
    }
    let mut entitlements = build.entitlements.clone();
    if build.network.as_deref() == Some("host") {
        entitlements.push("network.host".to_owned());
    }
    if build.privileged {
        entitlements.push("security.insecure".to_owned());
    }
    Ok(SolveRequest {
        r#ref: random()?,
        session: session.id.clone(),
        // The engine's own store, whichever it is.
        exporter_deprecated: "moby".to_owned(),
        exporter_attrs_deprecated: HashMap::from([("name".to_owned(), wanted.name.to_owned())]),
        frontend: "dockerfile.v0".to_owned(),
        frontend_attrs: attributes,
        cache: Some(CacheOptions {
            exports: build.cache_to.iter().map(|cache| cache_entry(cache)).collect(),
            imports: build.cache_from.iter().map(|cache| cache_entry(cache)).collect(),
            ..CacheOptions::default()
        }),
        entitlements,
        ..SolveRequest::default()
    })
}

/// A cache as Compose files name it: an image, or `type=…,key=value`.
fn cache_entry(text: &str) -> CacheOptionsEntry {
    if !text.contains('=') {
        let attrs = HashMap::from([("ref".to_owned(), text.to_owned())]);
        return CacheOptionsEntry { r#type: "registry".to_owned(), attrs };
    }
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let mut attrs: HashMap<String, String> =
        pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    CacheOptionsEntry { r#type: attrs.remove("type").unwrap_or_else(|| "registry".to_owned()), attrs }
}

/// Hands out a connection that is there already.
struct Once(Option<Upgraded>);

impl Service<Uri> for Once {
    type Response = Upgraded;
    type Error = std::io::Error;
    type Future = std::future::Ready<std::io::Result<Upgraded>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        std::future::ready(self.0.take().ok_or_else(|| std::io::ErrorKind::NotConnected.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_a_log_is_noticed() {
        assert!(is_clipped(b"half a line\n[output clipped, log limit 2MiB reached]\n"));
        assert!(!is_clipped(b"output clipped"));
    }

    #[test]
    fn errors_say_what_happened_and_not_who_passed_it_on() {
        let whole = "failed to solve: rpc error: code = Unknown desc = failed to solve with frontend dockerfile.v0: no such file: x";
        assert_eq!(plain(whole), "no such file: x");
        assert_eq!(plain("exit code: 9"), "exit code: 9");
    }

    #[test]
    fn caches_are_images_or_say_their_type() {
        let image = cache_entry("ghcr.io/a/b:cache");
        assert_eq!((image.r#type.as_str(), image.attrs["ref"].as_str()), ("registry", "ghcr.io/a/b:cache"));
        let inline = cache_entry("type=inline");
        assert_eq!((inline.r#type.as_str(), inline.attrs.len()), ("inline", 0));
        assert_eq!(cache_entry("type=registry,ref=a/b,mode=max").attrs["mode"], "max");
    }
}

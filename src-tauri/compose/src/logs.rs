//! What the containers of a project print.

use std::collections::BTreeSet;

use bollard::container::LogOutput;
use bollard::models::{ContainerInspectResponse, EventMessage};
use bollard::query_parameters::{EventsOptionsBuilder, LogsOptionsBuilder};
use futures_util::stream::{self, BoxStream, SelectAll};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use sternway_model::{At, Code, Error, LONGEST_LINE, Result, ServiceName};
use tokio::sync::mpsc;

use crate::engine::{Observer, REQUEST, by_labels, failure, found, timed_out};
use crate::labels;
use crate::lease;
use crate::observe::{Container, Detail, container, which_service};

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only these services; all if empty.
    pub services: BTreeSet<ServiceName>,
    /// Go on with what is printed from now on, also by containers that are started later.
    pub follow: bool,
    /// Only lines from this time on.
    pub since: Option<At>,
    /// Of each container, only so many of the newest.
    pub tail: Option<u32>,
}

/// A line that a container printed. It may hold anything: redact it before it is stored or shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerLine {
    /// The service.
    pub service: String,
    /// The container's name.
    pub container: String,
    /// When it was printed, by the engine's clock.
    pub at: At,
    /// It was printed to standard error.
    pub error: bool,
    /// The line, without its end.
    pub text: String,
}

/// Whose lines are read.
pub(crate) struct Printer<'a> {
    pub id: &'a str,
    pub service: &'a str,
    pub container: &'a str,
}

/// Lines as they come.
pub type Lines = BoxStream<'static, Result<ContainerLine>>;

impl Observer {
    /// What a project's containers printed, ordered by time; when following, what they print from now on comes after it, as
    /// it is printed. A stream that follows ends when it is dropped.
    ///
    /// # Errors
    /// If the engine does not answer. [`Code::NotFound`] for a service that has no container, unless it is followed.
    pub async fn logs(&self, project: &str, query: &LogQuery) -> Result<Lines> {
        // From before the list is made, so that no start is missed in between.
        let starts = match query.follow {
            true => {
                let now = lease::now(self).await?;
                Some((now, self.starts(project, now)))
            }
            false => None,
        };
        let containers = self.containers(project, Detail::Enough).await?;
        let silent = query.services.iter().find(|name| containers.iter().all(|c| c.service != name.as_str()));
        if let Some(name) = silent.filter(|_| !query.follow) {
            return Err(Error::new(Code::NotFound, format!("service {name} has no container"))
                .hint(which_service(name, &containers)));
        }
        let wanted: Vec<&Container> = containers.iter().filter(|container| query.wants(container)).collect();
        let printed = |query: &LogQuery| {
            wanted.iter().map(|container| self.lines_of(&Printer::from(*container), query)).collect()
        };
        let Some((now, starts)) = starts else { return Ok(merged(printed(query))) };

        let cut = At(Timestamp::from_millisecond(now).map_err(|error| Error::failed(error.to_string()))?);
        let before = merged(printed(&LogQuery { follow: false, ..query.clone() }));
        let before = before.try_filter(move |line| std::future::ready(line.at < cut));
        let since = query.since.map_or(cut, |since| since.max(cut));
        let query = LogQuery { since: Some(since), tail: None, ..query.clone() };
        let sources = wanted
            .iter()
            .map(|container| (container.id.clone(), self.lines_of(&Printer::from(*container), &query)))
            .collect();
        let after = followed(Following::new(self.clone(), query, starts, sources));
        Ok(before.chain(after).boxed())
    }

    /// One container's lines.
    pub(crate) fn lines_of(&self, printer: &Printer<'_>, query: &LogQuery) -> Lines {
        let tail = query.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string());
        let mut options = LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true);
        options = options.follow(query.follow).tail(&tail);
        if let Some(second) = query.since.and_then(|since| i32::try_from(since.0.as_second()).ok()) {
            options = options.since(second);
        }
        let pieces = self.docker.logs(printer.id, Some(options.build()));
        let doing = format!("read the output of {}", printer.container);
        let source = Source {
            pieces: pieces.boxed(),
            limited: !query.follow,
            doing,
            begun: [None, None],
            service: printer.service.to_owned(),
            container: printer.container.to_owned(),
        };
        let since = query.since;
        let lines =
            stream::try_unfold(source, |mut source| async move { Ok(source.next().await?.map(|line| (line, source))) });
        // The engine counts in whole seconds.
        lines.try_filter(move |line| std::future::ready(since.is_none_or(|since| line.at >= since))).boxed()
    }

    /// Containers of the project that are started from a time on, in milliseconds since 1970 by the engine's clock. They are
    /// listened for from this moment, however late they are asked for: the engine remembers few of its events.
    fn starts(&self, project: &str, from: i64) -> BoxStream<'static, Result<EventMessage>> {
        let mut filters = by_labels(&[format!("{}={project}", labels::PROJECT)]);
        filters.insert("type".to_owned(), vec!["container".to_owned()]);
        filters.insert("event".to_owned(), vec!["start".to_owned()]);
        let options = EventsOptionsBuilder::new().filters(&filters).since(&seconds(from)).build();
        let mut events = self.docker.events(Some(options));
        let (heard, starts) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = heard.closed() => return,
                    event = events.next() => {
                        let Some(event) = event else { return };
                        if heard.send(event).is_err() {
                            return;
                        }
                    }
                }
            }
        });
        let starts = stream::unfold(starts, |mut starts| async move { Some((starts.recv().await?, starts)) });
        starts.map_err(|error| failure("follow the engine's events", error)).boxed()
    }
}

/// When a container last ended; nothing if it never has.
pub(crate) fn last_end(seen: &ContainerInspectResponse) -> Option<At> {
    let at = seen.state.as_ref()?.finished_at.as_deref()?.parse::<Timestamp>().ok()?;
    // The engine writes the year 1 for a container that never ended.
    (at > Timestamp::UNIX_EPOCH).then_some(At(at))
}

impl<'a> From<&'a Container> for Printer<'a> {
    fn from(container: &'a Container) -> Self {
        Self { id: &container.id, service: &container.service, container: &container.name }
    }
}

impl LogQuery {
    fn wants(&self, container: &Container) -> bool {
        self.services.is_empty() || self.services.contains(container.service.as_str())
    }
}

/// Milliseconds as the engine takes points in time.
fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// The output of a container, before it is cut into lines.
struct Source {
    pieces: BoxStream<'static, std::result::Result<LogOutput, bollard::errors::Error>>,
    limited: bool,
    doing: String,
    /// Lines of standard output and standard error whose end has not come yet: the engine cuts long ones.
    begun: [Option<(At, String)>; 2],
    service: String,
    container: String,
}

impl Source {
    async fn next(&mut self) -> Result<Option<ContainerLine>> {
        loop {
            let piece = if self.limited {
                let next = tokio::time::timeout(REQUEST, self.pieces.next()).await;
                next.map_err(|_| timed_out(&self.doing, REQUEST))?
            } else {
                self.pieces.next().await
            };
            let Some(piece) = piece else { return Ok(self.rest()) };
            let piece = piece.map_err(|error| failure(&self.doing, error))?;
            let error = matches!(piece, LogOutput::StdErr { .. });
            let bytes = piece.into_bytes();
            let text = String::from_utf8_lossy(&bytes);
            let Some((at, text)) = split_time(&text) else { continue };
            let ended = text.ends_with('\n');
            let (at, before) = self.begun[usize::from(error)].take().unwrap_or((at, String::new()));
            let text = lengthened(before, text.trim_end_matches(['\r', '\n']));
            if ended {
                return Ok(Some(self.line(at, error, text)));
            }
            self.begun[usize::from(error)] = Some((at, text));
        }
    }

    /// What was printed without an end of line before the container ended.
    fn rest(&mut self) -> Option<ContainerLine> {
        let error = self.begun[0].is_none();
        let (at, text) = self.begun[usize::from(error)].take()?;
        Some(self.line(at, error, text))
    }

    fn line(&self, at: At, error: bool, text: String) -> ContainerLine {
        ContainerLine { service: self.service.clone(), container: self.container.clone(), at, error, text }
    }
}

/// A line with its next piece, up to the length to which lines are read.
fn lengthened(mut line: String, piece: &str) -> String {
    let room = LONGEST_LINE.saturating_sub(line.len());
    line.push_str(&piece[..piece.floor_char_boundary(room)]);
    line
}

/// The time that the engine puts in front of every piece.
fn split_time(text: &str) -> Option<(At, &str)> {
    let (time, text) = text.split_once(' ').or_else(|| Some((text.trim_end(), "\n")))?;
    Some((At(time.parse::<Timestamp>().ok()?), text))
}

/// Lines of several containers in the order in which they were printed.
fn merged(sources: Vec<Lines>) -> Lines {
    let state = (sources, Vec::<(ContainerLine, Lines)>::new());
    stream::try_unfold(state, |(mut waiting, mut heads)| async move {
        while let Some(mut source) = waiting.pop() {
            if let Some(line) = source.try_next().await? {
                heads.push((line, source));
            }
        }
        let first =
            heads.iter().enumerate().min_by(|(_, (a, _)), (_, (b, _))| (a.at, &a.container).cmp(&(b.at, &b.container)));
        let Some(first) = first.map(|(place, _)| place) else { return Ok(None) };
        let (line, source) = heads.swap_remove(first);
        waiting.push(source);
        Ok(Some((line, (waiting, heads))))
    })
    .boxed()
}

/// What is followed: the containers that run, and the engine's news about others.
struct Following {
    observer: Observer,
    query: LogQuery,
    starts: BoxStream<'static, Result<EventMessage>>,
    lines: SelectAll<BoxStream<'static, Followed>>,
    /// Containers whose output is being read.
    read: BTreeSet<String>,
}

enum Followed {
    Line(Result<ContainerLine>),
    /// A container printed its last line.
    Ended(String),
}

impl Following {
    fn new(
        observer: Observer,
        query: LogQuery,
        starts: BoxStream<'static, Result<EventMessage>>,
        sources: Vec<(String, Lines)>,
    ) -> Self {
        let mut following = Self { observer, query, starts, lines: SelectAll::new(), read: BTreeSet::new() };
        for (id, lines) in sources {
            following.push(id, lines);
        }
        following
    }

    fn push(&mut self, id: String, lines: Lines) {
        self.read.insert(id.clone());
        let end = stream::once(std::future::ready(Followed::Ended(id)));
        self.lines.push(lines.map(Followed::Line).chain(end).boxed());
    }

    async fn next(&mut self) -> Result<Option<ContainerLine>> {
        loop {
            tokio::select! {
                Some(followed) = self.lines.next() => match followed {
                    Followed::Line(line) => return line.map(Some),
                    Followed::Ended(id) => {
                        self.read.remove(&id);
                    }
                },
                started = self.starts.next() => match started {
                    Some(event) => self.started(event?).await?,
                    None => return Err(Error::new(Code::EngineUnreachable, "the engine ended its news")),
                },
            }
        }
    }

    async fn started(&mut self, event: EventMessage) -> Result<()> {
        let Some(id) = event.actor.and_then(|actor| actor.id).filter(|id| !self.read.contains(id)) else {
            return Ok(());
        };
        let Some(inspected) = found(self.observer.inspect(&id).await)? else { return Ok(()) };
        // What it printed before it was stopped was told then. Its start itself is no border: the first lines are printed
        // before the engine has noted it.
        let stopped = last_end(&inspected);
        let Some(container) = container(inspected).filter(|container| self.query.wants(container)) else {
            return Ok(());
        };
        let query = LogQuery { since: self.query.since.max(stopped), ..self.query.clone() };
        let lines = self.observer.lines_of(&Printer::from(&container), &query);
        self.push(id, lines);
        Ok(())
    }
}

fn followed(following: Following) -> Lines {
    stream::try_unfold(
        following,
        |mut following| async move { Ok(following.next().await?.map(|line| (line, following))) },
    )
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(container: &str, at: &str) -> Result<ContainerLine> {
        let at = At(at.parse().expect("a time"));
        let container = container.to_owned();
        Ok(ContainerLine { service: container.clone(), container, at, error: false, text: String::new() })
    }

    #[tokio::test]
    async fn lines_of_several_containers_are_told_in_the_order_of_time() {
        let one = [line("a", "2026-01-01T00:00:01Z"), line("a", "2026-01-01T00:00:04Z")];
        let two = [line("b", "2026-01-01T00:00:02Z"), line("b", "2026-01-01T00:00:03Z")];
        let lines: Vec<ContainerLine> =
            merged(vec![stream::iter(one).boxed(), stream::iter(two).boxed()]).try_collect().await.expect("lines");
        assert_eq!(lines.iter().map(|line| line.container.as_str()).collect::<String>(), "abba");
    }

    #[tokio::test]
    async fn a_line_that_the_engine_cut_is_whole_again() {
        let piece = |text: &'static str| Ok(LogOutput::StdOut { message: text.into() });
        let pieces = [
            piece("2026-01-01T00:00:01.000000001Z half a "),
            Ok(LogOutput::StdErr { message: "2026-01-01T00:00:01.5Z in between\n".into() }),
            piece("2026-01-01T00:00:02Z line\r\n"),
            piece("2026-01-01T00:00:03Z no end"),
        ];
        let mut source = Source {
            pieces: stream::iter(pieces).boxed(),
            limited: true,
            doing: String::new(),
            begun: [None, None],
            service: String::new(),
            container: String::new(),
        };
        let mut told = Vec::new();
        while let Some(line) = source.next().await.expect("lines") {
            told.push((line.text, line.error));
        }
        let wanted = [("in between", true), ("half a line", false), ("no end", false)];
        assert_eq!(told, wanted.map(|(text, error)| (text.to_owned(), error)));
    }
}

//! How far the layers of images are: a line about once a second, in place of the engine's flood of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bollard::models::ProgressDetail;

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1_000_000.0;

/// The layers that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    layers: BTreeMap<String, Layer>,
    told: Option<(Instant, String)>,
}

/// A layer, in bytes.
#[derive(Debug, Default)]
struct Layer {
    current: u64,
    /// 0 while it is not known.
    total: u64,
    done: bool,
}

impl Progress {
    /// Takes what the engine says about a layer; whether it was about one.
    pub fn hear(&mut self, id: &str, status: &str, detail: Option<&ProgressDetail>) -> bool {
        let arriving = matches!(status, "Pulling fs layer" | "Waiting" | "Downloading");
        let arrived = matches!(status, "Verifying Checksum" | "Download complete" | "Extracting");
        let done = matches!(status, "Pull complete" | "Already exists");
        if id.is_empty() || !(arriving || arrived || done) {
            return false;
        }
        let layer = self.layers.entry(id.to_owned()).or_default();
        let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        match detail {
            // When it is unpacked the numbers are those of the unpacking.
            Some(detail) if status == "Downloading" => {
                layer.current = bytes(detail.current).unwrap_or(layer.current);
                layer.total = bytes(detail.total).unwrap_or(layer.total);
            }
            _ if arrived || done => layer.current = layer.total,
            _ => {}
        }
        layer.done |= done;
        true
    }

    /// Takes how many bytes of a layer are there.
    pub fn count(&mut self, id: &str, current: i64, total: i64, done: bool) {
        let layer = self.layers.entry(id.to_owned()).or_default();
        layer.current = u64::try_from(current).unwrap_or(0);
        layer.total = u64::try_from(total).unwrap_or(0);
        layer.done |= done;
    }

    /// The line to be said now, if it is time and there is something new.
    pub fn line(&mut self, now: Instant) -> Option<String> {
        match &self.told {
            Some((then, _)) if now.duration_since(*then) < PAUSE => None,
            // What is there at once needs no line; the last one tells it.
            None if !self.layers.is_empty() => {
                self.told = Some((now, String::new()));
                None
            }
            _ => self.news(now),
        }
    }

    /// The line to be said at the end, if it is new.
    pub fn last_line(&mut self, now: Instant) -> Option<String> {
        self.news(now)
    }

    fn news(&mut self, now: Instant) -> Option<String> {
        let text = self.text()?;
        if self.told.as_ref().is_some_and(|(_, told)| *told == text) {
            return None;
        }
        self.told = Some((now, text.clone()));
        Some(text)
    }

    fn text(&self) -> Option<String> {
        let all = self.layers.len();
        if all == 0 {
            return None;
        }
        let done = self.layers.values().filter(|layer| layer.done).count();
        let (current, total) =
            self.layers.values().fold((0, 0), |sum, layer| (sum.0 + layer.current, sum.1 + layer.total));
        let layers = if all == 1 { "layer" } else { "layers" };
        Some(match total {
            0 => format!("{done} of {all} {layers}"),
            _ => format!("{done} of {all} {layers} · {:.1} of {:.1} MB", megabytes(current), megabytes(total)),
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "nobody reads the last of sixteen digits")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_second_says_how_far_it_is() {
        let mut progress = Progress::default();
        let begin = Instant::now();
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        let detail = |current, total| ProgressDetail { current: Some(current), total: Some(total) };
        assert!(!progress.hear("", "Digest: sha256:12", None), "not about a layer");
        assert!(!progress.hear("latest", "Pulling from library/x", None), "nor this");
        assert_eq!(progress.line(at(0)), None, "there are no layers yet");
        for layer in ["a", "b", "c"] {
            assert!(progress.hear(layer, "Pulling fs layer", None));
        }
        assert!(progress.hear("d", "Already exists", None));
        assert_eq!(progress.line(at(0)), None);
        progress.hear("a", "Downloading", Some(&detail(20_000_000, 100_000_000)));
        assert_eq!(progress.line(at(900)), None, "too early");
        assert_eq!(progress.line(at(1000)).as_deref(), Some("1 of 4 layers · 20.0 of 100.0 MB"));
        progress.hear("b", "Downloading", Some(&detail(18_000_000, 18_000_000)));
        progress.hear("a", "Download complete", None);
        assert_eq!(progress.line(at(1100)), None);
        assert_eq!(progress.line(at(2100)).as_deref(), Some("1 of 4 layers · 118.0 of 118.0 MB"));
        progress.hear("a", "Extracting", Some(&detail(1, 300_000_000)));
        assert_eq!(progress.line(at(3200)), None, "nothing new");
        for layer in ["a", "b", "c"] {
            progress.hear(layer, "Pull complete", None);
        }
        assert_eq!(progress.last_line(at(3300)).as_deref(), Some("4 of 4 layers · 118.0 of 118.0 MB"));
        assert_eq!(progress.last_line(at(3400)), None, "once is enough");
    }
}

//! The result, as a table and as JSON.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use sternway_e2e::{Failure, Result};

use crate::host::Watch;

/// What a figure counts.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "MB")]
    Megabytes,
    #[serde(rename = "requests")]
    Requests,
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
            Self::Requests => "req",
        }
    }
}

/// A limit: so many times the other's figure, and so much more.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Wanted {
    times: f64,
    plus: f64,
    /// The limit itself is too much.
    below: bool,
}

impl Wanted {
    /// At most so many times the other's.
    pub fn at_most(times: f64) -> Self {
        Self { times, plus: 0.0, below: false }
    }

    /// Less than the other's.
    pub fn less() -> Self {
        Self { times: 1.0, plus: 0.0, below: true }
    }

    /// Nothing at all.
    pub fn none() -> Self {
        Self::at_most(0.0)
    }

    fn holds(self, ours: f64, theirs: f64) -> bool {
        let limit = theirs * self.times + self.plus;
        if self.below { ours < limit } else { ours <= limit }
    }

    /// And so much more, in the figure's unit.
    pub fn and(self, plus: f64) -> Self {
        Self { plus, ..self }
    }
}

/// A figure of ours beside another's: medians of times and sizes, means of counts.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    name: &'static str,
    unit: Unit,
    ours: f64,
    theirs: f64,
    ratio: f64,
    wanted: Wanted,
    holds: bool,
    /// Everything that was measured, in the order of measuring.
    samples: Samples,
}

#[derive(Debug, Clone, Serialize)]
struct Samples {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Comparison {
    /// From what was measured; neither may be empty.
    pub fn new(name: &'static str, unit: Unit, ours: &[f64], theirs: &[f64], wanted: Wanted) -> Self {
        let samples = Samples { ours: ours.to_vec(), theirs: theirs.to_vec() };
        let figure = match unit {
            // A request that was lost once in ten times was lost.
            Unit::Requests => mean,
            Unit::Milliseconds | Unit::Megabytes => median,
        };
        let (ours, theirs) = (figure(ours), figure(theirs));
        let holds = wanted.holds(ours, theirs);
        Self { name, unit, ours, theirs, ratio: ours / theirs, wanted, holds, samples }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few figures")]
fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// The middle one; of an even number, the mean of the two in the middle.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (below, above) = (sorted.get((sorted.len().max(1) - 1) / 2), sorted.get(sorted.len() / 2));
    match (below, above) {
        (Some(below), Some(above)) => (below + above) / 2.0,
        // Nothing was measured, and nothing holds against it.
        _ => f64::NAN,
    }
}

/// All comparisons of a run, and what it ran on.
pub struct Report {
    machine: String,
    host: Watch,
    comparisons: Vec<Comparison>,
    notes: Vec<String>,
}

impl Report {
    /// An empty one, with what this machine is.
    ///
    /// # Errors
    /// If there is no `/proc`.
    pub fn of_this_machine() -> Result<Self> {
        let processors = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = processors.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1));
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let load: f64 = load.split(' ').next().unwrap_or_default().parse()?;
        let count = std::thread::available_parallelism()?.get();
        let memory = std::fs::read_to_string("/proc/meminfo")?;
        let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
        let memory: f64 = memory.ok_or_else(|| Failure::new("/proc/meminfo has no MemTotal"))?.parse()?;
        let machine = format!("{count} × {}, {:.0} GB", model.unwrap_or("an unnamed processor"), memory * 1024.0 / 1e9);
        let mut notes = Vec::new();
        if load > 0.5 {
            notes.push(format!("the machine was not idle at the start (load {load:.1} on {count} processors)"));
        }
        Ok(Self { machine, host: Watch::begin()?, comparisons: Vec::new(), notes })
    }

    pub fn add(&mut self, comparison: Comparison) {
        self.comparisons.push(comparison);
    }

    /// Says that other programs showed pages meanwhile.
    pub fn note_others(&mut self, pages: usize) {
        if pages > 0 {
            self.notes
                .push(format!("{pages} pages of other programs shared WebKit's memory; all memory seems smaller"));
        }
    }

    /// Says what the host took since the report was begun.
    ///
    /// # Errors
    /// If there is no `/proc`.
    pub fn note_host(&mut self) -> Result<()> {
        let percent = self.host.taken()? * 100.0;
        if percent >= 1.0 {
            self.notes.push(format!("the host took {percent:.0} % of the processors' time"));
        }
        Ok(())
    }

    /// Whether everything is as wanted.
    pub fn holds(&self) -> bool {
        self.comparisons.iter().all(|comparison| comparison.holds)
    }

    pub fn json(&self) -> Value {
        json!({ "machine": self.machine, "notes": self.notes, "comparisons": self.comparisons })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<38}{:>12}{:>12}{:>8}  wanted", "", "ours", "theirs", "ratio")?;
        for Comparison { name, unit, ours, theirs, ratio, wanted: Wanted { times, plus, below }, holds, .. } in
            &self.comparisons
        {
            let unit = unit.word();
            let mark = if *holds { '✓' } else { '✗' };
            if *times == 0.0 && *plus > 0.0 {
                let wanted = format!("≤ {plus:.0} {unit}");
                writeln!(f, "{name:<38}{ours:>9.1} {unit}{:>20}  {wanted:<16} {mark}", "")?;
                continue;
            }
            let plus = if *plus > 0.0 { format!(" + {plus:.0} {unit}") } else { String::new() };
            let sign = if *below { '<' } else { '≤' };
            let wanted = format!("{sign} {times} ×{plus}");
            writeln!(f, "{name:<38}{ours:>9.1} {unit}{theirs:>9.1} {unit}{ratio:>8.2}  {wanted:<16} {mark}")?;
        }
        writeln!(f, "{}", self.machine)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_up_to_itself() {
        let holds = |ours: f64, wanted| Comparison::new("", Unit::Milliseconds, &[ours], &[10.0], wanted).holds;
        assert!(holds(20.0, Wanted::at_most(2.0)) && !holds(20.1, Wanted::at_most(2.0)));
        assert!(holds(65.0, Wanted::at_most(1.5).and(50.0)) && !holds(65.1, Wanted::at_most(1.5).and(50.0)));
        assert!(!Comparison::new("", Unit::Milliseconds, &[], &[10.0], Wanted::at_most(2.0)).holds);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[9.0, 1.0, 2.0, 4.0]) - 3.0).abs() < 1e-9);
    }
}

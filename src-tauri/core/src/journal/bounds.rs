//! How much of what a deployment prints is kept: the beginning and the end of each step's output.
//!
//! A program that prints without end must fill neither the memory nor the disk, and what matters of its output stands at its beginning
//! or at its end. What is left out between them is counted and said.

use std::collections::{BTreeMap, VecDeque};

use sternway_history::NewLine;
use sternway_model::At;

/// An amount of output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub lines: u64,
    pub bytes: u64,
}

impl Amount {
    fn of(line: &NewLine) -> Self {
        Self { lines: 1, bytes: line.text.len() as u64 }
    }

    fn with(self, other: Self) -> Self {
        Self { lines: self.lines + other.lines, bytes: self.bytes + other.bytes }
    }

    fn without(self, other: Self) -> Self {
        Self { lines: self.lines.saturating_sub(other.lines), bytes: self.bytes.saturating_sub(other.bytes) }
    }

    fn fits(self, limit: Self) -> bool {
        self.lines <= limit.lines && self.bytes <= limit.bytes
    }

    fn words(self) -> String {
        #[allow(clippy::cast_precision_loss, reason = "nobody reads the last of sixteen digits")]
        let megabytes = self.bytes as f64 / 1e6;
        let lines = if self.lines == 1 { "line" } else { "lines" };
        format!("{} {lines} ({megabytes:.1} MB)", in_thousands(self.lines))
    }
}

/// What is kept at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Of the beginning of a step's output.
    pub begin: Amount,
    /// Of its end.
    pub end: Amount,
    /// Of all steps of a deployment.
    pub all: Amount,
}

/// Documented in docs/design.md, "State".
pub(super) const LIMITS: Limits = Limits {
    begin: Amount { lines: 20_000, bytes: 4 << 20 },
    end: Amount { lines: 2_000, bytes: 512 << 10 },
    all: Amount { lines: 200_000, bytes: 32 << 20 },
};

/// `1,234,567`.
fn in_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decides line by line.
pub(super) struct Bounds {
    limits: Limits,
    /// What of the limit for all steps is not used.
    left: Amount,
    steps: BTreeMap<u32, Output>,
}

/// What a step has printed.
#[derive(Default)]
struct Output {
    begin: Amount,
    /// The beginning has all that it may have: from here on lines wait for the step's end, and the oldest go.
    tail: Option<Tail>,
}

struct Tail {
    lines: VecDeque<NewLine>,
    kept: Amount,
    left_out: Amount,
    /// When the newest line was printed.
    at: At,
}

impl Tail {
    fn new(line: NewLine) -> Self {
        let (at, kept) = (line.at, Amount::of(&line));
        Self { lines: VecDeque::from([line]), kept, left_out: Amount::default(), at }
    }

    fn push(&mut self, line: NewLine, limit: Amount) {
        self.at = line.at;
        self.kept = self.kept.with(Amount::of(&line));
        self.lines.push_back(line);
        self.shrink(limit);
    }

    fn shrink(&mut self, limit: Amount) {
        while !self.kept.fits(limit)
            && let Some(oldest) = self.lines.pop_front()
        {
            let oldest = Amount::of(&oldest);
            self.kept = self.kept.without(oldest);
            self.left_out = self.left_out.with(oldest);
        }
    }
}

impl Bounds {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, left: limits.all, steps: BTreeMap::new() }
    }

    /// Takes a line as it was printed; gives what is to be written now.
    pub(super) fn take(&mut self, line: NewLine) -> Option<NewLine> {
        let amount = Amount::of(&line);
        let output = self.steps.entry(line.step).or_default();
        let Some(tail) = &mut output.tail else {
            let begin = output.begin.with(amount);
            if begin.fits(self.limits.begin) && amount.fits(self.left) {
                output.begin = begin;
                self.left = self.left.without(amount);
                return Some(line);
            }
            let text = "… this prints more than is kept: its last lines follow when it has ended".to_owned();
            let note = NewLine { text, ..line.clone() };
            output.tail = Some(Tail::new(line));
            return Some(note);
        };
        tail.push(line, self.limits.end);
        None
    }

    /// A step has ended: gives what is still to be written of its output.
    pub(super) fn end(&mut self, step: u32) -> Vec<NewLine> {
        let Some(mut tail) = self.steps.remove(&step).and_then(|output| output.tail) else { return Vec::new() };
        tail.shrink(self.left);
        self.left = self.left.without(tail.kept);
        let text = format!("… {} left out", tail.left_out.words());
        let note = (tail.left_out.lines > 0).then_some(NewLine { step, at: tail.at, text });
        note.into_iter().chain(tail.lines).collect()
    }

    /// The same for all steps that have not ended.
    pub(super) fn end_all(&mut self) -> Vec<NewLine> {
        let steps: Vec<u32> = self.steps.keys().copied().collect();
        steps.into_iter().flat_map(|step| self.end(step)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        begin: Amount { lines: 3, bytes: 100 },
        end: Amount { lines: 2, bytes: 20 },
        all: Amount { lines: 10, bytes: 100 },
    };

    fn line(step: u32, text: &str) -> NewLine {
        NewLine { step, at: At::from_millis(0).expect("a time"), text: text.to_owned() }
    }

    fn kept(bounds: &mut Bounds, lines: impl IntoIterator<Item = NewLine>) -> Vec<String> {
        lines.into_iter().filter_map(|line| bounds.take(line)).map(|line| line.text).collect()
    }

    fn texts(lines: Vec<NewLine>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_beginning_and_the_end_of_a_steps_output_are_kept() {
        let mut bounds = Bounds::new(SMALL);
        let written = kept(&mut bounds, (1..=9).map(|number| line(1, &number.to_string())));
        assert_eq!(written[..3], ["1", "2", "3"]);
        assert!(written[3].contains("more than is kept") && written.len() == 4, "it is said once, when it begins");
        assert_eq!(texts(bounds.end(1)), ["… 4 lines (0.0 MB) left out", "8", "9"]);
        assert!(bounds.end(1).is_empty());
    }

    #[test]
    fn nothing_is_called_left_out_that_is_there() {
        let mut bounds = Bounds::new(SMALL);
        kept(&mut bounds, (1..=5).map(|number| line(1, &number.to_string())));
        assert_eq!(texts(bounds.end(1)), ["4", "5"]);
        kept(&mut bounds, [line(2, "short")]);
        assert!(bounds.end(2).is_empty());
    }

    #[test]
    fn long_lines_count_by_their_bytes_and_all_steps_share_a_limit() {
        let mut bounds = Bounds::new(SMALL);
        let long = "x".repeat(60);
        assert_eq!(kept(&mut bounds, [line(1, &long), line(2, &long)])[0], long, "the first step's");
        assert_eq!(texts(bounds.end_all()), ["… 1 line (0.0 MB) left out"]);
        assert_eq!(kept(&mut bounds, [line(3, "short")]), ["short"]);
    }
}

//! What a git repository remembers: every line that a commit of any branch added, and the commits' messages. Of a merge these
//! are the lines that none of its parents had: the others are in the commits that brought them.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use sternway_model::{Error, Result, counted};

use super::Search;
use crate::git::Silent;

/// A line that is longer is looked at in pieces.
const PIECE: usize = 1024 * 1024;
/// How much of a piece belongs to the next one too, so that nothing is missed where they meet.
const OVERLAP: usize = 8 * 1024;
/// When it is enough.
const LIMIT: Duration = Duration::from_secs(600);

/// So many files that were not read are named.
const NAMED: usize = 3;

/// Stands in front of a commit's name; no text of git's begins with it.
const COMMIT: u8 = 1;

/// What is asked: nothing that would need a program of the repository's own to be shown.
const QUESTION: &[&str] = &[
    "-c",
    "core.quotePath=false",
    "log",
    "--all",
    "--patch",
    "--unified=0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
    "--no-renames",
    "--submodule=short",
    "--ignore-submodules=dirty",
    "--relative",
    "--cc",
    // The message's lines are indented, so that they are told apart from what was added.
    "--format=%x01%H%n%w(0,1,1)%B",
];

/// Reads the history of the folder; the answer is how many commits there were. Without a repository there are none.
pub(super) fn scan(git: &Silent, search: &mut Search) -> Result<u32> {
    let mut git =
        git.command(QUESTION).spawn().map_err(|error| Error::failed(format!("git does not start: {error}")))?;
    let output = git.stdout.take().ok_or_else(|| Error::internal("git has no output"))?;
    let mut reading = Reading::default();
    let outcome = reading.all(BufReader::with_capacity(256 * 1024, output), search);
    if !matches!(outcome, Ok(true)) {
        git.kill().map_err(|error| Error::failed(format!("git cannot be stopped: {error}")))?;
    }
    let status = git.wait().map_err(|error| Error::failed(format!("git does not end: {error}")))?;
    if !outcome? {
        search.gaps.push(format!("the history is long: only its newest {} commits were read", reading.commits));
    } else if !status.success() && reading.commits > 0 {
        search.gaps.push("git did not get to the end of the history".to_owned());
    }
    search.gaps.extend(unread(&reading.binary));
    Ok(reading.commits)
}

/// Says which files of the past were not read.
fn unread(binary: &BTreeSet<String>) -> Option<String> {
    if binary.is_empty() {
        return None;
    }
    let named: Vec<&str> = binary.iter().take(NAMED).map(String::as_str).collect();
    let more = binary.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let files = counted(binary.len(), "binary file");
    Some(format!("{files} of the history, which git shows without contents: {}{more}", named.join(", ")))
}

/// Where in the history the reader is.
#[derive(Default)]
struct Reading {
    file: String,
    /// The line of the file; 0 in front of its first hunk.
    line: u32,
    /// How many signs stand in front of each line of a hunk: one for each parent.
    signs: usize,
    commit: Option<String>,
    commits: u32,
    /// Files whose contents git does not show.
    binary: BTreeSet<String>,
}

impl Reading {
    /// Reads to the end; whether it got there in time.
    fn all(&mut self, mut from: impl BufRead, search: &mut Search) -> Result<bool> {
        let begin = Instant::now();
        let mut line = Vec::new();
        loop {
            let ended = bounded(&mut from, &mut line)?;
            if line.is_empty() && ended.is_none() {
                return Ok(true);
            }
            self.take(&line, search);
            // The rest of a long line is looked at too, as a line of its own that was added at the same place.
            let mut rest = ended;
            while rest == Some(false) {
                let tail = line.split_off(line.len().saturating_sub(OVERLAP));
                line = tail;
                let kept = line.len();
                rest = bounded_onto(&mut from, &mut line, kept)?;
                if let Some(commit) = self.commit.clone() {
                    search.line(&line, &self.file, self.line.saturating_sub(1), Some(&commit));
                }
            }
            if begin.elapsed() > LIMIT {
                return Ok(false);
            }
        }
    }

    fn take(&mut self, line: &[u8], search: &mut Search) {
        match line {
            [COMMIT, name @ ..] => {
                self.commit = Some(String::from_utf8_lossy(name).trim_end().to_owned());
                self.commits += 1;
                "the commit's message".clone_into(&mut self.file);
                (self.line, self.signs) = (1, 1);
            }
            [b'd', ..] if line.starts_with(b"diff --") => {
                // What follows names the file, except for one that is binary in a merge.
                let name = line.strip_prefix(b"diff --cc ").unwrap_or_default();
                String::from_utf8_lossy(name).trim_end().clone_into(&mut self.file);
                self.line = 0;
            }
            [b'B', ..] if self.line == 0 && line.starts_with(b"Binary files ") => {
                let words = String::from_utf8_lossy(line);
                // One that is gone now was there before: it is named where it came.
                let name = words.trim_end().strip_suffix(" differ").and_then(|words| words.rsplit_once(" and b/"));
                self.binary.extend(name.map(|(_, name)| name.to_owned()).or_else(|| named(&self.file)));
            }
            // Behind the hunk's head a line that was added may begin with `++ b/`.
            [b'+', b'+', b'+', b' ', name @ ..] if self.line == 0 => {
                let name = String::from_utf8_lossy(name);
                name.strip_prefix("b/").unwrap_or(&name).trim_end().clone_into(&mut self.file);
            }
            [b'@', b'@', ..] => {
                self.line = added_from(line).unwrap_or(1);
                self.signs = line.iter().take_while(|byte| **byte == b'@').count() - 1;
            }
            [b'+' | b' ', ..] if self.line > 0 => {
                let Some((signs, added)) = line.split_at_checked(self.signs) else { return };
                if signs.contains(&b'-') {
                    return;
                }
                // Whoever wrote a message indented it by one; with more parents a line may be new to some of them alone.
                let new = self.signs == 1 || signs.iter().all(|sign| *sign == b'+');
                if let Some(commit) = self.commit.clone().filter(|_| new) {
                    search.line(added, &self.file, self.line, Some(&commit));
                }
                self.line = self.line.saturating_add(1);
            }
            _ => {}
        }
    }
}

fn named(file: &str) -> Option<String> {
    (!file.is_empty()).then(|| file.to_owned())
}

/// `@@ -1,2 +3,4 @@`: the first of the lines that were added.
fn added_from(head: &[u8]) -> Option<u32> {
    let head = std::str::from_utf8(head.get(..head.len().min(80))?).ok()?;
    head.split(' ').find_map(|word| word.strip_prefix('+'))?.split(',').next()?.parse().ok()
}

/// Reads a line, or the first piece of it. `None` at the end of the output, otherwise whether the line ended.
fn bounded(from: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Option<bool>> {
    line.clear();
    bounded_onto(from, line, 0)
}

fn bounded_onto(from: &mut impl BufRead, line: &mut Vec<u8>, kept: usize) -> Result<Option<bool>> {
    loop {
        let buffer = from.fill_buf().map_err(|error| Error::failed(format!("git cannot be read: {error}")))?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let room = (PIECE + kept).saturating_sub(line.len());
        let end = buffer.iter().take(room).position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(buffer.len().min(room));
        line.extend_from_slice(&buffer[..taken]);
        from.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Some(true));
        }
        if line.len() >= PIECE + kept {
            return Ok(Some(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Cursor;

    use sternway_model::Sensitive;
    use sternway_vault::Finder;

    use super::*;
    use crate::view::LeakedSecret;

    fn search() -> Search {
        let value = Sensitive::new("the planted value".to_owned());
        let environment = "staging".parse().expect("a name");
        let secret = LeakedSecret { environment, name: "TOKEN".parse().expect("a name"), version: 1 };
        let finder = Finder::new([&value]).expect("one value");
        Search { finder, secrets: vec![secret], leaks: BTreeSet::new(), gaps: Vec::new(), full: false }
    }

    fn read(output: &str) -> (Search, Reading) {
        let mut search = search();
        let mut reading = Reading::default();
        let ended = reading.all(Cursor::new(output.as_bytes()), &mut search).expect("readable");
        assert!(ended, "there is no limit in the way");
        (search, reading)
    }

    #[test]
    fn lines_are_counted_and_told_apart() {
        let output = "\u{1}aaa\n first\n + the planted value\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x y\n\
            @@ -3,2 +7,2 @@ fn\n-the planted value\n+++ b/none\n+say the planted value\n\
            \u{1}bbb\n other\n\ndiff --git a/z b/z\nnew file mode 100644\n--- /dev/null\n+++ b/z\n@@ -0,0 +1 @@\n+the planted value\n";
        let (search, reading) = read(output);
        let found: Vec<(String, u32, &str)> = search
            .leaks
            .iter()
            .map(|leak| (leak.file.display().to_string(), leak.line, leak.commit.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(
            found,
            [("the commit's message".to_owned(), 2, "aaa"), ("x y".to_owned(), 8, "aaa"), ("z".to_owned(), 1, "bbb")]
        );
        assert_eq!(reading.commits, 2);
    }

    #[test]
    fn a_merge_has_what_none_of_its_parents_had() {
        let output = "\u{1}ccc\n Merge\n\ndiff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,2 +1,3 @@@\n\
            - the planted value\n +the planted value\n++say the planted value\n  \ndiff --cc y.bin\nindex 1,2..3\n\
            Binary files differ\ndiff --git a/a b/z b/a b/z\nBinary files /dev/null and b/a b/z differ\n\
            diff --git a/q b/q\nBinary files a/q and /dev/null differ\n";
        let (search, reading) = read(output);
        let found: Vec<(String, u32)> =
            search.leaks.iter().map(|leak| (leak.file.display().to_string(), leak.line)).collect();
        assert_eq!(found, [("x".to_owned(), 2)]);
        assert_eq!(reading.binary.iter().collect::<Vec<_>>(), ["a b/z", "y.bin"]);
        let many = ["a", "b", "c", "d"].map(str::to_owned).into();
        let told = unread(&many).expect("some");
        assert!(told.starts_with("4 binary files") && told.ends_with(": a, b, c and 1 more"), "{told}");
    }

    #[test]
    fn a_very_long_line_is_read_in_pieces_that_overlap() {
        let begin = "\u{1}aaa\ndiff --git a/x b/x\n+++ b/x\n@@ -0,0 +1 @@\n+";
        for before in [PIECE - 10, PIECE, 2 * PIECE - 5, 3 * PIECE + 3] {
            let (search, _) = read(&format!("{begin}{}the planted value{}\n+x\n", "u".repeat(before), "v".repeat(9)));
            let lines: Vec<u32> = search.leaks.iter().map(|leak| leak.line).collect();
            assert_eq!(lines, [1], "{before}");
        }
    }
}

//! The project's files as they are.

use std::io::Read;
use std::path::Path;

use ignore::WalkBuilder;
use sternway_model::{Error, MOST_OF_TEXT, Result, open_file, read_file};

use super::Search;

/// Larger files are no sources.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads every file of a folder that git would take; the answer is how many.
pub(super) fn scan(folder: &Path, search: &mut Search) -> Result<u32> {
    rules_are_files(folder)?;
    let mut read = 0;
    // An env file begins with a dot. A folder without a repository may have a .gitignore all the same.
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    for entry in walk {
        let entry = entry.map_err(|error| Error::failed(format!("a file cannot be looked for: {error}")))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy().into_owned();
        match contents(entry.path()) {
            Ok(Some(bytes)) => {
                read += 1;
                for (line, bytes) in (1_u32..).zip(bytes.split(|byte| *byte == b'\n')) {
                    search.line(bytes, &name, line, None);
                }
            }
            Ok(None) => search.gaps.push(format!("{name} is larger than 16 MiB and was not read")),
            // It may be gone by now, or belong to somebody else: the others are looked at all the same.
            Err(error) => search.gaps.push(format!("{name} was not read: {}", error.message)),
        }
    }
    Ok(read)
}

/// That what says which files git ignores is no pipe and no device: whoever reads it would wait or read for ever.
fn rules_are_files(folder: &Path) -> Result<()> {
    const RULES: [&str; 2] = [".gitignore", ".ignore"];
    let failed = |error: ignore::Error| Error::failed(format!("a file cannot be looked for: {error}"));
    let walk =
        WalkBuilder::new(folder).standard_filters(false).filter_entry(|entry| entry.file_name() != ".git").build();
    for entry in walk {
        let entry = entry.map_err(failed)?;
        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if !folder && RULES.iter().any(|name| entry.file_name() == *name) {
            read_file("read", entry.path(), MOST_OF_TEXT)?;
        }
    }
    let exclude = folder.join(".git/info/exclude");
    if exclude.exists() { read_file("read", &exclude, MOST_OF_TEXT).map(drop) } else { Ok(()) }
}

fn contents(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // The size may change while it is read.
    let file = open_file("read", path)?.0;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| Error::io("read", path, &error))?;
    Ok((bytes.len() as u64 <= LARGEST).then_some(bytes))
}

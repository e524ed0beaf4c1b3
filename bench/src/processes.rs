//! What programs cost the machine, from `/proc`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sternway_e2e::{Failure, Result};

/// A window has at least itself, a process for the page and one for the network.
const OF_A_WINDOW: usize = 3;

/// The memory of a program and all that it started, in bytes: what it has for itself, and its share of what is shared.
///
/// # Errors
/// If it does not run, or has fewer processes than a window has.
pub fn memory(program: u32) -> Result<u64> {
    let tree = tree(program)?;
    if tree.len() < OF_A_WINDOW {
        return Err(Failure::new(format!("program {program} has {} processes, and no page", tree.len())));
    }
    tree.into_iter().map(proportional_size).sum()
}

fn proportional_size(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let sizes = fs::read_to_string(&path)?;
    let size =
        sizes.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(size.ok_or_else(|| Failure::new(format!("{path} has no Pss")))? * 1024)
}

/// A process and all below it.
fn tree(root: u32) -> Result<BTreeSet<u32>> {
    let parents: Vec<(u32, u32)> = all()?.into_iter().filter_map(|process| Some((process, parent(process)?))).collect();
    let mut tree = BTreeSet::from([root]);
    loop {
        let before = tree.len();
        tree.extend(
            parents.iter().filter(|(_, parent)| tree.contains(parent)).map(|(child, _)| *child).collect::<Vec<_>>(),
        );
        if tree.len() == before {
            return Ok(tree);
        }
    }
}

fn all() -> Result<Vec<u32>> {
    let entries = fs::read_dir("/proc")?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.iter().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// The process that started this one; nothing if it has ended meanwhile.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may have anything in it; state and parent follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The program that was started with this argument.
///
/// # Errors
/// If there is none.
pub fn started_with(argument: &Path) -> Result<u32> {
    let wanted = argument.as_os_str().as_encoded_bytes();
    let has = |process: &u32| {
        fs::read(format!("/proc/{process}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|a| a == wanted))
    };
    all()?.into_iter().find(has).ok_or_else(|| Failure::new(format!("nothing runs with {}", argument.display())))
}

/// How many pages other programs show. They share WebKit's libraries with ours, whose share then seems smaller.
///
/// # Errors
/// If there is no `/proc`.
pub fn other_webviews() -> Result<usize> {
    // The kernel keeps fifteen characters of a name.
    let page =
        |process: &u32| fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|n| n == "WebKitWebProces\n");
    Ok(all()?.iter().filter(|process| page(process)).count())
}

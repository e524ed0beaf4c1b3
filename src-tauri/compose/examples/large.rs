//! Measures how long it takes to read and to plan large models; nothing is asked of an engine. docs/benchmarks.md has the figures.
//! usage: cargo run --release -p sternway-compose --example large

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use sternway_compose::{Model, Observed, Removal, Sources, Want, load, plan};
use sternway_model::{Error, Result};

fn main() -> Result<()> {
    println!("{:<44} {:>9} {:>9}", "", "read", "planned");
    measure("1,000 services in a chain", &chain(1_000))?;
    measure("10,000 services in a chain", &chain(10_000))?;
    measure(
        "10,000 services alone",
        &(0..10_000).fold(String::new(), |all, n| all + &format!("  s{n}: {{image: i}}\n")),
    )?;
    let ten = (0..10).map(|n| format!("  s{n}: {{image: i, scale: 1000}}\n"));
    measure("10 services of 1,000 containers", &ten.collect::<String>())?;
    measure("a service with 16,384 ports", "  relay: {image: i, ports: ['40000-56383:40000-56383/udp']}\n")
}

fn chain(length: usize) -> String {
    let mut text = String::new();
    for number in 1..length {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "  s{number}: {{image: i, depends_on: [s{}]}}", number + 1);
    }
    text + &format!("  s{length}: {{image: i}}\n")
}

fn measure(what: &str, services: &str) -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| Error::failed(format!("no temporary folder: {error}")))?;
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, format!("services:\n{services}")).map_err(|error| Error::io("write", &file, &error))?;
    let begin = Instant::now();
    let sources = Sources { project_dir: folder.path().to_owned(), files: vec![file], ..Sources::default() };
    let loaded = load(&Sources { project_name: Some("large".to_owned()), ..sources })?;
    let model = Model::decode(&loaded.model)?;
    let read = begin.elapsed();

    let image = format!("sha256:{}", "ab".repeat(32)).parse()?;
    let observed = Observed { api: (1, 41), images: BTreeMap::from([("i".to_owned(), image)]), ..Observed::default() };
    let begin = Instant::now();
    let planned = plan(
        &observed,
        &Want {
            project: "large",
            model: &model,
            images: &BTreeMap::new(),
            elsewhere: &BTreeMap::new(),
            project_dir: Path::new("/large"),
            config_files: Vec::new(),
            deployment: None,
            remove: Removal::default(),
        },
    )?;
    let (read, taken) = (read.as_millis(), begin.elapsed().as_millis());
    println!("{what:<44} {read:>6} ms {taken:>6} ms   {} pieces of work", planned.work.len());
    Ok(())
}

//! Loads whatever files the fuzzer makes up: each ends with a model or an error, never with a panic, and soon.
//!
//! An input is one file after the other, between lines that begin with `%%%`: the first two are Compose files, the third is
//! there for `extends` and `include`, the fourth for `env_file`.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sternway_compose::{Model, Sources, load};
use tempfile::TempDir;

const FILES: [&str; 4] = ["compose.yaml", "compose.override.yaml", "other.yaml", "some.env"];

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for the files"));

fuzz_target!(|text: &str| {
    let mut parts = text.split("%%%");
    let mut files = Vec::new();
    for (place, name) in FILES.iter().enumerate() {
        let path = FOLDER.path().join(name);
        match parts.next() {
            Some(part) => {
                fs::write(path, part).expect("the file can be written");
                if place < 2 {
                    files.push(PathBuf::from(name));
                }
            }
            None => drop(fs::remove_file(path)),
        }
    }
    let environment = [("PORT", "80"), ("EMPTY", ""), ("NAME", "web"), ("PAIR", "a=b")];
    let sources = Sources {
        project_dir: FOLDER.path().to_owned(),
        files,
        environment: BTreeMap::from(environment.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        ..Sources::default()
    };
    if let Ok(loaded) = load(&sources) {
        // What is accepted goes on to be decoded, which may refuse it.
        drop(Model::decode(&loaded.model));
    }
});

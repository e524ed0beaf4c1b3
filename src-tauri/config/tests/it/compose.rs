//! What the `docker-compose` program reads from files that were written here. Without the program these tests say that
//! they were skipped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sternway_config::{Assignment, EnvFile};

use crate::random::{Dice, file};

fn compose() -> Option<PathBuf> {
    let folder = std::env::var_os("STERNWAY_PEERS").map_or_else(|| PathBuf::from("/tmp/peers"), PathBuf::from);
    let program = folder.join("docker-compose");
    if program.is_file() {
        return Some(program);
    }
    println!("skipped: there is no {}", program.display());
    None
}

/// What Compose reads from each env file, by one run of the program. It has to accept every file.
fn read_by_compose(program: &Path, files: &[Vec<u8>]) -> Vec<BTreeMap<String, String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut yaml = "name: t\nservices:\n".to_owned();
    for (index, bytes) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index}.env")), bytes).expect("writable");
        writeln!(yaml, "  s{index}: {{ image: x, env_file: {index}.env }}").expect("a string");
    }
    std::fs::write(folder.path().join("compose.yaml"), yaml).expect("writable");
    let output = Command::new(program)
        .args(["-f", "compose.yaml", "config", "--format", "json"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let model: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let environment = |index: usize| {
        let service = model["services"][format!("s{index}")]["environment"].as_object();
        let pairs = service.into_iter().flatten().filter_map(|(key, value)| {
            // `config` prints a dollar sign as two, so that its output can be read again.
            value.as_str().map(|value| (key.clone(), value.replace("$$", "$")))
        });
        pairs.collect()
    };
    (0..files.len()).map(environment).collect()
}

fn evaluated(file: &EnvFile) -> BTreeMap<String, String> {
    let values = file.evaluate(&|_| None, &|_| None).expect("it can be evaluated");
    values.into_iter().map(|(key, value, _)| (key, value)).collect()
}

#[test]
fn compose_reads_back_what_was_set() {
    let Some(program) = compose() else { return };
    let mut dice = Dice(0xc0_ffee);
    let mut files = Vec::new();
    let mut meant = Vec::new();
    for _ in 0..400 {
        let text = file(&mut dice);
        let mut edited = EnvFile::parse(Path::new(".env"), text.as_bytes()).expect("valid");
        let mut values = BTreeMap::new();
        for key in ["A", "D", "E", "NEW"] {
            let value = dice.value();
            edited.set(key, Assignment::Value(&value)).expect("it can be written");
            values.insert(key, value);
        }
        files.push(edited.bytes().to_vec());
        meant.push((values, evaluated(&edited)));
    }
    for (index, read) in read_by_compose(&program, &files).into_iter().enumerate() {
        let (values, all) = &meant[index];
        let text = String::from_utf8_lossy(&files[index]);
        for (key, value) in values {
            assert_eq!(read.get(*key), Some(value), "{key} in {text:?}");
        }
        assert_eq!(&read, all, "{text:?}");
    }
}

#[test]
fn compose_reads_whole_documents_alike() {
    let Some(program) = compose() else { return };
    let values = [
        "",
        " ",
        "$",
        "$$",
        "pa$word",
        "${NOT_A_VARIABLE}",
        "it's",
        "\"quoted\"",
        "'",
        "\\",
        "a\\",
        "\\n",
        "\\\\'",
        "# no comment",
        "a #b",
        "a#b",
        "{\"a\": {\"b\": [1, \"c d\"]}}",
        "-----BEGIN KEY-----\nab+/=\n-----END KEY-----\n",
        "line 1\r\nline 2\r\n",
        "Grüße 🦀",
        " leading",
        "trailing ",
        "\ttab",
        "postgres://u:p%40ss@db:5432/x?a=b&c=d",
        "keychain:NAME",
        "export X=1",
        "A=B",
        "`cmd`",
        "$(cmd)",
        "!x",
        "~",
        "*",
    ];
    let mut file = EnvFile::parse(Path::new(".env"), b"").expect("valid");
    let mut meant = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let key = format!("V_{index}");
        file.set(&key, Assignment::Value(value)).expect("it can be written");
        meant.insert(key, (*value).to_owned());
    }
    let read = read_by_compose(&program, &[file.bytes().to_vec()]);
    assert_eq!(read, [meant], "{}", String::from_utf8_lossy(file.bytes()));
}

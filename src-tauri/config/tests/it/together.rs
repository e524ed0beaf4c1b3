//! Several writers of one file, in one process and in several.

use std::path::Path;
use std::process::Command;

use sternway_config::{Assignment, EnvFile, set_variable, store, unset_variable};
use sternway_model::ProjectFile;

const PROCESSES: usize = 3;
const THREADS: usize = 3;
const EACH: usize = 20;

/// Tells a process of this test which folder it writes in, and its number.
const FOLDER: &str = "STERNWAY_TEST_WRITES_IN";
const NUMBER: &str = "STERNWAY_TEST_WRITER";

fn project() -> ProjectFile {
    let text = "project: shop\nenvironments: { dev: { target: { docker: local } } }\nconfiguration: { variables: [\".env\", \
                \".env.{environment}\"] }\n";
    ProjectFile::load(Path::new("sternway.yaml"), text).expect("valid")
}

fn write(folder: &Path, process: &str) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let (project, dev) = (project(), "dev".parse().expect("a name"));
                for each in 0..EACH {
                    let key = format!("A_{process}_{thread}_{each}");
                    set_variable(folder, &project, &dev, &key, Assignment::Value("1")).expect("set");
                    set_variable(folder, &project, &dev, &format!("{key}_GOES"), Assignment::Value("1")).expect("set");
                    unset_variable(folder, &project, Some(&dev), &format!("{key}_GOES")).expect("removed");
                }
            });
        }
    });
}

#[test]
#[ignore = "a process of the test below"]
fn a_process() {
    if let (Ok(folder), Ok(number)) = (std::env::var(FOLDER), std::env::var(NUMBER)) {
        write(Path::new(&folder), &number);
    }
}

#[test]
fn no_edit_of_several_at_once_is_lost_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let start = |number: usize| {
        let mut command = Command::new(&program);
        command.args(["together::a_process", "--exact", "--ignored"]);
        command.env(FOLDER, folder.path()).env(NUMBER, number.to_string()).spawn().expect("started")
    };
    let others: Vec<_> = (1..=PROCESSES).map(start).collect();
    write(folder.path(), "0");
    for mut other in others {
        assert!(other.wait().expect("ended").success());
    }
    let path = folder.path().join(".env.dev");
    let (bytes, _) = store::read(&path).expect("readable");
    let file = EnvFile::parse(&path, &bytes).expect("valid");
    assert_eq!(file.entries().count(), (PROCESSES + 1) * THREADS * EACH);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left behind");
}

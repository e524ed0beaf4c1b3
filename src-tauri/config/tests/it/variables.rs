//! The variables of an environment, over all its files.

use std::fs;
use std::path::Path;

use sternway_config::{load, load_pinned, required_missing};
use sternway_model::{Code, EnvironmentName, FILE_NAME, Origin, ProjectFile, Value, Variable};

pub struct Project {
    pub folder: tempfile::TempDir,
    pub file: ProjectFile,
}

impl Project {
    /// A project with the environments development, staging and production.
    pub fn new(configuration: &str, files: &[(&str, &str)]) -> Self {
        let yaml = format!(
            "project: shop\nenvironments:\n  development: {{ target: {{ docker: local }} }}\n  \
             staging: {{ target: {{ docker: local }} }}\n  production: {{ target: {{ docker: local }} }}\n{configuration}"
        );
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE_NAME), &yaml).expect("writable");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("writable");
        }
        let file = ProjectFile::load(Path::new(FILE_NAME), &yaml).expect("a valid sternway.yaml");
        Self { folder, file }
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.dir().join(file)).expect("readable")
    }
}

pub fn environment(name: &str) -> EnvironmentName {
    name.parse().expect("a name")
}

pub fn origin(file: &str, line: u32) -> Origin {
    Origin { file: file.into(), line }
}

fn find<'a>(variables: &'a [Variable], key: &str) -> &'a Variable {
    variables.iter().find(|variable| variable.key == key).unwrap_or_else(|| panic!("there is no {key}"))
}

#[test]
fn later_files_win_and_every_line_is_named() {
    let project = Project::new(
        "configuration: { required: [HOST, NAME, EMPTY, PW, NOWHERE] }\n",
        &[
            (".env", "HOST=db\nPORT=1\nPORT=2\nEMPTY=\n"),
            (".env.production", "NAME=shop\nPORT=3\nURL=http://${HOST}:${PORT}/\nPW=keychain:DB_PASSWORD\n"),
        ],
    );
    let variables = load(project.dir(), &project.file, &environment("production")).expect("valid");
    let keys: Vec<_> = variables.iter().map(|variable| variable.key.as_str()).collect();
    assert_eq!(keys, ["HOST", "PORT", "EMPTY", "NAME", "URL", "PW"], "in the order in which the files name them");

    let port = find(&variables, "PORT");
    assert_eq!(port.value, Value::Plain("3".to_owned()));
    assert_eq!(port.source, origin(".env.production", 2));
    assert_eq!(port.overridden, [origin(".env", 3), origin(".env", 2)], "the nearest first");
    // As Compose does since 2.37: the lines above come before the earlier files.
    assert_eq!(find(&variables, "URL").value, Value::Plain("http://db:3/".to_owned()));
    let name = "DB_PASSWORD".parse().expect("a name");
    assert_eq!(find(&variables, "PW").value, Value::Secret { name, version: None });
    assert_eq!(required_missing(&project.file, &variables), ["EMPTY", "NOWHERE"]);

    let elsewhere = load(project.dir(), &project.file, &environment("staging")).expect("no file of its own is fine");
    assert_eq!(find(&elsewhere, "PORT").value, Value::Plain("2".to_owned()));
}

#[test]
fn a_secret_inside_a_value_is_pinned() {
    let project = Project::new(
        "",
        &[(
            ".env",
            "PW='keychain:DB'\nSAME=${PW}\nURL=postgres://u:${PW}@db\nOLD=${GONE:-${OTHER}}\nOTHER=keychain:X\n",
        )],
    );
    let newest = |name: &sternway_model::SecretName| (name.as_str() == "DB").then_some(7);
    let read = load_pinned(project.dir(), &project.file, &environment("staging"), &newest).expect("valid");
    let variables = read.variables;
    let pinned = |key: &str| find(&variables, key).value.pinned();
    assert_eq!(pinned("PW").as_deref(), Some("⟦keychain:DB@7⟧"));
    assert_eq!(pinned("SAME"), pinned("PW"), "another name for the same secret");
    assert_eq!(pinned("URL").as_deref(), Some("postgres://u:⟦keychain:DB@7⟧@db"));
    assert_eq!(pinned("OTHER"), None, "the keychain has no version");
}

#[test]
fn values_that_mention_nothing_are_named() {
    let project = Project::new(
        "",
        &[
            (".env", "A=1\nGOOD=$A-${NONE:-x}\nGONE=${NONE}\nMENDED=$NONE\nQUOTED='$NONE'\n"),
            (".env.staging", "MENDED=2\nPASSWORD=s3cr$et\n"),
        ],
    );
    let read = load_pinned(project.dir(), &project.file, &environment("staging"), &|_| None).expect("valid");
    let expected = [("GONE".to_owned(), origin(".env", 3)), ("PASSWORD".to_owned(), origin(".env.staging", 2))];
    assert_eq!(read.unset, expected, "overridden lines do not count");
}

#[test]
fn a_listed_file_must_be_there() {
    let list = "configuration:\n  variables:\n    - shared.env\n    - env/{environment}.env\n";
    let project = Project::new(list, &[("env/staging.env", "A=1\n")]);
    let error = load(project.dir(), &project.file, &environment("staging")).expect_err("shared.env is missing");
    let at = error.at.expect("a place");
    assert_eq!((at.file.as_path(), at.line), (Path::new(FILE_NAME), Some(8)));
    assert_eq!(at.key.as_deref(), Some("configuration.variables[0]"));

    fs::write(project.dir().join("shared.env"), "B=2\n").expect("writable");
    assert_eq!(load(project.dir(), &project.file, &environment("staging")).expect("valid").len(), 2);
    assert_eq!(load(project.dir(), &project.file, &environment("production")).expect("valid").len(), 1);
    let unknown = load(project.dir(), &project.file, &environment("test")).expect_err("sternway.yaml has none");
    assert_eq!(unknown.code, Code::NotFound);
}

#[test]
fn refuses_what_only_sternway_may_write() {
    for value in ["⟦keychain:A@1⟧", "x'⟦keychain:'", "keychain:", "keychain:1A", "keychain:A B"] {
        let project = Project::new("", &[(".env", &format!("B=1\nA=\"{value}\"\n"))]);
        let error = load(project.dir(), &project.file, &environment("staging")).expect_err(value);
        let at = error.at.expect("a place");
        assert_eq!((at.line, at.key.as_deref()), (Some(2), Some("A")), "{value}");
    }
}

#[test]
fn the_handbooks_documents_load_as_they_stand() {
    let handbook = [
        include_str!("handbook/application.env"),
        include_str!("handbook/infrastructure.env"),
        include_str!("handbook/monitoring.env"),
    ];
    let project = Project::new("", &[(".env", &handbook.concat())]);
    let variables = load(project.dir(), &project.file, &environment("production")).expect("valid");
    assert_eq!(variables.len(), 21);
    assert_eq!(find(&variables, "DB_PASSWORD").value, Value::Plain("password".to_owned()));
    assert_eq!(find(&variables, "ALERT_EMAIL").value, Value::Plain("alerts@example.com".to_owned()));
}

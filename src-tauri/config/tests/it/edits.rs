//! Which file an edit goes to, and whom it reaches.

use std::path::{Path, PathBuf};

use sternway_config::{
    Assignment, VariableEdit, edit_variables, readers, refer, set_shared, set_variable, unset_variable,
};
use sternway_model::{Code, Sensitive, Value};

use crate::variables::{Project, environment, origin};

fn names(environments: &[sternway_model::EnvironmentName]) -> Vec<&str> {
    environments.iter().map(sternway_model::EnvironmentName::as_str).collect()
}

fn plain(text: &str) -> Option<Value> {
    Some(Value::Plain(text.to_owned()))
}

#[test]
fn a_value_goes_to_the_environments_own_file() {
    let project = Project::new("", &[(".env", "A=1 # shared\nURL=http://$A\n"), (".env.staging", "# own\nA=2\n")]);
    let (dir, file) = (project.dir(), &project.file);

    let edited = set_variable(dir, file, &environment("staging"), "A", Assignment::Value("x y")).expect("valid");
    assert_eq!((edited.file.as_path(), edited.line), (Path::new(".env.staging"), 2));
    assert_eq!((edited.before, edited.after), (plain("2"), plain("x y")));
    assert_eq!(names(&edited.environments), ["staging"]);
    assert_eq!(project.text(".env.staging"), "# own\nA='x y'\n");

    let created = set_variable(dir, file, &environment("production"), "A", Assignment::Value("3")).expect("valid");
    assert_eq!((created.before, names(&created.environments)), (plain("1"), vec!["production"]));
    assert_eq!(project.text(".env.production"), "A=3\n");

    let same = set_variable(dir, file, &environment("development"), "A", Assignment::Value("1")).expect("valid");
    assert_eq!((same.file.as_path(), same.environments.len()), (Path::new(".env"), 0), "it has this value already");
    assert!(!dir.join(".env.development").exists(), "so nothing is written");
    assert_eq!(project.text(".env"), "A=1 # shared\nURL=http://$A\n", "the shared file is what it was");
}

#[test]
fn a_shared_value_reaches_those_without_their_own() {
    let project = Project::new("", &[(".env", "A=1\nURL=http://$A\n"), (".env.staging", "A=2\n")]);
    let edited = set_shared(project.dir(), &project.file, "A", Assignment::Value("9")).expect("valid");
    assert_eq!((edited.before, edited.after), (plain("1"), plain("9")));
    // Staging keeps its A, and its URL is made of the shared one.
    assert_eq!(names(&edited.environments), ["development", "staging", "production"]);
    let edited = set_shared(project.dir(), &project.file, "URL", Assignment::Template("${A:-x}")).expect("valid");
    assert_eq!(edited.after, plain("9"));
    assert_eq!(project.text(".env"), "A=9\nURL=${A:-x}\n");
}

#[test]
fn removing_a_shared_value_is_said_first() {
    let project = Project::new("", &[(".env", "A=1\nB=1\n"), (".env.staging", "A=2\nA=3\n")]);
    let (dir, file, staging) = (project.dir(), &project.file, environment("staging"));

    let removed = unset_variable(dir, file, Some(&staging), "A").expect("its own file sets it");
    assert_eq!((removed.before, removed.after), (plain("3"), plain("1")), "the shared value shows again");
    assert_eq!(project.text(".env.staging"), "");

    let error = unset_variable(dir, file, Some(&staging), "B").expect_err("others would lose it");
    assert!(error.message.contains("development, staging, production"), "{error}");
    assert_eq!(project.text(".env"), "A=1\nB=1\n");
    let removed = unset_variable(dir, file, None, "B").expect("asked for");
    assert_eq!((removed.after, names(&removed.environments)), (None, vec!["development", "staging", "production"]));
    assert_eq!(unset_variable(dir, file, None, "B").expect_err("it is gone").code, Code::NotFound);

    let bare = Project::new("", &[(".env.staging", "# c\nK\n")]);
    let removed = unset_variable(bare.dir(), &bare.file, Some(&staging), "K").expect("it stands there");
    assert_eq!((removed.line, removed.before, removed.after), (2, None, None), "a key without a value can go too");
}

#[test]
fn refuses_what_would_not_come_out_as_meant() {
    let list = "configuration: { variables: [\"{environment}.env\", last.env] }\n";
    let project = Project::new(list, &[("last.env", "A=1\n")]);
    let overridden = set_variable(project.dir(), &project.file, &environment("staging"), "A", Assignment::Value("2"));
    assert!(overridden.expect_err("last.env wins").hint.contains("last.env"));
    for assignment in [Assignment::Template("${"), Assignment::Value("⟦keychain:X@1⟧"), Assignment::Value("keychain:9")]
    {
        let error = set_variable(project.dir(), &project.file, &environment("staging"), "B", assignment);
        assert_eq!(error.expect_err("not a value").code, Code::InvalidInput);
    }
    assert!(!project.dir().join("staging.env").exists(), "nothing was written");

    let shared_only = Project::new("configuration: { variables: [a.env] }\n", &[("a.env", "A=1\n")]);
    let error =
        set_variable(shared_only.dir(), &shared_only.file, &environment("staging"), "A", Assignment::Value("2"));
    assert!(error.expect_err("it would reach all").message.contains("no env file of its own"));
    let own_only = Project::new("configuration: { variables: [\"{environment}.env\"] }\n", &[]);
    assert!(set_shared(own_only.dir(), &own_only.file, "A", Assignment::Value("2")).is_err());
}

#[test]
fn new_files_get_their_folder() {
    let project = Project::new("configuration: { variables: [\"env/{environment}.env\"] }\n", &[]);
    set_variable(project.dir(), &project.file, &environment("staging"), "A", Assignment::Value("1")).expect("valid");
    assert_eq!(project.text("env/staging.env"), "A=1\n");
}

#[test]
fn a_secret_leaves_its_reference() {
    let text = "# Redis\r\nexport REDIS_PASSWORD='hunter2' # rotate\r\nURL=redis://:${REDIS_PASSWORD}@r\r\n";
    let project = Project::new("", &[(".env", text)]);
    let name = "REDIS_PASSWORD".parse().expect("a name");
    let secret = |value: &str| Sensitive::new(value.to_owned());

    let stale = refer(project.dir(), &origin(".env", 2), "REDIS_PASSWORD", &secret("old"), &name);
    assert_eq!(stale.expect_err("another value stands there").code, Code::FileChanged);
    let made = refer(project.dir(), &origin(".env", 3), "URL", &secret("redis://:hunter2@r"), &name);
    assert_eq!(made.expect_err("it is made of another").code, Code::Unsupported);
    let moved = refer(project.dir(), &origin(".env", 1), "REDIS_PASSWORD", &secret("hunter2"), &name);
    assert_eq!(moved.expect_err("a comment").code, Code::NotFound);
    assert_eq!(project.text(".env"), text, "nothing was written so far");

    refer(project.dir(), &origin(".env", 2), "REDIS_PASSWORD", &secret("hunter2"), &name).expect("it is there");
    assert_eq!(project.text(".env"), text.replace("hunter2", "keychain:REDIS_PASSWORD"), "every other byte stays");
    assert_eq!(names(&readers(&project.file, Path::new(".env"))), ["development", "staging", "production"]);
    assert_eq!(names(&readers(&project.file, Path::new(".env.staging"))), ["staging"]);
}

#[test]
fn several_edits_are_all_made_or_none() {
    let texts = [(".env", "A=1\nURL=http://${A}/\n"), (".env.staging", "B=1\n")];
    let project = Project::new("", &texts);
    let (staging, production) = (environment("staging"), environment("production"));
    let edit = |environment, key, value: Option<&'static str>| VariableEdit {
        environment,
        key,
        assignment: value.map(Assignment::Value),
    };
    let made = [
        edit(None, "A", Some("2")),
        edit(Some(&staging), "B", None),
        edit(Some(&staging), "C", Some("x y")),
        edit(Some(&production), "A", Some("2")),
        edit(Some(&production), "D", Some("$")),
    ];
    let edited = edit_variables(project.dir(), &project.file, &made).expect("valid");
    assert_eq!(edited.files, [".env", ".env.production", ".env.staging"].map(PathBuf::from));
    assert_eq!(names(&edited.environments), ["development", "staging", "production"]);
    assert_eq!(project.text(".env"), "A=2\nURL=http://${A}/\n");
    assert!(!project.text(".env.staging").contains('B') && project.text(".env.staging").contains("x y"));
    assert!(!project.text(".env.production").contains('A'), "it has this value from the shared file by now");

    let before = [".env", ".env.staging"].map(|file| project.text(file));
    for refused in [
        vec![edit(None, "A", Some("3")), edit(Some(&staging), "GONE", None)],
        vec![edit(None, "A", Some("3")), edit(Some(&staging), "not a name", Some("3"))],
        vec![edit(Some(&staging), "C", Some("3")), edit(Some(&staging), "C", None)],
    ] {
        edit_variables(project.dir(), &project.file, &refused).expect_err("one of them cannot be made");
        assert_eq!([".env", ".env.staging"].map(|file| project.text(file)), before);
    }
}

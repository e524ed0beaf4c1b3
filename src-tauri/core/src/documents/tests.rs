use std::fs;

use sternway_config::document::Format;
use sternway_config::{Resolution, Side};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "project: shop\nenvironments:\n  staging: { target: { docker: local } }\n\
                    configuration: { files: [config/app.json], types: { PORT: port } }\n";
        fs::write(folder.path().join(FILE_NAME), text).expect("written");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        Self(folder)
    }

    fn project(&self) -> Project {
        Project::open(self.0.path()).expect("it opens")
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("readable")
    }

    fn open(&self, name: &str, reveal: bool) -> DocumentView {
        let project = self.project();
        let listed = known(&project, Path::new(name)).expect("it is named");
        Opened::read(&project, &listed, Vec::new()).expect("readable").view(&project, reveal)
    }

    fn save(&self, opened: &DocumentView, text: &str, resolutions: &[Resolution]) -> Result<SavedDocument> {
        let save = DocumentSave {
            text: text.to_owned(),
            base: opened.stamp.clone(),
            base_text: opened.text.clone(),
            note: None,
            resolutions: resolutions.to_vec(),
        };
        let project = self.project();
        let listed = known(&project, &opened.path).expect("it is named");
        Saving { project: &project, listed: &listed, save, known: Vec::new() }.run()
    }
}

const APP: &str = "{\n  \"port\": 80,\n  \"password\": \"hunter2\",\n  \"log\": \"info\"\n}\n";

fn saved(outcome: Result<SavedDocument>) -> DocumentView {
    match outcome.expect("it can be saved") {
        SavedDocument::Saved(saved) => saved.document,
        SavedDocument::Conflict(conflict) => panic!("{conflict:?}"),
    }
}

fn conflict(outcome: Result<SavedDocument>) -> DocumentConflict {
    match outcome.expect("it can be compared") {
        SavedDocument::Conflict(conflict) => *conflict,
        SavedDocument::Saved(view) => panic!("{view:?}"),
    }
}

#[test]
fn a_secret_stays_in_the_file_and_is_not_seen() {
    let folder = Folder::new(&[("config/app.json", APP)]);
    let opened = folder.open("config/app.json", false);
    assert_eq!(opened.withheld, ["password"]);
    assert!(!format!("{opened:?}").contains("hunter2"));
    let text = opened.text.clone().expect("it is shown with marks").replace("80", "8080");
    let view = saved(folder.save(&opened, &text, &[]));
    assert!(!format!("{view:?}").contains("hunter2"));
    assert_eq!(folder.text("config/app.json"), APP.replace("80", "8080"));

    let shown = folder.open("config/app.json", true);
    assert_eq!(shown.text.as_deref(), Some(APP.replace("80", "8080").as_str()), "it was asked for");
}

#[test]
fn what_changed_outside_is_merged_or_chosen() {
    let folder = Folder::new(&[("config/app.json", APP)]);
    let opened = folder.open("config/app.json", false);
    let text = opened.text.clone().expect("shown");
    let theirs = APP.replace("info", "debug").replace("hunter2", "hunter3");
    fs::write(folder.0.path().join("config/app.json"), &theirs).expect("written");

    saved(folder.save(&opened, &text.replace("80", "8080"), &[]));
    assert_eq!(folder.text("config/app.json"), theirs.replace("80", "8080"), "both sides' changes, their secret");

    let ours = text.replace("80", "81");
    let conflict = conflict(folder.save(&opened, &ours, &[]));
    assert_eq!(folder.text("config/app.json"), theirs.replace("80", "8080"), "nothing was written");
    assert!(!format!("{conflict:?}").contains("hunter"));
    let [one] = conflict.conflicts.as_slice() else { panic!("{conflict:?}") };
    assert_eq!((one.ours.as_deref(), one.theirs.as_deref()), (Some("81"), Some("8080")));
    let ours_it_is = Resolution { path: one.path.clone(), take: Side::Ours, theirs: one.theirs.clone() };
    saved(folder.save(&opened, &ours, &[ours_it_is]));
    assert_eq!(folder.text("config/app.json"), theirs.replace("80", "81"));
}

#[test]
fn without_the_old_text_nothing_is_overwritten() {
    let folder = Folder::new(&[(".env", "A=1\n")]);
    let mut opened = folder.open(".env", false);
    fs::write(folder.0.path().join(".env"), "A=2\n").expect("written");
    opened.text = None;
    let error = folder.save(&opened, "A=3\n", &[]).expect_err("it was changed outside");
    assert_eq!(error.code, Code::FileChanged);
    assert_eq!(folder.text(".env"), "A=2\n");
}

#[test]
fn a_new_file_and_a_broken_one() {
    let folder = Folder::new(&[("config/app.json", "{ \"password\": hunter2 }")]);
    let new = folder.open(".env.staging", false);
    assert_eq!((new.stamp.as_deref(), new.text.as_deref()), (None, Some("")));
    let view = saved(folder.save(&new, "PORT=x\n", &[]));
    assert!(view.nodes[0].problem.is_some(), "sternway.yaml says that it is a port");

    let broken = folder.open("config/app.json", false);
    assert_eq!((broken.text, broken.nodes.len()), (None, 0), "its secret cannot be told from the rest");
    assert!(broken.problem.and_then(|problem| problem.at).is_some_and(|at| at.line == Some(1)));
}

#[test]
fn a_project_that_would_not_open_is_not_written() {
    let folder = Folder::new(&[]);
    let opened = folder.open(FILE_NAME, false);
    assert!(opened.schema.is_some());
    let text = opened.text.clone().expect("shown");
    let error = folder.save(&opened, &text.replace("docker: local", "dokker: local"), &[]).expect_err("no project");
    assert_eq!(error.at.and_then(|at| at.line), Some(3));
    assert_eq!(folder.text(FILE_NAME), text);
}

#[test]
fn only_what_the_project_names_is_opened() {
    let folder = Folder::new(&[("other.json", "{}")]);
    let project = folder.project();
    for path in ["other.json", "../x", "/etc/passwd", "config/../other.json"] {
        assert_eq!(known(&project, Path::new(path)).expect_err("it is not named").code, Code::NotFound, "{path}");
    }
    let compose = "services:\n  web:\n    env_file:\n      - ./web.env\n      - { path: plain.list, format: raw }\n      - /etc/x\n      \
                   - ../y\n      - ${Z}.env\n  db:\n    env_file: web.env\n";
    fs::write(folder.0.path().join("docker-compose.yml"), compose).expect("written");
    let listed: Vec<_> = listed(&project).into_iter().map(|one| (one.path.display().to_string(), one.format)).collect();
    let named = [
        (FILE_NAME, Format::Yaml),
        (".env", Format::Env),
        (".env.staging", Format::Env),
        ("docker-compose.yml", Format::Yaml),
        ("web.env", Format::Env),
        ("plain.list", Format::DockerEnv),
        ("config/app.json", Format::Json),
    ];
    assert_eq!(listed, named.map(|(name, format)| (name.to_owned(), format)));
}

//! Use cases: configuration files of every format.

use std::path::{Component, Path, PathBuf};

use schemars::schema_for;
use sternway_config::document::{Document, Edit, Format, Masked, Value, unmasked, withheld_in};
use sternway_config::store::{self, Stamp};
use sternway_config::{merge, readers};
use sternway_model::{Cause, Code, Error, FILE_NAME, Location, ProjectFile, Result, ValueType, read_text, yaml};

use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;
use crate::view::{
    DocumentConflict, DocumentEntry, DocumentNode, DocumentRole, DocumentSave, DocumentView, Documents, SavedDocument,
};

impl Core {
    /// The configuration files of a project: `sternway.yaml` and those that it names.
    ///
    /// # Errors
    /// None of its own; files that cannot be read are part of the answer.
    pub async fn documents(&self, project: &Project) -> Result<Documents> {
        let project = project.clone();
        blocking(move || {
            let entries = listed(&project).into_iter().map(|listed| {
                let opened = Opened::read(&project, &listed);
                let (exists, problem) = match opened {
                    Ok(opened) => (!opened.stamp.is_absent(), opened.document.err()),
                    Err(error) => (true, Some(error)),
                };
                let problem = problem.filter(|_| exists);
                let Listed { path, role, format } = listed;
                DocumentEntry { path, format, role, exists, problem }
            });
            Ok(Documents { documents: entries.collect() })
        })
        .await
    }

    /// A configuration file as text and as values. What looks like a secret is withheld unless `reveal` asks for it.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the project does not name the file; or if it cannot be read at all. A file with a mistake
    /// opens as text, with the mistake.
    pub async fn open_document(&self, project: &Project, path: &Path, reveal: bool) -> Result<DocumentView> {
        let deployed = self.deployed_document(project, path).await?;
        let (project, listed) = (project.clone(), known(project, path)?);
        blocking(move || {
            let view = Opened::read(&project, &listed)?.view(&project, reveal);
            Ok(DocumentView { deployed, ..view })
        })
        .await
    }

    /// A text as values, after an edit of one of them if there is one. Nothing is read and nothing is written.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if the edit cannot be made.
    pub async fn document_edited(
        &self,
        project: &Project,
        path: &Path,
        text: String,
        edit: Option<Edit>,
    ) -> Result<DocumentView> {
        let (project, listed) = (project.clone(), known(project, path)?);
        blocking(move || {
            let mut document = Document::parse(&listed.path, listed.format, &text);
            if let Some(edit) = edit {
                document = Ok(document?.edited(&edit)?);
            }
            let text = document.as_ref().map_or(text, |document| document.text().to_owned());
            let withheld = withheld_in(&text);
            let mut view = view(&project, &listed, document.as_ref(), Stamp::ABSENT);
            view.text = Some(text);
            view.withheld = withheld;
            Ok(view)
        })
        .await
    }

    /// Saves a text, if the file still is what it was opened as. If it is not, both are merged: what only one side changed
    /// is taken over, and where both changed a value nothing is written until a person has chosen.
    ///
    /// # Errors
    /// [`Code::FileChanged`] if the file changed and cannot be merged, [`Code::InvalidInput`] for a `sternway.yaml` that
    /// would not open any more.
    pub async fn save_document(&self, project: &Project, path: &Path, save: DocumentSave) -> Result<SavedDocument> {
        let note = save.note.clone();
        let (saving, listed) = (project.clone(), known(project, path)?);
        let edit = blocking(move || Saving { project: &saving, listed: &listed, save }.run());
        let (saved, noted) = self.saving(project, Cause::Saved, note.as_deref(), edit).await?;
        Ok(match (saved, noted.problem) {
            // The text is saved; why there is no version of it is told beside it.
            (SavedDocument::Saved(mut view), Some(problem)) => {
                view.problem = view.problem.or(Some(problem));
                SavedDocument::Saved(view)
            }
            (saved, _) => saved,
        })
    }
}

/// A file that the project names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The file, relative to the project.
    pub path: PathBuf,
    /// What it is for.
    pub role: DocumentRole,
    /// How it is written.
    pub format: Format,
}

/// The files of a project and what they are for, each once.
pub(crate) fn listed(project: &Project) -> Vec<Listed> {
    let mut files: Vec<Listed> = Vec::new();
    let mut add = |path: PathBuf, role, format| {
        if !files.iter().any(|known| known.path == path) {
            files.push(Listed { path, role, format });
        }
    };
    add(FILE_NAME.into(), DocumentRole::Project, Format::Yaml);
    let configuration = &project.file.configuration;
    let expanded = |patterns: &[String]| -> Vec<PathBuf> {
        let names = project.file.environments.keys();
        let of_all = |pattern: &String| {
            names.clone().map(|name| PathBuf::from(pattern.replace("{environment}", name.as_str()))).collect::<Vec<_>>()
        };
        patterns.iter().flat_map(of_all).collect()
    };
    for path in expanded(&configuration.variables) {
        // Whatever it is named, it is read as one.
        add(path, DocumentRole::Variables, Format::Env);
    }
    let compose = expanded(&project.file.application.compose);
    for path in &compose {
        add(path.clone(), DocumentRole::Compose, Format::Yaml);
    }
    for (path, format) in compose.iter().flat_map(|path| env_files(&project.folder, path)) {
        add(path, DocumentRole::File, format);
    }
    for path in expanded(&configuration.files) {
        let format = Format::of(&path);
        add(path, DocumentRole::File, format);
    }
    files
}

/// The env files that the services of a Compose file name, as far as they can be told without filling in variables.
fn env_files(folder: &Path, compose: &Path) -> Vec<(PathBuf, Format)> {
    let mut files = Vec::new();
    // What is wrong with the Compose file is said where that is opened.
    let Ok(text) = read_text("read", &folder.join(compose)) else { return files };
    let Ok(documents) = yaml::parse(compose, &text) else { return files };
    let services = documents.first().and_then(|root| root.get("services")).map(|services| &services.content);
    let Some(yaml::Content::Mapping(services)) = services else { return files };
    for list in services.iter().filter_map(|(_, service)| service.get("env_file")) {
        let items = match &list.content {
            yaml::Content::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(list),
        };
        for item in items {
            let raw = item.get("format").and_then(yaml::Node::text) == Some("raw");
            let name = item.text().or_else(|| item.get("path").and_then(yaml::Node::text));
            let inside = |name: &&str| {
                let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
                !name.contains('$') && Path::new(name).components().all(plain)
            };
            if let Some(name) = name.filter(inside) {
                let path = compose.parent().unwrap_or_else(|| Path::new("")).join(name);
                let path = path.components().filter(|part| *part != Component::CurDir).collect();
                files.push((path, if raw { Format::DockerEnv } else { Format::Env }));
            }
        }
    }
    files
}

/// The file, if the project names it: the page can open nothing else.
fn known(project: &Project, path: &Path) -> Result<Listed> {
    listed(project).into_iter().find(|known| known.path == path).ok_or_else(|| {
        Error::new(Code::NotFound, format!("{} is none of the project's configuration files", path.display()))
            .hint(format!("Add it to `configuration.files` in {FILE_NAME}."))
    })
}

/// How a file is written: as the project reads it, else by its name.
pub(crate) fn format_of(project: &Project, path: &Path) -> Format {
    known(project, path).map_or_else(|_| Format::of(path), |listed| listed.format)
}

/// A file as it was read.
struct Opened {
    listed: Listed,
    text: String,
    stamp: Stamp,
    document: Result<Document>,
}

impl Opened {
    fn read(project: &Project, listed: &Listed) -> Result<Self> {
        let path = &listed.path;
        let (bytes, stamp) = store::read(&project.folder.join(path))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Error::invalid(format!("{} is no UTF-8 text", path.display()))
                .hint("Save it with the encoding UTF-8.")
                .at(Location { file: path.to_owned(), line: None, column: None, key: None })
        })?;
        let document = Document::parse(path, listed.format, &text);
        Ok(Self { listed: listed.clone(), text, stamp, document })
    }

    fn masked(&self) -> Masked {
        Masked::of(&self.text, self.document.as_ref().ok())
    }

    fn view(self, project: &Project, reveal: bool) -> DocumentView {
        let masked = (!reveal).then(|| self.masked());
        let mut view = view(project, &self.listed, self.document.as_ref(), self.stamp);
        match masked {
            Some(masked) => {
                view.text = masked.text;
                view.withheld = masked.keys;
                for node in view.nodes.iter_mut().filter(|node| node.secret) {
                    node.value = None;
                }
            }
            None => view.text = Some(self.text),
        }
        view
    }
}

/// A document without its text.
fn view(project: &Project, listed: &Listed, document: Result<&Document, &Error>, stamp: Stamp) -> DocumentView {
    let path = listed.path.as_path();
    let declared = (!readers(&project.file, path).is_empty()).then_some(&project.file);
    let nodes = document.map(|document| document.values().iter().map(|value| node(value, declared)).collect());
    let is_project = path == Path::new(FILE_NAME);
    let schema = is_project.then(|| serde_json::to_string(&schema_for!(ProjectFile)));
    let mut problem = document.err().cloned();
    if let (true, Ok(document)) = (is_project, document) {
        // What is YAML, and still no project.
        problem = ProjectFile::load(path, document.text()).err();
    }
    DocumentView {
        path: path.to_owned(),
        format: listed.format,
        text: None,
        stamp: stamp.text(),
        nodes: nodes.unwrap_or_default(),
        problem,
        withheld: Vec::new(),
        schema: schema.and_then(std::result::Result::ok),
        deployed: None,
    }
}

fn node(value: &Value, declared: Option<&ProjectFile>) -> DocumentNode {
    let mark = value.text.as_deref().is_some_and(|text| !withheld_in(text).is_empty());
    let reference = value.secret();
    let declared = declared.and_then(|project| project.configuration.types.get(value.key()));
    let text = value.text.as_deref().filter(|_| !mark && reference.is_none());
    let checked = declared.zip(text).filter(|_| value.kind == sternway_config::document::Kind::String);
    let problem = checked.and_then(|(kind, text)| kind.check(text).err());
    DocumentNode {
        path: value.path.clone(),
        kind: value.kind,
        value: value.text.clone().filter(|_| !mark),
        line: value.line,
        column: value.column,
        depth: value.depth,
        secret: mark || value.looks_like_secret().is_some(),
        value_type: declared.cloned().or_else(|| ValueType::guess(value.key(), text?)),
        problem: problem.or_else(|| reference.as_ref().and_then(|reference| reference.as_ref().err().cloned())),
        reference: reference.and_then(Result::ok).map(|reference| reference.name),
    }
}

/// A text on its way into a file.
struct Saving<'a> {
    project: &'a Project,
    listed: &'a Listed,
    save: DocumentSave,
}

impl Saving<'_> {
    fn run(&self) -> Result<SavedDocument> {
        let file = Opened::read(self.project, self.listed)?;
        let base = Stamp::parse(self.save.base.as_deref())?;
        if file.stamp == base {
            return self.write(&self.save.text, &file);
        }
        let Some(base_text) = &self.save.base_text else {
            return Err(Error::new(Code::FileChanged, format!("{} was changed outside", self.listed.path.display()))
                .hint("Nothing was written. Load it again, then make the change again."));
        };
        // Who was not shown the secrets gets no others now: all three are compared with their marks.
        let masked =
            (!withheld_in(base_text).is_empty() || !shows_secrets(self.listed, base_text)).then(|| file.masked());
        let theirs = match &masked {
            None => file.text.clone(),
            Some(masked) => masked.text.clone().ok_or_else(|| {
                Error::new(
                    Code::FileChanged,
                    format!("{} was changed outside, and has secrets now", self.listed.path.display()),
                )
                .hint("Nothing was written. Open it again to see what it has.")
            })?,
        };
        let texts = [base_text.as_str(), &self.save.text, &theirs];
        let merged = merge(&self.listed.path, self.listed.format, texts, &self.save.resolutions)?;
        if !merged.conflicts.is_empty() {
            return Ok(SavedDocument::Conflict(Box::new(DocumentConflict {
                base: base.text(),
                theirs: file.stamp.text(),
                merged_text: merged.text,
                conflicts: merged.conflicts,
            })));
        }
        self.write(&merged.text, &file)
    }

    /// Writes a text in the place of the file's, secrets put back.
    fn write(&self, text: &str, file: &Opened) -> Result<SavedDocument> {
        let whole = unmasked(&self.listed.path, self.listed.format, text, file.document.as_ref().ok())?;
        if self.listed.role == DocumentRole::Project {
            // A project that does not open any more cannot be edited here any more either.
            ProjectFile::load(&self.listed.path, &whole)?;
        }
        store::save(&self.project.folder.join(&self.listed.path), &file.stamp, whole.as_bytes())?;
        let reveal = withheld_in(text).is_empty() && shows_secrets(self.listed, text);
        let project = Project::open(&self.project.folder)?;
        Ok(SavedDocument::Saved(Box::new(Opened::read(&project, self.listed)?.view(&project, reveal))))
    }
}

/// Whether a text has secrets for all to see.
fn shows_secrets(listed: &Listed, text: &str) -> bool {
    let document = Document::parse(&listed.path, listed.format, text);
    Masked::of(text, document.as_ref().ok()).text.as_deref() != Some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
            Opened::read(&project, &listed).expect("readable").view(&project, reveal)
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
            Saving { project: &project, listed: &listed, save }.run()
        }
    }

    const APP: &str = "{\n  \"port\": 80,\n  \"password\": \"hunter2\",\n  \"log\": \"info\"\n}\n";

    fn saved(outcome: Result<SavedDocument>) -> DocumentView {
        match outcome.expect("it can be saved") {
            SavedDocument::Saved(view) => *view,
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
        let listed: Vec<_> =
            listed(&project).into_iter().map(|one| (one.path.display().to_string(), one.format)).collect();
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
}

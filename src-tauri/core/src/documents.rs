//! Use cases: configuration files of every format.

mod known;
mod listed;

use std::path::Path;

use schemars::schema_for;
use sternway_config::document::{Document, Edit, Masked, Value, unmasked, withheld_in};
use sternway_config::store::{self, Stamp};
use sternway_config::{merge, readers};
use sternway_model::{Cause, Code, Error, FILE_NAME, ProjectFile, Result, Sensitive, ValueType, text_of};

use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;
use crate::view::{
    DocumentConflict, DocumentEntry, DocumentNode, DocumentRole, DocumentSave, DocumentView, Documents, SavedDocument,
    SavedView,
};

pub(crate) use known::KnownIn;
pub(crate) use listed::{Listed, config_files, format_of, known, listed, readers_of};

impl Core {
    /// The configuration files of a project: `sternway.yaml` and those that it names.
    ///
    /// # Errors
    /// None of its own; files that cannot be read are part of the answer.
    pub async fn documents(&self, project: &Project) -> Result<Documents> {
        let project = project.clone();
        blocking(move || {
            let entries = listed(&project).into_iter().map(|listed| {
                let opened = Opened::read(&project, &listed, Vec::new());
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
        let (project, listed) = (project.clone(), known(project, path)?);
        let known = self.known_in(&project, &listed).await?;
        blocking(move || Ok(Opened::read(&project, &listed, known)?.view(&project, reveal))).await
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
        let known = self.known_in(&saving, &listed).await?;
        let edit = blocking(move || Saving { project: &saving, listed: &listed, save, known }.run());
        let (saved, noted) = self.saving(project, Cause::Saved, note.as_deref(), edit).await?;
        Ok(match saved {
            SavedDocument::Saved(saved) => {
                SavedDocument::Saved(Box::new(SavedView { unversioned: noted.problem, ..*saved }))
            }
            conflict @ SavedDocument::Conflict(_) => conflict,
        })
    }
}

/// A file as it was read.
struct Opened {
    listed: Listed,
    text: String,
    stamp: Stamp,
    document: Result<Document>,
}

impl Opened {
    fn read(project: &Project, listed: &Listed, known: Vec<Sensitive>) -> Result<Self> {
        let path = &listed.path;
        let (bytes, stamp) = store::read(&project.folder.join(path))?;
        let text = text_of(path, bytes)?;
        let document = Document::parse(path, listed.format, &text).map(|document| document.knowing(known));
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
    let nodes =
        document.map(|document| document.values().iter().map(|value| node(document, value, declared)).collect());
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
    }
}

fn node(document: &Document, value: &Value, declared: Option<&ProjectFile>) -> DocumentNode {
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
        secret: mark || document.is_secret(value),
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
    /// What of the file is a secret of the keychain.
    known: Vec<Sensitive>,
}

impl Saving<'_> {
    fn run(&self) -> Result<SavedDocument> {
        let path = self.project.folder.join(&self.listed.path);
        let lock = store::Lock::of([path.as_path()])?;
        let file = Opened::read(self.project, self.listed, self.known.clone())?;
        let base = Stamp::parse(self.save.base.as_deref())?;
        if file.stamp == base {
            return self.write(&self.save.text, &file, &lock);
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
        self.write(&merged.text, &file, &lock)
    }

    /// Writes a text in the place of the file's, secrets put back.
    fn write(&self, text: &str, file: &Opened, lock: &store::Lock) -> Result<SavedDocument> {
        let whole = unmasked(&self.listed.path, self.listed.format, text, file.document.as_ref().ok())?;
        if self.listed.role == DocumentRole::Project {
            // A project that does not open any more cannot be edited here any more either.
            ProjectFile::load(&self.listed.path, &whole)?;
        }
        lock.save(&self.project.folder.join(&self.listed.path), &file.stamp, whole.as_bytes())?;
        let reveal = withheld_in(text).is_empty() && shows_secrets(self.listed, text);
        let project = Project::open(&self.project.folder)?;
        let document = Opened::read(&project, self.listed, self.known.clone())?.view(&project, reveal);
        Ok(SavedDocument::Saved(Box::new(SavedView { document, unversioned: None })))
    }
}

/// Whether a text has secrets for all to see.
fn shows_secrets(listed: &Listed, text: &str) -> bool {
    let document = Document::parse(&listed.path, listed.format, text);
    Masked::of(text, document.as_ref().ok()).text.as_deref() != Some(text)
}

#[cfg(test)]
mod tests;

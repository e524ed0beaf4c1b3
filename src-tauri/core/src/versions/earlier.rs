//! Documents as they were in a version of the configuration, and in which version an environment runs them.

use std::collections::BTreeMap;
use std::path::Path;

use sternway_config::document::{Document, Format, Masked};
use sternway_config::{Assignment, EnvFile, store};
use sternway_history::{Held, Place, StoredEntry};
use sternway_model::{Result, Sensitive};

use crate::configure::blocking;
use crate::documents::{known, readers_of};
use crate::machine::Core;
use crate::project::Project;
use crate::view::{DocumentRelease, DocumentRole, EarlierDocument, Kept};

type State = BTreeMap<Place, StoredEntry>;

impl Core {
    /// The releases that run a document: one for each environment that reads it and has one, in the project's order.
    ///
    /// # Errors
    /// [`sternway_model::Code::NotFound`] if the project does not name the file; if history cannot be read.
    pub async fn document_releases(&self, project: &Project, file: &Path) -> Result<Vec<DocumentRelease>> {
        known(project, file)?;
        let (reading, path) = (project.clone(), file.to_owned());
        let environments = blocking(move || Ok(readers_of(&reading, &path))).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        let mut releases = Vec::new();
        for environment in environments {
            let Some(release) = history.current_release(id, &environment).await? else { continue };
            let version = history.configuration_of(id, release.number).await?;
            releases.push(DocumentRelease { environment, release: release.number, created: release.created, version });
        }
        Ok(releases)
    }

    /// A document as it was in a version. Of env files the values are kept, not the text: their text is today's with the
    /// values of then.
    ///
    /// # Errors
    /// [`sternway_model::Code::NotFound`] if there is no such version, or the project does not name the file.
    pub async fn document_at(&self, project: &Project, file: &Path, version: u32) -> Result<EarlierDocument> {
        let listed = known(project, file)?;
        self.notice(project).await?;
        let (id, history) = (self.project_id(project).await?, self.history().await?);
        self.version(id, version).await?;
        let (then, now) =
            (history.configuration_at(id, Some(version)).await?, history.configuration_at(id, None).await?);
        if listed.role == DocumentRole::Variables {
            let known = self.known_in(project, &listed).await?;
            let (folder, file) = (project.folder.clone(), file.to_owned());
            return blocking(move || env_file_at(&folder, &file, version, [&then, &now], known)).await;
        }
        let place = Place::Document { file: file.to_owned() };
        let Some(Held::Text { hash, withheld, .. }) = held(&then, &place) else {
            return Ok(EarlierDocument { version, kept: Kept::Absent, text: None, withheld_differs: false });
        };
        let text = history.configuration_text(id, hash).await?;
        if text.is_empty() && !withheld.is_empty() {
            return Ok(EarlierDocument { version, kept: Kept::Nothing, text: None, withheld_differs: false });
        }
        // With the same text around them, it can only be the secrets that give it another fingerprint.
        let withheld_differs = match (held(&then, &place), held(&now, &place)) {
            (Some(then @ Held::Text { hash: a, .. }), Some(now @ Held::Text { hash: b, .. })) => {
                a == b && !then.same(now)
            }
            _ => false,
        };
        Ok(EarlierDocument { version, kept: Kept::Whole, text: Some(text), withheld_differs })
    }
}

fn held<'a>(state: &'a State, place: &Place) -> Option<&'a Held> {
    state.get(place).and_then(|entry| entry.held.as_ref())
}

/// An env file of today with the values of then.
fn env_file_at(
    folder: &Path,
    file: &Path,
    version: u32,
    [then, now]: [&State; 2],
    known: Vec<Sensitive>,
) -> Result<EarlierDocument> {
    let of_file = |state: &State| -> Vec<(String, Held)> {
        let entries = state.iter().filter_map(|(place, entry)| match place {
            Place::Variable { file: stands_in, key } if stands_in == file => Some((key.clone(), entry.held.clone()?)),
            _ => None,
        });
        entries.collect()
    };
    let had = of_file(then);
    if had.is_empty() {
        return Ok(EarlierDocument { version, kept: Kept::Absent, text: None, withheld_differs: false });
    }
    let now: BTreeMap<String, Held> = of_file(now).into_iter().collect();
    let (bytes, _) = store::read(&folder.join(file))?;
    // One with a mistake has no lines that could be told apart; then there are the values alone.
    let mut text = EnvFile::parse(file, &bytes).or_else(|_| EnvFile::parse(file, b""))?;
    let keys: Vec<String> = text.entries().map(|entry| entry.key().to_owned()).collect();
    for key in keys.iter().filter(|key| !had.iter().any(|(known, _)| known == *key)) {
        text.unset(key)?;
    }
    let as_now = |key: &str, held: &Held| now.get(key).is_some_and(|now| now.same(held));
    let mut marks = Vec::new();
    for (key, held) in &had {
        let there = text.get(key).is_some();
        match held {
            Held::Withheld { .. } => {
                let same = there && as_now(key, held);
                let which = if same { key.clone() } else { format!("{key} of version {version}") };
                marks.push((key, format!("⟦withheld:{which}⟧"), same));
                if !there {
                    text.set(key, Assignment::Value(""))?;
                }
            }
            _ if there && as_now(key, held) => {}
            Held::Value(value) => text.set(key, Assignment::Value(value))?,
            Held::Template(template) => text.set(key, Assignment::Template(template))?,
            Held::Secret(name) => text.set(key, Assignment::Secret(name))?,
            Held::Version(_) | Held::Text { .. } => {}
        }
    }
    let text = String::from_utf8_lossy(text.bytes()).into_owned();
    let document = Document::parse(file, Format::Env, &text)?.knowing(known);
    let withheld_differs = marks.iter().any(|(_, _, same)| !same);
    let Some(masked) = Masked::of(&text, Some(&document)).text else {
        return Ok(EarlierDocument { version, kept: Kept::Nothing, text: None, withheld_differs });
    };
    let mut text = EnvFile::parse(file, masked.as_bytes())?;
    for (key, mark, _) in marks {
        text.set(key, Assignment::Value(&mark))?;
    }
    let text = String::from_utf8_lossy(text.bytes()).into_owned();
    Ok(EarlierDocument { version, kept: Kept::Values, text: Some(text), withheld_differs })
}

//! What of a document is a secret of the keychain, told by keyed fingerprints.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::PoisonError;

use sternway_config::document::Document;
use sternway_config::store;
use sternway_model::{Code, Result, Sensitive};

use super::Listed;
use crate::configure::blocking;
use crate::machine::Core;
use crate::project::Project;

/// What was found in a file the last time, and what the file and the secrets were then. A document that is open is looked at
/// every few seconds: the keychain is not asked each time.
pub(crate) type KnownIn = HashMap<PathBuf, ((Option<String>, BTreeSet<String>), Vec<Sensitive>)>;

impl Core {
    /// The values and the words of comments in a file that are secrets of the project. Nothing is known without a history
    /// or a keychain: files can be looked at and edited without either, and what looks like a secret is withheld all the
    /// same.
    ///
    /// # Errors
    /// If history or the file cannot be read.
    pub(crate) async fn known_in(&self, project: &Project, listed: &Listed) -> Result<Vec<Sensitive>> {
        let prints: BTreeSet<String> = match self.known_secrets(project).await {
            Ok(secrets) => secrets.into_iter().map(|secret| secret.fingerprint).collect(),
            Err(error) if matches!(error.code, Code::HistoryDamaged | Code::HistoryNewer) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if prints.is_empty() {
            return Ok(Vec::new());
        }
        let (path, listed) = (project.folder.join(&listed.path), listed.clone());
        let reading = path.clone();
        let (bytes, stamp) = blocking(move || store::read(&reading)).await?;
        let state = (stamp.text(), prints);
        if let Some((seen, known)) = self.known_in.lock().unwrap_or_else(PoisonError::into_inner).get(&path)
            && *seen == state
        {
            return Ok(known.clone());
        }
        let candidates = blocking(move || {
            let text = String::from_utf8(bytes).unwrap_or_default();
            Ok(Document::parse(&listed.path, listed.format, &text).map(|document| document.candidates()))
        });
        // One with a mistake is not shown as values; it is withheld by its lines.
        let candidates = candidates.await?.unwrap_or_default();
        let known = match self.vault().fingerprints(candidates.clone()).await {
            Ok(found) => {
                let known = candidates.into_iter().zip(found).filter(|(_, print)| state.1.contains(print));
                known.map(|(value, _)| value).collect()
            }
            // Whoever dismissed the keychain's question is not asked again for the same text.
            Err(error) if error.code == Code::KeychainUnavailable => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut seen = self.known_in.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(path, (state, known.clone()));
        Ok(known)
    }
}

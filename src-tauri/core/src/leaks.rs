//! Use case: look for secrets where they should not be: in the project's files, and in what its git repository remembers.

mod files;
mod repository;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sternway_history::StoredSecret;
use sternway_model::{EnvironmentName, Result, SecretPin, Sensitive, counted, token_in};
use sternway_vault::{Finder, SHORTEST_FOUND};

use crate::configure::blocking;
use crate::git::Silent;
use crate::machine::Core;
use crate::project::Project;
use crate::values::Use;
use crate::view::{Leak, LeakReport, LeakedSecret};

/// More leaks than this are not listed: the first ones have to be mended anyway.
const LISTED: usize = 500;

/// What is looked for, and what was found so far.
struct Search {
    finder: Finder,
    secrets: Vec<LeakedSecret>,
    leaks: BTreeSet<Leak>,
    gaps: Vec<String>,
    /// There were more leaks than are listed.
    full: bool,
}

impl Search {
    /// Looks at a line of a file, as it is now or as a commit added it.
    fn line(&mut self, bytes: &[u8], file: &str, line: u32, commit: Option<&str>) {
        let leak = |secret, looks_like| Leak {
            file: PathBuf::from(file),
            line,
            commit: commit.map(str::to_owned),
            secret,
            looks_like,
        };
        let found = self.finder.found(bytes);
        for place in &found {
            if let Some(secret) = self.secrets.get(*place) {
                let leak = leak(Some(secret.clone()), None);
                self.add(leak);
            }
        }
        if found.is_empty()
            && let Ok(text) = std::str::from_utf8(bytes)
            && let Some(reason) = token_in(text)
        {
            self.add(leak(None, Some(reason.to_owned())));
        }
    }

    fn add(&mut self, leak: Leak) {
        if self.leaks.len() < LISTED {
            self.leaks.insert(leak);
        } else {
            self.full = true;
        }
    }
}

impl Core {
    /// Looks for values that the keychain knows, in the forms in which programs write them, and for tokens of well-known
    /// services. Files that git ignores are left out.
    ///
    /// # Errors
    /// If the keychain does not answer, or the folder cannot be read.
    pub async fn scan_leaks(&self, project: &Project, with_history: bool) -> Result<LeakReport> {
        let mut gaps = Vec::new();
        let (secrets, values) = self.every_value(project, &mut gaps).await?;
        let finder = Finder::new(&values)?;
        for place in finder.too_short() {
            if let Some(LeakedSecret { environment, name, version }) = secrets.get(*place) {
                gaps.push(format!(
                    "{name} v{version} of {environment} has fewer than {SHORTEST_FOUND} characters and is not looked for"
                ));
            }
        }
        let folder = project.folder.clone();
        let git = if with_history { Silent::of(&folder).await? } else { None };
        if with_history && git.is_none() {
            gaps.push("git is not installed, or cannot read its configuration: the history was not read".to_owned());
        }
        blocking(move || {
            let mut search = Search { finder, secrets, leaks: BTreeSet::new(), gaps, full: false };
            let files = files::scan(&folder, &mut search)?;
            let commits = git.map_or(Ok(0), |git| repository::scan(&git, &mut search))?;
            if search.full {
                search.gaps.push(format!("there is more: only the first {} are listed", counted(LISTED, "place")));
            }
            let (now, then): (Vec<Leak>, Vec<Leak>) = search.leaks.into_iter().partition(|leak| leak.commit.is_none());
            Ok(LeakReport { leaks: now.into_iter().chain(then).collect(), files, commits, gaps: search.gaps })
        })
        .await
    }

    /// The values of all versions that the keychain has.
    async fn every_value(
        &self,
        project: &Project,
        gaps: &mut Vec<String>,
    ) -> Result<(Vec<LeakedSecret>, Vec<Sensitive>)> {
        let mut pins: BTreeMap<EnvironmentName, Vec<SecretPin>> = BTreeMap::new();
        for StoredSecret { environment, name, version, .. } in self.known_secrets(project).await? {
            pins.entry(environment).or_default().push(SecretPin { name, version });
        }
        let (mut secrets, mut values) = (Vec::new(), Vec::new());
        for (environment, pins) in pins {
            let (kept, gone) = self.kept_values(project, &environment, &pins, Use::Search).await?;
            for SecretPin { name, version } in gone {
                gaps.push(format!("version {version} of {name} for {environment} is not in the keychain"));
            }
            for (SecretPin { name, version }, value) in kept.pins() {
                values.push(value.clone());
                secrets.push(LeakedSecret { environment: environment.clone(), name: name.clone(), version: *version });
            }
        }
        Ok((secrets, values))
    }
}

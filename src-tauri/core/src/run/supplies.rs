//! What a run gets before anything is touched: the values of secrets, and the copies of configs.

use sternway_model::{Code, Kind, Result, SecretPin};
use sternway_vault::{Redactor, Revealed};

use super::Hold;
use crate::configure::blocking;
use crate::kept;
use crate::machine::Core;
use crate::plan::Prepared;
use crate::values::Use;
use crate::want::{Want, newest};

impl Core {
    /// Reads the secrets of the want and of the way back, before anything is touched.
    pub(super) async fn read_secrets(&self, hold: &Hold, prepared: &Prepared) -> Result<Revealed> {
        let wanted = prepared.want.secrets()?;
        if prepared.want.kind == Kind::Down {
            // Nothing gets them: they are read to be masked in what is printed, as far as the keychain has them.
            let (kept, _) = self.kept_values(&hold.project, &hold.environment, &wanted, Use::Mask).await?;
            return Ok(kept);
        }
        let mut all = wanted.clone();
        if let Some(have) = &prepared.have {
            all.extend(Want::from_release(have).secrets()?);
        }
        match self.fetch(hold, &all).await {
            // The plan said that going back is not proven; that does not stop going forward.
            Err(error) if error.code == Code::SecretMissing => self.fetch(hold, &wanted).await,
            fetched => fetched,
        }
    }

    /// Makes the copies of configs that the release will have, before anything is touched. What holds a secret's value is not copied, and
    /// that is said.
    pub(super) async fn keep_copies(
        &self,
        hold: &Hold,
        prepared: &mut Prepared,
        secrets: &Revealed,
    ) -> Result<Vec<String>> {
        let folder = self.parts.home.kept();
        prepared.copies.retain(|copy| !copy.is_there(&folder));
        if prepared.copies.is_empty() {
            return Ok(Vec::new());
        }
        let known = Redactor::default();
        known.add_all(secrets.values())?;
        let newest = newest(&self.known_secrets(&hold.project).await?, &hold.environment);
        let pins: Vec<_> = newest.into_iter().map(|(name, version)| SecretPin { name, version }).collect();
        let (others, _) = self.kept_values(&hold.project, &hold.environment, &pins, Use::Mask).await?;
        known.add_all(others.values())?;
        let (copies, mut application) = (prepared.copies.clone(), prepared.want.application.clone());
        let (application, notes) = blocking(move || {
            let notes = kept::copy(&folder, &mut application, &copies, &known)?;
            Ok((application, notes))
        })
        .await?;
        prepared.want.application = application;
        Ok(notes)
    }

    async fn fetch(&self, hold: &Hold, pins: &[SecretPin]) -> Result<Revealed> {
        self.values(&hold.project, &hold.environment, pins, Use::Deployment).await
    }
}

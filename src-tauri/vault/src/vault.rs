//! Secrets by version, over any keychain.

use std::collections::BTreeMap;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sternway_model::{Code, Error, Result, Reveal, SecretPin, Sensitive};
use zeroize::Zeroizing;

use crate::entries;
use crate::keychain::{EntryName, Holder, Keychain, Scope};
use crate::questions::{Patience, Questions};

/// What became of a value that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It is in the keychain, and was read back.
    Stored,
    /// The keychain has a value for this version already; it was left as it is. Versions never change. It happens when
    /// history was put back to an earlier state: take the next version.
    Taken,
}

/// What became of a version that was to be taken over from the entries under a project's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenOver {
    /// The project has it, and the old entry is gone.
    Done,
    /// The keychain has nothing under the name.
    Missing,
    /// What it has there is another value: that of another folder's project.
    Foreign,
}

/// Secrets by version. A clone is another handle to the same keychain.
///
/// All calls go to the keychain one after another, on a thread of their own: some platforms want that, and a keychain
/// that waits for a person must not hold up the program, nor keep it from ending.
#[derive(Debug, Clone)]
pub struct Vault {
    questions: Questions,
    name: String,
}

impl Vault {
    /// Over this keychain, for a person. It is not asked yet.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(keychain: Arc<dyn Keychain>) -> Result<Self> {
        Self::with_patience(keychain, Patience::of_a_person())
    }

    /// Over this keychain, with this much patience. It is not asked yet.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn with_patience(keychain: Arc<dyn Keychain>, patience: Patience) -> Result<Self> {
        let name = keychain.name();
        Ok(Self { questions: Questions::to(keychain, patience)?, name })
    }

    /// What the keychain is, for people.
    #[must_use]
    pub fn keychain(&self) -> &str {
        &self.name
    }

    /// Whether the keychain works: writes an entry, reads it and removes it.
    ///
    /// # Errors
    /// [`Code::KeychainUnavailable`] with what to install or unlock; also for all other functions.
    pub async fn probe(&self) -> Result<()> {
        self.ask(|keychain| {
            let number = u64::from_le_bytes(random()?);
            let (entry, value) = (EntryName::Probe(number), Sensitive::new(format!("{number:x}")));
            keychain.set(&entry, &value)?;
            let read = keychain.get(&entry);
            keychain.delete(&entry)?;
            if read? == Some(value) {
                Ok(())
            } else {
                Err(Error::new(
                    Code::KeychainUnavailable,
                    format!("{} does not keep what it is given", keychain.name()),
                )
                .hint("Look at it with the system's own tool; it may be read-only or out of space."))
            }
        })
        .await
    }

    /// Stores a version of a secret, and reads it back. What is stored is never replaced.
    ///
    /// # Errors
    /// [`Code::Failed`] if it reads back as something else.
    pub async fn put(&self, scope: &Scope, pin: &SecretPin, value: &Sensitive) -> Result<Put> {
        let (scope, pin, value) = (scope.clone(), pin.clone(), value.clone());
        self.ask(move |keychain| {
            if entries::read(keychain, &scope, &pin)?.is_some() {
                return Ok(Put::Taken);
            }
            entries::write(keychain, &scope, &pin, &value)?;
            Ok(Put::Stored)
        })
        .await
    }

    /// The value of a version.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] if the keychain has none.
    pub async fn get(&self, scope: &Scope, pin: &SecretPin) -> Result<Sensitive> {
        let (scope, pin) = (scope.clone(), pin.clone());
        self.ask(move |keychain| get(keychain, &scope, &pin)).await
    }

    /// Removes a version. Nothing happens if the keychain has none.
    ///
    /// # Errors
    /// If the keychain cannot.
    pub async fn remove(&self, scope: &Scope, pin: &SecretPin) -> Result<()> {
        let (scope, pin) = (scope.clone(), pin.clone());
        self.ask(move |keychain| entries::remove(keychain, &scope, &pin)).await
    }

    /// The values of all these versions, for one run.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] for the first that the keychain does not have.
    pub async fn fetch(&self, scope: &Scope, pins: &[SecretPin]) -> Result<Revealed> {
        let (scope, pins) = (scope.clone(), pins.to_vec());
        self.ask(move |keychain| {
            let mut values = BTreeMap::new();
            for pin in pins {
                let value = get(keychain, &scope, &pin)?;
                values.insert(pin, value);
            }
            Ok(Revealed { values })
        })
        .await
    }

    /// The values of those of these versions that the keychain has, and the versions that it does not have: for a redactor,
    /// which masks what can be known.
    ///
    /// # Errors
    /// If the keychain cannot be read.
    pub async fn fetch_kept(&self, scope: &Scope, pins: &[SecretPin]) -> Result<(Revealed, Vec<SecretPin>)> {
        if pins.is_empty() {
            return Ok((Revealed::default(), Vec::new()));
        }
        let (scope, pins) = (scope.clone(), pins.to_vec());
        self.ask(move |keychain| {
            let (mut values, mut gone) = (BTreeMap::new(), Vec::new());
            for pin in pins {
                match get(keychain, &scope, &pin) {
                    Ok(value) => drop(values.insert(pin, value)),
                    Err(error) if error.code == Code::SecretMissing => gone.push(pin),
                    Err(error) => return Err(error),
                }
            }
            Ok((Revealed { values }, gone))
        })
        .await
    }

    /// Those of these versions that the keychain does not have. Their values stay here.
    ///
    /// # Errors
    /// If the keychain cannot be read.
    pub async fn gone(&self, scope: &Scope, pins: &[SecretPin]) -> Result<Vec<SecretPin>> {
        self.fetch_kept(scope, pins).await.map(|(_, gone)| gone)
    }

    /// The fingerprint of the value that the keychain has for a version; `None` if it has none. The value stays here.
    ///
    /// # Errors
    /// If the keychain cannot be read, or cannot give or keep the key of the fingerprints.
    pub async fn kept_fingerprint(&self, scope: &Scope, pin: &SecretPin) -> Result<Option<String>> {
        let (scope, pin) = (scope.clone(), pin.clone());
        self.ask(move |keychain| match entries::read(keychain, &scope, &pin)? {
            Some(value) => Ok(fingerprints(keychain, &[value])?.pop()),
            None => Ok(None),
        })
        .await
    }

    /// Makes a project's own what the keychain has under the project's name, if it is the value of this fingerprint. The old entry
    /// goes when the new one was read back. To do it again does nothing.
    ///
    /// # Errors
    /// If the keychain cannot be read or written; the value is then at one of its places, or at both.
    pub async fn take_over(&self, scope: &Scope, pin: &SecretPin, fingerprint: &str) -> Result<TakenOver> {
        let (new, pin, fingerprint) = (scope.clone(), pin.clone(), fingerprint.to_owned());
        let old = Scope { holder: Holder::Name, ..scope.clone() };
        self.ask(move |keychain| {
            let is_it = |value: &Sensitive| -> Result<bool> {
                Ok(fingerprints(keychain, std::slice::from_ref(value))?.pop().as_ref() == Some(&fingerprint))
            };
            let found = entries::read(keychain, &old, &pin)?;
            let has_it = match entries::read(keychain, &new, &pin)? {
                Some(value) => is_it(&value)?,
                None => false,
            };
            match found {
                Some(value) if is_it(&value)? => {
                    if !has_it {
                        entries::write(keychain, &new, &pin, &value)?;
                    }
                    entries::remove(keychain, &old, &pin)?;
                    Ok(TakenOver::Done)
                }
                _ if has_it => Ok(TakenOver::Done),
                Some(_) => Ok(TakenOver::Foreign),
                None => Ok(TakenOver::Missing),
            }
        })
        .await
    }

    /// Tells equal values from different ones without giving them away: HMAC-SHA256 with a random key that is made once
    /// and is itself in the keychain. In hexadecimal digits.
    ///
    /// # Errors
    /// If the keychain cannot give or keep the key.
    pub async fn fingerprint(&self, value: &Sensitive) -> Result<String> {
        let prints = self.fingerprints(vec![value.clone()]).await?;
        prints.into_iter().next().ok_or_else(|| Error::internal("a fingerprint is missing"))
    }

    /// As [`Vault::fingerprint`], for several values; the keychain is asked once.
    ///
    /// # Errors
    /// If the keychain cannot give or keep the key.
    pub async fn fingerprints(&self, values: Vec<Sensitive>) -> Result<Vec<String>> {
        self.ask(move |keychain| fingerprints(keychain, &values)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Keychain) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.questions.ask(question).await?.unwrap_or_else(|waited| {
            Err(Error::new(
                Code::KeychainUnavailable,
                format!("{} did not answer within {} s", self.name, waited.as_secs()),
            )
            .hint("It may be locked: unlock it, or look for a dialog that asks for its password, and try again."))
        })
    }
}

fn get(keychain: &dyn Keychain, scope: &Scope, pin: &SecretPin) -> Result<Sensitive> {
    entries::read(keychain, scope, pin)?.ok_or_else(|| {
        let Scope { project, environment, .. } = scope;
        let SecretPin { name, version } = pin;
        Error::new(
            Code::SecretMissing,
            format!("the keychain has no version {version} of {name} for {environment} of {project}"),
        )
        .hint(format!(
            "A version that was removed does not come back: deploy {environment} with a new one \
             (`sternway secret set {environment} {name}`), and what needed the old one is left behind."
        ))
    })
}

fn fingerprints(keychain: &dyn Keychain, values: &[Sensitive]) -> Result<Vec<String>> {
    let key = fingerprint_key(keychain)?;
    let keyed = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes())
        .map_err(|error| Error::internal(format!("the fingerprint's key cannot be used: {error}")))?;
    let print = |value: &Sensitive| {
        let mut mac = keyed.clone();
        mac.update(value.reveal().as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    Ok(values.iter().map(print).collect())
}

fn fingerprint_key(keychain: &dyn Keychain) -> Result<Sensitive> {
    if let Some(key) = keychain.get(&EntryName::FingerprintKey)? {
        return Ok(key);
    }
    let key = Zeroizing::new(random::<32>()?);
    keychain.set(&EntryName::FingerprintKey, &Sensitive::new(hex::encode(key.as_slice())))?;
    // What is there now counts: another program may have made one at the same moment.
    keychain
        .get(&EntryName::FingerprintKey)?
        .ok_or_else(|| Error::new(Code::KeychainUnavailable, format!("{} forgets at once", keychain.name())))
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

/// The values that one run needs. They are wiped when it is dropped.
#[derive(Debug, Default)]
pub struct Revealed {
    values: BTreeMap<SecretPin, Sensitive>,
}

impl Revealed {
    /// All versions with their values.
    pub fn pins(&self) -> impl Iterator<Item = (&SecretPin, &Sensitive)> {
        self.values.iter()
    }

    /// All values, for the redactor.
    pub fn values(&self) -> impl Iterator<Item = &Sensitive> {
        self.values.values()
    }
}

impl Reveal for Revealed {
    fn reveal(&self, pin: &SecretPin) -> Result<Sensitive> {
        self.values.get(pin).cloned().ok_or_else(|| {
            Error::new(
                Code::SecretMissing,
                format!("version {} of {} is not in the keychain, or was not when this began", pin.version, pin.name),
            )
            .hint("If it is gone, set the secret again with `sternway secret set`, and deploy.")
        })
    }
}

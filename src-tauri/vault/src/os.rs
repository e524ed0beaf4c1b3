//! The operating system's own keychain.

use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error as KeyringError};
use sternway_model::{Code, Error, Result, Sensitive};
use zeroize::Zeroizing;

use crate::keychain::{EntryName, Keychain};

#[cfg_attr(target_os = "linux", path = "os/linux.rs")]
#[cfg_attr(target_os = "macos", path = "os/macos.rs")]
#[cfg_attr(target_os = "windows", path = "os/windows.rs")]
mod platform;

/// The operating system's own keychain: Secret Service, the macOS keychain, or the Windows Credential Manager.
///
/// It is reached when it is first asked, and again after it failed: a person who starts or unlocks it need not start
/// Sternway again.
#[derive(Debug, Default)]
pub struct OsKeychain {
    connection: Mutex<Connection>,
}

#[derive(Debug, Default)]
enum Connection {
    #[default]
    Closed,
    Open(Arc<CredentialStore>),
}

impl OsKeychain {
    /// The keychain of the person who runs the program.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does something with an entry. If the keychain was there and fails, it may have been started anew; then it is
    /// reached again once. What is done here can be done twice.
    fn with<T>(&self, name: &EntryName, act: impl Fn(&Entry) -> keyring_core::Result<T>) -> Result<Option<T>> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reached_before = matches!(*connection, Connection::Open(_));
        loop {
            let done = connection.store().and_then(|store| {
                let entry = platform::entry(&store, name)?;
                act(&entry)
            });
            return match done {
                Ok(value) => Ok(Some(value)),
                Err(KeyringError::NoEntry) => Ok(None),
                Err(KeyringError::PlatformFailure(_)) if reached_before => {
                    *connection = Connection::Closed;
                    reached_before = false;
                    continue;
                }
                Err(error) => {
                    *connection = Connection::Closed;
                    Err(explain(name, error))
                }
            };
        }
    }
}

impl Connection {
    fn store(&mut self) -> keyring_core::Result<Arc<CredentialStore>> {
        if let Self::Open(store) = self {
            return Ok(store.clone());
        }
        let store = platform::connect()?;
        *self = Self::Open(store.clone());
        Ok(store)
    }
}

impl Keychain for OsKeychain {
    fn name(&self) -> String {
        platform::NAME.into()
    }

    fn limit(&self) -> Option<usize> {
        platform::LIMIT
    }

    fn set(&self, entry: &EntryName, value: &Sensitive) -> Result<()> {
        // UTF-8 on every platform: `set_password` would be UTF-16 on Windows, and hold half as much.
        self.with(entry, |found| {
            found.set_secret(value.reveal().as_bytes())?;
            platform::describe(found, entry)
        })?
        .ok_or_else(|| Error::new(Code::KeychainUnavailable, format!("{} takes no new entry", platform::NAME)))
    }

    fn get(&self, entry: &EntryName) -> Result<Option<Sensitive>> {
        let Some(bytes) = self.with(entry, Entry::get_secret)? else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Sensitive::new(text))),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(Error::failed(format!("the keychain's entry `{}` is not text", entry.label()))
                    .hint("Sternway did not write it. Remove it with the system's own tool and set the secret again."))
            }
        }
    }

    fn delete(&self, entry: &EntryName) -> Result<()> {
        self.with(entry, Entry::delete_credential).map(|_| ())
    }
}

/// A failure for people. The messages of some errors would print the entry's bytes, so that only some are shown.
fn explain(name: &EntryName, error: KeyringError) -> Error {
    match error {
        KeyringError::PlatformFailure(cause) => {
            Error::new(Code::KeychainUnavailable, format!("{} does not answer: {cause}", platform::NAME))
                .hint(platform::INSTALL)
        }
        KeyringError::NoStorageAccess(cause) => {
            Error::new(Code::KeychainUnavailable, format!("{} is locked: {cause}", platform::NAME))
                .hint(platform::UNLOCK)
        }
        KeyringError::Ambiguous(entries) => Error::failed(format!(
            "{} has {} entries with the name `{}`",
            platform::NAME,
            entries.len(),
            name.account()
        ))
        .hint("Remove all but one with the system's own tool."),
        KeyringError::TooLong(what, limit) => {
            Error::failed(format!("{} takes at most {limit} for the {what}", platform::NAME))
        }
        KeyringError::Invalid(what, why) => Error::internal(format!("{} refuses the {what}: {why}", platform::NAME)),
        _ => Error::failed(format!("{} holds `{}` in a form that cannot be read", platform::NAME, name.label()))
            .hint("Remove the entry with the system's own tool and set the secret again."),
    }
}

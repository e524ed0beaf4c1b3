//! Keychains for tests. Nothing in the product uses them, not even when the system's own is missing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sternway_model::{Code, Error, Result, Sensitive};

use crate::keychain::{EntryName, Keychain};

/// A keychain in memory.
#[derive(Debug, Default)]
pub struct MemoryKeychain {
    limit: Option<usize>,
    /// By their accounts, as a keychain of a system has them.
    entries: Mutex<BTreeMap<String, Sensitive>>,
}

impl MemoryKeychain {
    /// One whose entries hold no more than `limit` bytes, as on Windows.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// The accounts of all entries, sorted.
    pub fn accounts(&self) -> Vec<String> {
        self.entries().keys().cloned().collect()
    }

    /// Loses an entry, by its account.
    pub fn forget(&self, account: &str) {
        self.entries().remove(account);
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Sensitive>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keychain for MemoryKeychain {
    fn name(&self) -> String {
        "memory".into()
    }

    fn limit(&self) -> Option<usize> {
        self.limit
    }

    fn set(&self, entry: &EntryName, value: &Sensitive) -> Result<()> {
        if self.limit.is_some_and(|limit| value.reveal().len() > limit) {
            return Err(Error::failed("the value is too long for an entry"));
        }
        self.entries().insert(entry.account(), value.clone());
        Ok(())
    }

    fn get(&self, entry: &EntryName) -> Result<Option<Sensitive>> {
        Ok(self.entries().get(&entry.account()).cloned())
    }

    fn delete(&self, entry: &EntryName) -> Result<()> {
        self.entries().remove(&entry.account());
        Ok(())
    }
}

/// A machine without a keychain: every call fails.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoKeychain;

impl NoKeychain {
    fn unavailable<T>() -> Result<T> {
        Err(Error::new(Code::KeychainUnavailable, "there is no keychain").hint("Install one."))
    }
}

impl Keychain for NoKeychain {
    fn name(&self) -> String {
        "none".into()
    }

    fn limit(&self) -> Option<usize> {
        None
    }

    fn set(&self, _: &EntryName, _: &Sensitive) -> Result<()> {
        Self::unavailable()
    }

    fn get(&self, _: &EntryName) -> Result<Option<Sensitive>> {
        Self::unavailable()
    }

    fn delete(&self, _: &EntryName) -> Result<()> {
        Self::unavailable()
    }
}

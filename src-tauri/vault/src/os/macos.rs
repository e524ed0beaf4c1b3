//! The macOS login keychain.

use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Entry, Result};

use crate::keychain::EntryName;

pub(super) const NAME: &str = "the macOS keychain";

/// None that matters.
pub(super) const LIMIT: Option<usize> = None;

pub(super) const INSTALL: &str =
    "Open Keychain Access and see whether the login keychain is there; `security default-keychain` names it.";

pub(super) const UNLOCK: &str =
    "Unlock the login keychain in Keychain Access, or with `security unlock-keychain`, and allow Sternway to use it.";

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

pub(super) fn entry(store: &Arc<CredentialStore>, name: &EntryName) -> Result<Entry> {
    store.build(EntryName::SERVICE, &name.account(), None)
}

/// Service and account are all that an entry has here; Keychain Access shows both.
pub(super) fn describe(_: &Entry, _: &EntryName) -> Result<()> {
    Ok(())
}

//! The Windows Credential Manager.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Result};
use windows_native_keyring_store::Store;

use crate::keychain::EntryName;

pub(super) const NAME: &str = "the Windows Credential Manager";

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE` of wincred.h, in bytes.
pub(super) const LIMIT: Option<usize> = Some(2560);

pub(super) const INSTALL: &str = "See that the service `Credential Manager` (VaultSvc) runs: `services.msc` lists it.";

pub(super) const UNLOCK: &str =
    "Sign in with an account of your own; accounts without a profile, such as services, have no credentials.";

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

/// The target's name is what the Credential Manager lists. `Local` keeps the entry from roaming to other machines.
pub(super) fn entry(store: &Arc<CredentialStore>, name: &EntryName) -> Result<Entry> {
    let target = format!("{}:{}", EntryName::SERVICE, name.account());
    let modifiers = HashMap::from([("target", target.as_str()), ("persistence", "Local")]);
    store.build(EntryName::SERVICE, &name.account(), Some(&modifiers))
}

/// The target's name says it all.
pub(super) fn describe(_: &Entry, _: &EntryName) -> Result<()> {
    Ok(())
}

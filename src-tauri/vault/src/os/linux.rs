//! Secret Service: GNOME Keyring, KWallet, KeePassXC and others, over D-Bus.

use std::collections::HashMap;
use std::sync::Arc;

use dbus_secret_service_keyring_store::Store;
use keyring_core::{CredentialStore, Entry, Result};

use crate::keychain::EntryName;

pub(super) const NAME: &str = "the keychain (Secret Service)";

/// None that matters: hundreds of kilobytes fit.
pub(super) const LIMIT: Option<usize> = None;

pub(super) const INSTALL: &str = "Install and start a keychain: the package `gnome-keyring`, or KWallet with its \
     Secret Service. Without a desktop, begin the session with `dbus-run-session` and unlock the keychain in it with \
     `gnome-keyring-daemon --unlock --components=secrets`, which reads the password from standard input.";

pub(super) const UNLOCK: &str = "Unlock it: with Seahorse (Passwords and Keys) or KWalletManager, or without a desktop \
     with `gnome-keyring-daemon --unlock --components=secrets`, which reads the password from standard input.";

pub(super) fn connect() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

pub(super) fn entry(store: &Arc<CredentialStore>, name: &EntryName) -> Result<Entry> {
    let label = name.label();
    store.build(EntryName::SERVICE, &name.account(), Some(&HashMap::from([("label", label.as_str())])))
}

/// The store itself searches by service and account; these are for people and for `secret-tool`.
pub(super) fn describe(entry: &Entry, name: &EntryName) -> Result<()> {
    let attributes = name.attributes();
    if attributes.is_empty() {
        return Ok(());
    }
    entry.update_attributes(&attributes.iter().map(|(key, value)| (*key, value.as_str())).collect())
}

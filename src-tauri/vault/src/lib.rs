//! Secrets: their values in the operating system's keychain and nowhere else, and out of everything that is shown.
//!
//! - [`Vault`]: puts, gets and removes versions of secrets, tells equal values by [fingerprint](Vault::fingerprint)
//! - [`Keychain`], [`OsKeychain`]: where the values are; [`testing`] has one for tests
//! - [`Revealed`]: the values that one run needs, fetched at its beginning
//! - [`generate`]: a new random value; [`Finder`]: where values turn up in texts that are not ours
//! - [`Redactor`], [`LineRedactor`], [`ByteRedactor`]: the one sink that every text passes before it is stored or shown
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use std::sync::Arc;
//! use sternway_model::{SecretPin, Sensitive};
//! use sternway_vault::{Holder, Redactor, Scope, Vault, testing::MemoryKeychain};
//!
//! let vault = Vault::new(Arc::new(MemoryKeychain::default()))?;
//! let holder = Holder::Project("0123456789abcdef0123456789abcdef".parse()?);
//! let staging = Scope { holder, project: "shop".parse()?, environment: "staging".parse()? };
//! let pin = SecretPin { name: "DB_PASSWORD".parse()?, version: 1 };
//! vault.put(&staging, &pin, &Sensitive::new("correct horse".into())).await?;
//!
//! let redactor = Redactor::default();
//! redactor.add(&vault.get(&staging, &pin).await?)?;
//! assert_eq!(redactor.redact("password is correct horse"), "password is [secret]");
//! # Ok::<(), sternway_model::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ansi;
mod bare;
mod encodings;
mod entries;
mod finder;
mod generate;
mod keychain;
mod lines;
mod os;
mod questions;
mod redactor;
pub mod testing;
mod vault;
mod wrapped;

pub use finder::{Finder, SHORTEST_FOUND};
pub use generate::generate;
pub use keychain::{EntryName, Holder, Keychain, Scope};
pub use lines::{ByteRedactor, LineRedactor};
pub use os::OsKeychain;
pub use questions::Patience;
pub use redactor::{MASK, Redactor};
pub use vault::{Put, Revealed, TakenOver, Vault};

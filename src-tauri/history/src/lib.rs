//! The history: what was deployed, how it went, and what ran afterwards. One SQLite file.
//!
//! - [`History`]: the open file; cheap to clone, shared by everything that writes or reads it
//! - [`NewDeployment`], [`NewLine`]: what the journal takes while a deployment runs
//! - [`Filter`], [`LogLine`], [`StoredProject`], [`StoredSecret`], [`StoredPlan`]: what it answers with, beside the
//!   model's own types
//! - [`NewVersion`], [`Place`], [`Held`], [`VersionFilter`]: versions of the configuration
//! - [`AuditEntry`], [`StoredRotation`]: who saw a secret, and which secrets are being rotated
//!
//! Every change is one immediate write transaction: it is there completely or not at all, also when the program is
//! killed in the middle of it. A word in the file that the model does not have is an error, never a default. Values of
//! secrets are not here: only names, versions and keyed fingerprints.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use sternway_history::{Filter, History};
//! use sternway_model::At;
//!
//! let home = tempfile::tempdir()?;
//! let history = History::open(home.path()).await?;
//! let shop = history.remember_project("/home/me/shop".as_ref(), &"shop".parse()?, At::from_millis(0)?).await?;
//! let (deployments, total) = history.history(shop, &Filter::default()).await?;
//! assert!(deployments.is_empty() && total == 0);
//! # Ok(())
//! # })
//! # }
//! ```

mod audit;
mod copies;
mod deployments;
mod journal;
mod list;
mod open;
mod place;
mod plans;
mod projects;
mod releases;
mod rotations;
mod row;
mod secrets;
mod seen;
mod sound;
mod trust;
mod version_list;
mod versions;

pub use audit::AuditEntry;
pub use deployments::NewDeployment;
pub use journal::{LogLine, NewLine};
pub use list::Filter;
pub use open::History;
pub use plans::StoredPlan;
pub use projects::{ProjectId, StoredProject};
pub use rotations::StoredRotation;
pub use secrets::{BegunSecret, StoredSecret};
pub use trust::StoredTrust;
pub use version_list::{StoredChange, VersionFilter};
pub use versions::{Held, NewVersion, Place, StoredEntry, StoredVersion};

//! Configuration: the variables of a project's environments, in ordinary env files that other tools can use.
//!
//! - [`document`]: files of any format as values and as text, of which every untouched byte is kept
//! - [`EnvFile`]: an env file of which every untouched byte is kept
//! - [`load`], [`load_pinned`], [`required_missing`]: an environment's variables, each with the line it comes from
//! - [`check_type`], [`wrong_types`]: whether values are what `sternway.yaml` declares
//! - [`grid`]: all environments side by side
//! - [`set_variable`], [`set_shared`], [`unset_variable`], [`refer`]: edits that know which file they belong to
//! - [`merge`]: a document that two have changed
//! - [`scaffold`]: a first `sternway.yaml` for a folder
//! - [`store`]: files replaced in one step, and never over somebody else's change
//!
//! ```
//! use std::path::Path;
//! use sternway_config::{Assignment, EnvFile};
//!
//! let mut file = EnvFile::parse(Path::new(".env"), b"# Shop\r\nexport PORT=80 # http\r\n")?;
//! file.set("PORT", Assignment::Value("8080"))?;
//! file.set("GREETING", Assignment::Value("it costs $5"))?;
//! assert_eq!(file.bytes(), b"# Shop\r\nexport PORT=8080 # http\r\nGREETING='it costs $5'\r\n");
//! # Ok::<(), sternway_model::Error>(())
//! ```

pub mod document;
mod edit;
mod env_file;
mod matrix;
mod merge;
mod scaffold;
mod sources;
pub mod store;
mod types;
mod variables;

pub use edit::{
    Edited, EditedFiles, VariableEdit, edit_variables, readers, refer, set_shared, set_variable, unset_variable,
};
pub use env_file::{Assignment, Entry, EnvFile, Lookup};
pub use matrix::{Grid, GridCell, GridRow, grid};
pub use merge::{Conflict, Merge, Resolution, Side, merge};
pub use scaffold::{Scaffold, scaffold};
pub use types::{check_type, wrong_types};
pub use variables::{NO_VERSION, Newest, Read, load, load_pinned, required_missing};

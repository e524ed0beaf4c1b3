//! The use cases: what both fronts can do. One idea carries them: [`Sternway::begin`] moves an environment from the release
//! that it has to a want, and deploying, going back, and recovering are that one function with different wants.
//!
//! - [`Sternway`]: the core, built from its [`Parts`]
//! - [`Project`]: a folder with a `sternway.yaml`
//! - [`want`]: what an environment should run; [`plan`]: what a move there would change; [`run`]: the move
//! - [`layers`]: what holds state; [`verify`]: what decides whether a change stays
//! - [`view`]: what the fronts get to see
//!
//! ```no_run
//! # async fn example() -> sternway_model::Result<()> {
//! use sternway_core::{Parts, Patience, Sternway};
//! let core = Sternway::new(Parts::system(Patience::of_a_person())?);
//! let project = core.open("examples/shop".as_ref()).await?;
//! let plan = core.plan(&project, &"staging".parse()?).await?;
//! println!("{} changes, plan {}", plan.changes.len(), plan.hash);
//! # Ok(())
//! # }
//! ```

mod clock;
mod command;
mod compose_file;
mod configure;
mod documents;
mod elsewhere;
mod git;
mod home;
mod journal;
mod kept;
pub mod layers;
mod leaks;
mod machine;
mod matrix;
mod needs;
mod notify;
mod owner;
pub mod plan;
mod planning;
mod process;
mod project;
mod projects;
mod promotion;
mod prune;
mod record;
mod recover;
mod releases;
mod restore;
mod reveal;
mod rotation;
pub mod run;
mod schemas;
mod secrets;
mod services;
mod status;
mod steps;
mod take_over;
mod trust;
mod unresolved;
mod values;
mod verify;
mod versions;
pub mod view;
pub mod want;

pub use clock::{Clock, SystemClock};
pub use command::OF_THE_PAGE;
pub use compose_file::{compose_config, compose_yaml};
pub use configure::{BulkEdit, EditedView, VariableEdit};
pub use home::Home;
pub use journal::Live;
pub use machine::{Core as Sternway, Parts};
pub use notify::{Channel, Notice};
pub use process::{become_program, keep_memory_private};
pub use project::Project;
pub use prune::{KEEP, Pruning};
pub use reveal::{Asked, ExportFormat, Purpose};
pub use run::{Ended, Running};
pub use schemas::schemas;
pub use services::{CommandEvents, Notices, ServiceLines, ServiceLog, UsageReports};
pub use sternway_compose::{Command as ExecCommand, Pipes, Printed, Removal, Session, next_piece};
pub use sternway_config::Resolution;
pub use sternway_config::document::Edit;
pub use sternway_vault::Patience;

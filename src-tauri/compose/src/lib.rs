//! Compose files: load, plan, and carry out over a container engine's own interface.
//!
//! - [`load`]: Compose files to the canonical model, as `docker compose config --format json` prints it
//! - [`Model`]: the canonical model as types; what cannot be carried out is refused here
//! - [`Observer`], [`Observed`]: what is really there, by a connection that can only look
//! - [`plan`], [`ComposePlan`]: what a move would do and why; a pure function
//! - [`execute`], [`Run`]: doing it, so that what does not become ready never replaces what works
//! - [`restart`], [`run_once`], [`Engine::exec`]: what people do with what runs
//! - [`Observer::logs`], [`Observer::usage`]: what the containers print, and what they use of their host
//! - [`Lease`]: the environment's lock, on the engine itself
//!
//! ```no_run
//! # async fn example() -> sternway_model::Result<()> {
//! use std::{collections::BTreeMap, path::Path};
//! use sternway_compose::{Model, Observer, Removal, Want, plan};
//! use sternway_model::{EngineAddress, Target};
//!
//! let canonical = serde_json::json!({"name": "shop", "services": {"web": {"image": "nginx"}}});
//! let model = Model::decode(&canonical)?;
//! let observer = Observer::connect(&Target::Docker(EngineAddress::Local))?;
//! let want = Want {
//!     project: "shop",
//!     model: &model,
//!     images: &BTreeMap::new(),
//!     elsewhere: &BTreeMap::new(),
//!     project_dir: Path::new("/srv/shop"),
//!     config_files: vec!["/srv/shop/compose.yaml".into()],
//!     deployment: None,
//!     remove: Removal::default(),
//! };
//! let observed = observer.observe_for(&want).await?;
//! println!("{}", plan(&observed, &want)?); // create service web: it does not exist
//! # Ok(())
//! # }
//! ```

mod build;
mod compare;
mod connect;
mod decide;
mod engine;
mod execute;
mod fingerprint;
mod image;
mod labels;
pub mod lease;
mod load;
mod logs;
pub mod model;
pub mod observe;
mod one_off;
mod plan;
pub mod ports;
mod progress;
mod reasons;
mod session;
mod shell;
mod storage;
#[cfg(test)]
mod tests_support;
mod usage;
mod waiting;
mod worked_on;

pub use compare::{Side, difference};
pub use engine::{Engine, EngineInfo, Engines, Observer};
pub use execute::{Done, Output, Pipes, Run, execute, restart, run_once};
pub use image::KeptImage;
pub use lease::{Holder, Lease, Owner};
pub use load::{
    FromFile, Loaded, Places, Sources, absolute_in, allowed_name, as_compose_prints, load, relative_to, to_yaml,
};
pub use logs::{ContainerLine, Lines, LogQuery};
pub use model::Model;
pub use observe::{Observed, images_after};
pub use one_off::{Maker, OneOff};
pub use plan::{ComposePlan, ImageSource, Job, Removal, Want, WithoutEffect, Work, plan};
pub use session::{Command, Printed, Session, next_piece};
pub use shell::Shown;
pub use usage::Usage;

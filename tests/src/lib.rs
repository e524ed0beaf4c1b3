//! What the end-to-end tests stand on: a project of their own on the real engine, with the real keychain, driven through
//! the programs as a person drives them.
//!
//! - [`Stage`]: a copy of a project with a home, a name and ports of its own; everything it made on the engine goes with it
//! - [`Call`], [`Answer`]: the terminal front
//! - [`Window`]: the window, through WebDriver, by roles and accessible names
//! - [`Notifications`]: what the desktop is asked to show
//! - [`Remote`]: a second engine, with TLS on a port and an ssh server in front of it
//! - [`engine`]: what really runs, asked from the engine itself
//! - [`leaks`]: looks for a secret's value where it must not be
//! - [`web`]: what a browser would get
//!
//! ```no_run
//! # async fn example() -> sternway_e2e::Result<()> {
//! let stage = sternway_e2e::Stage::light()?;
//! stage.call(["secret", "set", "staging", "TOKEN"]).input("a value").done().await?;
//! let answer = stage.call(["deploy", "staging", "--yes"]).done().await?;
//! assert_eq!(answer.last()?["result"], "succeeded");
//! # Ok(())
//! # }
//! ```

mod call;
pub mod engine;
mod failure;
pub mod leaks;
mod notifications;
#[cfg(target_os = "linux")]
mod remote;
mod stage;
pub mod web;
mod window;

pub use call::{Answer, Call, program};
pub use failure::{Failure, Result};
pub use notifications::{Notification, Notifications};
#[cfg(target_os = "linux")]
pub use remote::Remote;
pub use stage::{Stage, repository};
pub use window::{Message, Window};

//! Sternway.

mod load;

pub use load::{Loaded, Places, Sources, load, to_yaml};

//! Sternway.
pub mod view;

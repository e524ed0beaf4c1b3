//! Sternway.

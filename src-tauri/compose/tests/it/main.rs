//! Integration tests of the crate, in one binary.

#[cfg(test)]
mod cases;

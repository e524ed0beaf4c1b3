//! Integration tests of the crate, in one binary.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod load;

//! Integration tests of the crate, in one binary.

#[cfg(test)]
mod buildkit;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod images;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod load;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod one_offs;
#[cfg(test)]
mod output;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod replacement;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod writers;

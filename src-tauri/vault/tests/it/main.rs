//! The vault over a keychain: in memory, and the system's own where there is one.

#[cfg(test)]
mod secret_service;
#[cfg(test)]
mod vault;

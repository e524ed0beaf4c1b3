//! End to end: the real programs, a real engine, a real keychain, the real window.

// `scripts/test` finds these tests by the module's name and runs them after all others.
#[cfg(test)]
mod end_to_end;

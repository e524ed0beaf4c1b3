//! Env files as people have them: read, edited and laid over one another.

#[cfg(test)]
mod compose;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod random;
#[cfg(test)]
mod variables;

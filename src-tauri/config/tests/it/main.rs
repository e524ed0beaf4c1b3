//! Env files as people have them: read, edited and laid over one another.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod compose;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod edits;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod handbook;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod merging;
#[cfg(test)]
mod random;
#[cfg(test)]
mod scaffold;
#[cfg(test)]
mod together;
#[cfg(test)]
mod variables;
#[cfg(test)]
mod withheld;

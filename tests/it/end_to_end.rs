//! What a person does, and what a bad day does.

mod recovery;
mod refusals;
mod terminal;
mod unhealthy;
mod window;

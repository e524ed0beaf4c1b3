//! Files without values of their own.

use std::path::Path;

use sternway_model::{Error, Result};

use super::source::Patch;
use super::tree::{Content, Data, Node};
use super::{Syntax, Target};

/// Text that nobody here knows how to read.
pub(super) struct Text;

impl Syntax for Text {
    fn read(&self, _: &Path, text: &str) -> Result<Node> {
        Ok(Node::new(Content::Object(Vec::new()), 0..text.len()))
    }

    fn set(&self, _: Target<'_>, _: &Data) -> Result<Vec<Patch>> {
        Err(no_values())
    }

    fn insert(&self, _: Target<'_>, _: Option<&str>, _: &Data) -> Result<Vec<Patch>> {
        Err(no_values())
    }

    fn unset(&self, _: Target<'_>) -> Result<Vec<Patch>> {
        Err(no_values())
    }

    fn rename(&self, _: Target<'_>, _: &str) -> Result<Vec<Patch>> {
        Err(no_values())
    }
}

fn no_values() -> Error {
    Error::invalid("this file is text without values").hint("Edit the text.")
}

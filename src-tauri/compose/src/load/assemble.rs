//! Several files made one model, in canonical form and with absolute paths.

use std::path::PathBuf;

use serde_json::{Map, Value};
use sternway_model::yaml::Node;
use sternway_model::{Error, Result};

use super::document::{self, Document, Scope};
use super::path::Path;
use super::places::Places;
use super::{canonical, complete, extends, include, keys, merge, unique};

/// Reads and merges files.
///
/// # Errors
/// As [`assemble_parsed`], and if a file cannot be read.
pub(super) fn assemble(files: &[PathBuf], scope: &Scope<'_>) -> Result<(Map<String, Value>, Places)> {
    let parsed = files.iter().map(|file| Ok((file.clone(), document::parse(file)?))).collect::<Result<Vec<_>>>()?;
    assemble_parsed(parsed, scope)
}

/// Merges files that were read.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`], with its place, for whatever is wrong in one of them.
pub(super) fn assemble_parsed(
    files: Vec<(PathBuf, Vec<Node>)>,
    scope: &Scope<'_>,
) -> Result<(Map<String, Value>, Places)> {
    let mut model = Value::Object(Map::new());
    let mut places = Places::default();
    for (file, documents) in files {
        for node in documents {
            let mut document = Document::prepare(node, &file, scope)?;
            extends::apply(&mut document, &file, scope)?;
            if let Value::Object(before) = &mut model {
                document::reset(before, &document.resets);
            }
            include::apply(&mut document, scope)?;
            places.absorb(document.places);
            model = merge::merge(model, Value::Object(document.model), &Path::Top)?;
            unique::enforce(&mut model, &Path::Top, &places)?;
            complete::check(&keys::FILE, &model, "", &places)?;
            canonical::canonical(&mut model, &places)?;
            // A range of ports may only now show that it has one of another file in it.
            unique::enforce(&mut model, &Path::Top, &places)?;
        }
    }
    scope.base().model(&mut model, &places)?;
    match model {
        Value::Object(model) if !model.is_empty() => Ok((model, places)),
        _ => Err(Error::invalid("the Compose file is empty").hint("Add `services:`.")),
    }
}

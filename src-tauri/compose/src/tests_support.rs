//! Containers for the unit tests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sternway_model::ImageId;

use crate::fingerprint::MadeFrom;
use crate::labels;
use crate::observe::{Container, State};

/// The image with this number.
pub(crate) fn image(number: u8) -> ImageId {
    format!("sha256:{}", format!("{number:02x}").repeat(32)).parse().expect("an id")
}

/// A running container with its final name in the project `p`, as an execution would have made it.
pub(crate) fn container(service: &str, number: u32, made_from: &MadeFrom, image: &ImageId) -> Container {
    let label = |name: &str, value: String| (name.to_owned(), value);
    Container {
        id: format!("{service}{number}"),
        name: format!("p-{service}-{number}"),
        service: service.to_owned(),
        number,
        labels: BTreeMap::from([
            label(labels::HASH, made_from.hash.clone()),
            label(labels::MADE_FROM, made_from.service.to_string()),
            label(labels::CONTENTS, json!(made_from.contents).to_string()),
        ]),
        state: State::Running,
        exit_code: 0,
        health: None,
        image: image.to_string(),
        image_name: "i".to_owned(),
        created: None,
        started: None,
        networks: BTreeSet::new(),
        addresses: BTreeSet::new(),
        ports: Vec::new(),
        writes: BTreeSet::new(),
        parents: BTreeSet::new(),
        host_network: false,
    }
}

//! What a plan consists of, as [`crate::execute`] gets it.

use serde::{Deserialize, Serialize};
use sternway_model::{ImageId, ServiceName};

/// A piece of work. It names what is wanted; what exactly has to be done for it is decided on what is there then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Fetch an image from its registry.
    Pull {
        /// The service that needs it.
        service: ServiceName,
    },
    /// Bring an image from another engine.
    Bring {
        /// The service that needs it.
        service: ServiceName,
        /// The image.
        image: ImageId,
    },
    /// Build a service's image.
    Build {
        /// The service.
        service: ServiceName,
        /// Hash of what it is built from.
        context: String,
    },
    /// Create a network.
    CreateNetwork {
        /// Its key in the model.
        key: String,
    },
    /// Replace a network; what is attached is attached to the new one.
    ReplaceNetwork {
        /// Its key in the model.
        key: String,
    },
    /// Remove a network that the model does not have any more.
    RemoveNetwork {
        /// Its name on the engine.
        name: String,
    },
    /// Create a volume.
    CreateVolume {
        /// Its key in the model.
        key: String,
    },
    /// See that a service has the right container in a place, and no other.
    Container {
        /// The service.
        service: ServiceName,
        /// The place, from 1.
        number: u32,
        /// The image it runs.
        image: ImageSource,
        /// Containers of services that come later and have ports which this one takes, by id: they stop before it starts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        frees: Vec<String>,
    },
    /// Remove containers that nobody wants.
    Remove {
        /// Their ids.
        containers: Vec<String>,
    },
    /// Remove a volume with its data.
    RemoveVolume {
        /// Its name on the engine.
        name: String,
    },
    /// Take a name from an image; the engine removes it with its last name.
    RemoveImage {
        /// The name.
        reference: String,
    },
}

/// Where an image's content id is known from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageSource {
    /// From the plan.
    Known(ImageId),
    /// From the engine, by its name, once it was pulled.
    Pulled(String),
    /// From the engine, by what it was built from, once it was built.
    Built(String),
}

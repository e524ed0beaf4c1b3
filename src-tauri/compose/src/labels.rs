//! Names of labels: Compose's, by which its tools recognise a project, and our own.

pub(crate) const PROJECT: &str = "com.docker.compose.project";
pub(crate) const SERVICE: &str = "com.docker.compose.service";
pub(crate) const NUMBER: &str = "com.docker.compose.container-number";
pub(crate) const ONE_OFF: &str = "com.docker.compose.oneoff";
pub(crate) const CONFIG_HASH: &str = "com.docker.compose.config-hash";
pub(crate) const IMAGE: &str = "com.docker.compose.image";
pub(crate) const VERSION: &str = "com.docker.compose.version";
pub(crate) const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
pub(crate) const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
pub(crate) const DEPENDS_ON: &str = "com.docker.compose.depends_on";
pub(crate) const NETWORK: &str = "com.docker.compose.network";
pub(crate) const VOLUME: &str = "com.docker.compose.volume";

/// Hash of everything that a container, network or volume was made from.
pub(crate) const HASH: &str = "io.sternway.hash";
/// The service's canonical JSON, secrets as pins: from it a later plan tells what differs.
pub(crate) const MADE_FROM: &str = "io.sternway.service";
/// What the secret and config files had in them: pins and, for configs, fingerprints.
pub(crate) const CONTENTS: &str = "io.sternway.contents";
/// The deployment that made the container.
pub(crate) const DEPLOYMENT: &str = "io.sternway.deployment";
/// On one-off containers: who waits for their end, as JSON.
pub(crate) const OWNER: &str = "io.sternway.owner";
/// On volumes: when they were made.
pub(crate) const MADE: &str = "io.sternway.made";
/// On the containers of jobs: the volumes that they worked on, with when those were made.
pub(crate) const VOLUMES: &str = "io.sternway.volumes";
/// On built images: hash of the context, the Dockerfile and the arguments.
pub(crate) const CONTEXT: &str = "io.sternway.context";

/// What we write as the version of the tool that made something.
pub(crate) const OUR_VERSION: &str = concat!("sternway ", env!("CARGO_PKG_VERSION"));

//! The person's ssh agent, for builds that ask for it: what it is asked goes to its socket, its answers come back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::{Ssh, SshServer};
use bollard_buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest, CheckAgentResponse};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sternway_model::{Code, Error, Result};
use tonic::{Request, Response, Status, Streaming};

/// The methods that are offered if there is an agent.
pub(super) const METHODS: [&str; 2] = ["/moby.sshforward.v1.SSH/CheckAgent", "/moby.sshforward.v1.SSH/ForwardAgent"];
/// The agent that a Dockerfile means if it names none.
const DEFAULT: &str = "default";

/// The sockets of the agents that a build names: `default`, or `ID=SOCKET`.
///
/// # Errors
/// [`Code::NotFound`] if no agent runs, [`Code::Unsupported`] for what is no socket.
pub(super) fn sockets(named: &[String], own: Option<PathBuf>) -> Result<BTreeMap<String, PathBuf>> {
    let mut sockets = BTreeMap::new();
    for entry in named {
        let (id, path) = entry.split_once('=').unwrap_or((entry, ""));
        let id = if id.is_empty() { DEFAULT } else { id };
        let path = if path.is_empty() { own.clone() } else { Some(PathBuf::from(path)) };
        let Some(path) = path else {
            return Err(Error::new(Code::NotFound, "the build asks for an ssh agent, and SSH_AUTH_SOCK names none")
                .hint("Start one with `eval $(ssh-agent)`, and add your key with `ssh-add`."));
        };
        if !is_socket(&path) {
            return Err(Error::new(Code::Unsupported, format!("{} is not the socket of an ssh agent", path.display()))
                .hint(
                    "Keys in files are not read: add the key to an agent with `ssh-add`, and name the agent's socket.",
                ));
        }
        sockets.insert(id.to_owned(), path);
    }
    Ok(sockets)
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}

/// The service that BuildKit asks.
pub(super) fn server(sockets: BTreeMap<String, PathBuf>) -> SshServer<impl Ssh> {
    SshServer::new(Agents(sockets))
}

struct Agents(BTreeMap<String, PathBuf>);

impl Agents {
    fn socket(&self, id: &str) -> std::result::Result<&PathBuf, Status> {
        let id = if id.is_empty() { DEFAULT } else { id };
        self.0.get(id).ok_or_else(|| Status::not_found(format!("the build has no ssh agent `{id}`")))
    }
}

#[tonic::async_trait]
impl Ssh for Agents {
    type ForwardAgentStream = BoxStream<'static, std::result::Result<BytesMessage, Status>>;

    async fn check_agent(
        &self,
        request: Request<CheckAgentRequest>,
    ) -> std::result::Result<Response<CheckAgentResponse>, Status> {
        self.socket(&request.get_ref().id)?;
        Ok(Response::new(CheckAgentResponse {}))
    }

    async fn forward_agent(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> std::result::Result<Response<Self::ForwardAgentStream>, Status> {
        let id = request.metadata().get("buildkit.ssh.id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let socket = self.socket(id)?.clone();
        forward(&socket, request.into_inner()).await.map(Response::new)
    }
}

#[cfg(unix)]
async fn forward(
    socket: &Path,
    mut asked: Streaming<BytesMessage>,
) -> std::result::Result<BoxStream<'static, std::result::Result<BytesMessage, Status>>, Status> {
    use tokio::io::AsyncWriteExt;
    let (answers, mut agent) = tokio::net::UnixStream::connect(socket).await?.into_split();
    // It ends with the build's side; what could not be written shows as an answer that does not come.
    tokio::spawn(async move {
        while let Some(Ok(piece)) = asked.next().await {
            if agent.write_all(&piece.data).await.is_err() {
                break;
            }
        }
    });
    let answers = tokio_util::io::ReaderStream::new(answers);
    Ok(answers.map(|piece| Ok(BytesMessage { data: piece?.to_vec() })).boxed())
}

#[cfg(not(unix))]
async fn forward(
    _: &Path,
    _: Streaming<BytesMessage>,
) -> std::result::Result<BoxStream<'static, std::result::Result<BytesMessage, Status>>, Status> {
    Err(Status::unimplemented("agents of this system are not known"))
}

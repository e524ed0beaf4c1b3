//! What BuildKit may ask this machine for while it builds: contexts, secrets, an ssh agent, credentials of registries.
//!
//! The connection is the engine's `POST /session`, turned round: the engine asks, we answer, in BuildKit's own gRPC services
//! (moby/buildkit, folder `session`). The client library's providers are not used: they read secrets from files or from the
//! variables of this process, where no secret may be, and take the whole context into memory.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Seek};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bollard_buildkit_proto::health::health_server::{Health, HealthServer};
use bollard_buildkit_proto::health::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::{Secrets, SecretsServer};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use bollard_buildkit_proto::moby::filesync::v1::auth_server::{Auth, AuthServer};
use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse, GetTokenAuthorityRequest,
    GetTokenAuthorityResponse, VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse,
};
use bollard_buildkit_proto::moby::upload::v1::BytesMessage;
use bollard_buildkit_proto::moby::upload::v1::upload_server::{Upload, UploadServer};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http_body_util::Full;
use hyper::upgrade::Upgraded;
use hyper::{Request as HttpRequest, StatusCode, header};
use hyper_util::rt::TokioIo;
use sternway_model::{Code, Error, Result, Sensitive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::ReaderStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status, Streaming};

use super::{agent, folders};
use crate::engine::{Observer, cut, within};
use crate::image::ClientConfig;
use crate::observe::{in_background, read};

/// The methods that are offered: the engine asks for no others.
const METHODS: [&str; 4] = [
    "/moby.filesync.v1.Auth/Credentials",
    "/moby.upload.v1.Upload/Pull",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/grpc.health.v1.Health/Check",
];
/// The size of the pieces in which files are sent.
pub(super) const PIECE: usize = 64 * 1024;

/// What a build may ask for.
pub(super) struct Offer {
    /// The context, as an archive.
    pub context: File,
    /// Folders that are further contexts, by their names.
    pub folders: BTreeMap<String, PathBuf>,
    /// Contents of secrets by their ids.
    pub secrets: HashMap<String, Content>,
    /// Sockets of ssh agents by their ids.
    pub agents: BTreeMap<String, PathBuf>,
    /// Where credentials of registries are found.
    pub credentials: ClientConfig,
}

/// A secret's content.
pub(super) enum Content {
    /// From the keychain, or written in the Compose file.
    Text(Sensitive),
    /// A file of the person's, read when it is asked for.
    File(PathBuf),
}

/// A session. It ends when it is dropped.
pub(super) struct Session {
    /// Its id, for the build.
    pub id: String,
    /// The address under which the engine finds the context.
    pub context: String,
    broken: Arc<AtomicBool>,
    _end: DropGuard,
}

impl Session {
    /// Opens a session.
    ///
    /// # Errors
    /// [`Code::Unsupported`] if the engine has no BuildKit.
    pub async fn open(observer: &Observer, offer: Offer) -> Result<Self> {
        let id = random()?;
        let context = random()?;
        let mut methods: Vec<&str> = METHODS.to_vec();
        if !offer.agents.is_empty() {
            methods.extend(agent::METHODS);
        }
        if !offer.folders.is_empty() {
            methods.push(folders::METHOD);
        }
        let line = upgraded(observer, "/session", &id, &methods).await?;
        let path = format!("/{context}");
        let Offer { context: archive, folders, secrets, agents, credentials } = offer;
        let end = CancellationToken::new();
        let ended = end.clone().cancelled_owned();
        let router = Server::builder()
            .add_service(HealthServer::new(Alive))
            .add_service(AuthServer::new(Registries(credentials)))
            .add_service(SecretsServer::new(Given(secrets)))
            .add_service(UploadServer::new(Archive { path, file: archive }))
            .add_service(folders::server(folders))
            .add_service(agent::server(agents));
        let broken = Arc::new(AtomicBool::new(false));
        let line = stream::iter([Ok::<_, io::Error>(Wire { line: TokioIo::new(line), broken: broken.clone() })]);
        // If it breaks, the engine fails the build, and does not say that this was the reason.
        tokio::spawn(router.serve_with_incoming_shutdown(line.chain(stream::pending()), ended));
        Ok(Self { id, context: format!("http://buildkit-session/{context}"), broken, _end: end.drop_guard() })
    }

    /// Whether the connection has ended that the engine asks over.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }
}

/// A connection to the engine that speaks HTTP/2 from now on.
///
/// # Errors
/// [`Code::Unsupported`] if the engine has no BuildKit.
pub(super) async fn upgraded(observer: &Observer, path: &str, session: &str, methods: &[&str]) -> Result<Upgraded> {
    let doing = "reach the engine's BuildKit";
    let mut request = HttpRequest::post(path)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "h2c")
        .header("X-Docker-Expose-Session-Uuid", session)
        .header("X-Docker-Expose-Session-Name", "sternway");
    for method in methods {
        request = request.header("X-Docker-Expose-Session-Grpc-Method", *method);
    }
    let request = request.body(Full::default()).map_err(|error| Error::internal(format!("cannot {doing}: {error}")))?;
    within(doing, async {
        let response = observer.send(doing, request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::new(
                Code::Unsupported,
                format!("the engine has no BuildKit (status {})", response.status()),
            )
            .hint("Update the engine, or leave out what only BuildKit knows: `build.secrets`, `ssh` and the like."));
        }
        hyper::upgrade::on(response).await.map_err(|error| cut(doing, &error.to_string()))
    })
    .await
}

/// A random name.
pub(super) fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::failed(format!("no random numbers: {error}")))?;
    Ok(hex::encode(bytes))
}

/// A connection that the engine has turned round.
struct Wire {
    line: TokioIo<Upgraded>,
    /// The other end has closed it, or it broke.
    broken: Arc<AtomicBool>,
}

impl Connected for Wire {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.line).poll_read(cx, buf);
        let ended = match &read {
            Poll::Ready(Ok(())) => buf.remaining() > 0 && buf.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if ended {
            self.broken.store(true, Ordering::Release);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}

/// Answers that we are there; without that the engine ends the session.
struct Alive;

/// The health protocol's word for a service that works.
const SERVING: i32 = 1;

#[tonic::async_trait]
impl Health for Alive {
    type WatchStream = BoxStream<'static, std::result::Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> std::result::Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: SERVING }))
    }

    async fn list(&self, _: Request<HealthListRequest>) -> std::result::Result<Response<HealthListResponse>, Status> {
        Err(Status::unimplemented("only the whole is healthy or not"))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> std::result::Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask again instead"))
    }
}

/// Credentials of registries. The engine fetches tokens itself.
struct Registries(ClientConfig);

#[tonic::async_trait]
impl Auth for Registries {
    async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> std::result::Result<Response<CredentialsResponse>, Status> {
        let found = self.0.for_host(&request.get_ref().host).await;
        let found = found.map_err(|error| Status::unavailable(error.message))?.unwrap_or_default();
        let identity = found.identitytoken.filter(|token| !token.is_empty());
        // BuildKit's rule: an identity token comes as a secret without a name.
        Ok(Response::new(match identity {
            Some(token) => CredentialsResponse { username: String::new(), secret: token },
            None => CredentialsResponse {
                username: found.username.unwrap_or_default(),
                secret: found.password.unwrap_or_default(),
            },
        }))
    }

    async fn fetch_token(
        &self,
        _: Request<FetchTokenRequest>,
    ) -> std::result::Result<Response<FetchTokenResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens"))
    }

    async fn get_token_authority(
        &self,
        _: Request<GetTokenAuthorityRequest>,
    ) -> std::result::Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<VerifyTokenAuthorityRequest>,
    ) -> std::result::Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("the engine fetches tokens"))
    }
}

/// Secrets, for as long as the build runs.
struct Given(HashMap<String, Content>);

#[tonic::async_trait]
impl Secrets for Given {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> std::result::Result<Response<GetSecretResponse>, Status> {
        let id = &request.get_ref().id;
        let data = match self.0.get(id) {
            Some(Content::Text(text)) => text.reveal().as_bytes().to_vec(),
            Some(Content::File(path)) => in_background(path.clone(), |path| read(&path))
                .await
                .map_err(|error| Status::internal(error.message))?,
            None => return Err(Status::not_found(format!("the build has no secret `{id}`"))),
        };
        Ok(Response::new(GetSecretResponse { data }))
    }
}

/// The context.
struct Archive {
    path: String,
    file: File,
}

#[tonic::async_trait]
impl Upload for Archive {
    type PullStream = BoxStream<'static, std::result::Result<BytesMessage, Status>>;

    async fn pull(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> std::result::Result<Response<Self::PullStream>, Status> {
        let asked = request.metadata().get("urlpath").and_then(|path| path.to_str().ok());
        if asked != Some(self.path.as_str()) {
            return Err(Status::not_found("there is no such context"));
        }
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
        let pieces = pieces.map(|piece| Ok(BytesMessage { data: piece?.to_vec() }));
        Ok(Response::new(pieces.boxed()))
    }
}

//! Connections to engines that are not on a socket of this machine: made when they are needed, kept for the next request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sternway_model::{Code, Error, Result, SshAddress, TcpAddress};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::ssh::Login;
use super::tls;
use crate::engine::failure;

/// How long it may take until an engine answers on a new connection.
const DIAL: Duration = Duration::from_secs(30);
/// How many connections are made at the same time. An ssh server drops logins when more than ten are not through yet
/// (`MaxStartups`); meanwhile, whatever becomes free is used again.
const AT_ONCE: usize = 4;
/// The longest greeting that an engine may have.
const GREETING: usize = 8192;

/// Makes connections to one engine.
#[derive(Clone)]
pub(super) struct Dialer {
    way: Way,
    doors: Arc<Semaphore>,
}

#[derive(Clone)]
enum Way {
    Ssh(SshAddress),
    Tcp(TcpAddress, Option<Arc<ClientConfig>>),
}

/// A connection, whatever it is made of.
pub(crate) struct Line(Box<dyn Duplex>);

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Dialer {
    pub fn ssh(address: SshAddress) -> Self {
        Self::new(Way::Ssh(address))
    }

    pub fn tcp(address: TcpAddress, config: Option<Arc<ClientConfig>>) -> Self {
        Self::new(Way::Tcp(address, config))
    }

    fn new(way: Way) -> Self {
        Self { way, doors: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// A connection on which an engine has answered.
    pub async fn dial(self) -> Result<Line> {
        let door = self.doors.acquire().await;
        let _door = door.map_err(|error| Error::internal(format!("no connection can be made: {error}")))?;
        let dialled = async {
            match &self.way {
                Way::Ssh(address) => login(address).await,
                Way::Tcp(address, config) => connect(address, config.clone()).await,
            }
        };
        let address = match &self.way {
            Way::Ssh(address) => address.to_string(),
            Way::Tcp(address, _) => address.to_string(),
        };
        tokio::time::timeout(DIAL, dialled).await.unwrap_or_else(|_| {
            Err(Error::new(
                Code::EngineUnreachable,
                format!("cannot reach {address}: nobody answered within {} s", DIAL.as_secs()),
            )
            .hint("Look whether the host is up, and whether something on the way holds the connection back."))
        })
    }
}

/// A connection to a socket or pipe of this machine.
pub(super) async fn socket(address: &str) -> Result<Line> {
    let opened =
        tokio::time::timeout(DIAL, open(address)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    opened.map_err(|error| failure("connect to the container engine", error.into()))
}

#[cfg(unix)]
async fn open(address: &str) -> io::Result<Line> {
    let path = address.strip_prefix("unix://").unwrap_or(address);
    Ok(Line(Box::new(tokio::net::UnixStream::connect(path).await?)))
}

#[cfg(windows)]
async fn open(address: &str) -> io::Result<Line> {
    /// `ERROR_PIPE_BUSY` of the Windows API: all instances of the pipe are taken at the moment.
    const PIPE_BUSY: i32 = 231;
    let path = address.strip_prefix("npipe://").unwrap_or(address).replace('/', "\\");
    loop {
        match tokio::net::windows::named_pipe::ClientOptions::new().open(&path) {
            Ok(pipe) => return Ok(Line(Box::new(pipe))),
            Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            Err(error) => return Err(error),
        }
    }
}

async fn login(address: &SshAddress) -> Result<Line> {
    let mut login = Login::start(address)?;
    match greet(&mut login).await {
        Ok(200) => Ok(Line(Box::new(login))),
        Ok(status) => Err(stranger(&address.to_string(), status)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Error::new(
            Code::EngineUnreachable,
            format!("cannot reach {address}: the host says something else than Docker does ({error})"),
        )
        .hint(
            "A start-up file of the user's shell there may print something: it must not in a login without a terminal.",
        )),
        Err(_) => Err(login.reason(address).await),
    }
}

async fn connect(address: &TcpAddress, config: Option<Arc<ClientConfig>>) -> Result<Line> {
    let unreachable = |error: &io::Error| {
        let (why, hint) = tls::refusal(error).unwrap_or_else(|| {
            (error.to_string(), "Look whether the host is up, and whether its engine listens on that port.")
        });
        Error::new(Code::EngineUnreachable, format!("cannot reach {address}: {why}")).hint(hint)
    };
    let stream =
        TcpStream::connect((address.host.as_str(), address.port)).await.map_err(|error| unreachable(&error))?;
    stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
    let mut line = match config {
        None => Line(Box::new(stream)),
        Some(config) => {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|_| Error::invalid(format!("`{}` is not a name that a certificate can have", address.host)))?;
            let stream = TlsConnector::from(config).connect(name, stream).await;
            Line(Box::new(stream.map_err(|error| unreachable(&error))?))
        }
    };
    match greet(&mut line).await {
        Ok(200) => Ok(line),
        Ok(status) => Err(stranger(&address.to_string(), status)),
        Err(error) => Err(unreachable(&error)),
    }
}

fn stranger(address: &str, status: u16) -> Error {
    Error::new(
        Code::EngineUnreachable,
        format!("cannot reach {address}: what answers there is no engine (status {status})"),
    )
    .hint("Look at the port. An engine that wants TLS refuses plain requests in this way.")
}

/// Asks whether an engine is there: a login that fails and a certificate that is refused show themselves only now. Returns the
/// status of the answer.
async fn greet(line: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<u16> {
    line.write_all(b"HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n").await?;
    line.flush().await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut buffer = [0_u8; 1024];
        let read = line.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
        let head = &answer[..answer.len().min(7)];
        if !b"HTTP/1.".starts_with(head) || answer.len() > GREETING {
            let text = String::from_utf8_lossy(&answer);
            let line = text.lines().next().unwrap_or_default().trim();
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{line}`")));
        }
        // Whoever refuses closes the connection and says why in a body; the status is enough.
        let refused = answer.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        if let Some(status @ 300..) = refused {
            return Ok(status);
        }
    }
    Ok(200)
}

impl<U> Service<U> for Dialer {
    type Response = TokioIo<Line>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: U) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.dial().await.map(TokioIo::new) })
    }
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

//! Connections that are kept for the next request. Where one has broken, the others may have broken with it and nobody knows yet:
//! then new ones are made.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::dial::Dialer;

/// How long a connection is kept for the next request: logging in takes longer than most requests.
const IDLE: Duration = Duration::from_secs(60);

type Connections = Arc<Client<Dialer, <BollardRequest as HasBody>::Body>>;

/// The client library does not name the type of its requests' bodies.
trait HasBody {
    type Body;
}

impl<B> HasBody for hyper::Request<B> {
    type Body = B;
}

/// The connections to one engine.
pub(crate) struct Pool {
    dialer: Dialer,
    connections: Mutex<Connections>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

impl Pool {
    pub(super) fn new(dialer: Dialer) -> Arc<Self> {
        let connections = Mutex::new(connections(&dialer));
        Arc::new(Self { dialer, connections })
    }

    /// A client whose requests go through these connections.
    pub(super) fn client(self: &Arc<Self>, limit: Duration) -> Result<Docker, BollardError> {
        let pool = Arc::clone(self);
        let transport = move |request: BollardRequest| {
            let pool = Arc::clone(&pool);
            async move { pool.request(request).await }
        };
        // The host in the addresses of requests is only a name: where they go is the dialer's business.
        Docker::connect_with_custom_transport(transport, Some("http://docker"), limit.as_secs(), API_DEFAULT_VERSION)
    }

    async fn request(&self, request: BollardRequest) -> Result<Response<Incoming>, BollardError> {
        let connections = self.now();
        let answer = connections.request(request).await;
        if answer.is_err() {
            self.renew_after(&connections);
        }
        answer.map_err(BollardError::from)
    }

    /// Makes new connections from now on. What is asked over the old ones may end there.
    pub fn renew(&self) {
        self.renew_after(&self.now());
    }

    /// The same, unless somebody did it since these were in use.
    fn renew_after(&self, broken: &Connections) {
        let mut now = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&now, broken) {
            *now = connections(&self.dialer);
        }
    }

    fn now(&self) -> Connections {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn connections(dialer: &Dialer) -> Connections {
    Arc::new(Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(dialer.clone()))
}

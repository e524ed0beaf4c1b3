//! A way to the engine that can be cut.

use std::sync::Arc;

use sternway_compose::Engine;
use sternway_model::{EngineAddress, Target, TcpAddress};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// Passes connections on to the engine's socket.
pub struct Proxy {
    port: u16,
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// Connections of an earlier age are cut.
    age: u64,
    closed: bool,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(watch::Sender::new(State::default()));
        let all = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if !all.borrow().closed {
                    tokio::spawn(pass_on(stream, all.subscribe()));
                }
            }
        });
        Self { port, state }
    }

    pub fn engine(&self) -> Engine {
        let address = TcpAddress { host: "127.0.0.1".into(), port: self.port };
        Engine::connect(&Target::Docker(EngineAddress::Tcp(address))).expect("a way")
    }

    /// All connections break; new ones work.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.age += 1);
    }

    /// All connections break, and there are no new ones until it is opened.
    pub fn close(&self) {
        self.state.send_modify(|state| *state = State { age: state.age + 1, closed: true });
    }

    pub fn open(&self) {
        self.state.send_modify(|state| state.closed = false);
    }
}

async fn pass_on(mut stream: TcpStream, mut state: watch::Receiver<State>) {
    let age = state.borrow().age;
    let mut engine = UnixStream::connect("/var/run/docker.sock").await.expect("the engine's socket");
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut engine) => {}
        _ = state.wait_for(|state| state.age > age) => {}
    }
}

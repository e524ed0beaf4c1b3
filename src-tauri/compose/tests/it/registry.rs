//! Pulling from a registry that wants a login, and how far it is meanwhile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::stage::{on_stage, refused};

/// Set in the process that has a client configuration of its own.
const CHILD: &str = "STERNWAY_TEST_OWN_CONFIG";
/// `ann:open` in base64.
const LOGIN: &str = "YW5uOm9wZW4=";
const MIB: usize = 1024 * 1024;
const PIECE: usize = 16 * 1024;

/// A registry with one image. The second half of its layer comes when it is told to.
struct Registry {
    blobs: Vec<(String, &'static str, Vec<u8>)>,
    layer: String,
    go_on: Mutex<Receiver<()>>,
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Registry {
    fn start() -> (u16, Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (sender, receiver) = channel();
        // Each run has content of its own, so that the engine has nothing of it yet.
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4 * MIB as u64);
        header.set_mode(0o644);
        let content = port.to_be_bytes().repeat(2 * MIB);
        archive.append_data(&mut header, "content", content.as_slice()).expect("packed");
        let layer = archive.into_inner().expect("packed");
        let config = json!({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/content"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]}});
        let config = config.to_string().into_bytes();
        let manifest = json!({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(), "digest": digest(&config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", "size": layer.len(), "digest": digest(&layer)}]});
        let manifest = manifest.to_string().into_bytes();
        let registry = Arc::new(Self {
            layer: digest(&layer),
            go_on: Mutex::new(receiver),
            blobs: vec![
                ("/manifests/1".into(), "application/vnd.docker.distribution.manifest.v2+json", manifest.clone()),
                (
                    format!("/manifests/{}", digest(&manifest)),
                    "application/vnd.docker.distribution.manifest.v2+json",
                    manifest,
                ),
                (format!("/blobs/{}", digest(&config)), "application/octet-stream", config),
                (format!("/blobs/{}", digest(&layer)), "application/octet-stream", layer),
            ],
        });
        std::thread::spawn(move || {
            while let Ok((line, _)) = listener.accept() {
                let registry = Arc::clone(&registry);
                std::thread::spawn(move || {
                    // The engine tries TLS first, and goes away: that is no mistake of the registry's.
                    if let Err(error) = registry.serve(&line) {
                        println!("the engine left: {error}");
                    }
                });
            }
        });
        (port, sender)
    }

    /// Answers one request; the connection ends with it.
    fn serve(&self, line: &TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        for text in BufReader::new(Read::take(line, MIB as u64)).lines() {
            let text = text?;
            if text.is_empty() {
                break;
            }
            head.push(text);
        }
        let mut line = line;
        let request: Vec<&str> = head.first().map_or(Vec::new(), |first| first.split(' ').collect());
        let [method, path, _] = request[..] else { return Ok(()) };
        let known = head.iter().any(|header| header.trim() == format!("Authorization: Basic {LOGIN}"));
        if !known {
            return write!(
                line,
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        if path.trim_end_matches('/') == "/v2" {
            return write!(line, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        }
        let Some((blob, kind, content)) = self.blobs.iter().find(|(blob, ..)| path.ends_with(blob.as_str())) else {
            return write!(line, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        };
        write!(
            line,
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nDocker-Content-Digest: {}\r\nConnection: close\r\n\r\n",
            content.len(),
            digest(content)
        )?;
        if method == "HEAD" {
            return Ok(());
        }
        let (first, second) = content.split_at(content.len() / 2);
        line.write_all(first)?;
        let mut rest = second;
        // Small pieces keep the engine telling how far it is, until that was seen.
        while blob.ends_with(&self.layer) && rest.len() > PIECE && !self.go_on() {
            let (piece, later) = rest.split_at(PIECE);
            line.write_all(piece)?;
            rest = later;
        }
        line.write_all(rest)
    }

    fn go_on(&self) -> bool {
        self.go_on.lock().expect("not poisoned").recv_timeout(Duration::from_millis(100)).is_ok()
    }
}

#[tokio::test]
async fn a_pull_logs_in_and_says_how_far_it_is() {
    // The client's configuration is found by a variable, and a process cannot change its own safely.
    if std::env::var_os(CHILD).is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "registry::a_pull_logs_in_and_says_how_far_it_is", "--nocapture"]);
        let ended = child.env(CHILD, "1").env("DOCKER_CONFIG", folder.path()).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let (port, go_on) = Registry::start();
    on_stage("registry", |stage| async move {
        let reference = format!("127.0.0.1:{port}/{}/app:1", stage.project);
        let config = std::path::PathBuf::from(std::env::var_os("DOCKER_CONFIG").expect("set")).join("config.json");
        let service = json!({"image": reference, "scale": 0});
        let model = stage.model(json!({"services": {"app": service}}));
        let error = refused(stage.deploy(&model).await);
        assert!(error.message.contains("no basic auth"), "nobody logs in yet: {}", error.message);

        let login: Value = json!({"auths": {format!("127.0.0.1:{port}"): {"auth": LOGIN}}});
        std::fs::write(config, login.to_string()).expect("written");
        let far = || stage.lines.0.lock().expect("lines").iter().any(|line| line.starts_with("0 of 1 layer · "));
        let watch = async {
            while !far() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            go_on.send(()).expect("the registry waits");
        };
        let (pulled, ()) = tokio::join!(stage.deploy(&model), watch);
        pulled.expect("pulled");
        let lines = stage.lines.0.lock().expect("lines").clone();
        assert_eq!(lines.iter().filter(|line| line.as_str() == "1 of 1 layer · 4.2 of 4.2 MB").count(), 1, "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("Digest: sha256:")), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("Downloading") || line.contains("Pull complete")), "{lines:?}");
        assert!(!lines.concat().contains(LOGIN) && !lines.concat().contains("open"), "{lines:?}");
    })
    .await;
}

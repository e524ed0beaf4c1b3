//! An engine of a test's own, with TLS on a port and an ssh server in front of it: what another machine would be.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Call, Failure, Result};

const SSHD: &str = "/usr/sbin/sshd";
/// How long a server may take to answer after its start, and to end after its signal.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the small projects of the tests are made from.
const IMAGE: &str = "busybox:1.36";

/// A second engine on this machine that shares nothing with the first. It goes with everything in it when it is dropped.
pub struct Remote {
    folder: TempDir,
    /// The data's own file system, if it has one.
    small: bool,
    pool: u8,
    tls_port: u16,
    ssh_port: u16,
    engine: Option<Child>,
    sshd: Option<Child>,
}

impl Remote {
    /// Starts it; `None` where only an administrator could.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Option<Self>> {
        Self::with_room(None)
    }

    /// As [`Remote::start`], with this many megabytes for images and containers.
    ///
    /// # Errors
    /// As [`Remote::start`].
    pub fn with_room(megabytes: Option<u32>) -> Result<Option<Self>> {
        static COUNT: AtomicU8 = AtomicU8::new(0);
        if run("id", &["-u"])?.trim() != "0" {
            println!("skipped: a second engine can only be started by root");
            return Ok(None);
        }
        let mut remote = Self {
            folder: tempfile::Builder::new().prefix("e2e-r").tempdir()?,
            small: megabytes.is_some(),
            pool: COUNT.fetch_add(1, Ordering::Relaxed) % 40,
            tls_port: free_port()?,
            ssh_port: free_port()?,
            engine: None,
            sshd: None,
        };
        fs::create_dir(remote.path("data"))?;
        if let Some(megabytes) = megabytes {
            run("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "none", &remote.text("data")])?;
        }
        remote.make_certificates()?;
        remote.make_logins()?;
        remote.start_engine()?;
        remote.start_sshd()?;
        let load = format!("docker save {IMAGE} | docker --host {} load", remote.socket());
        run("sh", &["-c", &load])?;
        Ok(Some(remote))
    }

    /// The target with TLS, as `sternway.yaml` has it.
    #[must_use]
    pub fn tls(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.tls_port)
    }

    /// The target behind a login, as `sternway.yaml` has it.
    #[must_use]
    pub fn ssh(&self) -> String {
        format!("ssh://root@127.0.0.1:{}", self.ssh_port)
    }

    /// A call that has the keys for both.
    #[must_use]
    pub fn with_keys(&self, call: Call) -> Call {
        let path = std::env::var("PATH").unwrap_or_default();
        call.environment("DOCKER_CERT_PATH", &self.text("client"))
            .environment("PATH", &format!("{}:{path}", self.text("bin")))
    }

    /// Asks the engine itself, with Docker's own program.
    ///
    /// # Errors
    /// If the program fails.
    pub fn docker(&self, arguments: &[&str]) -> Result<String> {
        run("docker", &[&["--host", &self.socket()], arguments].concat())
    }

    /// The folder with our certificate and its key.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.path("client")
    }

    /// Everything on the engine's disk is full, until [`Remote::empty`].
    ///
    /// # Errors
    /// If the disk is not one of its own.
    pub fn fill(&self) -> Result<()> {
        if !self.small {
            return Err(Failure::new("only a disk of its own may be filled"));
        }
        let mut filler = fs::File::create(self.path("data/filler"))?;
        loop {
            match filler.write_all(&[0; 4096]) {
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
                other => other?,
            }
        }
    }

    /// There is room again.
    ///
    /// # Errors
    /// If it was not filled.
    pub fn empty(&self) -> Result<()> {
        Ok(fs::remove_file(self.path("data/filler"))?)
    }

    /// The machine is gone from one moment to the next: the connections that there are, and new ones.
    ///
    /// # Errors
    /// If the ssh server does not run.
    pub fn cut(&mut self) -> Result<()> {
        end(&mut self.sshd, "KILL")?;
        let port = format!("[127.0.0.1]:{}", self.ssh_port);
        for process in fs::read_dir("/proc")? {
            let process = process?.path();
            let line = fs::read(process.join("cmdline")).unwrap_or_default();
            let words: Vec<_> = line.split(|byte| *byte == 0).collect();
            // Sessions and clients; both have the port in their words or in their environment.
            let client = words.contains(&self.ssh_port.to_string().as_bytes()) && words.contains(&&b"dial-stdio"[..]);
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            let session = words.contains(&&b"dial-stdio"[..])
                && environment.split(|byte| *byte == 0).any(|variable| variable == self.socket_variable().as_bytes());
            if let (true, Some(id)) = (client || session, process.file_name().and_then(|name| name.to_str())) {
                // One may have ended because the other did.
                println!("cut {port}: {id} {}", run("kill", &["-KILL", id]).is_ok());
            }
        }
        Ok(())
    }

    /// The ssh server answers again.
    ///
    /// # Errors
    /// If it does not start.
    pub fn mend(&mut self) -> Result<()> {
        self.start_sshd()
    }

    /// The engine is restarted, as for an update: its containers end too.
    ///
    /// # Errors
    /// If it does not end or does not start.
    pub fn restart_engine(&mut self) -> Result<()> {
        end(&mut self.engine, "TERM")?;
        let before = first_bridge();
        self.start_engine()?;
        if first_bridge() == before {
            return Ok(());
        }
        Err(Failure::new("the second engine took the first one's bridge away"))
    }

    fn socket(&self) -> String {
        format!("unix://{}", self.text("docker.sock"))
    }

    fn socket_variable(&self) -> String {
        format!("DOCKER_HOST={}", self.socket())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn start_engine(&mut self) -> Result<()> {
        let log = fs::File::options().create(true).append(true).open(self.path("dockerd.log"))?;
        fs::write(self.path("daemon.json"), "{}")?;
        self.make_bridge()?;
        // An engine that finds its default network again and has pools of its own removes `docker0`, whoever's it is
        // (moby's daemon_unix.go, initNetworkController). Its networks are there by then, so it needs no pools any more.
        let pools = format!("base=10.{}.0.0/16,size=24", 200 + self.pool);
        let pools: &[&str] = if self.path("data/network").exists() { &[] } else { &["--default-address-pool", &pools] };
        // With mounts of its own: those of its containers would be seen, and held, by containers of the first engine.
        let engine = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "dockerd"])
            .args(["--config-file", &self.text("daemon.json"), "--host", &self.socket()])
            .args(["--host", &self.tls(), "--tlsverify", "--tlscacert", &self.text("client/ca.pem")])
            .args(["--tlscert", &self.text("server.pem"), "--tlskey", &self.text("server-key.pem")])
            .args(["--data-root", &self.text("data"), "--exec-root", &self.text("exec")])
            .args(["--pidfile", &self.text("dockerd.pid"), "--iptables=false"])
            .args(["--bridge", &self.bridge()])
            .args(pools)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.engine = Some(engine);
        until(
            || self.docker(&["version"]).is_ok(),
            || format!("the second engine does not start: {}", tail(&self.path("dockerd.log"))),
        )
    }

    /// A network bridge of its own: without one the engine would take away the first engine's.
    fn make_bridge(&self) -> Result<()> {
        let bridge = self.bridge();
        if !Path::new("/sys/class/net").join(&bridge).exists() {
            run("ip", &["link", "add", &bridge, "type", "bridge"])?;
            run("ip", &["address", "add", &format!("10.{}.255.1/24", 200 + self.pool), "dev", &bridge])?;
        }
        run("ip", &["link", "set", &bridge, "up"]).map(drop)
    }

    fn bridge(&self) -> String {
        format!("e2e{}", self.ssh_port)
    }

    fn start_sshd(&mut self) -> Result<()> {
        fs::create_dir_all("/run/sshd")?;
        let log = fs::File::options().create(true).append(true).open(self.path("sshd.log"))?;
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f", &self.text("sshd_config")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| Failure::new(format!("{SSHD}: {error}; scripts/setup installs it")))?;
        self.sshd = Some(sshd);
        let address = SocketAddr::from(([127, 0, 0, 1], self.ssh_port));
        until(
            || TcpStream::connect(address).is_ok(),
            || format!("the ssh server does not start: {}", tail(&self.path("sshd.log"))),
        )
    }

    /// An authority, the engine's certificate for 127.0.0.1, and ours.
    fn make_certificates(&self) -> Result<()> {
        fs::create_dir(self.path("client"))?;
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let authority = ["-x509", "-days", "2", "-subj", "/CN=authority of a test"];
        let (key, certificate) = (self.text("ca-key.pem"), self.text("client/ca.pem"));
        run("openssl", &[&["req"], &new_key[..], &authority, &["-keyout", &key, "-out", &certificate]].concat())?;
        for (name, usage, into) in [
            ("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth", ("server-key.pem", "server.pem")),
            ("client", "extendedKeyUsage=clientAuth", ("client/key.pem", "client/cert.pem")),
        ] {
            let (own_key, own) = (self.text(into.0), self.text(into.1));
            let (request, extensions) = (self.text("request.pem"), self.text("extensions"));
            fs::write(&extensions, usage)?;
            let subject = format!("/CN={name}");
            let wanted = ["-subj", &subject, "-keyout", &own_key, "-out", &request];
            run("openssl", &[&["req"], &new_key[..], &wanted].concat())?;
            let signed =
                ["-CA", &certificate, "-CAkey", &key, "-CAcreateserial", "-days", "2", "-extfile", &extensions];
            run("openssl", &[&["x509", "-req", "-in", &request], &signed[..], &["-out", &own]].concat())?;
        }
        Ok(())
    }

    /// A host key that is known, a user key that is accepted, and an `ssh` that knows nothing else.
    fn make_logins(&self) -> Result<()> {
        for key in ["host_key", "user_key"] {
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &self.text(key)])?;
        }
        fs::copy(self.path("user_key.pub"), self.path("authorized_keys"))?;
        let host = fs::read_to_string(self.path("host_key.pub"))?;
        fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {host}", self.ssh_port))?;
        let server = format!(
            "Port {}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile {}\nStrictModes no\nUsePAM no\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nSetEnv {}\n",
            self.ssh_port,
            self.text("host_key"),
            self.text("authorized_keys"),
            self.text("sshd.pid"),
            self.socket_variable(),
        );
        fs::write(self.path("sshd_config"), server)?;
        let client = format!(
            "Host *\nIdentityFile {}\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {}\n\
             GlobalKnownHostsFile /dev/null\n",
            self.text("user_key"),
            self.text("known_hosts"),
        );
        fs::write(self.path("ssh_config"), client)?;
        fs::create_dir(self.path("bin"))?;
        let ssh = run("sh", &["-c", "command -v ssh"])?;
        let program = format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", ssh.trim(), self.text("ssh_config"));
        fs::write(self.path("bin/ssh"), program)?;
        fs::set_permissions(self.path("bin/ssh"), fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// The host's key is not known any more.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn forget_host(&self) -> Result<()> {
        Ok(fs::write(self.path("known_hosts"), "")?)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let containers = self.docker(&["ps", "--all", "--quiet"]).unwrap_or_default();
        for container in containers.lines() {
            if let Err(failure) = self.docker(&["rm", "--force", container]) {
                eprintln!("left on the second engine: {failure}");
            }
        }
        for network in self.docker(&["network", "ls", "--quiet", "--filter", "type=custom"]).unwrap_or_default().lines()
        {
            if let Err(failure) = self.docker(&["network", "rm", network]) {
                eprintln!("left on the second engine: {failure}");
            }
        }
        for child in [&mut self.sshd, &mut self.engine] {
            if let Err(failure) = end(child, "TERM") {
                eprintln!("{failure}");
            }
        }
        if let Err(failure) = run("ip", &["link", "delete", &self.bridge()]) {
            eprintln!("the second engine's bridge is left: {failure}");
        }
        // Mounts that an engine left behind would keep the folder.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let inside = self.folder.path().display().to_string();
        for mount in mounts.lines().rev().filter_map(|line| line.split(' ').nth(1)).filter(|at| at.starts_with(&inside))
        {
            if let Err(failure) = run("umount", &["-l", mount]) {
                eprintln!("{failure}");
            }
        }
    }
}

/// The first engine's bridge, by its number.
fn first_bridge() -> Option<String> {
    fs::read_to_string("/sys/class/net/docker0/ifindex").ok()
}

/// Ends a program that was started here, and waits until it is gone.
fn end(child: &mut Option<Child>, signal: &str) -> Result<()> {
    let Some(mut child) = child.take() else { return Ok(()) };
    run("kill", &[&format!("-{signal}"), &child.id().to_string()])?;
    let mut gone = false;
    let waited = until(
        || {
            gone = child.try_wait().is_ok_and(|status| status.is_some());
            gone
        },
        || "a program does not end".to_owned(),
    );
    if waited.is_err() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

fn until(mut holds: impl FnMut() -> bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    let begin = Instant::now();
    while !holds() {
        if begin.elapsed() > PATIENCE {
            return Err(Failure::new(otherwise()));
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{program} {}: {}", arguments.join(" "), errors.trim())))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

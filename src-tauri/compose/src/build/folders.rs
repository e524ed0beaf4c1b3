//! Folders that are further contexts of a build. BuildKit asks for each by its name, is told what lies in it, and asks for the
//! files that it does not have (tonistiigi/fsutil, `send.go` and `receive.go`).

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bollard_buildkit_proto::moby::filesync::packet::file_sync_server::{FileSync, FileSyncServer};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use sternway_model::open_file;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use super::context;
use super::session::PIECE;
use crate::observe::in_background;

/// The method that is offered if there are such folders.
pub(super) const METHOD: &str = "/moby.filesync.v1.FileSync/DiffCopy";

/// What BuildKit reads first, alone: which files to leave out. Here they are left out already.
const IGNORE_FILE: &str = ".dockerignore";
/// So many packets wait for the engine to take them.
const WAITING: usize = 16;

/// A folder and a link in the modes of Go (`io/fs`, `FileMode`), which the protocol has; and the bits of Unix, which lie elsewhere there.
const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;
const SPECIAL: [(u32, u32); 3] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];

type Packets = BoxStream<'static, Result<Packet, Status>>;

/// The service that BuildKit asks, for folders by their names.
pub(super) fn server(folders: BTreeMap<String, PathBuf>) -> FileSyncServer<impl FileSync> {
    FileSyncServer::new(Folders(folders))
}

struct Folders(BTreeMap<String, PathBuf>);

#[tonic::async_trait]
impl FileSync for Folders {
    type DiffCopyStream = Packets;
    type TarStreamStream = Packets;

    async fn diff_copy(&self, request: Request<Streaming<Packet>>) -> Result<Response<Packets>, Status> {
        let told = |key: &str| request.metadata().get(key).and_then(|value| value.to_str().ok());
        let name = told("dir-name").unwrap_or_default();
        let folder = self.0.get(name).ok_or_else(|| Status::not_found(format!("the build has no context `{name}`")))?;
        let first = told("followpaths") == Some(IGNORE_FILE);
        let mut files = in_background(folder.clone(), |folder| context::further_files(&folder))
            .await
            .map_err(|error| Status::internal(error.message))?;
        if first {
            files.retain(|name, _| name == IGNORE_FILE);
        }
        let files = in_order(folder, files);
        let (answers, packets) = mpsc::channel(WAITING);
        let asked = request.into_inner();
        tokio::spawn(async move {
            if let Err(status) = send(&files, asked, &answers).await {
                // Nobody waits for it if the build has ended.
                drop(answers.send(Err(status)).await);
            }
        });
        let packets = stream::unfold(packets, |mut packets| async { Some((packets.recv().await?, packets)) });
        Ok(Response::new(packets.boxed()))
    }

    async fn tar_stream(&self, _: Request<Streaming<Packet>>) -> Result<Response<Packets>, Status> {
        Err(Status::unimplemented("folders are compared and not sent whole"))
    }
}

/// Files in the order that the protocol wants: each behind the folder in which it lies, and by the parts of their names.
fn in_order(folder: &Path, mut files: BTreeMap<String, PathBuf>) -> Vec<(String, PathBuf)> {
    let names: Vec<String> = files.keys().cloned().collect();
    for name in &names {
        // A folder that is left out and has a file that is not.
        for (end, _) in name.match_indices('/') {
            let parent = &name[..end];
            files.entry(parent.to_owned()).or_insert_with(|| folder.join(parent));
        }
    }
    let mut files: Vec<(String, PathBuf)> = files.into_iter().collect();
    files.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
    files
}

/// Says which files there are, and sends those that are asked for.
async fn send(
    files: &[(String, PathBuf)],
    mut asked: Streaming<Packet>,
    answers: &mpsc::Sender<Result<Packet, Status>>,
) -> Result<(), Status> {
    let gone = |_| Status::cancelled("the build has ended");
    let answer = async |packet| answers.send(Ok(packet)).await.map_err(gone);
    for (name, path) in files {
        answer(Packet { stat: Some(stat(name, path)?), ..packet(PacketType::PacketStat) }).await?;
    }
    answer(packet(PacketType::PacketStat)).await?; // that was all
    while let Some(question) = asked.next().await {
        let question = question?;
        match question.r#type() {
            PacketType::PacketReq => {
                let id = question.id;
                let place = usize::try_from(id).ok().and_then(|place| files.get(place));
                let (_, path) = place.ok_or_else(|| Status::not_found("there is no such file"))?;
                let opened = in_background(path.clone(), |path| open_file("read", &path)).await;
                let (file, _) = opened.map_err(|error| Status::internal(error.message))?;
                let mut file = tokio::fs::File::from_std(file);
                loop {
                    let mut data = vec![0; PIECE];
                    let read = file.read(&mut data).await.map_err(|error| broken(path, &error))?;
                    data.truncate(read);
                    // Nothing in it says that the file ends.
                    answer(Packet { id, data, ..packet(PacketType::PacketData) }).await?;
                    if read == 0 {
                        break;
                    }
                }
            }
            PacketType::PacketFin => return answer(packet(PacketType::PacketFin)).await,
            PacketType::PacketErr => return Err(Status::aborted(String::from_utf8_lossy(&question.data).into_owned())),
            PacketType::PacketStat | PacketType::PacketData => {}
        }
    }
    Ok(())
}

fn packet(kind: PacketType) -> Packet {
    Packet { r#type: kind.into(), ..Packet::default() }
}

fn broken(path: &Path, error: &std::io::Error) -> Status {
    Status::internal(format!("cannot read {}: {error}", path.display()))
}

/// What is said of a file. Who owns it here says nothing about the image, as with the first context.
fn stat(name: &str, path: &Path) -> Result<Stat, Status> {
    let metadata = path.symlink_metadata().map_err(|error| broken(path, &error))?;
    let mut linkname = String::new();
    if metadata.is_symlink() {
        let to = std::fs::read_link(path).map_err(|error| broken(path, &error))?;
        linkname = to.to_string_lossy().into_owned();
        if cfg!(windows) {
            linkname = linkname.replace('\\', "/");
        }
    }
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Stat {
        path: name.to_owned(),
        mode: mode(&metadata),
        size: if metadata.is_file() { i64::try_from(metadata.len()).unwrap_or(i64::MAX) } else { 0 },
        mod_time: changed.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default(),
        linkname,
        ..Stat::default()
    })
}

fn mode(metadata: &Metadata) -> u32 {
    let unix = context::mode(metadata);
    let special = SPECIAL.iter().filter(|(bit, _)| unix & bit != 0).map(|(_, bit)| bit).sum::<u32>();
    let kind = if metadata.is_dir() {
        FOLDER
    } else if metadata.is_symlink() {
        LINK
    } else {
        0
    };
    kind | special | unix & 0o777
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_comes_behind_its_folder() {
        let names = ["a-b", "a/c", "a", "left/out/file", "a.d"];
        let files = names.map(|name| (name.to_owned(), PathBuf::new())).into();
        let ordered = in_order(Path::new("/f"), files);
        let ordered: Vec<&str> = ordered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(ordered, ["a", "a/c", "a-b", "a.d", "left", "left/out", "left/out/file"]);
    }
}

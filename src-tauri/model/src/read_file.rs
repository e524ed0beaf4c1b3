//! From a path to what is in the file, whatever the path turns out to be.
//!
//! A path of a project may name a pipe that nobody writes to, a device without an end, or a file that fills the memory. Nothing
//! here waits for it and nothing reads on for ever: what is no regular file is refused by its name, and a limit is looked at while
//! the file is read.

use std::fs::{File, FileType, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::yaml::Mark;
use crate::{Error, Location, Result};

/// Most bytes of a text that a person writes: `sternway.yaml`, Compose files, a Dockerfile.
pub const MOST_OF_TEXT: u64 = 4 << 20;

/// Most bytes of an env file and of any other configuration file of an application.
pub const MOST_OF_VALUES: u64 = 16 << 20;

/// Most bytes of what a container gets as a config or a secret; what is larger belongs into a volume.
pub const MOST_OF_CONTENT: u64 = 64 << 20;

/// Where a system has a file that is always empty; Compose takes it for "there is none".
const NULL_DEVICE: &str = "/dev/null";

/// Opens a regular file to read. `doing` says what for: `read the Compose file`.
///
/// # Errors
/// [`crate::Code::NotFound`] or [`crate::Code::Failed`] if it cannot be opened, [`crate::Code::InvalidInput`] if it is no regular file: a
/// folder, a named pipe, a device, a socket. None of them is waited for.
pub fn open_file(doing: &str, path: &Path) -> Result<(File, Metadata)> {
    let failed = |error| Error::io(doing, path, &error);
    // Opening a device may do something, so it is looked at before; and again once it is open, when it cannot change any more.
    regular(path, &std::fs::metadata(path).map_err(failed)?)?;
    let mut options = File::options();
    options.read(true);
    at_once(&mut options);
    let file = options.open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    regular(path, &about)?;
    Ok((file, about))
}

/// Reads a regular file of at most `most` bytes. The null device is an empty file.
///
/// # Errors
/// As [`open_file`]; [`crate::Code::InvalidInput`] if it has more.
pub fn read_file(doing: &str, path: &Path, most: u64) -> Result<Vec<u8>> {
    if is_null_device(path) {
        return Ok(Vec::new());
    }
    limited(doing, path, open_file(doing, path)?.0, most)
}

/// Reads a text that a person wrote, of at most 4 MiB.
///
/// # Errors
/// As [`read_file`]; [`crate::Code::InvalidInput`] if it is no UTF-8 text.
pub fn read_text(doing: &str, path: &Path) -> Result<String> {
    text_of(path, read_file(doing, path, MOST_OF_TEXT)?)
}

/// Reads a text from what a person names on the command line, which may be a pipe that another program writes to.
///
/// # Errors
/// As [`read_text`], but for what is no regular file.
pub fn read_piped(doing: &str, path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|error| Error::io(doing, path, &error))?;
    text_of(path, limited(doing, path, file, MOST_OF_TEXT)?)
}

/// The bytes of a file as text.
///
/// # Errors
/// [`crate::Code::InvalidInput`], with the line, if they are no UTF-8 text.
pub fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
        let mark = Mark { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        let error = Error::invalid("the file is no UTF-8 text").hint("Save it with the encoding UTF-8.");
        error.at(mark.location(path, ""))
    })
}

/// That something is a regular file.
///
/// # Errors
/// [`crate::Code::InvalidInput`] with what it is instead.
pub fn regular(path: &Path, about: &Metadata) -> Result<()> {
    let kind = about.file_type();
    if kind.is_file() { Ok(()) } else { Err(irregular(path, named(kind))) }
}

fn irregular(path: &Path, what: &str) -> Error {
    Error::invalid(format!("{} is not a regular file: it is {what}", path.display()))
        .hint("Put a regular file in its place, or name another file.")
        .at(place(path))
}

fn limited(doing: &str, path: &Path, file: File, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        // The kernel's own files look like regular ones, and some of them wait for what comes next.
        ErrorKind::WouldBlock => irregular(path, "a stream of the kernel that does not end"),
        _ => Error::io(doing, path, &error),
    })?;
    if bytes.len() as u64 > most {
        return Err(Error::invalid(format!("{} has more than {} MiB", path.display(), most >> 20))
            .hint("A file of this kind is far smaller. Look whether this is the file that you mean.")
            .at(place(path)));
    }
    Ok(bytes)
}

fn place(path: &Path) -> Location {
    Location { file: path.to_owned(), line: None, column: None, key: None }
}

#[cfg(unix)]
fn is_null_device(path: &Path) -> bool {
    // Behind links too; what is not there is nothing at all.
    path.canonicalize().is_ok_and(|path| path == Path::new(NULL_DEVICE))
}

#[cfg(not(unix))]
fn is_null_device(path: &Path) -> bool {
    path == Path::new(NULL_DEVICE)
}

#[cfg(unix)]
fn at_once(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
}

#[cfg(not(unix))]
fn at_once(_: &mut std::fs::OpenOptions) {}

#[cfg(unix)]
fn named(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn named(kind: FileType) -> &'static str {
    if kind.is_dir() { "a folder" } else { "a device" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn another_encoding_is_refused_with_its_line() {
        let folder = folder();
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, b"name: shop\ntitle: B\xfccher\n").expect("written");
        let error = read_text("read it", &file).expect_err("it is Latin-1");
        assert_eq!(error.at.and_then(|at| at.line), Some(2));
    }

    #[test]
    fn a_file_that_grows_out_of_hand_is_refused_by_its_name() {
        let folder = folder();
        let path = folder.path().join("large");
        // It has no blocks on the disk.
        File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
        let error = read_file("read", &path, MOST_OF_VALUES).expect_err("too large");
        assert!(error.message.ends_with("large has more than 16 MiB"), "{error}");
        assert!(read_text("read", &path).expect_err("too large").message.contains("4 MiB"));
        std::fs::write(&path, vec![b'a'; 1 << 20]).expect("written");
        assert_eq!(read_file("read", &path, 1 << 20).expect("as large as it may be").len(), 1 << 20);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_at_once_and_named() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo");
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        std::fs::create_dir(at("folder")).expect("a folder");
        for (target, link) in [("/dev/zero", "zero"), ("pipe", "to-pipe"), ("/dev/tty", "tty")] {
            std::os::unix::fs::symlink(target, at(link)).expect("a link");
        }
        for (name, what) in [
            ("pipe", "a named pipe"),
            ("to-pipe", "a named pipe"),
            ("socket", "a socket"),
            ("folder", "a folder"),
            ("zero", "a device"),
            ("tty", "a device"),
        ] {
            let error = read_text("read", &at(name)).expect_err(name);
            assert_eq!(error.code, Code::InvalidInput, "{error}");
            assert!(error.message.ends_with(&format!("{name} is not a regular file: it is {what}")), "{error}");
        }
        assert_eq!(read_text("read", &at("nothing")).expect_err("nothing").code, Code::NotFound);
        std::os::unix::fs::symlink("/dev/null", at("null")).expect("a link");
        assert_eq!(read_text("read", &at("null")).as_deref(), Ok(""), "it says that there is nothing");
        assert!(read_piped("read", Path::new("/dev/zero")).expect_err("no end").message.contains("4 MiB"));
    }

    /// Which of them waits depends on the kernel and on who asks; none may.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_streams_are_not_waited_for() {
        for path in ["/proc/kmsg", "/dev/kmsg"] {
            assert!(read_text("read", Path::new(path)).is_err(), "{path}");
        }
    }
}

//! Files on disk: read with a stamp, replaced in one step, and never over somebody else's change.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sternway_model::{Code, Error, Location, Result};

/// What a file was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Option<[u8; 32]>);

impl Stamp {
    /// There was no such file.
    pub const ABSENT: Self = Self(None);

    fn of(bytes: &[u8]) -> Self {
        Self(Some(Sha256::digest(bytes).into()))
    }

    /// The stamp with this text; `None` stands for no file.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] if it is none.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::ABSENT) };
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| Error::invalid("this is no stamp of a file"))?;
        Ok(Self(Some(hash)))
    }

    /// The stamp as text: the SHA-256 of the bytes, or `None` if there was no such file.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.0.map(hex::encode)
    }

    /// Whether there was no such file.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// Reads a file, and remembers what it was. A file that is not there has no bytes and the stamp [`Stamp::ABSENT`].
///
/// # Errors
/// [`Code::Failed`] if it is there and cannot be read.
pub fn read(path: &Path) -> Result<(Vec<u8>, Stamp)> {
    match fs::read(path) {
        Ok(bytes) => {
            let stamp = Stamp::of(&bytes);
            Ok((bytes, stamp))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((Vec::new(), Stamp::ABSENT)),
        Err(error) => Err(Error::io("read", path, &error)),
    }
}

/// Replaces a file by new bytes, if it still is what was read. Whoever reads it meanwhile sees the old bytes or the new
/// ones, and nothing in between. A new file gets its folders. Permissions stay; behind a symbolic link, the file that it points to is replaced.
///
/// # Errors
/// [`Code::FileChanged`] if the file is not what was read, [`Code::Failed`] if it is read-only or cannot be written. In
/// either case it is what it was.
pub fn save(path: &Path, expected: &Stamp, bytes: &[u8]) -> Result<Stamp> {
    let target = behind_links(path)?;
    let doing = |error: std::io::Error| Error::io("write", path, &error);
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sternway-");
    let permissions = permissions(&target)?;
    if let Some(permissions) = &permissions {
        if permissions.readonly() {
            return Err(Error::failed(format!("{} is read-only", path.display()))
                .hint("Make it writable, then save again.")
                .at(place(path)));
        }
        builder.permissions(permissions.clone());
    } else {
        new_file_permissions(&mut builder);
    }
    if expected.is_absent() {
        fs::create_dir_all(folder).map_err(doing)?;
    }
    let mut file = builder.tempfile_in(folder).map_err(doing)?;
    file.write_all(bytes).map_err(doing)?;
    if let Some(permissions) = permissions {
        // Once more, because the umask applied to the first time.
        file.as_file().set_permissions(permissions).map_err(doing)?;
    }
    file.as_file().sync_all().map_err(doing)?;
    // Looked at as late as possible: what remains is the moment between this and the rename.
    if read(&target)?.1 != *expected {
        return Err(changed(path));
    }
    if expected.is_absent() {
        file.persist_noclobber(&target).map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => changed(path),
            _ => doing(error.error),
        })?;
    } else {
        file.persist(&target).map_err(|error| doing(error.error))?;
    }
    sync_folder(folder).map_err(doing)?;
    Ok(Stamp::of(bytes))
}

/// The file that a path stands for; a link to a file that does not exist yet is followed too.
fn behind_links(path: &Path) -> Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or_else(|| Path::new("")).join(next),
            // Not a link, or not there.
            Err(_) => return Ok(target),
        }
    }
    Err(Error::failed(format!("{} is a symbolic link that leads in a circle", path.display())).at(place(path)))
}

fn permissions(target: &Path) -> Result<Option<fs::Permissions>> {
    match fs::metadata(target) {
        Ok(metadata) => Ok(Some(metadata.permissions())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("write", target, &error)),
    }
}

/// A temporary file is private unless told otherwise; a file of the project is as open as the person's umask says.
#[cfg(unix)]
fn new_file_permissions(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn new_file_permissions(_: &mut tempfile::Builder<'_, '_>) {}

/// Makes the rename itself last through a power failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn changed(path: &Path) -> Error {
    Error::new(Code::FileChanged, format!("{} was changed by somebody else", path.display()))
        .hint("Nothing was written. Load it again, then make the change again.")
        .at(place(path))
}

fn place(path: &Path) -> Location {
    Location { file: path.to_owned(), line: None, column: None, key: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn replaces_only_what_was_read() {
        let folder = folder();
        let path = folder.path().join(".env");
        let (bytes, absent) = read(&path).expect("a missing file can be read");
        assert!(bytes.is_empty() && absent.is_absent());

        let first = save(&path, &absent, b"A=1\n").expect("it can be created");
        assert_eq!(read(&path).expect("readable"), (b"A=1\n".to_vec(), first.clone()));

        fs::write(&path, "A=theirs\n").expect("somebody writes");
        for stale in [&first, &absent] {
            let error = save(&path, stale, b"A=mine\n").expect_err("it is not what was read");
            assert_eq!(error.code, Code::FileChanged);
        }
        assert_eq!(fs::read(&path).expect("readable"), b"A=theirs\n", "their change stays");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_follows_links() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let real = folder.path().join("real.env");
        let link = folder.path().join(".env");
        fs::write(&real, "A=1\n").expect("writable");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
        std::os::unix::fs::symlink("real.env", &link).expect("a link");

        let (_, stamp) = read(&link).expect("readable");
        save(&link, &stamp, b"A=2\n").expect("saved");
        assert_eq!(fs::read(&real).expect("readable"), b"A=2\n", "the file behind the link has the new bytes");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink(), "the link is still a link");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);

        fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).expect("permissions");
        let (_, stamp) = read(&link).expect("readable");
        assert!(save(&link, &stamp, b"A=3\n").is_err(), "a read-only file is left alone");
    }
}

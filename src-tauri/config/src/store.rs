//! Files on disk: read with a stamp, replaced in one step, and never over somebody else's change.

mod lock;

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sternway_model::{Code, Error, Location, MOST_OF_VALUES, Result, read_file, regular};

pub use lock::Lock;

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
/// [`Code::Failed`] if it is there and cannot be read, [`Code::InvalidInput`] if it is no regular file, or has more than 16 MiB.
pub fn read(path: &Path) -> Result<(Vec<u8>, Stamp)> {
    match read_file("read", path, MOST_OF_VALUES) {
        Ok(bytes) => {
            let stamp = Stamp::of(&bytes);
            Ok((bytes, stamp))
        }
        Err(error) if error.code == Code::NotFound => Ok((Vec::new(), Stamp::ABSENT)),
        Err(error) => Err(error),
    }
}

/// A file that is to have other bytes.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The file.
    pub path: PathBuf,
    /// What it was when it was read.
    pub expected: Stamp,
    /// What it shall have.
    pub bytes: Vec<u8>,
}

/// Replaces a file by new bytes, if it still is what was read. Whoever reads it meanwhile sees the old bytes or the new
/// ones, and nothing in between. A new file gets its folders. Permissions stay; behind a symbolic link, the file that it points to is replaced.
///
/// # Errors
/// [`Code::FileChanged`] if the file is not what was read, [`Code::Failed`] if it is read-only or cannot be written,
/// [`Code::InvalidInput`] if the path leads to what is no regular file. In each case it is what it was.
pub fn save(path: &Path, expected: &Stamp, bytes: &[u8]) -> Result<Stamp> {
    Lock::of([path])?.save(path, expected, bytes)
}

fn save_held(path: &Path, expected: &Stamp, bytes: &[u8]) -> Result<Stamp> {
    Staged::beside(path, expected, bytes)?.publish()
}

/// Replaces several files, all of them or none: the new bytes of each are on the disk before the first one is put in its
/// place, and if one cannot be, those before it get their old bytes back.
///
/// # Errors
/// As [`save`]. If a file could not get its old bytes back, the error says which ones are written.
pub fn save_all(replacements: &[Replacement]) -> Result<()> {
    Lock::of(replacements.iter().map(|replacement| replacement.path.as_path()))?.save_all(replacements)
}

fn staged(replacements: &[Replacement]) -> Result<Vec<Staged>> {
    let beside = |Replacement { path, expected, bytes }: &Replacement| Staged::beside(path, expected, bytes);
    replacements.iter().map(beside).collect()
}

fn publish_all(staged: Vec<Staged>) -> Result<()> {
    let mut published: Vec<(PathBuf, Option<Vec<u8>>, Stamp)> = Vec::new();
    for file in staged {
        let path = file.path.clone();
        let attempt = read(&file.target).and_then(|(old, stamp)| {
            let old = (!stamp.is_absent()).then_some(old);
            Ok((old, file.publish()?))
        });
        match attempt {
            Ok((old, now)) => published.push((path, old, now)),
            Err(error) => return Err(taken_back(published, error)),
        }
    }
    Ok(())
}

/// Gives files their old bytes back, the last one first, after one could not be written.
fn taken_back(published: Vec<(PathBuf, Option<Vec<u8>>, Stamp)>, error: Error) -> Error {
    let mut written = Vec::new();
    for (path, old, now) in published.into_iter().rev() {
        let back = match old {
            Some(old) => save_held(&path, &now, &old).map(drop),
            None if read(&path).is_ok_and(|(_, stamp)| stamp == now) => {
                fs::remove_file(&path).map_err(|error| Error::io("remove", &path, &error))
            }
            None => Err(changed(&path)),
        };
        if back.is_err() {
            written.push(path.display().to_string());
        }
    }
    if written.is_empty() {
        return error;
    }
    let hint = error.hint.replace("Nothing was written. ", "");
    let written = written.join(", ");
    error.hint(format!("Already written, and not brought back: {written}. Look at what it says there. {hint}").trim())
}

/// New bytes of a file, on the disk beside it.
struct Staged {
    path: PathBuf,
    target: PathBuf,
    folder: PathBuf,
    expected: Stamp,
    now: Stamp,
    file: tempfile::NamedTempFile,
}

impl Staged {
    fn beside(path: &Path, expected: &Stamp, bytes: &[u8]) -> Result<Self> {
        let target = behind_links(path)?;
        let doing = |error: std::io::Error| Error::io("write", path, &error);
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sternway-");
        let permissions = permissions(path, &target)?;
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
            fs::create_dir_all(&folder).map_err(doing)?;
        }
        let mut file = builder.tempfile_in(&folder).map_err(doing)?;
        file.write_all(bytes).map_err(doing)?;
        if let Some(permissions) = permissions {
            // Once more, because the umask applied to the first time.
            file.as_file().set_permissions(permissions).map_err(doing)?;
        }
        file.as_file().sync_all().map_err(doing)?;
        if read(&target)?.1 != *expected {
            return Err(changed(path));
        }
        let (path, expected, now) = (path.to_owned(), expected.clone(), Stamp::of(bytes));
        Ok(Self { path, target, folder, expected, now, file })
    }

    /// Puts the new bytes in the place of the old ones.
    fn publish(self) -> Result<Stamp> {
        let Self { path, target, folder, expected, now, file } = self;
        let doing = |error: std::io::Error| Error::io("write", &path, &error);
        // Looked at as late as possible: what remains is the moment between this and the rename.
        if read(&target)?.1 != expected {
            return Err(changed(&path));
        }
        if expected.is_absent() {
            file.persist_noclobber(&target).map_err(|error| match error.error.kind() {
                ErrorKind::AlreadyExists => changed(&path),
                _ => doing(error.error),
            })?;
        } else {
            file.persist(&target).map_err(|error| doing(error.error))?;
        }
        sync_folder(&folder).map_err(doing)?;
        Ok(now)
    }
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

/// The permissions of the file that is to be replaced, if there is one. Nothing but a regular file ever is.
fn permissions(path: &Path, target: &Path) -> Result<Option<fs::Permissions>> {
    match fs::metadata(target) {
        Ok(metadata) => {
            regular(path, &metadata)?;
            Ok(Some(metadata.permissions()))
        }
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

    #[test]
    fn several_files_are_written_together_or_not_at_all() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "a\n").expect("written");
        fs::write(at("c"), "c\n").expect("written");
        let stage = |name: &str, bytes: &str| {
            let (_, expected) = read(&at(name)).expect("readable");
            Staged::beside(&at(name), &expected, bytes.as_bytes()).expect("staged")
        };
        let staged = vec![stage("a", "a2\n"), stage("new/b", "b\n"), stage("c", "c2\n")];
        fs::write(at("c"), "theirs\n").expect("somebody writes");
        let error = publish_all(staged).expect_err("the last one is not what was read");
        assert_eq!(error.code, Code::FileChanged);
        assert!(error.hint.starts_with("Nothing was written"), "{error:?}");
        let text = |name: &str| fs::read_to_string(at(name)).ok();
        assert_eq!((text("a").as_deref(), text("new/b"), text("c").as_deref()), (Some("a\n"), None, Some("theirs\n")));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "no temporary file stays behind");

        let one = |name: &str, bytes: &str| Replacement {
            path: at(name),
            expected: read(&at(name)).expect("readable").1,
            bytes: bytes.into(),
        };
        save_all(&[one("a", "a3\n"), one("new/b", "b3\n")]).expect("written");
        assert_eq!((text("a").as_deref(), text("new/b").as_deref()), (Some("a3\n"), Some("b3\n")));
    }

    #[test]
    fn what_could_not_be_brought_back_is_said() {
        let folder = folder();
        let path = folder.path().join("a");
        fs::write(&path, "somebody was quicker\n").expect("written");
        let published = vec![(path, Some(b"old\n".to_vec()), Stamp::of(b"ours\n"))];
        let error = taken_back(published, changed(Path::new("b")));
        let hint = error.hint;
        assert!(hint.starts_with("Already written") && !hint.contains("Nothing was written"), "{hint}");
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

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_never_replaced_by_one() {
        use std::os::unix::fs::FileTypeExt;
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo").success());
        std::os::unix::fs::symlink("pipe", at("link")).expect("a link");
        for name in ["pipe", "link"] {
            for stamp in [Stamp::ABSENT, Stamp::of(b"")] {
                let error = save(&at(name), &stamp, b"A=1\n").expect_err("it is no file");
                assert!(error.message.contains("it is a named pipe"), "{error}");
            }
            assert!(read(&at(name)).expect_err("it is no file").message.contains("it is a named pipe"));
        }
        assert!(fs::symlink_metadata(at("pipe")).expect("there").file_type().is_fifo());
        std::os::unix::fs::symlink("/dev/null", at("null")).expect("a link");
        let (_, stamp) = read(&at("null")).expect("it is empty");
        let error = save(&at("null"), &stamp, b"A=1\n").expect_err("a device is no file");
        assert!(error.message.contains("it is a device"), "{error}");
        assert!(fs::metadata("/dev/null").expect("there").file_type().is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_elsewhere_is_followed() {
        let (folder, elsewhere) = (folder(), folder());
        let (link, target) = (folder.path().join(".env"), elsewhere.path().join("not-there-yet.env"));
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        let stamp = save(&link, &Stamp::ABSENT, b"A=1\n").expect("saved");
        save(&link, &stamp, b"A=2\n").expect("saved");
        assert_eq!(fs::read(&target).expect("written"), b"A=2\n");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    }

    #[test]
    fn who_writes_without_the_lock_held_by_another_waits() {
        let folder = folder();
        let path = folder.path().join("new/.env");
        let lock = Lock::of([path.as_path()]).expect("free");
        let (tell, told) = std::sync::mpsc::channel();
        let writer = {
            let path = path.clone();
            std::thread::spawn(move || {
                tell.send(()).expect("heard");
                save(&path, &Stamp::of(b"first\n"), b"second\n")
            })
        };
        told.recv().expect("it has begun");
        lock.save(&path, &Stamp::ABSENT, b"first\n").expect("saved");
        drop(lock);
        writer.join().expect("ended").expect("it saw what was written before it");
        assert_eq!(fs::read(&path).expect("readable"), b"second\n");
    }
}

//! A build's files: which ones are sent, as an archive, and one hash over all that a build depends on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde_json::json;
use sha2::{Digest, Sha256};
use sternway_model::{Code, Error, MOST_OF_TEXT, Result, ServiceName, open_file, read_file, read_text, regular};
use walkdir::WalkDir;

use crate::fingerprint::{of_file, sha256};
use crate::model::{Build, Further, at, says_nothing};

/// The name that a Dockerfile from outside the context gets in the archive.
const FOREIGN_DOCKERFILE: &str = ".sternway.Dockerfile";

/// More builds in a row than anybody has take files from one another's images.
const MOST_STEPS: usize = 100;

/// What the services of a model are built from.
pub(crate) type Builds = BTreeMap<ServiceName, Build>;

/// One hash over the files that are sent, the Dockerfile, the arguments and the target; and over all of that of the services
/// whose images it takes files from.
///
/// # Errors
/// If a file cannot be read, the context is not a folder of this machine, or builds need one another.
pub(crate) fn context_hash(name: &ServiceName, builds: &Builds) -> Result<String> {
    Hashes::new(builds).of(name)
}

/// Hashes of several builds: the files of each are read once, however many take files from its image.
pub(crate) struct Hashes<'b> {
    builds: &'b Builds,
    known: BTreeMap<&'b str, String>,
}

impl<'b> Hashes<'b> {
    pub fn new(builds: &'b Builds) -> Self {
        Self { builds, known: BTreeMap::new() }
    }

    /// As [`context_hash`].
    pub fn of(&mut self, name: &ServiceName) -> Result<String> {
        let name = self.builds.get_key_value(name).map_or(name.as_str(), |(name, _)| name.as_str());
        self.within(name, &mut Vec::new())
    }

    /// As [`context_hash`], for the sake of services that need this one.
    fn within(&mut self, name: &str, needing: &mut Vec<&'b str>) -> Result<String> {
        let Some((name, build)) = self.builds.get_key_value(name) else {
            return Err(Error::invalid(format!(
                "the service {name}, whose image a build takes files from, is not built here"
            ))
            .hint("Give it a `build`, and let no profile leave it out."));
        };
        let name = name.as_str();
        if let Some(hash) = self.known.get(name) {
            return Ok(hash.clone());
        }
        if needing.contains(&name) {
            needing.push(name);
            return Err(Error::invalid(format!("builds need one another: {}", needing.join(" → ")))
                .hint("Take one of them out of `build.additional_contexts`."));
        }
        if needing.len() >= MOST_STEPS {
            return Err(Error::invalid(format!(
                "more than {MOST_STEPS} builds in a row take files from the image of the next, from {} on",
                needing.first().unwrap_or(&name)
            ))
            .hint("Take files from the image that has them, in `build.additional_contexts`."));
        }
        needing.push(name);
        let mut services: BTreeMap<&str, String> = BTreeMap::new();
        for other in build.built_before() {
            services.insert(other, self.within(other, needing)?);
        }
        needing.pop();
        let hash = hash_of(build, &services)?;
        self.known.insert(name, hash.clone());
        Ok(hash)
    }
}

fn hash_of(build: &Build, services: &BTreeMap<&str, String>) -> Result<String> {
    let mut hash = Sha256::new();
    let settings = json!({
        "dockerfile": sha256(&dockerfile(build)?), "args": build.args, "target": build.target, "labels": build.labels,
        "network": build.network, "platforms": build.platforms, "extra_hosts": build.extra_hosts,
        "shm_size": build.shm_size.map(|size| size.0),
    });
    hash.update(settings.to_string());
    // Only what is given counts, so that images of builds without it stay known.
    let ids: Vec<&str> = build.secret_ids().map(|(id, _)| id).collect();
    let ulimits: BTreeMap<&String, [i64; 2]> = build.ulimits.iter().map(|(name, limit)| (name, limit.both())).collect();
    let mut contexts: BTreeMap<&str, String> = BTreeMap::new();
    for (name, from) in build.further() {
        let what = match from {
            Further::Address(address) => address.to_owned(),
            Further::Service(service) => services.get(service).cloned().unwrap_or_default(),
            Further::Folder(folder) => hex::encode(Sha256::digest(listing(&further_files(folder)?)?)),
        };
        contexts.insert(name, what);
    }
    let given = json!({"additional_contexts": contexts, "entitlements": build.entitlements,
        "privileged": build.privileged, "secrets": ids, "ssh": build.ssh, "ulimits": ulimits});
    if !says_nothing(&given) {
        hash.update(given.to_string());
    }
    hash.update(listing(&files(build)?)?);
    Ok(hex::encode(hash.finalize()))
}

/// Names, modes and contents of files, in one text that differs when one of them does.
fn listing(files: &BTreeMap<String, PathBuf>) -> Result<String> {
    let mut listing = String::new();
    for (name, path) in files {
        let metadata = std::fs::symlink_metadata(path).map_err(|error| Error::io("look at", path, &error))?;
        let content = if metadata.is_symlink() {
            let to = std::fs::read_link(path).map_err(|error| Error::io("read", path, &error))?;
            format!("link {}", to.display())
        } else if metadata.is_dir() {
            "folder".to_owned()
        } else {
            format!("file {}", of_file(path)?)
        };
        listing.push_str(&format!("\0{name}\0{:o}\0{content}", mode(&metadata)));
    }
    Ok(listing)
}

/// The context as an archive in a temporary file.
///
/// # Errors
/// As [`context_hash`].
pub(crate) fn archive(build: &Build) -> Result<File> {
    let broken = |error: std::io::Error| Error::failed(format!("cannot write the build's archive: {error}"));
    let mut archive = tar::Builder::new(tempfile::tempfile().map_err(broken)?);
    archive.follow_symlinks(false);
    for (name, path) in files(build)? {
        append(&mut archive, &name, &path)?;
    }
    if dockerfile_name(build)? == FOREIGN_DOCKERFILE {
        let content = dockerfile(build)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, FOREIGN_DOCKERFILE, content.as_slice()).map_err(broken)?;
    }
    let mut file = archive.into_inner().map_err(broken)?;
    file.flush().map_err(broken)?;
    Ok(file)
}

fn append(archive: &mut tar::Builder<File>, name: &str, path: &Path) -> Result<()> {
    let failed = |error| Error::io("send", path, &error);
    let metadata = std::fs::symlink_metadata(path).map_err(failed)?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&metadata);
    header.set_mode(mode(&metadata));
    // As Docker's own client: who owns the files here says nothing about the image.
    header.set_uid(0);
    header.set_gid(0);
    if metadata.is_symlink() {
        archive.append_link(&mut header, name, std::fs::read_link(path).map_err(failed)?).map_err(failed)
    } else if metadata.is_dir() {
        archive.append_data(&mut header, format!("{name}/"), std::io::empty()).map_err(failed)
    } else {
        let (file, about) = open_file("send", path)?;
        // As many bytes as are said to come, whatever is written meanwhile.
        header.set_size(about.len());
        archive.append_data(&mut header, name, file.take(about.len())).map_err(failed)
    }
}

#[cfg(unix)]
pub(super) fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
pub(super) fn mode(_: &std::fs::Metadata) -> u32 {
    0o755
}

/// The Dockerfile's name in the archive.
///
/// # Errors
/// As [`context_hash`].
pub(super) fn dockerfile_name(build: &Build) -> Result<String> {
    if build.dockerfile_inline.is_some() {
        return Ok(FOREIGN_DOCKERFILE.to_owned());
    }
    let path = dockerfile_path(build)?;
    let inside = path.strip_prefix(folder(build)?).ok().filter(|inside| !inside.starts_with(".."));
    Ok(inside.map_or_else(|| FOREIGN_DOCKERFILE.to_owned(), slashes))
}

fn dockerfile_path(build: &Build) -> Result<PathBuf> {
    let folder = folder(build)?;
    let path = folder.join(build.dockerfile.as_deref().unwrap_or("Dockerfile"));
    let failed = |error| Error::io("read the Dockerfile", &path, &error);
    let real = path.canonicalize().map_err(failed)?;
    regular(&path, &real.metadata().map_err(failed)?)?;
    Ok(real)
}

fn dockerfile(build: &Build) -> Result<Vec<u8>> {
    match &build.dockerfile_inline {
        Some(text) => Ok(text.clone().into_bytes()),
        None => read_file("read the Dockerfile", &dockerfile_path(build)?, MOST_OF_TEXT),
    }
}

/// The context's folder.
fn folder(build: &Build) -> Result<PathBuf> {
    let path = Path::new(&build.context);
    if build.context.contains("://") || build.context.starts_with("git@") {
        return Err(Error::new(Code::Unsupported, format!("the context `{}` is not a folder", build.context))
            .hint("Check it out, and give the folder as `build.context`.")
            .at(at("build.context")));
    }
    path.canonicalize().map_err(|error| Error::io("open the build's context", path, &error))
}

/// The files that are sent, by their names in the archive, in order.
fn files(build: &Build) -> Result<BTreeMap<String, PathBuf>> {
    files_below(&folder(build)?, &dockerfile_name(build)?)
}

/// The files of a further context, as [`files`] are: its own `.dockerignore` decides.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn further_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let real = folder.canonicalize().map_err(|error| Error::io("open the build's further context", folder, &error))?;
    files_below(&real, "")
}

/// The files of a folder that its `.dockerignore` does not leave out; the Dockerfile is never left out.
fn files_below(folder: &Path, dockerfile: &str) -> Result<BTreeMap<String, PathBuf>> {
    let ignored = Ignored::read(folder, dockerfile)?;
    let mut files = BTreeMap::new();
    let mut walk = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| Error::failed(format!("cannot read the build's context: {error}")))?;
        let path = entry.path();
        let name = path.strip_prefix(folder).map(slashes).unwrap_or_default();
        if ignored.ignores(&name) && name != dockerfile && name != ".dockerignore" {
            if entry.file_type().is_dir() && !ignored.has_exceptions && !dockerfile.starts_with(&format!("{name}/")) {
                walk.skip_current_dir();
            }
            continue;
        }
        if entry.file_type().is_dir() || entry.file_type().is_file() || entry.file_type().is_symlink() {
            files.insert(name, path.to_owned());
        }
    }
    Ok(files)
}

/// A path in the archive's form.
fn slashes(path: &Path) -> String {
    let parts: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// The rules of `.dockerignore`: the last one that fits a path, or a folder that it lies in, decides.
struct Ignored {
    rules: Vec<(bool, GlobMatcher)>,
    has_exceptions: bool,
}

impl Ignored {
    /// Reads `<Dockerfile>.dockerignore`, or else `.dockerignore`; both may be absent.
    fn read(folder: &Path, dockerfile: &str) -> Result<Self> {
        let own = (!dockerfile.is_empty()).then(|| format!("{dockerfile}.dockerignore"));
        for name in own.into_iter().chain([".dockerignore".to_owned()]) {
            let path = folder.join(name);
            match read_text("read", &path) {
                Ok(text) => return Self::parse(&path, &text),
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { rules: Vec::new(), has_exceptions: false })
    }

    fn parse(file: &Path, text: &str) -> Result<Self> {
        let mut rules = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (exception, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
            let glob = GlobBuilder::new(&parts.join("/")).literal_separator(true).backslash_escape(true).build();
            let glob =
                glob.map_err(|error| Error::invalid(format!("{}: `{line}` is no pattern: {error}", file.display())))?;
            rules.push((exception, glob.compile_matcher()));
        }
        let has_exceptions = rules.iter().any(|(exception, _)| *exception);
        Ok(Self { rules, has_exceptions })
    }

    fn ignores(&self, name: &str) -> bool {
        let fits = |glob: &GlobMatcher| Path::new(name).ancestors().any(|path| glob.is_match(path));
        self.rules.iter().rev().find(|(_, glob)| fits(glob)).is_some_and(|(exception, _)| !exception)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(build: &Build) -> String {
        hash_of(build, &BTreeMap::new()).expect("hashed")
    }

    fn names(build: &Build) -> Vec<String> {
        files(build).expect("readable").into_keys().collect()
    }

    #[test]
    fn dockerignore_decides_what_is_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "# a comment\nnode_modules\n**/*.log\n!keep.log\ndocs/*\n!docs/README\nDockerfile\n"),
            ("app.js", ""),
            ("keep.log", ""),
            ("sub/deep.log", ""),
            ("sub/node_modules/x", ""),
            ("node_modules/y", ""),
            ("docs/a", ""),
            ("docs/README", ""),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let build = Build { context: folder.path().display().to_string(), ..Build::default() };
        assert_eq!(
            names(&build),
            [
                ".dockerignore",
                "Dockerfile",
                "app.js",
                "docs",
                "docs/README",
                "keep.log",
                "sub",
                "sub/node_modules",
                "sub/node_modules/x"
            ]
        );

        let before = hashed(&build);
        std::fs::write(folder.path().join("docs/a"), "ignored").expect("written");
        assert_eq!(hashed(&build), before, "an ignored file changes nothing");
        std::fs::write(folder.path().join("app.js"), "new").expect("written");
        assert_ne!(hashed(&build), before, "a sent file does");
    }

    #[test]
    fn the_dockerfile_may_lie_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("context")).expect("made");
        std::fs::write(folder.path().join("Other"), "FROM scratch").expect("written");
        let context = folder.path().join("context").display().to_string();
        let outside = Build { context: context.clone(), dockerfile: Some("../Other".into()), ..Build::default() };
        assert_eq!(dockerfile_name(&outside).expect("found"), FOREIGN_DOCKERFILE);
        let inline = Build { context, dockerfile_inline: Some("FROM scratch".into()), ..Build::default() };
        assert_eq!(dockerfile_name(&inline).expect("named"), FOREIGN_DOCKERFILE);
        assert_eq!(hashed(&outside), hashed(&inline), "the same text builds the same image");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_left_out_or_refused_and_never_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = |name: &str| {
            let made = std::process::Command::new("mkfifo").arg(folder.path().join(name)).status().expect("mkfifo");
            assert!(made.success());
        };
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch").expect("written");
        pipe("pipe");
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).expect("a link");
        let build = Build { context: folder.path().display().to_string(), ..Build::default() };
        assert_eq!(names(&build), ["Dockerfile", "zero"], "a link is sent as one");
        hashed(&build);
        archive(&build).expect("packed");

        pipe("Other");
        let other = Build { dockerfile: Some("Other".into()), ..build.clone() };
        let refused = |build: &Build, name: &str| {
            let error = hash_of(build, &BTreeMap::new()).expect_err("refused");
            let said = format!("{name} is not a regular file: it is a named pipe");
            assert!(error.message.ends_with(&said), "{error}");
        };
        refused(&other, "Other");
        pipe(".dockerignore");
        refused(&build, ".dockerignore");
    }

    #[test]
    fn what_a_build_takes_from_elsewhere_counts_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["web", "base", "shared"] {
            std::fs::create_dir(path(name)).expect("made");
            std::fs::write(path(name).join("Dockerfile"), "FROM scratch").expect("written");
        }
        std::fs::write(path("shared/.dockerignore"), "ignored\n").expect("written");
        let build = |name: &str, contexts: &[(&str, String)]| {
            let contexts = contexts.iter().map(|(name, from)| ((*name).to_owned(), from.clone()));
            let (context, additional_contexts) = (path(name).display().to_string(), contexts.collect());
            (name.parse().expect("a name"), Build { context, additional_contexts, ..Build::default() })
        };
        let shared = path("shared").display().to_string();
        let web = build("web", &[("below", "service:base".to_owned()), ("files", shared)]);
        let builds = Builds::from([web, build("base", &[])]);
        let hash = || context_hash(&"web".parse().expect("a name"), &builds).expect("hashed");
        let mut seen = vec![hash()];
        for (file, changes) in [("shared/ignored", false), ("shared/a", true), ("base/b", true)] {
            std::fs::write(path(file), "new").expect("written");
            assert_eq!(!seen.contains(&hash()), changes, "{file}");
            seen.push(hash());
        }
        let circle = Builds::from([
            build("web", &[("b", "service:base".to_owned())]),
            build("base", &[("w", "service:web".to_owned())]),
        ]);
        let error = context_hash(&"web".parse().expect("a name"), &circle).expect_err("a circle");
        assert_eq!(error.message, "builds need one another: web → base → web");
    }

    #[test]
    fn images_that_many_take_files_from_are_hashed_once() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch").expect("written");
        let chain = |length: usize| -> Builds {
            let build = |number: usize| {
                // Two ways to each: without a memory there would be 2^60 of them.
                let below = (number + 1 < length).then(|| format!("service:s{}", number + 1));
                let contexts =
                    below.iter().flat_map(|below| [("a".to_owned(), below.clone()), ("b".to_owned(), below.clone())]);
                let (context, additional_contexts) = (folder.path().display().to_string(), contexts.collect());
                (
                    format!("s{number}").parse().expect("a name"),
                    Build { context, additional_contexts, ..Build::default() },
                )
            };
            (0..length).map(build).collect()
        };
        let first = "s0".parse().expect("a name");
        context_hash(&first, &chain(60)).expect("hashed");
        let error = context_hash(&first, &chain(50_000)).expect_err("nobody has so many");
        assert!(error.message.contains("more than 100 builds in a row"), "{error}");
    }
}

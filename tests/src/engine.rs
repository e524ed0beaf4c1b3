//! What really runs, asked from the engine by its own program, not through anything of ours.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{Failure, Result};

const PROJECT: &str = "com.docker.compose.project";
const LEASE: &str = "sternway-lease-";
/// Images that a release needs are kept under names below this one.
const KEPT: &str = "sternway/";

/// What a program prints on standard output.
fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{program} {}: {errors}", arguments.join(" "))))
}

fn docker(arguments: &[&str]) -> Result<String> {
    output("docker", arguments)
}

/// All containers of a Compose project, as `docker inspect` shows them, in the order of their names.
///
/// # Errors
/// If the engine does not answer.
pub fn containers(project: &str) -> Result<Vec<Value>> {
    let filter = format!("label={PROJECT}={project}");
    let ids = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter])?;
    let mut arguments = vec!["inspect"];
    arguments.extend(ids.lines());
    if arguments.len() == 1 {
        return Ok(Vec::new());
    }
    let mut containers: Vec<Value> = serde_json::from_str(&docker(&arguments)?)?;
    containers.sort_by_key(|container| container["Name"].to_string());
    Ok(containers)
}

/// Name and id of all containers of a Compose project.
///
/// # Errors
/// As [`containers`].
pub fn ids(project: &str) -> Result<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(containers(project)?.iter().map(|container| (text(&container["Name"]), text(&container["Id"]))).collect())
}

/// Everything about the images of a project that whoever may use the engine can see.
///
/// # Errors
/// As [`containers`].
pub fn images(project: &str) -> Result<Vec<Value>> {
    let mut images = Vec::new();
    for container in containers(project)? {
        let id = container["Image"].as_str().unwrap_or_default();
        let inspected: Vec<Value> = serde_json::from_str(&docker(&["image", "inspect", id])?)?;
        images.extend(inspected);
        images.push(docker(&["history", "--no-trunc", id])?.into());
    }
    Ok(images)
}

/// Names of the images that are kept for a service's releases, in order.
///
/// # Errors
/// As [`containers`].
pub fn kept(project: &str, service: &str) -> Result<Vec<String>> {
    let repository = format!("{KEPT}{project}/{service}");
    let listed = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", &repository])?;
    let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// Runs Docker Compose on a project by its name alone: it knows only what the labels say.
///
/// # Errors
/// If there is no Docker Compose, or it fails.
pub fn compose(project: &str, arguments: &[&str]) -> Result<String> {
    let arguments = [&["--project-name", project], arguments].concat();
    let fetched = fetched_compose();
    if fetched.is_file() {
        return output(&fetched.to_string_lossy(), &arguments);
    }
    docker(&[&["compose"], arguments.as_slice()].concat())
}

/// Docker Compose as a program of its own.
///
/// # Errors
/// If there is none.
pub fn compose_program() -> Result<PathBuf> {
    let plugins =
        ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"];
    let places = plugins.iter().map(|folder| PathBuf::from(folder).join("docker-compose"));
    [fetched_compose()]
        .into_iter()
        .chain(places)
        .find(|program| program.is_file())
        .ok_or_else(|| Failure::new("there is no Docker Compose; scripts/setup fetches it"))
}

/// Where `scripts/setup` puts Docker Compose if the machine has none.
fn fetched_compose() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .unwrap_or_default();
    cache.join("sternway/compose/docker-compose")
}

/// Removes containers, networks, volumes and images of the Compose projects for which `of` holds.
///
/// # Errors
/// If the engine does not answer, or does not remove something.
pub fn remove(of: impl Fn(&str) -> bool) -> Result<()> {
    let label = format!("{{{{.Label \"{PROJECT}\"}}}}");
    let each = |list: &[&str], columns: &str| -> Result<Vec<(String, String)>> {
        let format = format!("{columns} {label}");
        let lines = docker(&[list, &["--format", &format]].concat())?;
        Ok(lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, project)| (name.to_owned(), project.to_owned()))
            .collect())
    };
    for (name, project) in each(&["ps", "--all"], "{{.Names}}")? {
        let project = name.strip_prefix(LEASE).unwrap_or(&project);
        if of(project) {
            docker(&["rm", "--force", "--volumes", &name])?;
        }
    }
    for kind in ["network", "volume"] {
        for (name, project) in each(&[kind, "ls"], "{{.Name}}")? {
            if of(&project) {
                docker(&[kind, "rm", &name])?;
            }
        }
    }
    let images = docker(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"])?;
    for image in images.lines().filter(|image| of(image.strip_prefix(KEPT).unwrap_or(image))) {
        docker(&["image", "rm", "--force", image])?;
    }
    Ok(())
}

//! A first `sternway.yaml`, made from what a folder has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sternway_model::{
    Code, EnvironmentName, Error, FILE_NAME, ProjectFile, ProjectName, Result, ServiceName, read_text, yaml,
};

use crate::variables::PLACEHOLDER;

/// The names that Compose looks for, in its order.
const COMPOSE_FILES: [(&str, &str); 4] =
    [("compose", "yaml"), ("compose", "yml"), ("docker-compose", "yml"), ("docker-compose", "yaml")];

/// Words by which people call their environments. Projects have many files more that are called like these (`compose.tls.yml`,
/// `.env.sample`), so that a file alone makes no environment of a word that is not here.
const ENVIRONMENTS: &str = "acc acceptance beta canary ci demo dev devel development int integration live pre preprod \
    preproduction preview prd prod production qa sandbox stag stage staging stg test testing training uat";

/// A first `sternway.yaml`, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaffold {
    /// The text of the file.
    pub text: String,
    /// The project's name.
    pub project: ProjectName,
    /// Its environments, in the order in which releases travel.
    pub environments: Vec<EnvironmentName>,
    /// The Compose files that were found.
    pub compose: Vec<String>,
    /// The env files that were found.
    pub variables: Vec<String>,
}

/// What a folder without a file for any environment is: somebody's own machine, to begin with.
const ONLY: &str = "development";

/// A `sternway.yaml` for a folder: its environments from the names of its env files and Compose files, its services from the
/// Compose file. Without such names there is one environment. Nothing is written.
///
/// # Errors
/// [`Code::InvalidInput`] if the folder has a `sternway.yaml`, or its Compose file cannot be read; [`Code::NotFound`] if
/// it has no Compose file.
pub fn scaffold(dir: &Path) -> Result<Scaffold> {
    let names = file_names(dir)?;
    if names.contains(FILE_NAME) {
        return Err(Error::invalid(format!("{} has a {FILE_NAME} already", dir.display()))
            .hint("Open the folder as it is, or move that file away first."));
    }
    let found = COMPOSE_FILES.iter().find(|(stem, extension)| names.contains(&format!("{stem}.{extension}")));
    let Some((stem, extension)) = found else {
        return Err(Error::new(Code::NotFound, format!("there is no Compose file in {}", dir.display()))
            .hint("Sternway deploys what a Compose file describes: add a compose.yaml, then try again."));
    };
    let compose = Compose::read(dir, &format!("{stem}.{extension}"))?;
    let layers = named(&names, &format!("{stem}."), &format!(".{extension}"));
    let own = named(&names, ".env.", "");
    let Found { environments: mut found, unread } = environments(&layers, &own);
    let layers: BTreeSet<&EnvironmentName> = found.iter().filter(|name| layers.contains(*name)).collect();
    let has = |begin: &str| found.iter().any(|name| name.as_str().starts_with(begin));
    // The Compose file alone is what `docker compose up` runs, and so an environment too.
    let alone = match layers.len() == found.len() {
        true if !has("dev") => Some(ONLY),
        true if !found.iter().any(is_production) => Some("production"),
        _ => None,
    };
    let any_layer = !layers.is_empty();
    if let Some(alone) = alone {
        found.push(alone.parse()?);
    }
    found.sort_by_key(|name| (rank(name), name.clone()));

    let mut files = vec![compose.file.clone()];
    if any_layer {
        files.push(format!("{stem}.{PLACEHOLDER}.{extension}"));
    }
    let left_out = format!("{stem}.override.{extension}");
    let project = match &compose.name {
        Some(name) => name.clone(),
        None => folder_name(dir)?,
    };
    let left_out = names.contains(&left_out).then_some(&left_out);
    let text = write(&project, &found, &files, left_out, &unread, &compose.checked);
    ProjectFile::load(Path::new(FILE_NAME), &text)
        .map_err(|error| Error::internal(format!("the {FILE_NAME} that was made is not valid: {error}")))?;
    let of_environment = |before: &str, after: &str| {
        let names = found.iter().map(move |environment| format!("{before}{environment}{after}"));
        names.collect::<Vec<String>>()
    };
    let there = |candidates: Vec<String>| candidates.into_iter().filter(|name| names.contains(name)).collect();
    let compose_files = [vec![compose.file], of_environment(&format!("{stem}."), &format!(".{extension}"))].concat();
    let variables = [vec![".env".to_owned()], of_environment(".env.", "")].concat();
    Ok(Scaffold { text, project, environments: found, compose: there(compose_files), variables: there(variables) })
}

/// What is needed of a Compose file.
struct Compose {
    file: String,
    /// Its `name:`, if it can be a project's.
    name: Option<ProjectName>,
    /// Services that say whether they are healthy.
    checked: Vec<ServiceName>,
}

impl Compose {
    fn read(dir: &Path, file: &str) -> Result<Self> {
        let path = dir.join(file);
        let text = read_text("read", &path)?;
        let documents = yaml::parse(Path::new(file), &text)?;
        let root = documents.first();
        let name = root.and_then(|root| root.get("name")?.text()?.parse().ok());
        let services = root.and_then(|root| root.get("services")).map(|services| &services.content);
        let checked = match services {
            Some(yaml::Content::Mapping(services)) => {
                let checked = services.iter().filter(|(_, service)| service.get("healthcheck").is_some_and(is_on));
                checked.filter_map(|(name, _)| name.text.parse().ok()).collect()
            }
            _ => Vec::new(),
        };
        Ok(Self { file: file.to_owned(), name, checked })
    }
}

fn is_on(healthcheck: &yaml::Node) -> bool {
    !healthcheck.is_null() && healthcheck.get("disable").and_then(yaml::Node::text) != Some("true")
}

fn file_names(dir: &Path) -> Result<BTreeSet<String>> {
    let listing = |error: std::io::Error| Error::io("list", dir, &error);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(listing)? {
        // A name that is not UTF-8 is none of those that are looked for.
        names.extend(entry.map_err(listing)?.file_name().into_string().ok());
    }
    Ok(names)
}

/// What stands between these two parts of files' names.
fn named(names: &BTreeSet<String>, before: &str, after: &str) -> BTreeSet<EnvironmentName> {
    let middle = names.iter().filter_map(|name| name.strip_prefix(before)?.strip_suffix(after));
    middle.filter_map(|name| name.parse().ok()).collect()
}

/// The environments that files are named for.
struct Found {
    environments: Vec<EnvironmentName>,
    /// Env files that are called otherwise than the Compose file of their environment, each with that one's name.
    unread: Vec<(EnvironmentName, EnvironmentName)>,
}

/// The environments of a folder with these names in Compose files and env files: those that both have, and those that are called as
/// environments are.
fn environments(layers: &BTreeSet<EnvironmentName>, own: &BTreeSet<EnvironmentName>) -> Found {
    let both = |name: &EnvironmentName| layers.contains(name) && own.contains(name);
    let mut environments: Vec<EnvironmentName> =
        layers.union(own).filter(|name| both(name) || is_environment(name)).cloned().collect();
    let mut unread = Vec::new();
    for short in environments.clone().iter().filter(|name| is_production(name)) {
        // `prod` in one and `production` in the other is one environment.
        let other = environments.iter().find(|other| is_production(other) && *other != short).cloned();
        if let Some(other) = other.filter(|other| layers.contains(short) && !both(short) && !layers.contains(other)) {
            environments.retain(|name| *name != other);
            unread.push((other, short.clone()));
        }
    }
    Found { environments, unread }
}

/// Whether people call an environment so: by a usual word, perhaps with a number or a region beside it (`prod-eu`, `staging2`).
fn is_environment(name: &EnvironmentName) -> bool {
    let usual = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        ENVIRONMENTS.split(' ').any(|usual| usual == word)
    };
    let (usual, others): (Vec<&str>, Vec<&str>) = name.as_str().split(['-', '_']).partition(|word| usual(word));
    let beside = |word: &&str| word.len() <= 3 || word.ends_with(|c: char| c.is_ascii_digit());
    let regions = ["east", "west", "north", "south", "central"];
    !usual.is_empty() && others.iter().all(|word| beside(word) || regions.contains(word))
}

/// The order in which releases usually travel.
fn rank(environment: &EnvironmentName) -> usize {
    const ORDER: [&str; 9] = ["dev", "test", "ci", "qa", "int", "stag", "uat", "pre", "prod"];
    let unknown = ORDER.len() - 2;
    ORDER.iter().position(|begin| environment.as_str().starts_with(begin)).unwrap_or(unknown)
}

fn is_production(environment: &EnvironmentName) -> bool {
    environment.as_str().starts_with("prod") || environment.as_str() == "live"
}

/// The folder's name as Compose would make a project's name of it.
fn folder_name(dir: &Path) -> Result<ProjectName> {
    let dir: PathBuf = dir.canonicalize().map_err(|error| Error::io("open", dir, &error))?;
    let name = dir.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let allowed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let short: String = allowed.trim_matches(['-', '_']).chars().take(40).collect();
    short.parse().or_else(|_| "project".parse())
}

fn write(
    project: &ProjectName,
    environments: &[EnvironmentName],
    compose: &[String],
    left_out: Option<&String>,
    unread: &[(EnvironmentName, EnvironmentName)],
    checked: &[ServiceName],
) -> String {
    let mut text = format!(
        "# What Sternway deploys from this folder. Safe to commit: it names secrets and never holds them.\n\
         project: \"{project}\"\n\n\
         # Where it runs, in the order in which releases travel. `local` is the Docker engine of this machine.\n\
         environments:\n"
    );
    for environment in environments {
        text.push_str(&format!("  \"{environment}\":\n    target: {{ docker: local }}\n"));
        if is_production(environment) {
            text.push_str("    protected: true # its name must be typed before anything changes\n");
        }
    }
    text.push_str(&format!(
        "\nconfiguration:\n  \
         # Later files win. `{PLACEHOLDER}` stands for the environment's name, and such a file may be missing.\n  \
         variables: [\".env\", \".env.{PLACEHOLDER}\"]\n"
    ));
    for (file, environment) in unread {
        text.push_str(&format!(
            "  # .env.{file} is not read: call it .env.{environment}, as the Compose file is called.\n"
        ));
    }
    text.push_str(
        "  # Variables without which nothing is deployed, such as [DB_HOST, DB_PASSWORD].\n  \
         required: []\n\
         \napplication:\n",
    );
    if let Some(file) = left_out {
        text.push_str(&format!(
            "  # {file} is left out: `docker compose up` adds it on a developer's machine. List it to deploy it too.\n"
        ));
    }
    let compose: Vec<_> = compose.iter().map(|file| format!("\"{file}\"")).collect();
    text.push_str(&format!(
        "  compose: [{}]\n\
         \npipeline:\n  \
         # Before anything is touched, such as `- {{ name: clean tree, git: clean }}` or\n  \
         # `- {{ name: unit tests, run: npm test }}`.\n  \
         checks: []\n  \
         # After the change: decides whether it stays. Services are asked for their health; a request looks like\n  \
         # `- {{ name: health, http: \"http://localhost:8080/health\" }}`.\n",
        compose.join(", ")
    ));
    if checked.is_empty() {
        text.push_str("  verify: []\n");
    } else {
        text.push_str("  verify:\n");
        for service in checked {
            text.push_str(&format!("    - {{ name: \"{service} is healthy\", healthy: \"{service}\" }}\n"));
        }
    }
    text
}

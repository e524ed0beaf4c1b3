//! References to the keychain in files where a deployment does not fill them in.
//!
//! A secret's value is put in at the moment a container is made, into its environment and into the content of secrets and
//! configs that are variables. A file of the project is mounted or copied as it stands, and filling it in would write the
//! value to a disk. So who reads such a file gets the words `keychain:NAME`, and the plan says so.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use sternway_config::document::{Document, written};
use sternway_model::{EnvironmentName, Result, read_text};

use crate::configure::blocking;
use crate::documents::{Listed, config_files};
use crate::kept;
use crate::project::Project;
use crate::want::Wanted;

/// So many places of a file are named; the others are counted.
const NAMED: usize = 3;

/// Adds to a plan's blockers the files with references that a service would get as they stand, and to its notes the
/// others.
///
/// # Errors
/// None of its own; a file that cannot be read says so where it is opened.
pub(crate) async fn tell(project: &Project, environment: &EnvironmentName, wanted: &mut Wanted) -> Result<()> {
    let (project, environment) = (project.clone(), environment.clone());
    let folder = project.folder.clone();
    let found = blocking(move || Ok(references(&project, &environment))).await?;
    for Found { file, places, secret } in found {
        let (first, what) = (places.first().cloned().unwrap_or_default(), said(&places));
        match given_to(&wanted.want.application, &folder, &file) {
            Some(whom) => wanted.blockers.push(format!(
                "{what} {} a reference to the keychain, and {whom} would get those words: files are given to containers as \
                 they stand. Let the program read the secret {secret} from a variable, or from a Compose secret such as \
                 `secrets: {{ NAME: {{ environment: {secret} }} }}`, and take {first} out of the file",
                if places.len() == 1 { "is" } else { "are" },
            )),
            None => wanted.notes.push(format!(
                "{what} {} a reference to the keychain: a deployment does not fill it in there, so that whoever reads the \
                 file finds those words",
                if places.len() == 1 { "is" } else { "are" },
            )),
        }
    }
    Ok(())
}

/// A file with references.
struct Found {
    file: PathBuf,
    /// Each with its line: `config/app.json:3 (db.password)`.
    places: Vec<String>,
    /// The first secret that is named.
    secret: String,
}

fn references(project: &Project, environment: &EnvironmentName) -> Vec<Found> {
    let read = |Listed { path, format, .. }: Listed| {
        let text = read_text("read", &project.folder.join(&path)).ok()?;
        let document = Document::parse(&path, format, &text).ok()?;
        let mut secret = None;
        let places: Vec<String> = document
            .values()
            .iter()
            .filter_map(|value| {
                let reference = value.secret()?.ok()?;
                secret.get_or_insert_with(|| reference.name.to_string());
                Some(format!("{}:{} ({})", path.display(), value.line, written(&value.path)))
            })
            .collect();
        Some(Found { secret: secret?, places, file: path })
    };
    config_files(project, environment).into_iter().filter_map(read).collect()
}

fn said(places: &[String]) -> String {
    let named = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match places.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Who gets a file, by the canonical Compose model: as a secret, as a config, or mounted by itself. A folder with it in is
/// mounted for many reasons.
fn given_to(model: &Json, folder: &Path, file: &Path) -> Option<String> {
    let path = folder.join(file);
    let is_it = |value: Option<&Json>| value.and_then(Json::as_str).is_some_and(|source| Path::new(source) == path);
    for (section, one) in [("secrets", "secret"), ("configs", "config")] {
        let sources = model.get(section).and_then(Json::as_object).into_iter().flatten();
        let has_it = |source: &Json| is_it(source.get("file")) || kept::is_copy_of(source, &path);
        if let Some((name, _)) = sources.into_iter().find(|(_, source)| has_it(source)) {
            return Some(format!("who gets the {one} {name}"));
        }
    }
    let mut services = model.get("services").and_then(Json::as_object).into_iter().flatten();
    let mounted = services.find(|(_, service)| {
        let volumes = service.get("volumes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        volumes.iter().any(|volume| is_it(volume.get("source")))
    });
    mounted.map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::want::Want;

    #[tokio::test]
    async fn a_reference_where_nobody_fills_it_in_is_said_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        write(
            "sternway.yaml",
            "project: shop\nenvironments: { staging: { target: { docker: local } } }\n\
             configuration: { files: [app.json, \"{environment}.yaml\", plain.toml, web.env] }\n",
        );
        write("docker-compose.yml", "services: { web: { image: i, env_file: web.env } }\n");
        write("web.env", "TOKEN=keychain:TOKEN\n");
        write("plain.toml", "a = 1 # keychain:A\n");
        write("app.json", "{\n  \"db\": { \"password\": \"keychain:DB_PASSWORD\" },\n  \"key\": \"keychain:KEY\"\n}\n");
        write("staging.yaml", "token: keychain:TOKEN\n");
        let project = Project::open(folder.path()).expect("a project");
        let source = |file: &str| project.folder.join(file).display().to_string();
        let told = async |application: Json| {
            let release = json!({
                "number": 1, "environment": "staging", "created": "2026-01-01T00:00:00Z", "configuration": [],
                "application": application, "images": {}, "revision": null, "verify": [], "evidence": []
            });
            let release = serde_json::from_value(release).expect("a release");
            let mut wanted = Wanted::plain(Want::from_release(&release));
            tell(&project, &"staging".parse().expect("a name"), &mut wanted).await.expect("told");
            (wanted.blockers, wanted.notes)
        };
        let (blockers, notes) = told(json!({ "services": {} })).await;
        assert_eq!((blockers.len(), notes.len()), (0, 2), "{notes:?}");
        assert!(notes[0].starts_with("app.json:2 (db.password), app.json:3 (key) are a reference"), "{notes:?}");
        assert!(notes[1].starts_with("staging.yaml:1 (token) is a reference"), "{notes:?}");

        let mut named = json!({ "configs": { "app": { "file": source("app.json") } } });
        kept::name(&mut named).expect("named");
        let (blockers, notes) = told(json!({
            "configs": named["configs"],
            "services": { "web": { "volumes": [{ "type": "bind", "source": source("staging.yaml"), "target": "/x" }] } },
        }))
        .await;
        assert_eq!((blockers.len(), notes.len()), (2, 0), "{blockers:?}");
        assert!(blockers[0].contains("who gets the config app would get those words"), "{blockers:?}");
        assert!(blockers[1].contains("web would get") && blockers[1].contains("TOKEN"), "{blockers:?}");
    }
}

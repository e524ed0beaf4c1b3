//! A first `sternway.yaml`.

use std::fs;
use std::path::{Path, PathBuf};

use sternway_config::scaffold;
use sternway_model::{Code, FILE_NAME, ProjectFile, Verify};

/// A folder of this name, and the one around it that goes away at the end.
struct Folder(tempfile::TempDir, &'static str);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join(self.1)
    }
}

fn folder(name: &'static str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder(tempfile::tempdir().expect("a folder"), name);
    fs::create_dir(folder.path()).expect("a folder");
    for (file, text) in files {
        fs::write(folder.path().join(file), text).expect("writable");
    }
    folder
}

fn load(text: &str) -> ProjectFile {
    ProjectFile::load(Path::new(FILE_NAME), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn environments(project: &ProjectFile) -> Vec<(&str, bool)> {
    project.environments.iter().map(|(name, environment)| (name.as_str(), environment.protected)).collect()
}

const COMPOSE: &str = "services:\n  web: { image: web }\n  db:\n    image: db\n    healthcheck: { test: [CMD, ready] }\n  \
    off:\n    image: x\n    healthcheck: { disable: true }\n";

#[test]
fn takes_what_the_folder_has() {
    let folder = folder(
        "shop_app",
        &[
            ("docker-compose.yml", COMPOSE),
            ("docker-compose.prod.yml", "services: {}\n"),
            ("docker-compose.override.yml", "services: {}\n"),
            (".env", "A=1\n"),
            (".env.dev", "A=1\n"),
            (".env.qa", "A=1\n"),
            (".env.example", "A=\n"),
            (".env.prod.bak", "A=\n"),
        ],
    );
    let made = scaffold(&folder.path()).expect("it has a Compose file");
    let text = &made.text;
    let project = load(text);
    assert_eq!(made.compose, ["docker-compose.yml", "docker-compose.prod.yml"]);
    assert_eq!(made.variables, [".env", ".env.dev", ".env.qa"]);
    assert_eq!(project.project.as_str(), "shop_app", "the folder's name");
    assert_eq!(environments(&project), [("dev", false), ("qa", false), ("prod", true)]);
    assert_eq!(project.application.compose, ["docker-compose.yml", "docker-compose.{environment}.yml"]);
    assert_eq!(project.configuration.variables, [".env", ".env.{environment}"]);
    assert!(project.configuration.required.is_empty());
    let healthy: Vec<_> = project.pipeline.verify.iter().map(|step| &step.verify).collect();
    assert!(matches!(healthy[..], [Verify::Healthy(service)] if service.as_str() == "db"), "{healthy:?}");
    assert!(text.contains("docker-compose.override.yml is left out"), "{text}");
}

#[test]
fn has_one_environment_without_a_hint_of_more() {
    let folder = folder(
        "My Shop 2!",
        &[("compose.yaml", "name: My_Shop\nservices: {}\n"), ("docker-compose.yml", "services: {}\n")],
    );
    let project = load(&scaffold(&folder.path()).expect("it has a Compose file").text);
    assert_eq!(environments(&project), [("development", false)], "none is invented");
    assert_eq!(project.application.compose, ["compose.yaml"], "the one that Compose prefers");
    assert_eq!(project.project.as_str(), "my-shop-2", "Compose's name has upper case, so the folder's is taken");
    assert!(project.pipeline.verify.is_empty());
}

/// What public projects have beside their Compose files.
#[test]
fn makes_environments_only_of_what_is_one() {
    let cases: [(&[&str], &[&str]); 8] = [
        // Langfuse.
        (
            &["compose.dev.yml", "compose.dev-azure.yml", "compose.dev-redis-cluster.yml", "compose.build.yml"],
            &["dev", "production"],
        ),
        // Mattermost.
        (&["compose.nginx.yml", "compose.without-nginx.yml", ".env.example"], &["development"]),
        // The demo of OpenTelemetry.
        (&["compose.agent.yml", "compose.extras.yml", "compose.full.yml", "compose.tests.yml"], &["development"]),
        // NetBox.
        (&["compose.test.yml", "compose.override.yml"], &["development", "test"]),
        // Coolify: one environment under two names.
        (&["compose.prod.yml", "compose.dev.yml", ".env.production", ".env.development.example"], &["dev", "prod"]),
        (&["compose.prod.yml"], &["development", "prod"]),
        (
            &[".env.prod-eu", ".env.prod-us-east-1", ".env.staging2", ".env.acme"],
            &["staging2", "prod-eu", "prod-us-east-1"],
        ),
        // Whatever has a Compose file and an env file of its own is an environment, whatever it is called.
        (&["compose.acme.yml", ".env.acme"], &["development", "acme"]),
    ];
    for (beside, expected) in cases {
        let files: Vec<(&str, &str)> =
            beside.iter().map(|name| (*name, "")).chain([("compose.yml", COMPOSE)]).collect();
        let folder = folder("shop", &files);
        let made = scaffold(&folder.path()).expect("it has a Compose file");
        let names: Vec<&str> = made.environments.iter().map(sternway_model::EnvironmentName::as_str).collect();
        assert_eq!(names, expected, "{beside:?}");
        let told = made.text.contains(".env.production is not read: call it .env.prod");
        assert_eq!(told, beside.contains(&".env.production"), "{}", made.text);
    }
}

#[test]
fn says_what_it_cannot_do() {
    let none = folder("none", &[(".env", "A=1\n")]);
    assert_eq!(scaffold(&none.path()).expect_err("nothing to deploy").code, Code::NotFound);
    let there = folder("there", &[("compose.yaml", COMPOSE), (FILE_NAME, "project: x\n")]);
    assert!(scaffold(&there.path()).expect_err("it has one").message.contains("already"));
    let broken = folder("broken", &[("compose.yaml", "services:\n  web: [\n")]);
    let at = scaffold(&broken.path()).expect_err("not YAML").at.expect("a place");
    assert_eq!(at.file, Path::new("compose.yaml"));
}

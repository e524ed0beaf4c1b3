//! Files that are none. Nothing here may wait for one, and what is said names it.

use std::path::Path;
use std::process::Command;

use sternway_core::Project;

use crate::fixture::Shop;

fn replaced(shop: &Shop, name: &str) {
    let file = shop.path().join(name);
    if file.exists() {
        std::fs::remove_file(&file).expect("removed");
    }
    assert!(Command::new("mkfifo").arg(file).status().expect("mkfifo").success());
}

const REFUSED: &str = "is not a regular file: it is a named pipe";

#[test]
fn a_project_file_that_is_a_pipe_is_refused() {
    let shop = Shop::with(&[]);
    replaced(&shop, "sternway.yaml");
    let error = Project::open(&shop.path()).expect_err("refused");
    assert!(error.message.ends_with(&format!("sternway.yaml {REFUSED}")), "{error}");
}

#[tokio::test]
async fn variables_and_documents_that_are_pipes_are_refused_and_versions_leave_them_out() {
    let shop = Shop::with(&[("config/app.json", "{}"), (".env", "A=1\n"), ("docker-compose.yml", "services: {}")]);
    for name in [".env.staging", "config/app.json", "docker-compose.yml"] {
        replaced(&shop, name);
    }
    let (project, staging) = (shop.project(), "staging".parse().expect("a name"));
    let error = shop.core.variables(&project, &staging).await.expect_err("refused");
    assert!(error.message.ends_with(&format!(".env.staging {REFUSED}")), "{error}");
    let error = shop.core.set_variable(&project, Some(&staging), "B", "1", false, None).await.expect_err("refused");
    assert!(error.message.ends_with(&format!(".env.staging {REFUSED}")), "{error}");
    let error = shop.core.open_document(&project, Path::new("config/app.json"), true).await.expect_err("refused");
    assert!(error.message.ends_with(&format!("app.json {REFUSED}")), "{error}");
    let documents = shop.core.documents(&project).await.expect("listed").documents;
    let wrong = |name: &str| documents.iter().any(|entry| entry.path == Path::new(name) && entry.problem.is_some());
    assert!(wrong("config/app.json") && wrong("docker-compose.yml"));
    shop.core.notice(&project).await.expect("what can be read is written down");
    let files = project.compose_files(&staging).expect("it is there");
    assert_eq!(files.len(), 1, "whoever reads it says what it is");
}

#[tokio::test]
async fn rules_of_git_that_are_a_pipe_are_refused() {
    let shop = Shop::with(&[("below/a.txt", "a\n")]);
    replaced(&shop, "below/.gitignore");
    let error = shop.core.scan_leaks(&shop.project(), false).await.expect_err("refused");
    assert!(error.message.ends_with(&format!(".gitignore {REFUSED}")), "{error}");
}

#[tokio::test]
async fn a_first_project_file_is_not_made_of_a_pipe() {
    let shop = Shop::with(&[(".env", "A=1\n")]);
    std::fs::remove_file(shop.path().join("sternway.yaml")).expect("removed");
    replaced(&shop, "compose.yaml");
    let error = shop.core.init(&shop.path()).await.expect_err("refused");
    assert!(error.message.ends_with(&format!("compose.yaml {REFUSED}")), "{error}");
    std::fs::remove_file(shop.path().join("compose.yaml")).expect("removed");
    shop.write("compose.yaml", "services: {}\n");
    replaced(&shop, ".env");
    let made = shop.core.init(&shop.path()).await.expect("it is written");
    assert!(
        made.problems.iter().any(|error| error.message.ends_with(&format!(".env {REFUSED}"))),
        "{:?}",
        made.problems
    );
}

//! The cases of `../shared/compose-cases`: what Docker Compose 2.26 makes of Compose files. They stay outside the
//! repository; without them there is nothing to test here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sternway_compose::{Model, Sources, as_compose_prints, load};
use tempfile::TempDir;

use crate::stage::{Stage, on_stage};

/// How many cases were right when this was last looked at: it may become more, never fewer.
const EQUAL: usize = 221;
const REFUSED: usize = 65;

#[derive(Deserialize)]
struct Case {
    /// The file that the case was taken from.
    source: String,
    accepts: bool,
    #[serde(default)]
    model: Value,
    #[serde(default)]
    error: String,
    env: BTreeMap<String, String>,
}

/// The folders of the cases; none where they are not there.
fn folders() -> Vec<PathBuf> {
    // Seen from the crate's folder, in which cargo starts tests; checkouts that share a target folder share this program.
    let cases = Path::new("../../../shared/compose-cases");
    let Ok(folders) = fs::read_dir(cases) else {
        println!("skipped: there is no {}", cases.display());
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> =
        folders.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn case(folder: &Path) -> Case {
    let text = fs::read_to_string(folder.join("case.json")).expect("each case has one");
    serde_json::from_str(&text).expect("a case")
}

/// A copy of a case's files, in a folder of the name that the models were made in.
fn copied(folder: &Path) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a folder");
    let dir = parent.path().join("case");
    fs::create_dir(&dir).expect("a folder");
    for file in fs::read_dir(folder).expect("readable").filter_map(std::result::Result::ok) {
        fs::copy(file.path(), dir.join(file.file_name())).expect("can be copied");
    }
    (parent, dir)
}

#[test]
fn models_are_those_of_compose() {
    let folders = folders();
    if folders.is_empty() {
        return;
    }
    let (mut accepted, mut equal, mut rejected, mut refused) = (0, 0, 0, 0);
    let mut groups: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for folder in &folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let case = case(folder);
        let wrong = attempt(folder, &case);
        let group = groups.entry(suite(&case.source)).or_default();
        group.1 += 1;
        group.0 += usize::from(wrong.is_none());
        if case.accepts {
            accepted += 1;
            equal += usize::from(wrong.is_none());
        } else {
            rejected += 1;
            refused += usize::from(wrong.is_none());
        }
        if let Some(wrong) = wrong {
            println!("{name}: {wrong}");
        }
    }
    for (group, (right, all)) in &groups {
        println!("| {group} | {right} of {all} |");
    }
    println!("{equal} of {accepted} models equal, {refused} of {rejected} wrong files refused");
    assert!(equal >= EQUAL, "{equal} models are equal, and {EQUAL} were");
    assert!(refused >= REFUSED, "{refused} wrong files are refused, and {REFUSED} were");
}

/// The folder of the tests that a case was taken from: `loader/tests`, `override`, `pkg/e2e`.
fn suite(source: &str) -> String {
    let folders: Vec<&str> = source.split('/').collect();
    let folders = &folders[..folders.len().saturating_sub(1)];
    folders.iter().take(2).filter(|folder| **folder != "testdata").copied().collect::<Vec<_>>().join("/")
}

/// What is wrong with what we make of the case, if anything.
fn attempt(folder: &Path, case: &Case) -> Option<String> {
    let (parent, dir) = copied(folder);
    let loaded = load(&Sources {
        project_dir: dir.clone(),
        files: vec!["compose.yaml".into()],
        environment: case.env.clone(),
        ..Sources::default()
    });
    match (loaded, case.accepts) {
        (Err(error), true) => Some(format!("refused: {error}")),
        (Err(_), false) => None,
        (Ok(_), false) => Some(format!("accepted, and Compose says: {}", case.error)),
        (Ok(loaded), true) => {
            let text = serde_json::to_string(&case.model).expect("JSON");
            let text = text.replace("{{DIR}}", &dir.to_string_lossy());
            let text = text.replace("{{PARENT}}", &parent.path().to_string_lossy());
            let expected: Value = serde_json::from_str(&text).expect("JSON");
            let mut differences = Vec::new();
            compare("", &as_compose_prints(&loaded.model), &expected, &mut differences);
            (!differences.is_empty()).then(|| differences.join("; "))
        }
    }
}

/// Every accepted case, planned for an engine that has nothing of it: afterwards it still has nothing, and not one image more
/// or less of those that the case names.
#[tokio::test]
async fn planning_leaves_no_trace() {
    on_stage("purity", |stage| async move {
        let (mut planned, mut unable) = (0, 0);
        for folder in folders() {
            let case = case(&folder);
            if !case.accepts {
                continue;
            }
            let (_parent, dir) = copied(&folder);
            let sources = Sources {
                project_dir: dir,
                files: vec!["compose.yaml".into()],
                project_name: Some(stage.project.clone()),
                environment: case.env.clone(),
                ..Sources::default()
            };
            let loaded = load(&sources).expect("an accepted case");
            // What cannot be carried out is refused before anything is looked at.
            let Ok(model) = Model::decode(&loaded.model) else {
                unable += 1;
                continue;
            };
            let before = images_of(&stage, &model).await;
            // Files that a case names need not be there; then there is no plan, and no trace either.
            if stage.try_plan(&model).await.is_ok() {
                planned += 1;
            }
            assert_eq!(images_of(&stage, &model).await, before, "{}: images", folder.display());
            assert_eq!(stage.everything().await, Vec::<String>::new(), "{}: left on the engine", folder.display());
        }
        println!("{planned} cases planned, {unable} cannot be carried out");
        assert!(planned == 0 || planned > 100, "most cases can be planned, and only {planned} were");
    })
    .await;
}

/// The content of the images that a model names; `None` for those that the engine does not have.
async fn images_of(stage: &Stage, model: &Model) -> BTreeMap<String, Option<String>> {
    let mut images = BTreeMap::new();
    for name in model.services.values().filter_map(|service| service.image.clone()) {
        let id = stage.docker.inspect_image(&name).await.ok().and_then(|image| image.id);
        images.insert(name, id);
    }
    images
}

fn compare(path: &str, ours: &Value, theirs: &Value, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => compare(&path, a, b, differences),
                    (a, b) => differences.push(format!("{path}: {a:?}, expected {b:?}")),
                }
            }
        }
        (a, b) if a != b => differences.push(format!("{path}: {a}, expected {b}")),
        _ => {}
    }
}

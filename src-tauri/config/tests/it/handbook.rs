//! Every document of the handbook opens, is edited and saved with a difference of one line.

use std::path::PathBuf;

use sternway_config::document::{Document, Edit, Format, Kind};
use sternway_config::store;

/// The code blocks of the handbook, each as the file that it would be.
pub fn documents() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seed/deployment.md");
    let handbook = std::fs::read_to_string(path).expect("the handbook");
    let mut documents = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in handbook.lines() {
        let line = line.trim_end();
        match (block.take(), line.strip_prefix("```")) {
            (None, Some(language)) => block = Some((language.to_owned(), String::new())),
            (Some((language, text)), Some("")) => documents.push((language, text)),
            (Some((language, text)), _) => block = Some((language, format!("{text}{line}\n"))),
            (None, None) => {}
        }
    }
    let name = |(place, (language, text)): (usize, (String, String))| {
        let extension = match language.as_str() {
            "env" => "env",
            "json" => "json",
            "bash" => "sh",
            "hcl" => "tf",
            // One block says that it is YAML, and is Terraform.
            "yaml" if text.contains("provider \"aws\" {") => "tf",
            "yaml" => "yaml",
            other => panic!("a block of {other}"),
        };
        (format!("{place:02}.{extension}"), text)
    };
    documents.into_iter().enumerate().map(name).collect()
}

/// Lines that are not the same in two texts of as many lines.
fn changed_lines(before: &str, after: &str) -> usize {
    assert_eq!(before.lines().count(), after.lines().count());
    before.lines().zip(after.lines()).filter(|(a, b)| a != b).count()
}

#[test]
fn each_document_is_edited_with_a_difference_of_one_line() {
    let documents = documents();
    assert_eq!(documents.len(), 30, "the handbook has other blocks now");
    let folder = tempfile::tempdir().expect("a folder");
    let mut edits = 0;
    for (name, text) in documents {
        let path = folder.path().join(&name);
        std::fs::write(&path, &text).expect("written");
        let (bytes, stamp) = store::read(&path).expect("readable");
        let relative = PathBuf::from(&name);
        let document = Document::parse(&relative, Format::of(&relative), &String::from_utf8(bytes).expect("UTF-8"))
            .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let scalars: Vec<_> = document.values().into_iter().filter(|value| value.text.is_some()).collect();
        if name.ends_with(".sh") {
            // Commands only: text.
            assert!(scalars.is_empty(), "{name}: {scalars:?}");
            let edited = text.replacen("complete.", "done.", 1);
            store::save(&path, &stamp, edited.as_bytes()).expect("saved");
            assert_eq!(changed_lines(&text, &std::fs::read_to_string(&path).expect("readable")), 1);
            edits += 1;
            continue;
        }
        assert!(!scalars.is_empty(), "{name} has values");
        for value in scalars {
            let new = match value.kind {
                Kind::Number => "4711",
                Kind::Boolean => "false",
                Kind::Expression => "var.other",
                _ => "another value",
            };
            let edit = Edit::Set { path: value.path.clone(), value: new.to_owned(), kind: None };
            let edited = document.edited(&edit).unwrap_or_else(|error| panic!("{name}: {value:?}: {error}"));
            assert_eq!(changed_lines(&text, edited.text()), 1, "{name}: {value:?}");
            assert_eq!(edited.get(&value.path).and_then(|value| value.text).as_deref(), Some(new));
            edits += 1;
            let current = store::read(&path).expect("readable").1;
            store::save(&path, &current, edited.text().as_bytes()).expect("saved");
            assert_eq!(std::fs::read_to_string(&path).expect("readable"), edited.text());
        }
    }
    assert!(edits > 200, "only {edits} edits");
}

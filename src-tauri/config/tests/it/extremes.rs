//! Texts that no person writes: nested without end, or very long. They end with an error or soon, whatever the format.

use std::path::Path;

use sternway_config::document::{Document, Edit, Format, Masked};
use sternway_config::{EnvFile, load};
use sternway_model::{Code, ProjectFile};

const LEVELS: usize = 100_000;

fn nested(open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(LEVELS), close.repeat(LEVELS))
}

#[test]
fn what_is_nested_too_deep_is_refused_with_its_line() {
    for (format, before, open, middle, close) in [
        (Format::Json, "{\n\"a\": ", "[", "", "]"),
        (Format::Json, "\n", "{\"a\":", "1", "}"),
        (Format::Jsonc, "// a\n", "[", "", "]"),
        (Format::Yaml, "a: 1\nb: ", "[", "", "]"),
        (Format::Yaml, "a: 1\nb: ", "{a: ", "1", "}"),
        (Format::Yaml, "a: 1\nb:\n ", "- ", "a", ""),
        (Format::Toml, "a = 1\nb = ", "[", "", "]"),
        (Format::Toml, "a = 1\nb = ", "{a = ", "1", "}"),
        (Format::Toml, "a = 1\n", "a.", "b = 1", ""),
        (Format::Toml, "a = 1\n[", "a.", "b", "]"),
        (Format::Hcl, "a = 1\nb = ", "[", "", "]"),
        (Format::Hcl, "a = 1\nb = ", "(", "1", ")"),
        (Format::Hcl, "a = 1\nb = ", "!", "true", ""),
        (Format::Hcl, "a = 1\nb = ", "-", "1", ""),
        (Format::Hcl, "a = 1\nb = ", "true ? 1 : ", "2", ""),
        (Format::Hcl, "a = 1\nb = ", "1 + ", "2", ""),
        (Format::Hcl, "a = 1\nb = ", "\"${", "a", "}\""),
        (Format::Hcl, "a = 1\n", "a {\n", "", "}\n"),
        (Format::Hcl, "a = 1\nb = ", "a[", "1", "]"),
        (Format::Hcl, "a = 1\nb = ", "f(", "1", ")"),
        (Format::Shell, "A=1\nB=", "$(", "", ")"),
        (Format::Shell, "A=1\nB=", "\"$(", "", ")\""),
        (Format::Shell, "A=1\nB=", "${A:-", "", "}"),
        (Format::Shell, "A=1\nB=", "`", "", ""),
        (Format::Shell, "A=1\ncat <<", "$(", "", ")"),
        (Format::Shell, "A=1\nB=", "$((", "1", "))"),
        (Format::Shell, "A=1\necho ", "a(", "1", ")"),
    ] {
        let text = format!("{before}{}\n", nested(open, middle, close));
        match Document::parse(Path::new("document"), format, &text) {
            Ok(document) => {
                // Where a format has no such levels.
                drop(document.values());
                drop(Masked::of(&text, Some(&document)));
            }
            Err(error) => {
                assert_eq!(error.code, Code::InvalidInput, "{error}");
                assert!(error.at.as_ref().is_some_and(|at| at.line >= Some(1)), "{format:?} {open}: {error}");
                assert!(error.message.len() < 300, "{format:?} {open}: {error}");
            }
        }
    }
}

#[test]
fn a_deep_shell_script_says_where_and_an_ordinary_one_is_read() {
    let read = |levels: usize| {
        let text = format!("A=1\nB=\"{}{}\"\n", "$(echo ".repeat(levels), ")".repeat(levels));
        Document::parse(Path::new("a.sh"), Format::Shell, &text).map(|document| document.values().len())
    };
    assert_eq!(read(45).ok(), Some(2));
    let error = read(5_000).expect_err("too deep");
    assert!(error.message.contains("deeper than 100"), "{error}");
    assert_eq!(error.at.and_then(|at| at.line), Some(2));
}

#[test]
fn defaults_inside_defaults_are_limited_in_env_files() {
    let text = format!("A=1\nB={}\n", nested("${A:-", "x", "}"));
    let file = EnvFile::parse(Path::new(".env"), text.as_bytes()).expect("no more is read");
    let error = file.evaluate(&|_| None, &|_| None).expect_err("too deep").at.expect("a place");
    assert_eq!((error.line, error.key.as_deref()), (Some(2), Some("B")));
    drop(Document::parse(Path::new(".env"), Format::Env, &text).expect("it is a text with variables").values());
}

fn project(text: &str) -> (tempfile::TempDir, ProjectFile) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(".env"), text).expect("written");
    let file = "project: shop\nenvironments: { dev: { target: { docker: local } } }\n";
    (folder, ProjectFile::load(Path::new("sternway.yaml"), file).expect("valid"))
}

#[test]
fn values_that_double_with_each_line_end_with_one_of_them() {
    let lines: String = (1..40).map(|number| format!("A{number}=$A{0}$A{0}\n", number - 1)).collect();
    let text = format!("A0=xxxxxxxxxx\n{lines}");
    let (folder, project) = project(&text);
    let error = load(folder.path(), &project, &"dev".parse().expect("a name")).expect_err("too much");
    let at = error.at.clone().expect("a place");
    assert_eq!(at.file, Path::new(".env"));
    assert!(error.message.contains("64 MiB") && at.line > Some(20) && at.key.is_some(), "{error}");
    let file = EnvFile::parse(Path::new(".env"), text.as_bytes()).expect("it can be read");
    assert!(file.evaluate(&|_| None, &|_| None).is_err());
}

/// Each of these took minutes where the time grew with the square of the size.
#[test]
fn what_is_very_long_is_read_in_one_go() {
    let many = 100_000;
    for text in [
        "A=$NOPE\n".repeat(many),
        (0..many).map(|number| format!("A{number}=$NOPE\n")).collect(),
        format!("A=\"{}\"\n", "\\$".repeat(many)),
        format!("A={}\n", "x".repeat(4 << 20)),
        format!("A=\"{}\"\n", "$B ".repeat(many)),
    ] {
        let (folder, project) = project(&text);
        let variables = load(folder.path(), &project, &"dev".parse().expect("a name")).expect("valid");
        let overridden = variables.first().map_or(0, |variable| variable.overridden.len());
        assert!(variables.len() + overridden <= many, "all of them");
        let file = EnvFile::parse(Path::new(".env"), text.as_bytes()).expect("it can be read");
        assert!(!file.evaluate(&|_| None, &|_| None).expect("valid").is_empty());
    }
}

#[test]
fn long_documents_are_read_and_masked_in_one_go() {
    let lines = |line: &str| line.repeat((1 << 18) / line.len());
    let numbered = |line: &dyn Fn(usize) -> String| (0..10_000).map(line).collect::<String>();
    for (format, text) in [
        (Format::Shell, lines("echo a b c d\n")),
        (Format::Shell, lines("A=\"$B\"\n")),
        (Format::Env, numbered(&|number| format!("PASSWORD_{number}=hunter{number}\n"))),
        (Format::Yaml, numbered(&|number| format!("password_{number}: hunter{number}\n"))),
        (Format::Yaml, lines("# password: hunter2\n")),
        (Format::Hcl, lines("block {\n password = \"hunter2\"\n}\n")),
        (Format::Toml, lines("[[table]]\npassword = \"hunter2\"\n")),
        (Format::Text, numbered(&|number| format!("password_{number}: hunter{number}\n"))),
    ] {
        let document = Document::parse(Path::new("document"), format, &text).expect("valid");
        let masked = Masked::of(&text, Some(&document));
        assert!(!masked.text.is_some_and(|text| text.contains("hunter")), "{format:?}");
        assert!(document.candidates().len() <= text.len());
    }
}

#[test]
fn an_edit_of_a_long_document_is_one_pass() {
    let text: String = (0..50_000).map(|number| format!("a_{number}: 1\n")).collect();
    let document = Document::parse(Path::new("a.yaml"), Format::Yaml, &text).expect("valid");
    let path = vec![sternway_config::document::Step::Key("a_7".to_owned())];
    let edit = Edit::Set { path, kind: None, value: "2".to_owned() };
    assert!(document.edited(&edit).expect("edited").text().contains("a_7: 2\n"));
}

//! Documents as values: what is read, and how edits are written.

use std::path::Path;

use sternway_config::document::{Document, Edit, Format, Kind, Step};
use sternway_model::Code;

/// A path as people write it: `rules.0.name`.
pub fn path(text: &str) -> Vec<Step> {
    let step = |step: &str| step.parse().map_or_else(|_| Step::Key(step.to_owned()), Step::Index);
    text.split('.').filter(|step| !step.is_empty()).map(step).collect()
}

pub fn open(name: &str, text: &str) -> Document {
    let path = Path::new(name);
    Document::parse(path, Format::of(path), text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

pub fn set(at: &str, value: &str) -> Edit {
    Edit::Set { path: path(at), value: value.to_owned(), kind: None }
}

pub fn insert(at: &str, key: Option<&str>, kind: Kind, value: &str) -> Edit {
    Edit::Insert { path: path(at), key: key.map(ToOwned::to_owned), value: value.to_owned(), kind }
}

pub fn unset(at: &str) -> Edit {
    Edit::Unset { path: path(at) }
}

pub fn rename(at: &str, key: &str) -> Edit {
    Edit::Rename { path: path(at), key: key.to_owned() }
}

/// What an edit makes of a text.
pub fn after(name: &str, text: &str, edit: &Edit) -> String {
    let edited = open(name, text).edited(edit);
    edited.unwrap_or_else(|error| panic!("{name}: {edit:?}: {error}\n{text}")).text().to_owned()
}

/// Each value as `path kind text`.
pub fn told(document: &Document) -> Vec<String> {
    let told = |value: sternway_config::document::Value| {
        let text = value.text.map(|text| format!(" {text:?}")).unwrap_or_default();
        format!(
            "{}:{} {} {:?}{text}",
            value.line,
            value.column,
            sternway_config::document::written(&value.path),
            value.kind
        )
    };
    document.values().into_iter().map(told).collect()
}

#[test]
fn json_is_values_with_places() {
    let document = open(
        "app.json",
        "\u{feff}{\r\n  \"app\": { \"port\": 80, \"on\": true },\r\n  \"list\": [null, \"é\\n\"]\r\n}\r\n",
    );
    assert_eq!(
        told(&document),
        [
            "2:3 app Object",
            "2:12 app.port Number \"80\"",
            "2:24 app.on Boolean \"true\"",
            "3:3 list Array",
            "3:12 list[0] Null",
            "3:18 list[1] String \"é\\n\"",
        ]
    );
}

#[test]
fn json_edits_change_one_value() {
    let text = "{\n  \"app\": { \"port\": 80 },\n  \"tags\": [\n    \"a\",\n    \"b\"\n  ],\n  \"off\": null\n}\n";
    for (edit, expected) in [
        (set("app.port", "8080"), text.replace("80", "8080")),
        (set("tags.1", "it's \"x\"\n"), text.replace("\"b\"", r#""it's \"x\"\n""#)),
        (set("off", "1.5"), text.replace("null", "1.5")),
        (set("app.port", "keychain:PORT"), text.replace("80", "\"keychain:PORT\"")),
        (rename("app", "web"), text.replace("\"app\"", "\"web\"")),
        (unset("app.port"), text.replace("{ \"port\": 80 }", "{}")),
        (unset("tags.0"), text.replace("    \"a\",\n", "")),
        (unset("tags.1"), text.replace("\"a\",\n    \"b\"", "\"a\"")),
        (unset("off"), text.replace("],\n  \"off\": null", "]")),
        (unset("tags"), text.replace("  \"tags\": [\n    \"a\",\n    \"b\"\n  ],\n", "")),
        (insert("tags", None, Kind::String, "c"), text.replace("\"b\"", "\"b\",\n    \"c\"")),
        (insert("app", Some("host"), Kind::String, "db"), text.replace("80", "80, \"host\": \"db\"")),
        (
            insert("", Some("log"), Kind::Object, "{\"level\": \"info\", \"n\": [1]}"),
            text.replace(
                "null\n",
                "null,\n  \"log\": {\n    \"level\": \"info\",\n    \"n\": [\n      1\n    ]\n  }\n",
            ),
        ),
        (insert("off", Some("x"), Kind::Number, "1"), text.replace("null", "{\n    \"x\": 1\n  }")),
    ] {
        assert_eq!(after("app.json", text, &edit), expected, "{edit:?}");
        let (crlf, expected) = (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n"));
        assert_eq!(after("app.json", &crlf, &edit), expected, "{edit:?} with CRLF");
    }
}

#[test]
fn json_of_one_line_and_of_nothing() {
    assert_eq!(after("a.json", "{\"a\":1}", &insert("", Some("b"), Kind::Array, "[1,2]")), "{\"a\":1, \"b\": [1, 2]}");
    assert_eq!(after("a.json", "{\"a\":1,\"b\":2}", &unset("a")), "{\"b\":2}");
    assert_eq!(after("a.json", "{\"a\":1, \"b\":2}", &unset("b")), "{\"a\":1}");
    assert_eq!(after("a.json", "", &insert("", Some("a"), Kind::Number, "1")), "{\n  \"a\": 1\n}");
    assert_eq!(after("a.json", "{}\n", &insert("", Some("a"), Kind::Null, "")), "{\n  \"a\": null\n}\n");
    assert_eq!(after("a.json", "[]", &insert("", None, Kind::Boolean, "true")), "[\n  true\n]");
    assert_eq!(after("a.json", "5\n", &set("", "6")), "6\n");
}

#[test]
fn comments_stay_where_they_are() {
    let text = "// settings\n{\n  // the port\n  \"port\": 80, // http\n  /* off */ 'host': \"db\", // trailing\n}\n";
    for (edit, expected) in [
        (set("port", "81"), text.replace("80", "81")),
        (unset("port"), text.replace("  \"port\": 80, // http\n", "")),
        (unset("host"), text.replace("'host': \"db\", ", "")),
        (insert("", Some("x"), Kind::Number, "1"), text.replace("// trailing\n", "// trailing\n  \"x\": 1,\n")),
        (rename("host", "name"), text.replace("'host'", "\"name\"")),
    ] {
        assert_eq!(after("a.jsonc", text, &edit), expected, "{edit:?}");
    }
    let last = "{\n  \"a\": 1, // one\n  \"b\": 2 // two\n}\n";
    assert_eq!(
        after("a.jsonc", last, &insert("", Some("c"), Kind::Number, "3")),
        last.replace("2 // two", "2, // two\n  \"c\": 3")
    );
    assert_eq!(after("a.jsonc", last, &unset("b")), "{\n  \"a\": 1 // one\n}\n");
}

#[test]
fn of_the_same_keys_the_last_one_counts() {
    let text = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"a\": 3\n}\n";
    assert_eq!(after("a.json", text, &set("a", "4")), text.replace('3', "4"));
    assert_eq!(after("a.json", text, &unset("a")), "{\n  \"b\": 2\n}\n");
    assert_eq!(after("a.json", text, &rename("a", "c")), text.replace("\"a\"", "\"c\""));
}

#[test]
fn an_env_file_is_a_document_too() {
    let text = "# Shop\r\nexport PORT=80 # http\r\nURL=http://$HOST:80\r\nBARE\r\n";
    let document = open(".env", text);
    assert_eq!(told(&document), ["2:8 PORT String \"80\"", "3:1 URL Expression \"http://$HOST:80\"", "4:1 BARE Null"]);
    assert_eq!(after(".env", text, &set("PORT", "81")), text.replace("80 #", "81 #"));
    assert_eq!(after(".env", text, &set("URL", "https://${HOST}")), text.replace("http://$HOST:80", "https://${HOST}"));
    assert_eq!(after(".env", text, &set("BARE", "a b")), text.replace("BARE", "BARE='a b'"));
    assert_eq!(after(".env", text, &unset("PORT")), text.replace("export PORT=80 # http\r\n", ""));
    assert_eq!(after(".env", text, &rename("PORT", "WEB_PORT")), text.replace("PORT", "WEB_PORT"));
    assert_eq!(after(".env", text, &insert("", Some("NEW"), Kind::String, "1")), format!("{text}NEW=1\r\n"));
    assert_eq!(after(".env", "", &insert("", Some("NEW"), Kind::String, "1")), "NEW=1\n");
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let document = open("app.json", "{\n  \"port\": 80,\n  \"list\": [1]\n}\n");
    for (edit, code, message) in [
        (set("nope", "1"), Code::NotFound, "no value nope"),
        (set("port", "eighty"), Code::InvalidInput, "no number"),
        (set("port", "keychain:9"), Code::InvalidInput, "9"),
        (insert("", Some("port"), Kind::Number, "1"), Code::InvalidInput, "already has a port"),
        (insert("", None, Kind::Number, "1"), Code::InvalidInput, "needs a key"),
        (insert("list", Some("a"), Kind::Number, "1"), Code::InvalidInput, "no key"),
        (insert("port", Some("a"), Kind::Number, "1"), Code::InvalidInput, "only an object or a list"),
        (rename("port", "list"), Code::InvalidInput, "already has a list"),
        (rename("list.0", "x"), Code::InvalidInput, "with a key of its own"),
        (unset(""), Code::InvalidInput, "cannot be removed"),
    ] {
        let error = document.edited(&edit).expect_err("it cannot be");
        assert_eq!(error.code, code, "{edit:?}: {error}");
        assert!(error.message.contains(message), "{edit:?}: {error}");
    }
    let expression = Edit::Set { path: path("port"), value: "var.x".to_owned(), kind: Some(Kind::Expression) };
    let error = document.edited(&expression).expect_err("JSON has none");
    assert_eq!(error.at.and_then(|at| at.line), Some(2), "it says where");
}

#[test]
fn a_broken_file_says_where_and_quotes_nothing() {
    for (name, text, line, column) in [
        ("a.json", "{\n  \"password\": \"hunter2\"\n  \"b\": 1\n}\n", 2, 24),
        ("a.json", "{ // hunter2\n}", 1, 3),
        ("a.jsonc", "{ \"a\": hunter2 }", 1, 8),
        (".env", "A='hunter2\n", 1, 3),
    ] {
        let error = Document::parse(Path::new(name), Format::of(Path::new(name)), text).expect_err("it is broken");
        let at = error.at.clone().expect("a place");
        assert_eq!((at.line, at.column), (Some(line), Some(column)), "{name}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

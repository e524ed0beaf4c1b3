//! YAML, TOML, HCL and shell as values, and how edits of them are written.

use std::path::Path;

use sternway_config::document::{Document, Edit, Format, Kind};

use crate::forms::{after, insert, open, path, rename, set, told, unset};

fn check(name: &str, text: &str, cases: &[(Edit, String)]) {
    for (edit, expected) in cases {
        assert_eq!(after(name, text, edit), *expected, "{edit:?}");
        let (crlf, expected) = (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n"));
        assert_eq!(after(name, &crlf, edit), expected, "{edit:?} with CRLF");
        let (marked, expected) = (format!("\u{feff}{crlf}"), format!("\u{feff}{expected}"));
        assert_eq!(after(name, &marked, edit), expected, "{edit:?} with a byte order mark");
    }
}

const YAML: &str = "\
# Shop
x-base: &base
  restart: always   # keep
services:
  web: # front
    image: \"nginx:1.27\"
    ports:
      - \"80:80\"
      - 443:443
    command: [serve, --port, '80']
    environment: { A: 1, B: two }
    <<: *base
    healthcheck:
    note: |
      first
      second

  db:
    image: postgres # 16
volumes: {}
";

#[test]
fn yaml_is_values_with_places() {
    assert_eq!(
        told(&open("a.yaml", "a: &x 1\nb:\n  - é\n  - k: !!str 1\nc: *x\nd: !reset null\n")),
        [
            "1:1 a Number \"1\"",
            "2:1 b Array",
            "3:3 b[0] String \"é\"",
            "4:3 b[1] Object",
            "4:5 b[1].k String \"1\"",
            "5:1 c Other \"*x\"",
            "6:1 d Null",
        ]
    );
    let two = open("a.yaml", "a: 1\n---\n- 2\n");
    assert_eq!(told(&two), ["1:1 [0] Object", "1:1 [0].a Number \"1\"", "3:1 [1] Array", "3:1 [1][0] Number \"2\""]);
}

#[test]
fn yaml_edits_change_one_value() {
    let text = YAML;
    check(
        "compose.yaml",
        text,
        &[
            (set("services.db.image", "postgres:17"), text.replace("postgres #", "postgres:17 #")),
            (set("services.web.image", "caddy"), text.replace("nginx:1.27", "caddy")),
            (set("services.web.ports.1", "22:22"), text.replace("443:443", "\"22:22\"")),
            (set("services.web.command.2", "it's"), text.replace("'80'", "'it''s'")),
            (set("services.web.environment.B", "a, b"), text.replace("two", "\"a, b\"")),
            (set("services.web.environment.A", "2"), text.replace("A: 1", "A: 2")),
            (set("services.web.note", "one\ntwo\n"), text.replace("first\n      second", "one\n      two")),
            (set("services.web.healthcheck", "on"), text.replace("healthcheck:", "healthcheck: \"on\"")),
            (set("x-base.restart", "no"), text.replace("always", "\"no\"")),
            (rename("services.db", "database"), text.replace("  db:", "  database:")),
            (unset("services.web.ports.0"), text.replace("      - \"80:80\"\n", "")),
            (unset("services.web.command.1"), text.replace(" --port,", "")),
            (unset("services.web.environment.A"), text.replace(" A: 1,", "")),
            (unset("services.db.image"), text.replace("  db:\n    image: postgres #", "  db: {} #")),
            (unset("services.web.note"), text.replace("    note: |\n      first\n      second\n", "")),
            (
                insert("services.web.ports", None, Kind::String, "81:81"),
                text.replace("443:443\n", "443:443\n      - \"81:81\"\n"),
            ),
            (
                insert("services.db", Some("user"), Kind::String, "999"),
                text.replace("# 16\n", "# 16\n    user: \"999\"\n"),
            ),
            (insert("volumes", Some("data"), Kind::Null, ""), text.replace("{}", "{ data: null }")),
            (
                insert("services.web.environment", Some("C"), Kind::Boolean, "true"),
                text.replace("two }", "two, C: true }"),
            ),
            (
                insert("services.web.healthcheck", Some("test"), Kind::Array, "[\"CMD\", \"true\"]"),
                text.replace("healthcheck:\n", "healthcheck:\n      test:\n        - CMD\n        - \"true\"\n"),
            ),
        ],
    );
}

#[test]
fn yaml_lists_of_maps_can_be_edited() {
    let text = "rules:\n  - name: high # first\n    for: 5m\n\n  - name: low\n    for: 1m\n";
    check(
        "alerts.yaml",
        text,
        &[
            (set("rules.1.for", "2m"), text.replace("1m", "2m")),
            (unset("rules.0"), "rules:\n\n  - name: low\n    for: 1m\n".to_owned()),
            (unset("rules.1.name"), text.replace("name: low\n    ", "")),
            (
                insert("rules.0", Some("severity"), Kind::String, "critical"),
                text.replace("5m\n", "5m\n    severity: critical\n"),
            ),
            (
                insert("rules", None, Kind::Object, "{\"name\": \"x\", \"labels\": {\"a\": \"b\"}}"),
                format!("{text}  - name: x\n    labels:\n      a: b\n"),
            ),
        ],
    );
    assert_eq!(after("a.yaml", "a:\n- x\n", &unset("a.0")), "a: []\n");
    assert_eq!(after("a.yaml", "a: 1", &insert("", Some("b"), Kind::Number, "2")), "a: 1\nb: 2");
    assert_eq!(after("a.yaml", "", &insert("", Some("b"), Kind::Number, "2")), "b: 2\n");
    assert_eq!(after("a.yaml", "# only this", &insert("", Some("b"), Kind::Number, "2")), "# only this\nb: 2\n");
    assert_eq!(after("a.yaml", "a: 1\n---\nb: 2\n", &set("1.b", "3")), "a: 1\n---\nb: 3\n");
    assert_eq!(after("a.yaml", "a: &x\nb: *x\n", &set("a", "v")), "a: &x v\nb: *x\n");
    assert_eq!(after("a.yaml", "a: &x 1\nb: *x\n", &set("a", "2")), "a: &x 2\nb: *x\n", "the anchor stays");
    assert!(open("a.yaml", "a: &x 1\nb: *x\n").edited(&unset("a")).is_err(), "the alias would name nothing");
}

const TOML: &str = "\
# Shop
title = \"shop\" # name
owner.name = 'A'

[server]
port = 80
hosts = [
  \"a\", # first
  \"b\",
]
limits = { cpu = 1, memory = \"1g\" }

# when
[server.tls]
since = 2024-05-01

[[rules]]
name = \"high\"

[[rules]]
name = \"low\"
[rules.labels]
app = \"web\"
";

#[test]
fn toml_edits_change_one_value() {
    let text = TOML;
    assert_eq!(
        told(&open("a.toml", text))[14..],
        [
            "20:1 rules[1] Object",
            "21:1 rules[1].name String \"low\"",
            "22:1 rules[1].labels Object",
            "23:1 rules[1].labels.app String \"web\"",
        ]
    );
    check(
        "app.toml",
        text,
        &[
            (set("title", "it's \"x\"\n"), text.replace("\"shop\"", "\"it's \\\"x\\\"\\n\"")),
            (set("owner.name", "B"), text.replace("'A'", "'B'")),
            (set("server.port", "8080"), text.replace("80", "8080")),
            (set("server.tls.since", "2025-01-01"), text.replace("2024-05-01", "2025-01-01")),
            (set("rules.1.name", "none"), text.replace("low", "none")),
            (set("server.limits.memory", "2g"), text.replace("1g", "2g")),
            (unset("server.hosts.0"), text.replace("  \"a\", # first\n", "")),
            (unset("server.limits.cpu"), text.replace("cpu = 1, ", "")),
            (unset("server.port"), text.replace("port = 80\n", "")),
            (unset("rules.0"), text.replace("[[rules]]\nname = \"high\"\n", "")),
            (unset("rules.1.labels"), text.replace("[rules.labels]\napp = \"web\"\n", "")),
            (rename("server", "web"), text.replace("server", "web")),
            (rename("owner.name", "who is"), text.replace("owner.name", "owner.\"who is\"")),
            (insert("", Some("debug"), Kind::Boolean, "true"), text.replace("'A'\n", "'A'\ndebug = true\n")),
            (
                insert("server", Some("x"), Kind::Object, "{\"a\": [1]}"),
                text.replace("\"1g\" }\n", "\"1g\" }\nx = { a = [1] }\n"),
            ),
            (insert("server.hosts", None, Kind::String, "c"), text.replace("\"b\",\n", "\"b\",\n  \"c\",\n")),
            (insert("rules.0", Some("n"), Kind::Number, "1"), text.replace("\"high\"\n", "\"high\"\nn = 1\n")),
        ],
    );
    let removed = after("a.toml", text, &unset("server"));
    assert!(!removed.contains("server") && removed.contains("# when\n"), "with the tables in it: {removed}");
    assert_eq!(after("a.toml", "# c\n[a]\n", &insert("", Some("x"), Kind::Number, "1")), "x = 1\n\n# c\n[a]\n");
    assert_eq!(after("a.toml", "[a]\n[b]\n", &insert("a", Some("x"), Kind::Number, "1")), "[a]\nx = 1\n[b]\n");
    assert_eq!(after("a.toml", "", &insert("", Some("x"), Kind::Number, "1")), "x = 1\n");
}

const HCL: &str = "\
# Infrastructure
variable \"region\" {
  type    = string
  default = \"us-west-2\" # Oregon
}

resource \"aws_instance\" \"app\" {
  count = 2
  ami   = var.ami
  tags = {
    Name = \"app\"
    \"env name\" = var.environment // where
  }
  ids = [1, 2]
  ingress { port = 80 }
  ingress {
    port = 443
  }
}
";

#[test]
fn hcl_edits_change_one_value() {
    let text = HCL;
    assert_eq!(
        told(&open("main.tf", text))[..4],
        [
            "2:1 variable.region Object",
            "3:3 variable.region.type Expression \"string\"",
            "4:3 variable.region.default String \"us-west-2\"",
            "7:1 resource.aws_instance.app Object",
        ]
    );
    check(
        "main.tf",
        text,
        &[
            (set("variable.region.default", "eu ${x}"), text.replace("us-west-2", "eu $${x}")),
            (set("resource.aws_instance.app.count", "3"), text.replace("count = 2", "count = 3")),
            (set("resource.aws_instance.app.ami", "var.other"), text.replace("var.ami", "var.other")),
            (set("resource.aws_instance.app.ami", "keychain:AMI"), text.replace("var.ami", "\"keychain:AMI\"")),
            (set("resource.aws_instance.app.ingress.1.port", "8443"), text.replace("443", "8443")),
            (set("resource.aws_instance.app.tags.Name", "web"), text.replace("\"app\"\n", "\"web\"\n")),
            (unset("resource.aws_instance.app.tags.Name"), text.replace("    Name = \"app\"\n", "")),
            (unset("resource.aws_instance.app.ids.0"), text.replace("1, 2", "2")),
            (unset("resource.aws_instance.app.ingress.0"), text.replace("  ingress { port = 80 }\n", "")),
            (
                unset("variable.region"),
                text.replace("variable \"region\" {\n  type    = string\n  default = \"us-west-2\" # Oregon\n}\n", ""),
            ),
            (rename("variable.region.default", "fallback"), text.replace("default", "fallback")),
            (
                insert("variable.region", Some("nullable"), Kind::Boolean, "false"),
                text.replace("# Oregon\n", "# Oregon\n  nullable = false\n"),
            ),
            (
                insert("resource.aws_instance.app.tags", Some("a b"), Kind::String, "c"),
                text.replace("// where\n", "// where\n    \"a b\" = \"c\"\n"),
            ),
            (insert("resource.aws_instance.app.ids", None, Kind::Number, "3"), text.replace("1, 2", "1, 2, 3")),
            (
                insert("resource.aws_instance.app.ingress.0", Some("to"), Kind::Number, "80"),
                text.replace("{ port = 80 }", "{\n    port = 80\n    to = 80\n  }"),
            ),
            (insert("", Some("x"), Kind::Object, "{\"a\": 1}"), format!("{text}x = {{\n  a = 1\n}}\n")),
        ],
    );
    assert_eq!(after("a.tfvars", "", &insert("", Some("region"), Kind::String, "eu")), "region = \"eu\"\n");
    assert_eq!(after("a.tfvars", "a = 1 # x", &insert("", Some("b"), Kind::Null, "")), "a = 1 # x\nb = null");
    let doc = open("a.tf", "a = <<EOT\nx ${y}\nEOT\nb = \"${c}-d\"\n");
    assert_eq!(doc.values().iter().map(|value| value.kind).collect::<Vec<_>>(), [Kind::Expression, Kind::Expression]);
}

const SHELL: &str = "\
#!/bin/bash
set -e
# settings
export REGION=us-west-2 # where
NAME='my app'
TAG=\"v1\"; readonly DEBUG=0
URL=\"http://$HOST/\"
IMAGE=$(docker images | grep 'A=1')
cat <<EOF
NOT=this
EOF
echo \"multi
NEITHER=that\"
LIST=(a b)
FOO=bar make
if [ \"$x\" = y ]; then INNER=1; fi
deploy() {
  local STEP=one
}
";

#[test]
fn of_a_script_only_plain_assignments_are_values() {
    let text = SHELL;
    assert_eq!(
        told(&open("deploy.sh", text)),
        [
            "4:1 REGION String \"us-west-2\"",
            "5:1 NAME String \"my app\"",
            "6:1 TAG String \"v1\"",
            "6:11 DEBUG String \"0\"",
            "7:1 URL Expression \"\\\"http://$HOST/\\\"\"",
            "8:1 IMAGE Expression \"$(docker images | grep 'A=1')\"",
            "18:3 STEP String \"one\"",
        ]
    );
    for (edit, expected) in [
        (set("REGION", "eu west"), text.replace("us-west-2", "'eu west'")),
        (set("NAME", "it's"), text.replace("'my app'", "'it'\\''s'")),
        (set("TAG", "v2"), text.replace("v1", "v2")),
        (set("DEBUG", "1"), text.replace("DEBUG=0", "DEBUG=1")),
        (set("TAG", "$x"), text.replace("\"v1\"", "'$x'")),
        (set("URL", "\"https://$HOST/\""), text.replace("http:", "https:")),
        (unset("REGION"), text.replace("export REGION=us-west-2 # where\n", "")),
        (insert("", Some("NEW"), Kind::String, "x"), text.replace("STEP=one\n", "STEP=one\n  local NEW=x\n")),
    ] {
        assert_eq!(after("deploy.sh", text, &edit), expected, "{edit:?}");
    }
    let document = open("deploy.sh", text);
    for edit in [unset("TAG"), rename("TAG", "X"), set("TAG", "a\0")] {
        assert!(document.edited(&edit).is_err(), "{edit:?}");
    }
}

#[test]
fn broken_files_say_where_and_quote_nothing() {
    for (name, text, line) in [
        ("a.yaml", "a: 1\n  hunter2: [\n", 2),
        ("a.toml", "a = 1\nb = hunter2\n", 2),
        ("a.toml", "a = 1\n\na = 2\n", 3),
        ("a.tf", "a = 1\nb = \"hunter2\n", 2),
        ("a.sh", "a=1\nb='hunter2\n", 2),
    ] {
        let error = Document::parse(Path::new(name), Format::of(Path::new(name)), text).expect_err(text);
        assert_eq!(error.at.as_ref().and_then(|at| at.line), Some(line), "{name}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_secret_is_named_in_every_format() {
    for (name, text) in [
        ("a.json", "{ \"p\": \"x\" }"),
        ("a.yaml", "p: x\n"),
        ("a.toml", "p = \"x\"\n"),
        ("a.tfvars", "p = \"x\"\n"),
        ("a.sh", "p=x\n"),
        (".env", "p=x\n"),
    ] {
        let edited = open(name, text).edited(&set("p", "keychain:DB_PASSWORD")).expect("a reference is a text");
        let value = edited.get(&path("p")).expect("there");
        assert_eq!(value.secret().expect("it refers").expect("to a name").name.as_str(), "DB_PASSWORD", "{name}");
        assert!(value.looks_like_secret().is_none());
    }
}

#[test]
fn a_plain_env_file_has_no_quotes() {
    let text = "# plain\nA=\"x\" # kept\nBARE\n  C=$y\nA=2\n";
    let path = Path::new("web.list");
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        let document = Document::parse(path, Format::DockerEnv, &text).expect("it is one");
        let values: Vec<_> = document.values().into_iter().map(|value| value.text).collect();
        assert_eq!(values[..3], [Some("\"x\" # kept".to_owned()), None, Some("$y".to_owned())]);
        for (edit, expected) in [
            (set("C", "it's # \"1\""), text.replace("$y", "it's # \"1\"")),
            (set("A", ""), text.replace("A=2", "A=")),
            (set("BARE", "x"), text.replace("BARE", "BARE=x")),
            (rename("C", "D"), text.replace("C=", "D=")),
            (unset("BARE"), text.replace("BARE\r\n", "").replace("BARE\n", "")),
        ] {
            assert_eq!(document.edited(&edit).expect("it can be").text(), expected, "{edit:?}");
        }
        let added = document.edited(&insert("", Some("NEW"), Kind::String, " a ")).expect("it can be");
        assert!(added.text().trim_end_matches(['\r', '\n']).ends_with("NEW= a "), "{:?}", added.text());
        for edit in [set("A", "two\nlines"), insert("", Some("a b"), Kind::String, "x"), rename("C", "A")] {
            assert!(document.edited(&edit).is_err(), "{edit:?}");
        }
    }
}

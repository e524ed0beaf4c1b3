//! Ten thousand edits of each format, made at random and the same every time: each means what was meant, and every byte
//! that it is not about is what it was.

use std::path::Path;

use sternway_config::document::{Document, Edit, Format, Kind, Step, Value, written};

use crate::random::Dice;

const EDITS: usize = 10_000;

/// How often an edit may be refused: what a format cannot hold, and what would change more than was asked for.
struct Count {
    edits: usize,
    refused: usize,
}

/// One text of a format, with LF or CRLF, with or without a byte order mark, with or without its last line break.
fn text(dice: &mut Dice, corpus: &[&str]) -> String {
    let mut text = dice.pick(corpus).to_owned();
    if dice.below(6) == 0 {
        text = text.trim_end().to_owned();
    }
    if dice.below(3) == 0 {
        text = text.replace('\n', "\r\n");
    }
    if dice.below(4) == 0 {
        text.insert(0, '\u{feff}');
    }
    text
}

fn value(dice: &mut Dice, format: Format) -> (Kind, String) {
    match dice.below(8) {
        0 => (Kind::Number, dice.pick(&["0", "-1", "8080", "1.5", "1e3"]).to_owned()),
        1 => (Kind::Boolean, dice.pick(&["true", "false"]).to_owned()),
        2 if format != Format::Toml => (Kind::Null, String::new()),
        3 => (
            Kind::String,
            dice.pick(&["22:22", "yes", "1.10", "~", "null", "0x1f", "2024-01-01", "{}", "*a", "- x"]).to_owned(),
        ),
        _ => (Kind::String, dice.value()),
    }
}

/// What a document says, without places.
fn said(document: &Document) -> Vec<(Vec<Step>, Kind, Option<String>)> {
    document.values().into_iter().map(|value| (value.path, value.kind, value.text)).collect()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn comparable(said: Vec<(Vec<Step>, Kind, Option<String>)>) -> Vec<(Vec<Step>, String)> {
    sorted(said.into_iter().map(|(path, kind, text)| (path, format!("{kind:?} {text:?}"))).collect())
}

/// How many bytes two texts have in common, at the beginning and then at the end.
fn common(before: &str, after: &str) -> (usize, usize) {
    let start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let rest = before.bytes().skip(start).rev().zip(after.bytes().skip(start).rev());
    // `rev` of a skipped iterator begins at the end of the text, and stops where the common beginning is.
    (start, rest.take_while(|(a, b)| a == b).count())
}

struct Trial<'a> {
    name: &'a str,
    format: Format,
    /// Reads a value with another reader, for formats that have one.
    other_reader: &'a dyn Fn(&str, &[Step]) -> Option<String>,
}

impl Trial<'_> {
    fn run(&self, seed: u64, corpus: &[&str]) -> Count {
        let mut dice = Dice(seed);
        let mut count = Count { edits: 0, refused: 0 };
        while count.edits < EDITS {
            let mut document = self.open(&text(&mut dice, corpus));
            for _ in 0..=dice.below(5) {
                let values = document.values();
                let edit = self.edit(&mut dice, &values);
                match document.edited(&edit) {
                    Ok(edited) => {
                        self.compare(&document, &edited, &edit);
                        document = edited;
                        count.edits += 1;
                    }
                    Err(error) => {
                        assert!(!error.message.contains("bug"), "{edit:?}: {error}");
                        // A value of a kind that the format has can always be set.
                        let set = matches!(&edit, Edit::Set { path, .. }
                            if values.iter().any(|value| value.path == *path && !matches!(value.kind, Kind::Object | Kind::Array | Kind::Other)));
                        assert!(!set, "{edit:?}: {error}\n{}", document.text());
                        count.refused += 1;
                    }
                }
            }
        }
        count
    }

    fn open(&self, text: &str) -> Document {
        let document =
            Document::parse(Path::new(self.name), self.format, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(document.text(), text, "reading keeps every byte");
        document
    }

    fn edit(&self, dice: &mut Dice, values: &[Value]) -> Edit {
        let any = (!values.is_empty()).then(|| &values[dice.below(values.len().max(1))]);
        let (kind, text) = value(dice, self.format);
        let Some(any) = any else {
            return Edit::Insert { path: Vec::new(), key: Some("first".to_owned()), value: text, kind };
        };
        let path = any.path.clone();
        match dice.below(10) {
            0 => Edit::Unset { path },
            1 => Edit::Rename { path, key: dice.pick(&["renamed", "with space", "a.b", "yes", "é"]).to_owned() },
            2 | 3 if any.kind == Kind::Array => Edit::Insert { path, key: None, value: text, kind },
            2 | 3 if any.kind == Kind::Object => {
                let key = dice.pick(&["added", "other key", "x-1"]).to_owned();
                if dice.below(4) == 0 {
                    let value = r#"{"a": [1, {"b": "c: d"}], "e": {}}"#.to_owned();
                    return Edit::Insert { path, key: Some(key), value, kind: Kind::Object };
                }
                Edit::Insert { path, key: Some(key), value: text, kind }
            }
            _ => {
                // Something to set, if there is anything.
                let scalars: Vec<&Value> = values
                    .iter()
                    .filter(|value| !matches!(value.kind, Kind::Object | Kind::Array | Kind::Other))
                    .collect();
                let path = if scalars.is_empty() { path } else { scalars[dice.below(scalars.len())].path.clone() };
                Edit::Set { path, value: text, kind: Some(kind) }
            }
        }
    }

    fn compare(&self, before: &Document, after: &Document, edit: &Edit) {
        let context = || format!("{edit:?}\n--- before\n{}\n--- after\n{}", before.text(), after.text());
        // The text is what a file would have: read anew it says the same.
        assert_eq!(said(&self.open(after.text())), said(after), "{}", context());
        let (start, end) = common(before.text(), after.text());
        let gone = before.text().len() - start - end;
        match edit {
            Edit::Set { path, value, kind } => {
                let old = before.get(path).expect("it was there");
                let mut wanted = said(before);
                // With an object goes what it held.
                wanted.retain(|(other, ..)| !(other.starts_with(path) && other.len() > path.len()));
                let place = wanted.iter().rposition(|(other, ..)| other == path).expect("it was there");
                let text = (*kind != Some(Kind::Null)).then(|| value.clone());
                wanted[place] = (path.clone(), kind.expect("given"), text.clone());
                assert_eq!(comparable(said(after)), comparable(wanted), "{}", context());
                // A space and a line break around it are all that may go with it.
                assert!(gone <= old.span.len() + 2, "{gone} bytes of others: {}", context());
                if let (Some(text), Some(read)) = (text, (self.other_reader)(after.text(), path)) {
                    assert_eq!(read, text, "another reader: {}", context());
                }
            }
            Edit::Insert { path, key, .. } => {
                let mut wanted = path.clone();
                wanted.extend(key.clone().map(Step::Key));
                let (old, new) = (said(before), said(after));
                assert!(new.len() > old.len(), "{}", context());
                for one in &old {
                    let kept = new.contains(one) || one.0 == *path;
                    assert!(kept, "{} is lost: {}", written(&one.0), context());
                }
                if key.is_some() {
                    assert!(new.iter().any(|(other, ..)| *other == wanted), "{}", context());
                }
                // What stands behind the last value on its line is passed over, and nothing is taken away.
                assert!(is_within(before.text(), after.text()), "{}", context());
            }
            Edit::Unset { path } => {
                let old = said(before);
                let below = old.iter().filter(|(other, ..)| other.starts_with(path)).count();
                assert!(said(after).len() + below >= old.len(), "{}", context());
                assert!(after.text().len() <= before.text().len() + 3, "{}", context());
            }
            Edit::Rename { path, key } => {
                let mut wanted = path.clone();
                wanted.pop();
                wanted.push(Step::Key(key.clone()));
                assert!(said(after).iter().any(|(other, ..)| *other == wanted), "{}", context());
                assert_eq!(said(before).len(), said(after).len(), "{}", context());
                assert!(before.text().lines().count() == after.text().lines().count(), "{}", context());
            }
        }
    }
}

/// Whether one text is another one with bytes added; blanks may have gone.
fn is_within(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars().filter(|c| !c.is_whitespace());
    part.chars().filter(|c| !c.is_whitespace()).all(|c| rest.any(|other| other == c))
}

fn assert_count(name: &str, count: &Count) {
    assert!(count.edits >= EDITS, "{name}: {} edits", count.edits);
    assert!(count.refused * 3 < count.edits, "{name}: {} of {} edits were refused", count.refused, count.edits);
}

fn nobody(_: &str, _: &[Step]) -> Option<String> {
    None
}

fn scalar_of(json: &serde_json::Value) -> Option<String> {
    match json {
        serde_json::Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

const JSON: [&str; 5] = [
    "{\n  \"app\": { \"name\": \"shop\", \"port\": 80 },\n  \"list\": [\n    1,\n    \"two\",\n    { \"three\": null }\n  ],\n  \"on\": true\n}\n",
    "{\"a\":1,\"b\":{\"c\":[]},\"d\":\"\\u00e9\\n\",\"e\":{}}\n",
    "{\n\t\"name\": \"x\",\n\t\"scripts\": {\n\t\t\"build\": \"tsc -p .\",\n\t\t\"test\": \"jest\"\n\t}\n}\n",
    "[\n  { \"id\": 1, \"tags\": [\"a\", \"b\"] },\n  { \"id\": 2, \"tags\": [] }\n]\n",
    "{\n    \"dup\": 1,\n    \"other\": \"x\",\n    \"dup\": 2\n}\n",
];

#[test]
fn json() {
    let other_reader = |text: &str, path: &[Step]| {
        let mut value = &serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}')).expect("JSON");
        for step in path {
            value = match step {
                Step::Key(key) => value.get(key)?,
                Step::Index(index) => value.get(usize::try_from(*index).ok()?)?,
            };
        }
        scalar_of(value)
    };
    let trial = Trial { name: "a.json", format: Format::Json, other_reader: &other_reader };
    assert_count("JSON", &trial.run(0x5eed_0010, &JSON));
}

const JSONC: [&str; 3] = [
    "// settings\n{\n  // the port\n  \"port\": 80, // http\n  /* block */ \"host\": \"db\",\n  \"list\": [1, /* two */ 2, ], // end\n}\n",
    "{ a: 1, 'b': 'x', \"c\": [ // first\n  \"y\" // y\n] }\n",
    "{\n  \"compilerOptions\": {\n    \"strict\": true, // always\n    // \"off\": true,\n    \"paths\": { \"@/*\": [\"./src/*\"] }\n  }\n  // the end\n}\n",
];

#[test]
fn json_with_comments() {
    let trial = Trial { name: "a.jsonc", format: Format::Jsonc, other_reader: &nobody };
    assert_count("JSONC", &trial.run(0x5eed_0011, &JSONC));
}

const YAML: [&str; 9] = [
    "# Compose\nx-base: &base\n  restart: always   # keep\nservices:\n  web:\n    <<: *base\n    image: \"nginx:1.27\" # front\n    ports:\n      - \"80:80\"\n      - 443:443\n    environment: { A: 1, B: two, 'C': \"x\" }\n    command: [serve, --port, '80']\n  db:\n    image: postgres\nvolumes: {}\n",
    "logging:\n    level: info\n    format: json\n\n    # where\n    file: /var/log/app.log\nmetrics:\n    port: 9090\n    labels:\n        app: app\n",
    "rules:\n  - name: high # first\n    for: 5m\n    labels:\n      app: app\n\n  - name: low\n    for: 1m\n  - plain\n  -\n  - - nested\n    - list\n",
    "a: 1\nb: two\n---\n# second\n- x\n- y: z\n---\nlast: |\n  text\n",
    "script: |\n  echo a\n  # no comment\n  echo b\nfolded: >-\n  one\n  two\n\nkeep: |+\n  x\n\nend: ''\n",
    "top:\n- a\n- b: 1\n  c: 2\n-   d: 3\n    e: 4\nempty:\nnull_value: ~\nlist: []\nmap: {}\n",
    "\"quoted key\": 'it''s'\n? simple\n: value\nkey with spaces: a b c\nurl: http://example.com:80/#frag\ntime: 22:22\non: yes\nversion: 1.10\nuni: é # ü\n",
    "{a: 1, b: [x, y], c: {d: e}}\n",
    "users:\n  - name: admin\n    permissions: [deploy, rollback]\n  - {name: viewer, permissions: [monitor]}\nanchors:\n  one: &one { x: 1 }\n  two: *one\n  three: !tag text\n  four: &four\n    deep: [*one, 2]\n",
];

#[test]
fn yaml() {
    let other_reader = |text: &str, path: &[Step]| {
        let documents = sternway_model::yaml::parse(Path::new("a.yaml"), text).expect("YAML");
        let (mut node, path) = match documents.as_slice() {
            [one] => (one, path),
            several => {
                let Step::Index(first) = &path[0] else { return None };
                (&several[usize::try_from(*first).ok()?], &path[1..])
            }
        };
        for step in path {
            node = match (step, &node.content) {
                (Step::Key(key), _) => node.get(key)?,
                (Step::Index(index), sternway_model::yaml::Content::Sequence(items)) => {
                    items.get(usize::try_from(*index).ok()?)?
                }
                _ => return None,
            };
        }
        node.text().map(ToOwned::to_owned)
    };
    let trial = Trial { name: "a.yaml", format: Format::Yaml, other_reader: &other_reader };
    assert_count("YAML", &trial.run(0x5eed_0012, &YAML));
}

const TOML: [&str; 5] = [
    "# Shop\ntitle = \"shop\" # name\nowner.name = 'A'\nowner.\"e mail\" = \"a@b.c\"\n\n[server]\nport = 80\nhosts = [\n  \"a\", # first\n  \"b\",\n]\nlimits = { cpu = 1, memory = \"1g\" }\n\n# when\n[server.tls]\nsince = 2024-05-01\n",
    "[[rules]]\nname = \"high\"\n\n[[rules]]\nname = \"low\"\n[rules.labels]\napp = \"web\"\n\n[[rules.steps]]\nn = 1\n[[rules.steps]]\nn = 2\n",
    "[package]\nname = \"x\"\nversion = \"0.1.0\"\nkeywords = [\"a\", 'b']\n\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\ntokio.version = \"1\"\n\n[profile.dev]\ndebug = true\n",
    "s = \"\"\"\nmulti\nline\"\"\"\nl = '''raw\\n'''\nhex = 0x1F\nbig = 1_000\nf = 1.5\nd = 07:32:00\nempty = []\nnone = {}\n",
    "a = 1\n[x]\n[y]\nb = [[1, 2], [\"z\"]]\n",
];

#[test]
fn toml() {
    let other_reader = |text: &str, path: &[Step]| {
        let document: toml_edit::DocumentMut = text.trim_start_matches('\u{feff}').parse().expect("TOML");
        let mut item = document.as_item();
        for step in path {
            item = match step {
                Step::Key(key) => item.get(key.as_str())?,
                Step::Index(index) => item.get(usize::try_from(*index).ok()?)?,
            };
        }
        item.as_str().map(ToOwned::to_owned)
    };
    let trial = Trial { name: "a.toml", format: Format::Toml, other_reader: &other_reader };
    assert_count("TOML", &trial.run(0x5eed_0013, &TOML));
}

const HCL: [&str; 4] = [
    "# Infrastructure\nvariable \"region\" {\n  type    = string\n  default = \"us-west-2\" # Oregon\n}\n\nresource \"aws_instance\" \"app\" {\n  count = 2\n  ami   = var.ami\n  tags = {\n    Name = \"app\"\n    \"env name\" = var.environment // where\n  }\n  ids = [1, 2]\n  ingress { port = 80 }\n  ingress {\n    port = 443\n  }\n}\n",
    "region = \"eu\"\ninstances = 3\nazs = [\"a\", \"b\"] # zones\ntags = { a = 1, b = \"x\" }\nlabels = {\n  one = 1,\n  two = \"2\",\n}\nnothing = null\n/* block */ on = true\n",
    "locals {\n  name = \"${var.project}-app\"\n  list = [\n    \"a\",\n    \"b\", # b\n  ]\n  text = <<EOT\nhello ${var.x}\nEOT\n  sum = 1 + 2\n}\n\nmodule \"net\" {\n  source = \"./net\"\n}\n\noutput \"id\" {\n  value = module.net.id\n}\n",
    "terraform {\n  required_version = \">= 1.5\"\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}\nempty {}\n",
];

#[test]
fn hcl() {
    let trial = Trial { name: "main.tf", format: Format::Hcl, other_reader: &nobody };
    assert_count("HCL", &trial.run(0x5eed_0014, &HCL));
}

const SHELL: [&str; 3] = [
    "#!/bin/bash\nset -e\n# settings\nexport REGION=us-west-2 # where\nNAME='my app'\nTAG=\"v1\"; readonly DEBUG=0\nURL=\"http://$HOST/\"\n",
    "A=1\nB=\ncat <<EOF\nNOT=this\nEOF\nexport C=\"x y\" D=z\nif true; then\n  INNER=1\nfi\n",
    "X=$(date)\nY='multi\nline'\nZ=a\\ b\n  local W=1 # w\necho \"$X\nFAKE=1\"\nLAST=end\n",
];

/// Formats that hold texts only, and allow few of the edits.
fn run_texts(trial: &Trial<'_>, seed: u64, draw: &dyn Fn(&mut Dice) -> String) {
    let mut dice = Dice(seed);
    let mut edits = 0;
    while edits < EDITS {
        let mut document = trial.open(&draw(&mut dice));
        for _ in 0..=dice.below(5) {
            let values = document.values();
            if values.is_empty() {
                break;
            }
            let path = values[dice.below(values.len())].path.clone();
            let edit = match dice.below(8) {
                0 => Edit::Unset { path },
                1 => Edit::Insert {
                    path: Vec::new(),
                    key: Some("ADDED".to_owned()),
                    value: dice.value(),
                    kind: Kind::String,
                },
                _ => Edit::Set { path, value: dice.value(), kind: Some(Kind::String) },
            };
            let Ok(edited) = document.edited(&edit) else {
                assert!(!matches!(edit, Edit::Set { .. }), "{edit:?}\n{}", document.text());
                continue;
            };
            trial.compare(&document, &edited, &edit);
            document = edited;
            edits += 1;
        }
    }
}

#[test]
fn shell() {
    let trial = Trial { name: "a.sh", format: Format::Shell, other_reader: &nobody };
    // A script with CRLF is none: the shell reads its values with a CR at their end.
    run_texts(&trial, 0x5eed_0015, &|dice| dice.pick(&SHELL).to_owned());
}

#[test]
fn env() {
    let trial = Trial { name: ".env", format: Format::Env, other_reader: &nobody };
    run_texts(&trial, 0x5eed_0016, &crate::random::file);
}

//! Reading and editing single files, byte for byte.

use std::path::Path;

use sternway_config::{Assignment, EnvFile};
use sternway_model::Code;

fn parse(text: &str) -> EnvFile {
    EnvFile::parse(Path::new(".env"), text.as_bytes()).unwrap_or_else(|error| panic!("{text:?} is valid: {error}"))
}

fn text(file: &EnvFile) -> &str {
    std::str::from_utf8(file.bytes()).expect("UTF-8")
}

fn values(file: &EnvFile) -> Vec<(String, String)> {
    let evaluated = file.evaluate(&|_| None, &|_| None).expect("it can be evaluated");
    evaluated.into_iter().map(|(key, value, _)| (key, value)).collect()
}

/// BOM, CRLF, comments, `export`, spaces, a colon, quotes, several lines, a repeated key, no newline at the end.
const NASTY: &str = "\u{feff}# Shop\r\n\r\n# Database settings\r\nexport  DB_HOST = db # inside\r\nDB_PORT: 5432\r\n\
    DB_NAME=\"a \\\"b\\\" \\$c\" # quoted\r\nKEY='line 1\nline # 2\n'\r\n\tINDENTED=x#y\r\nDB_HOST=db2\r\n\r\n#OFF=1\r\n\
    EMPTY=\r\nBARE\r\nLAST='it\\'s $5'";

#[test]
fn reads_what_compose_reads() {
    let file = parse(NASTY);
    let expected = [
        ("DB_HOST", "db"),
        ("DB_PORT", "5432"),
        ("DB_NAME", "a \"b\" $c"),
        ("KEY", "line 1\nline # 2\n"),
        ("INDENTED", "x#y"),
        ("DB_HOST", "db2"),
        ("EMPTY", ""),
        ("LAST", "it's $5"),
    ];
    let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    assert_eq!(values(&file), expected);
    assert_eq!(file.bytes(), NASTY.as_bytes(), "nothing was edited");

    let host = file.get("DB_HOST").expect("set");
    assert_eq!((host.line(), host.group()), (11, "Database settings"), "the last one counts");
    assert_eq!(file.get("EMPTY").expect("set").group(), "Database settings", "a line that is off is no title");
    assert!(file.entries().next().expect("one").exported());
}

#[test]
fn fills_in_variables_from_the_lines_above_first() {
    let file = parse("A=1\nB=$A-${A}-$$A\nC='$A'\nD=\"\\$A ${X:-x}\"\nE=${Y}\nY=late\nBARE\n");
    let earlier = |name: &str| (name == "BARE").then(|| "from before".to_owned());
    let values: Vec<_> =
        file.evaluate(&|_| None, &earlier).expect("valid").into_iter().map(|(_, value, _)| value).collect();
    assert_eq!(values, ["1", "1-1-$A", "$A", "$A x", "", "late", "from before"]);

    let shadowed = file.evaluate(&|_| None, &|name| (name == "A").then(|| "0".to_owned())).expect("valid");
    assert_eq!(shadowed[1].1, "1-1-$A", "the files before are asked last");
    let outside = file.evaluate(&|name| (name == "A").then(|| "0".to_owned()), &|_| None).expect("valid");
    assert_eq!(outside[1].1, "0-0-$A", "the shell is asked first");
}

#[test]
fn an_edit_touches_one_value() {
    // (before, key, value, after)
    let cases = [
        ("A=1 # one\nB=2\n", "A", "10", "A=10 # one\nB=2\n"),
        ("export A = 'x'\r\nB=2", "A", "y z", "export A = 'y z'\r\nB=2"),
        ("A: 1\n", "A", "2", "A: 2\n"),
        ("A=1\nA=2\n", "A", "3", "A=1\nA=3\n"),
        ("A=x # note\n", "A", "", "A='' # note\n"),
        ("A=\"x\"B=y\n", "A", "z", "A=\"z\"B=y\n"),
        ("A='l1\nl2'\nB=1\n", "A", "l3", "A='l3'\nB=1\n"),
        ("A=My Shop\n", "A", "Our Shop", "A=Our Shop\n"),
        ("A\nB=1\n", "A", "x", "A=x\nB=1\n"),
        ("A=\"x\"\n", "A", "a\nb", "A='a\nb'\n"),
        ("A=x\r\n", "A", "a\nb", "A=\"a\\nb\"\r\n"),
        ("A=x\n", "A", "pa$$word", "A='pa$$word'\n"),
        ("A=x\n", "A", "{\"a\": [1, \"#\"]}", "A='{\"a\": [1, \"#\"]}'\n"),
        ("A=x\n", "A", "C:\\dir\\", "A=\"C:\\\\dir\\\\\"\n"),
        ("A=x\n", "A", "it's \\'", "A=\"it's \\\\'\"\n"),
        ("", "A", "1", "A=1\n"),
        ("\u{feff}", "A", "1", "\u{feff}A=1\n"),
        ("B=1", "A", "1", "B=1\nA=1\n"),
        ("\u{feff}B='x'", "A", "ü ", "\u{feff}B='x'\nA='ü '\n"),
    ];
    for (before, key, value, after) in cases {
        let mut file = parse(before);
        file.set(key, Assignment::Value(value)).unwrap_or_else(|error| panic!("{before:?} = {value:?}: {error}"));
        assert_eq!(text(&file), after, "{before:?} with {key} set to {value:?}");
        let found = values(&file).into_iter().rfind(|(k, _)| k == key).map(|(_, value)| value);
        assert_eq!(found.as_deref(), Some(value), "{after:?}");
    }
}

#[test]
fn a_template_keeps_its_variables() {
    let mut file = parse("HOST=db\nURL=\"http://${HOST}\" # where\n");
    file.set("URL", Assignment::Template("https://${HOST}:${PORT:-443}/a b\"")).expect("valid");
    assert_eq!(text(&file), "HOST=db\nURL=\"https://${HOST}:${PORT:-443}/a b\\\"\" # where\n");
    assert_eq!(values(&file)[1].1, "https://db:443/a b\"");

    file.set("URL", Assignment::Template("$HOST")).expect("valid");
    file.set("COST", Assignment::Template("$$5")).expect("valid");
    assert_eq!(text(&file), "HOST=db\nURL=\"$HOST\" # where\nCOST='$5'\n");
}

#[test]
fn removes_and_renames_every_assignment() {
    let mut file = parse("# a\nA=1 # one\nB=2\nexport A='3\n4'\nC=\"$A\"");
    assert!(file.rename("A", "Z").expect("valid"));
    assert_eq!(text(&file), "# a\nZ=1 # one\nB=2\nexport Z='3\n4'\nC=\"$A\"");
    assert!(file.unset("Z").expect("valid"));
    assert_eq!(text(&file), "# a\nB=2\nC=\"$A\"");
    assert!(!file.unset("Z").expect("valid"), "it is gone");
    assert!(file.rename("B", "C").is_err(), "the name is taken");
    assert!(file.rename("B", "9 C").is_err(), "no name");
}

#[test]
fn errors_have_a_place_and_no_value() {
    // (bytes, line, column)
    let cases: [(&[u8], u32, u32); 6] = [
        (b"A=1\nB='hunter2\nC=3\n", 2, 3),
        (b"A=1\r\n  my hunter2=1\n", 2, 3),
        (b"A=1\nB=\xffhunter2\n", 2, 3),
        (b"\xef\xbb\xbfA=\xff\n", 1, 3),
        (b"A=1\n=hunter2\n", 2, 1),
        (b"A=1\nhunter2", 2, 1),
    ];
    for (bytes, line, column) in cases {
        let error = EnvFile::parse(Path::new(".env"), bytes).expect_err("not valid");
        let at = error.at.clone().expect("a place");
        assert_eq!((at.line, at.column), (Some(line), Some(column)), "{:?}: {error}", String::from_utf8_lossy(bytes));
        assert_eq!(error.code, Code::InvalidInput);
        assert!(!format!("{error:?}").contains("hunter2"), "a line may hold a secret: {error:?}");
    }
    let misspelt = parse("A=1\nPW=hunter2${\n").evaluate(&|_| None, &|_| None).expect_err("Compose refuses it too");
    assert!(!format!("{misspelt:?}").contains("hunter2"), "{misspelt:?}");
    assert_eq!(misspelt.at.and_then(|at| at.key).as_deref(), Some("PW"));
    let required = parse("A=${NOPE:?set it}\n").evaluate(&|_| None, &|_| None).expect_err("it has no value");
    assert!(required.message.contains("`NOPE`") && required.message.contains("set it"), "{required}");
}

#[test]
fn refuses_what_cannot_be_a_variable() {
    let mut file = parse("A=1\n");
    for key in ["", "1A", "A B", "A=B", "A-B", "#A"] {
        assert!(file.set(key, Assignment::Value("x")).is_err(), "{key:?}");
    }
    let error = file.set("A", Assignment::Value("hunter2\0")).expect_err("a variable cannot hold it");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(text(&file), "A=1\n", "the file is what it was");
}

#[test]
fn a_secret_takes_the_place_of_one_value() {
    let mut file = parse("# keys\nexport DB_PASSWORD=\"hunter2\" # rotate\nDB_PASSWORD=other\r\n");
    let name = "DB_PASSWORD".parse().expect("a name");
    file.set_at(2, "DB_PASSWORD", Assignment::Secret(&name)).expect("it is there");
    assert_eq!(text(&file), "# keys\nexport DB_PASSWORD=\"keychain:DB_PASSWORD\" # rotate\nDB_PASSWORD=other\r\n");
    assert_eq!(file.set_at(1, "DB_PASSWORD", Assignment::Value("x")).expect_err("a comment").code, Code::NotFound);
}

//! Documents as they are shown to who has not asked for their secrets.

use std::path::Path;

use sternway_config::document::{Document, Format, Masked, unmasked, withheld_in};

use crate::forms::{after, open, set};

fn masked(name: &str, text: &str) -> Masked {
    Masked::of(text, Some(&open(name, text)))
}

#[test]
fn secrets_are_marks_that_can_be_edited_around() {
    let text =
        "{\n  \"db\": { \"host\": \"db\", \"password\": \"hunter2\" },\n  \"redis\": { \"password\": 12345 }\n}\n";
    let shown = masked("app.json", text);
    assert_eq!(shown.keys, ["db.password", "redis.password"]);
    let shown = shown.text.expect("they can be told from the rest");
    assert_eq!(
        shown,
        text.replace("hunter2", "⟦withheld:db.password⟧").replace("12345", "\"⟦withheld:redis.password⟧\"")
    );
    assert_eq!(withheld_in(&shown), ["db.password", "redis.password"]);

    let edited = after("app.json", &shown, &set("db.host", "db2"));
    let file = open("app.json", text);
    let whole = unmasked(Path::new("app.json"), Format::Json, &edited, Some(&file)).expect("it is put back");
    assert_eq!(whole, text.replace("\"db\",", "\"db2\","), "one value is another, the secrets are what they were");
}

#[test]
fn a_mark_that_means_nothing_is_refused() {
    let file = open("app.json", "{ \"password\": \"hunter2\" }");
    let path = Path::new("app.json");
    for text in ["{ \"a\": \"⟦withheld:other⟧\" }", "{ \"a\": \"x⟦withheld:password⟧\" }", "{ ⟦withheld:password⟧"]
    {
        let error = unmasked(path, Format::Json, text, Some(&file)).expect_err(text);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(unmasked(path, Format::Json, "{ \"a\": \"⟦withheld:password⟧\" }", None).is_err());
}

#[test]
fn duplicates_and_lists_of_variables_are_withheld_too() {
    let text = "DB_PASSWORD=first\nDB_PASSWORD='hunter2' # old\nPORT=80\n";
    let shown = masked(".env", text);
    assert_eq!(shown.keys, ["DB_PASSWORD", "DB_PASSWORD.2"]);
    assert_eq!(
        shown.text.expect("shown"),
        "DB_PASSWORD='⟦withheld:DB_PASSWORD⟧'\nDB_PASSWORD='⟦withheld:DB_PASSWORD.2⟧' # old\nPORT=80\n"
    );
    let list = masked("a.json", "{ \"environment\": [\"POSTGRES_USER=user\", \"POSTGRES_PASSWORD=hunter2\"] }");
    assert_eq!(list.keys, ["environment.1_"]);
    assert!(!list.text.expect("shown").contains("hunter2"));
}

#[test]
fn a_broken_file_with_secrets_is_not_shown() {
    let broken = "{\n  \"password\": \"hunter2\"\n  \"b\": 1\n}\n";
    let masked = Masked::of(broken, None);
    assert_eq!((masked.text, masked.keys), (None, vec!["password".to_owned()]));
    let harmless = "{ \"port\": 80 ";
    assert_eq!(Masked::of(harmless, None).text.as_deref(), Some(harmless));
    assert!(Masked::of("see postgres://app:hunter2@db/shop", None).text.is_none());
}

#[test]
fn a_reference_is_no_secret() {
    let text = "{ \"password\": \"keychain:DB_PASSWORD\" }";
    let document = open("a.json", text);
    assert!(Masked::of(text, Some(&document)).keys.is_empty());
    let value = &document.values()[0];
    assert_eq!(value.secret().expect("it refers").expect("to a name").name.as_str(), "DB_PASSWORD");
    let _: &Document = &document;
}

#[test]
fn what_was_commented_out_is_withheld_too() {
    let token = "ghp_0123456789abcdefghij0123456789abcdef";
    for (name, text, secrets, kept) in [
        (
            ".env",
            format!(
                "# old password: hunter2\n#DB_PASSWORD='hunter2 x'\nPORT=80 # was {token}, see the wiki\n# password: see the wiki\n"
            ),
            3,
            "see the wiki\n# password: see the wiki",
        ),
        (
            "a.yaml",
            format!("# token={token}\nport: 80 # password: hunter2\nlist:\n  - a # no secrets here\n"),
            2,
            "no secrets here",
        ),
        (
            "a.jsonc",
            format!("{{\n  // \"password\": \"hunter2\",\n  /* {token}\n     apiKey: hunter2 */\n  \"port\": 80\n}}\n"),
            3,
            "*/",
        ),
        ("a.toml", "# url = \"postgres://u:hunter2@db/x\"\nport = 80\n".to_owned(), 1, "url"),
        ("a.tfvars", "port = 80 // db_password = \"hunter2\"\n".to_owned(), 1, "db_password"),
    ] {
        let shown = masked(name, &text);
        let marks: Vec<String> = (1..=secrets).map(|number| format!("comment.{number}")).collect();
        assert_eq!(shown.keys, marks, "{name}: {:?}", shown.text);
        let shown = shown.text.expect("they can be told from the rest");
        assert!(!shown.contains("hunter2") && !shown.contains(token) && shown.contains(kept), "{shown}");
        let edited = shown.replace("80", "8080");
        let file = open(name, &text);
        let whole = unmasked(Path::new(name), file.format(), &edited, Some(&file)).expect("they are put back");
        assert_eq!(whole, text.replace("80", "8080"), "{name}");
    }
    let key = "# -----BEGIN RSA PRIVATE KEY-----\n# MIIEpAIBAAKCAQEA\nport: 80\n";
    assert_eq!(masked("a.yaml", key).text, None, "nobody can say where it ends");
    let no_comment = "{ \"a\": \"# password: hunter2\" }";
    assert_eq!(masked("a.json", no_comment).keys, ["a"], "JSON has no comments: this is a value");
}

#[test]
fn what_is_known_to_be_a_secret_is_withheld_whatever_it_looks_like() {
    let text = "GREETING=correct-horse\n# the old one was correct-horse, or so\nPORT=80\n";
    let candidates = open(".env", text).candidates();
    let known: Vec<_> = candidates.into_iter().filter(|word| word.reveal() == "correct-horse").collect();
    assert_eq!(known.len(), 1, "it is looked for once, though it stands there twice");
    let document = open(".env", text).knowing(known);
    let shown = Masked::of(text, Some(&document));
    assert_eq!(shown.keys, ["GREETING", "comment.1"]);
    let shown = shown.text.expect("they can be told from the rest");
    assert!(!shown.contains("horse") && shown.contains("the old one was"), "{shown}");
    let whole = unmasked(Path::new(".env"), Format::Env, &shown, Some(&document)).expect("they are put back");
    assert_eq!(whole, text);
}

/// Each holds `hunter2` once or more, where only what stands beside it says that it is a secret.
#[test]
fn what_a_neighbour_names_is_withheld() {
    for (name, text) in [
        ("a.yaml", "env:\n  - name: DB_PASSWORD\n    value: hunter2\n  - name: PORT\n    value: 80\n"),
        ("a.yaml", "env:\n  - value: hunter2 # first\n    name: DB_PASSWORD\n"),
        (
            "a.json",
            "[{ \"key\": \"dbPassword\", \"value\": \"hunter2\" }, { \"ParameterKey\": \"DbPassword\", \"ParameterValue\": \"hunter2\" }]",
        ),
        ("a.json", "{ \"adminPassword\": { \"value\": \"hunter2\" }, \"passwords\": [\"hunter2\"] }"),
        ("a.json", "{ \"auths\": { \"r.example.com\": { \"auth\": \"hunter2hunter2hunter2\" } } }"),
        ("a.toml", "[[env]]\nname = \"DB_PASSWORD\"\nvalue = \"hunter2\"\n"),
        (
            "a.tf",
            "variable \"db_password\" {\n  default = \"hunter2\"\n}\nenv {\n  name  = \"DB_PASSWORD\"\n  value = \"hunter2\"\n}\n",
        ),
        ("a.yaml", "command: [\"run\", \"--password\", \"hunter2\", \"--port=80\"]\nargs: [--db-password=hunter2]\n"),
        ("a.yaml", "command: mysql -uapp -phunter2 shop\n"),
        (
            "a.yaml",
            "kind: Secret\nmetadata: { name: db }\ndata: { url: hunter2 }\n---\nkind: ConfigMap\ndata: { port: '80' }\n",
        ),
        ("a.yaml", "data:\n  app.properties: |\n    port=80\n    db.password=hunter2\n"),
        ("a.tf", "config = <<EOT\n  machine db login app password hunter2\nEOT\nport = 80\n"),
        ("a.json", "{ \"xml\": \"<a><password>hunter2</password></a>\" }"),
        (
            "a.sh",
            "PORT=80\nPGPASSWORD=hunter2 psql -h db\ncat > .netrc <<EOF\nmachine db login app password hunter2\nEOF\nLAST=1\n",
        ),
        ("a.sh", "A=1\ncurl -u app:hunter2 https://example.com\nkeys=(DB_PASSWORD=hunter2)\n"),
    ] {
        let document = open(name, text);
        let shown = Masked::of(text, Some(&document));
        let shown = shown.text.unwrap_or_else(|| panic!("{text}: {:?}", shown.keys));
        assert!(!shown.contains("hunter2") && shown.contains("⟦withheld:"), "{shown}");
        let whole = unmasked(Path::new(name), document.format(), &shown, Some(&document)).expect("they are put back");
        assert_eq!(whole, text);
    }
    for (name, text) in [
        (
            "a.yaml",
            "env:\n  - name: PORT\n    value: 80\n  - name: DB_PASSWORD\n    valueFrom: { secretKeyRef: { name: db, key: password } }\n",
        ),
        ("a.yaml", "description: \"Token: used for everything\"\ncommand: [run, --port, '80', --verbose]\n"),
        ("a.tf", "variable \"region\" {\n  default = \"eu\"\n}\nport = var.port\n"),
        ("a.sh", "read -s -p \"Password: \" PASSWORD\ncurl -u \"$USER:$PASSWORD\" https://example.com\n"),
        ("a.sh", "mysql --password=\"$DB_PASSWORD\" <<EOF\nselect 1;\nEOF\n"),
    ] {
        assert_eq!(masked(name, text).keys, Vec::<String>::new(), "{text}");
    }
}

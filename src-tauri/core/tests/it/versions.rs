//! Versions of the configuration.

use sternway_core::VariableEdit;
use sternway_core::view::{DocumentSave, Kept, RestoreScope, VersionChange, VersionsFilter};
use sternway_model::{Cause, Code};

use crate::fixture::Shop;

const SHARED: &str =
    "# shop\r\nMESSAGE=first # say it\r\nURL=https://u:${TOKEN}@shop.example.com/\r\nTOKEN=keychain:TOKEN\r\n";

fn shop() -> Shop {
    Shop::with(&[(".env", SHARED), (".env.staging", "LOG_LEVEL=debug\n"), (".env.production", "LOG_LEVEL=info\n")])
}

async fn set(shop: &Shop, key: &str, value: &str, note: Option<&str>) -> Option<u32> {
    let staging = "staging".parse().expect("a name");
    let edited = shop.core.set_variable(&shop.project(), Some(&staging), key, value, false, note).await.expect("set");
    assert_eq!(edited.problem, None);
    edited.version
}

async fn listed(shop: &Shop, environment: Option<&str>, key: Option<&str>) -> Vec<(u32, String, Cause, usize)> {
    let filter = VersionsFilter {
        environment: environment.map(|name| name.parse().expect("a name")),
        key: key.map(str::to_owned),
        ..VersionsFilter::default()
    };
    let page = shop.core.config_versions(&shop.project(), filter).await.expect("listed");
    assert_eq!(page.total as usize, page.versions.len());
    let line = |version: sternway_core::view::VersionView| {
        (version.head.number, version.head.by, version.head.cause, version.changes.len())
    };
    page.versions.into_iter().map(line).collect()
}

fn told(change: &VersionChange) -> (&str, Option<&str>, Option<&str>) {
    (&change.subject, change.before.as_deref(), change.after.as_deref())
}

#[tokio::test]
async fn each_save_is_a_version_and_so_is_what_somebody_else_changed() {
    let shop = shop();
    assert_eq!(set(&shop, "LOG_LEVEL", "warn", Some("less noise")).await, Some(2));
    assert_eq!(set(&shop, "LOG_LEVEL", "warn", None).await, Some(2), "nothing changed, nothing is written down");
    shop.write(".env.production", "LOG_LEVEL=error\nNEW=1\n");
    assert_eq!(set(&shop, "LOG_LEVEL", "debug", None).await, Some(4), "their change is a version of its own");
    let outside = || "changed outside".to_owned();
    let ann = || "ann".to_owned();
    assert_eq!(
        listed(&shop, None, None).await,
        [
            (4, ann(), Cause::Saved, 1),
            (3, outside(), Cause::Outside, 2),
            (2, ann(), Cause::Saved, 1),
            (1, outside(), Cause::Outside, 6)
        ]
    );
    assert_eq!(listed(&shop, Some("staging"), Some("LOG_LEVEL")).await.len(), 3);
    assert_eq!(listed(&shop, Some("production"), None).await.iter().map(|line| line.0).collect::<Vec<_>>(), [3, 1]);

    let difference = shop.core.version_difference(&shop.project(), 1, None).await.expect("compared");
    let changes: Vec<_> = difference.changes.iter().map(told).collect();
    assert_eq!((difference.from, difference.to), (1, 4));
    assert_eq!(changes, [("variable LOG_LEVEL", Some("info"), Some("error")), ("variable NEW", None, Some("1"))]);
    let error = shop.core.version_difference(&shop.project(), 9, None).await.expect_err("there is no such version");
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_an_empty_one() {
    let shop = shop();
    shop.core.notice(&shop.project()).await.expect("noticed");
    shop.write(".env.staging", "LOG_LEVEL='never closed\n");
    assert_eq!(shop.core.notice(&shop.project()).await.expect("noticed"), Some(1), "nothing is known of it");
    std::fs::remove_file(shop.path().join(".env.staging")).expect("removed");
    assert_eq!(shop.core.notice(&shop.project()).await.expect("noticed"), Some(2), "now it is gone");
}

#[tokio::test]
async fn blame_says_who_when_and_where_it_first_ran() {
    let shop = shop();
    shop.set_secret("staging", "TOKEN", "a token of staging").await;
    let first = shop.deployed("staging").await;
    set(&shop, "MESSAGE", "second", Some("a better one")).await;
    shop.deployed("production").await;
    let second = shop.deployed("staging").await;
    set(&shop, "LOG_LEVEL", "warn", None).await;
    shop.set_secret("staging", "TOKEN", "another token of staging").await;

    let blame = shop.core.blame(&shop.project(), &"staging".parse().expect("a name")).await.expect("blame");
    let line = |key: &str| blame.variables.iter().find(|line| line.key == key).expect("listed");
    let note = |key: &str| line(key).version.as_ref().and_then(|version| version.note.as_deref());
    assert_eq!((note("MESSAGE"), line("MESSAGE").first_ran), (Some("a better one"), Some(second)));
    assert_eq!((line("URL").first_ran, line("LOG_LEVEL").first_ran), (Some(first), None));
    assert_eq!(
        (line("TOKEN").secret_version, line("TOKEN").first_ran),
        (Some(2), None),
        "its second value did not run"
    );

    // Taking staging's own line away lets the shared one win again; that is who gave it its value.
    let staging = "staging".parse().expect("a name");
    shop.core.unset_variable(&shop.project(), Some(&staging), "MESSAGE", Some("no more")).await.expect("unset");
    let blame = shop.core.blame(&shop.project(), &staging).await.expect("blame");
    let message = blame.variables.iter().find(|line| line.key == "MESSAGE").expect("listed");
    assert_eq!(message.value.as_deref(), Some("first"));
    assert_eq!(message.version.as_ref().and_then(|version| version.note.as_deref()), Some("no more"));
}

#[tokio::test]
async fn one_value_or_everything_comes_back_and_every_other_byte_stays() {
    let shop = shop();
    shop.set_secret("staging", "TOKEN", "the first token").await;
    let begin = shop.core.notice(&shop.project()).await.expect("noticed").expect("a version");
    set(&shop, "LOG_LEVEL", "warn", None).await;
    set(&shop, "EXTRA", "1", None).await;
    shop.write(".env", &SHARED.replace("MESSAGE=first", "MESSAGE=second").replace("URL", "# URL"));
    shop.set_secret("staging", "TOKEN", "the second token").await;

    let scope = RestoreScope {
        environment: Some("staging".parse().expect("a name")),
        key: Some("MESSAGE".to_owned()),
        file: None,
    };
    let plan = shop.core.plan_restore(&shop.project(), begin, &scope).await.expect("planned");
    let changes: Vec<_> = plan.changes.iter().map(told).collect();
    assert_eq!(changes, [("variable MESSAGE", Some("second"), Some("first"))]);
    assert_eq!(plan.changes[0].environments.len(), 2, "both read the shared file, and the plan says so");
    assert!(shop.read(".env").contains("MESSAGE=second"), "a plan changes nothing");
    let restored = shop.core.restore(&shop.project(), begin, &scope, Some(&plan.stamp), Some("it was better")).await;
    let restored = restored.expect("restored");
    assert!(shop.read(".env").contains("MESSAGE=first # say it\r\n"), "{}", shop.read(".env"));
    let newest = listed(&shop, None, None).await;
    assert_eq!((newest[0].0, newest[0].2), (restored.version.expect("a version"), Cause::Restored));
    let again = shop.core.restore(&shop.project(), begin, &scope, Some(&plan.stamp), None).await;
    assert_eq!(again.expect_err("it is another plan now").code, Code::PlanMoved);

    let everything = RestoreScope::default();
    let plan = shop.core.plan_restore(&shop.project(), begin, &everything).await.expect("planned");
    let changes: Vec<_> = plan.changes.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!(changes, ["variable URL", "variable EXTRA", "variable LOG_LEVEL", "secret TOKEN"]);
    shop.core.restore(&shop.project(), begin, &everything, Some(&plan.stamp), None).await.expect("restored");
    assert_eq!(shop.read(".env.staging"), "LOG_LEVEL=debug\n");
    assert!(shop.read(".env").contains("URL=https://u:${TOKEN}@shop.example.com/\r\n"), "{}", shop.read(".env"));
    let staging = "staging".parse().expect("a name");
    let variables = shop.core.environment_of(&shop.project(), &staging).await.expect("all have values");
    assert_eq!(variables["TOKEN"].reveal(), "the first token");
    let plan = shop.core.plan_restore(&shop.project(), begin, &everything).await.expect("planned");
    assert_eq!((plan.changes, plan.left), (vec![], vec![]), "the same value under another number is no difference");
}

#[tokio::test]
async fn what_may_be_a_secret_is_not_kept_whatever_it_is_called() {
    const PASSWORD: &str = "correct-horse-battery";
    const TOKEN: &str = "a-token-that-was-planted";
    let shop = shop();
    shop.write(".env.staging", &format!("REDIS_PASSWORD={PASSWORD}\nLOG_LEVEL=debug\n"));
    shop.set_secret("staging", "TOKEN", TOKEN).await;
    set(&shop, "GREETING", TOKEN, None).await;
    let before = listed(&shop, None, None).await.len();
    shop.write(".env.staging", &format!("REDIS_PASSWORD={PASSWORD}2\nLOG_LEVEL=debug\nGREETING={TOKEN}\n"));
    assert_eq!(listed(&shop, None, None).await.len(), before + 1, "that it changed is seen all the same");
    let (history, _) = shop.history().await;
    history.close().await;
    for value in [PASSWORD, TOKEN] {
        assert_eq!(shop.holding(value), Vec::<String>::new(), "{value}");
    }

    let first = RestoreScope::default();
    let plan = shop.core.plan_restore(&shop.project(), 2, &first).await.expect("planned");
    assert!(plan.left.iter().any(|left| left.subject.contains("REDIS_PASSWORD")), "{plan:?}");
    let key = RestoreScope { key: Some("REDIS_PASSWORD".to_owned()), ..RestoreScope::default() };
    let error = shop.core.restore(&shop.project(), 2, &key, None, None).await.expect_err("it was not kept");
    assert!(error.message.contains("looked like a secret"), "{error}");
    assert!(shop.read(".env.staging").contains(&format!("{PASSWORD}2")), "and stays as it is");
}

#[tokio::test]
async fn a_secret_that_was_dropped_does_not_come_back() {
    let shop = shop();
    let first = shop.set_secret("staging", "TOKEN", "the first token").await;
    let version = shop.core.notice(&shop.project()).await.expect("noticed").expect("a version");
    shop.set_secret("staging", "TOKEN", "the second token").await;
    let (staging, name) = ("staging".parse().expect("a name"), "TOKEN".parse().expect("a name"));
    shop.core.remove_secret(&shop.project(), &staging, &name, Some(first), None).await.expect("removed");
    let plan = shop.core.plan_restore(&shop.project(), version, &RestoreScope::default()).await.expect("planned");
    assert_eq!(plan.changes, []);
    assert_eq!(plan.left[0].reason, "the keychain does not have version 1 any more");
}

#[tokio::test]
async fn documents_have_versions_without_their_secrets() {
    const PASSWORD: &str = "correct-horse-battery";
    const TOKEN: &str = "a-token-that-was-planted";
    let shop = shop();
    let file = std::path::Path::new("config/app.json");
    let text = |level: &str, password: &str| {
        format!("{{\n  \"level\": \"{level}\",\n  \"db\": {{ \"password\": \"{password}\" }}\n}}\n")
    };
    shop.write("config/app.json", &text("info", PASSWORD));
    let first = shop.core.notice(&shop.project()).await.expect("noticed").expect("a version");
    shop.write("config/app.json", &text("debug", &format!("{PASSWORD}2")));
    let second = shop.core.notice(&shop.project()).await.expect("noticed").expect("a version");
    assert_eq!(second, first + 1);
    shop.write("config/app.json", &text("debug", &format!("{PASSWORD}3")));
    let third = shop.core.notice(&shop.project()).await.expect("noticed");
    assert_eq!(third, Some(second + 1), "that only the secret changed is seen, too");
    let then = shop.core.document_at(&shop.project(), file, first).await.expect("found").text.expect("kept");
    assert!(then.contains("\"level\": \"info\"") && !then.contains("horse"), "{then}");

    // The level comes back; the password stays what it is.
    let scope = RestoreScope { file: Some(file.to_owned()), ..RestoreScope::default() };
    let plan = shop.core.plan_restore(&shop.project(), first, &scope).await.expect("planned");
    assert_eq!((plan.changes.len(), plan.left), (1, vec![]));
    shop.core.restore(&shop.project(), first, &scope, Some(&plan.stamp), None).await.expect("restored");
    assert_eq!(shop.read("config/app.json"), text("info", &format!("{PASSWORD}3")));

    // A text with a secret of the keychain in plain sight is not kept at all.
    shop.set_secret("staging", "TOKEN", TOKEN).await;
    shop.write("config/app.json", &format!("{{ \"level\": \"info\", \"greeting\": \"{TOKEN}\" }}\n"));
    let last = shop.core.notice(&shop.project()).await.expect("noticed").expect("a version");
    let at = shop.core.document_at(&shop.project(), file, last).await.expect("found");
    assert_eq!((at.kept, at.text), (Kept::Nothing, None));
    let (history, _) = shop.history().await;
    history.close().await;
    for value in [PASSWORD, TOKEN] {
        assert_eq!(shop.holding(value), Vec::<String>::new(), "{value}");
    }
}

#[tokio::test]
async fn a_document_as_it_was_deployed_stands_beside_the_one_of_now() {
    const PASSWORD: &str = "correct-horse-battery";
    let shop = shop();
    let path = |name: &'static str| std::path::Path::new(name);
    shop.write("config/app.json", "{ \"level\": \"info\", \"password\": \"correct-horse-battery\" }\n");
    let own = format!(
        "# loud\nLOG_LEVEL=debug\nGONE=1\nA_PASSWORD={PASSWORD}\nB_PASSWORD={PASSWORD}\nURL=http://${{LOG_LEVEL}}/\n"
    );
    shop.write(".env.staging", &own);
    assert_eq!(shop.core.document_releases(&shop.project(), path(".env")).await.expect("read"), []);
    let staging = shop.deployed("staging").await;
    shop.write(
        ".env.staging",
        &format!("# quiet\nNEW=2\nLOG_LEVEL=warn\nA_PASSWORD={PASSWORD}\nB_PASSWORD={PASSWORD}2\n"),
    );
    let production = shop.deployed("production").await;
    shop.write("config/app.json", "{ \"level\": \"info\", \"password\": \"another-horse\" }\n");

    let of = async |name| {
        let releases = shop.core.document_releases(&shop.project(), path(name)).await.expect("read");
        releases.into_iter().map(|one| (one.environment.to_string(), one.release, one.version)).collect::<Vec<_>>()
    };
    let both = [("staging".to_owned(), staging, Some(1)), ("production".to_owned(), production, Some(2))];
    assert_eq!((of(".env").await, of("config/app.json").await), (both.to_vec(), both.to_vec()));
    assert_eq!(of(".env.staging").await, both[..1], "nobody else reads it");

    let at = async |name, version| shop.core.document_at(&shop.project(), path(name), version).await.expect("found");
    let then = at(".env.staging", 1).await;
    assert_eq!((then.kept, then.withheld_differs), (Kept::Values, true), "one of its passwords is another one");
    let text = then.text.expect("shown");
    let lines: Vec<&str> = text.lines().collect();
    let b = lines.iter().find(|line| line.starts_with("B_")).expect("it is there");
    assert!(b.contains("of version 1") && !text.contains("horse"), "{text}");
    let a = lines.iter().find(|line| line.starts_with("A_")).expect("it is there");
    assert!(a.contains("⟦withheld:A_PASSWORD⟧"), "the same value has the mark that it has today: {text}");
    for line in ["# quiet", "LOG_LEVEL=debug", "GONE=1", "URL=http://${LOG_LEVEL}/"] {
        assert!(lines.contains(&line), "{line} in {text}");
    }
    assert!(!text.contains("NEW"), "{text}");
    assert_eq!(at(".env.production", 1).await.text.as_deref(), Some("LOG_LEVEL=info\n"), "nothing of it changed");

    let app = at("config/app.json", 1).await;
    assert!(app.withheld_differs, "its text is the same, and its password is not: {app:?}");
    assert_eq!(at("sternway.yaml", 1).await.kept, Kept::Whole);
    shop.write(".env.staging", "LOG_LEVEL='never closed\n");
    let text = at(".env.staging", 1).await.text.expect("its values are known all the same");
    assert!(text.contains("LOG_LEVEL=debug") && !text.contains("quiet"), "{text}");
}

/// A thousand saves of two hundred keys: what they cost on the disk is printed with `--nocapture`.
#[tokio::test]
async fn a_thousand_saves_are_small() {
    use std::collections::{BTreeMap, BTreeSet};
    use sternway_history::{Held, NewVersion, Place};

    let shop = shop();
    let (history, project) = shop.history().await;
    let size = || std::fs::metadata(history.file()).expect("there").len();
    let mut now: BTreeMap<Place, Held> = (0..200)
        .map(|key| {
            let place = Place::Variable { file: ".env.production".into(), key: format!("SETTING_NUMBER_{key}") };
            (place, Held::Value(format!("value-{key}.example.com")))
        })
        .collect();
    let (unread, texts) = (BTreeSet::new(), BTreeMap::new());
    let empty = size();
    for save in 0..1000_u32 {
        let key = format!("SETTING_NUMBER_{}", save % 200);
        now.insert(Place::Variable { file: ".env.production".into(), key }, Held::Value(format!("value-of-{save}")));
        let new = NewVersion {
            project,
            cause: Cause::Saved,
            by: "ann",
            created: sternway_model::At::from_millis(i64::from(save)).expect("a time"),
            note: None,
            now: &now,
            unread: &unread,
            texts: &texts,
        };
        history.record_version(&new).await.expect("written");
    }
    let at = history.configuration_at(project, Some(500)).await.expect("readable");
    assert_eq!(at.len(), 200);
    // The log of changes to the file is written into it when it is closed.
    let file = history.file();
    history.close().await;
    let bytes = std::fs::metadata(file).expect("there").len() - empty;
    println!("1000 saves of 200 keys: {bytes} bytes, {} a save", bytes / 1000);
    assert!(bytes < 400_000, "{bytes} bytes");
}

#[tokio::test]
async fn a_secret_of_the_keychain_is_withheld_wherever_it_stands_in_a_document() {
    const TOKEN: &str = "correct-horse-battery";
    let shop = shop();
    shop.set_secret("staging", "TOKEN", TOKEN).await;
    let text = format!("# the token was {TOKEN} once\nGREETING={TOKEN}\nPORT=80\n");
    shop.write(".env.staging", &text);
    shop.write("sternway.yaml", &format!("{}# {TOKEN}\n", crate::fixture::PROJECT));
    for (file, withheld) in [
        (".env.staging", vec!["GREETING", "comment.1"]),
        ("sternway.yaml", vec!["comment.1"]),
        (".env.staging", vec!["GREETING", "comment.1"]),
    ] {
        let path = std::path::Path::new(file);
        let opened = shop.core.open_document(&shop.project(), path, false).await.expect("opened");
        assert_eq!(opened.withheld, withheld, "{file}");
        assert!(!format!("{opened:?}").contains("horse"), "{opened:?}");
    }
    let path = std::path::Path::new(".env.staging");
    let opened = shop.core.open_document(&shop.project(), path, false).await.expect("opened");
    let save = DocumentSave {
        text: opened.text.clone().expect("shown").replace("80", "8080"),
        base: opened.stamp.clone(),
        base_text: opened.text.clone(),
        note: None,
        resolutions: Vec::new(),
    };
    shop.core.save_document(&shop.project(), path, save).await.expect("saved");
    assert_eq!(shop.read(".env.staging"), text.replace("80", "8080"), "what is withheld stays in the file");
    let at = shop.core.document_at(&shop.project(), path, 1).await.expect("found");
    assert!(!format!("{at:?}").contains("horse"), "{at:?}");
    let (history, _) = shop.history().await;
    history.close().await;
    assert_eq!(shop.holding(TOKEN), Vec::<String>::new());
}

#[tokio::test]
async fn several_edits_are_one_version_and_none_if_one_is_refused() {
    let shop = shop();
    let edit = |environment: Option<&str>, key: &str, value: Option<&str>| VariableEdit {
        environment: environment.map(|name| name.parse().expect("a name")),
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    let edits = vec![
        edit(None, "MESSAGE", Some("hello")),
        edit(None, "URL", Some("http://${MESSAGE}/")),
        edit(Some("staging"), "LOG_LEVEL", None),
        edit(Some("production"), "LOG_LEVEL", Some("warn")),
    ];
    let made = shop.core.set_variables(&shop.project(), edits, false, Some("all at once")).await.expect("made");
    assert_eq!((made.version, made.files.len(), made.problem), (Some(2), 3, None));
    assert!(shop.read(".env").contains("URL=http://${MESSAGE}/"), "a template stays one");
    let (version, _, _, changes) = listed(&shop, None, None).await.remove(0);
    assert_eq!((version, changes), (2, 4));

    let before = [".env", ".env.staging", ".env.production"].map(|file| shop.read(file));
    for refused in [edit(Some("staging"), "TOKEN", Some("plain")), edit(Some("staging"), "LOG_LEVEL", None)] {
        let edits = vec![edit(None, "MESSAGE", Some("bye")), refused];
        shop.core.set_variables(&shop.project(), edits, false, None).await.expect_err("one of them is refused");
        assert_eq!([".env", ".env.staging", ".env.production"].map(|file| shop.read(file)), before);
    }
    assert_eq!(listed(&shop, None, None).await.len(), 2);
}

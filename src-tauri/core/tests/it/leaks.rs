//! The leak scan, on real files and a real repository.

use std::process::Command;

use sternway_core::view::Leak;

use crate::fixture::Shop;

const VALUE: &str = "correct horse/battery+staple";

fn git(shop: &Shop, arguments: &[&str]) {
    let set = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(set).args(arguments).current_dir(shop.path()).output().expect("git runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn told(leak: &Leak) -> (String, u32, bool, String) {
    let what = match (&leak.secret, &leak.looks_like) {
        (Some(secret), _) => format!("{} v{} of {}", secret.name, secret.version, secret.environment),
        (None, reason) => reason.clone().unwrap_or_default(),
    };
    (leak.file.display().to_string(), leak.line, leak.commit.is_some(), what)
}

#[tokio::test]
async fn secrets_are_found_in_files_and_in_what_was_committed_once() {
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n")]);
    shop.set_secret("staging", "TOKEN", VALUE).await;
    shop.set_secret("production", "TOKEN", "short").await;
    shop.write("notes/one.txt", &format!("first\n{VALUE}\n"));
    git(&shop, &["init", "-q"]);
    git(&shop, &["add", "-A"]);
    git(&shop, &["commit", "-q", "-m", "Begin"]);
    shop.write("notes/one.txt", "first\n");
    git(&shop, &["commit", "-q", "-a", "-m", "Take it out again"]);
    shop.write("config.json", "{\n  \"url\": \"https://u:correct%20horse%2Fbattery%2Bstaple@db\"\n}\n");
    shop.write("deploy.sh", "#!/bin/sh\nexport GH=ghp_0123456789abcdefghijABCDEFGHIJ012345\n");
    shop.write(".gitignore", "ignored.txt\n");
    shop.write("ignored.txt", VALUE);

    let report = shop.core.scan_leaks(&shop.project(), true).await.expect("scanned");
    let found: Vec<_> = report.leaks.iter().map(told).collect();
    let token = || "TOKEN v1 of staging".to_owned();
    assert_eq!(
        found,
        [
            ("config.json".to_owned(), 2, false, token()),
            ("deploy.sh".to_owned(), 2, false, "has the form of a GitHub token".to_owned()),
            ("notes/one.txt".to_owned(), 2, true, token()),
        ]
    );
    assert_eq!((report.files, report.commits), (6, 2));
    assert!(report.gaps.iter().any(|gap| gap.contains("TOKEN v1 of production has fewer than 8")), "{report:?}");
    assert!(!format!("{report:?}").contains("horse"), "the value is not shown");
    let commit = report.leaks[2].commit.clone().expect("a commit");
    assert_eq!(commit.len(), 40, "{commit}");

    let now = shop.core.scan_leaks(&shop.project(), false).await.expect("scanned");
    assert_eq!((now.leaks.len(), now.commits), (2, 0));
}

#[tokio::test]
async fn what_only_a_merge_brought_is_found_and_what_git_does_not_show_is_said() {
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n"), ("notes.txt", "one\ntwo\n")]);
    shop.set_secret("staging", "TOKEN", VALUE).await;
    shop.write("logo.png", "\0 no text");
    git(&shop, &["init", "-q", "-b", "main"]);
    git(&shop, &["add", "-A"]);
    git(&shop, &["commit", "-q", "-m", "Begin"]);
    git(&shop, &["checkout", "-q", "-b", "side"]);
    shop.write("notes.txt", "one\ntwo of the side\n");
    git(&shop, &["commit", "-q", "-a", "-m", "Side"]);
    git(&shop, &["checkout", "-q", "main"]);
    shop.write("notes.txt", "one of main\ntwo\n");
    git(&shop, &["commit", "-q", "-a", "-m", "Main"]);
    git(&shop, &["merge", "-q", "--no-commit", "--strategy=ours", "side"]);
    shop.write("notes.txt", &format!("one of main\ntwo of the side\n{VALUE}\n"));
    git(&shop, &["commit", "-q", "-a", "-m", "Bring both together"]);
    shop.write("notes.txt", "one of main\ntwo of the side\n");
    git(&shop, &["commit", "-q", "-a", "-m", "Take it out again"]);

    let report = shop.core.scan_leaks(&shop.project(), true).await.expect("scanned");
    let found: Vec<_> = report.leaks.iter().map(told).collect();
    assert_eq!(found, [("notes.txt".to_owned(), 3, true, "TOKEN v1 of staging".to_owned())]);
    assert_eq!(report.commits, 5);
    assert!(
        report.gaps.iter().any(|gap| gap.contains("1 binary file of the history") && gap.contains("logo.png")),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_folder_without_a_repository_has_no_history() {
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n")]);
    let report = shop.core.scan_leaks(&shop.project(), true).await.expect("scanned");
    assert_eq!((report.leaks, report.commits, report.files), (vec![], 0, 2));
}

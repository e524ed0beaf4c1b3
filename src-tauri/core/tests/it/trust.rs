//! Whose commands may run: what history remembers of a person's word.

use std::fs;

use crate::fixture::{PROJECT, Shop};

const COMMANDS: &str = "pipeline: { checks: [{ name: tests, run: make test }], notify: [{ run: ./tell }] }\n";

#[tokio::test]
async fn a_project_is_trusted_when_a_person_says_so_and_until_they_take_it_back() {
    let shop = Shop::with(&[("sternway.yaml", &format!("{PROJECT}{COMMANDS}"))]);
    let seen = shop.core.trust_of(&shop.project()).await.expect("looked at");
    let lines: Vec<&str> = seen.commands.iter().map(|command| command.line.as_str()).collect();
    assert_eq!((seen.at, seen.by.as_deref(), lines.as_slice()), (None, None, &["make test", "./tell"][..]));

    let trusted = shop.core.trust(&shop.project()).await.expect("noted");
    assert_eq!((trusted.at.is_some(), trusted.by.as_deref()), (true, Some("ann")));
    let again = shop.core.trust(&shop.project()).await.expect("noted");
    assert_eq!(again, trusted, "the first word counts");

    let revoked = shop.core.revoke_trust(&shop.project()).await.expect("taken back");
    assert_eq!((revoked.at, revoked.by), (None, None));
}

#[tokio::test]
async fn a_folder_that_was_moved_stays_trusted_and_a_copy_is_new() {
    let shop = Shop::with(&[]);
    shop.core.trust(&shop.project()).await.expect("noted");
    let copy = shop.folder.path().join("copy");
    fs::create_dir(&copy).expect("made");
    fs::copy(shop.path().join("sternway.yaml"), copy.join("sternway.yaml")).expect("copied");
    let of_copy = shop.core.open(&copy).await.expect("opened");
    assert_eq!(shop.core.trust_of(&of_copy).await.expect("looked at").at, None);

    let (from, to) = (shop.project().folder, shop.folder.path().join("moved"));
    fs::rename(&from, &to).expect("moved");
    let moved = shop.core.relocate(&from, &to).await.expect("brought along");
    assert!(shop.core.trust_of(&moved).await.expect("looked at").at.is_some());
}

#[tokio::test]
async fn what_sternway_made_itself_is_trusted() {
    let shop = Shop::with(&[]);
    let bare = shop.folder.path().join("bare");
    fs::create_dir(&bare).expect("made");
    fs::write(bare.join("compose.yaml"), "services: { web: { image: busybox } }\n").expect("written");
    shop.core.init(&bare).await.expect("made a project");
    let made = shop.core.open(&bare).await.expect("opened");
    assert!(shop.core.trust_of(&made).await.expect("looked at").at.is_some());

    let sample = shop.core.sample(&shop.path()).await.expect("copied");
    let sample = shop.core.open(&sample).await.expect("opened");
    assert!(shop.core.trust_of(&sample).await.expect("looked at").at.is_some());
    shop.core.revoke_trust(&sample).await.expect("taken back");
    shop.core.sample(&shop.path()).await.expect("it is there already");
    assert_eq!(shop.core.trust_of(&sample).await.expect("looked at").at, None, "a word that was taken back stays so");
}

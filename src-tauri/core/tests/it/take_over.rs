//! Secrets that earlier versions kept under the project's name.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sqlx::{ConnectOptions, Connection};
use sternway_core::view::TakeOverOutcome::{Foreign, Missing, Taken, Waiting};
use sternway_core::view::{TakeOver, TakeOverOutcome};
use sternway_model::{Code, EnvironmentName, SecretName, SecretPin, Sensitive};
use sternway_vault::{EntryName, Holder, Keychain, Scope};

use crate::fixture::Shop;

fn names() -> (EnvironmentName, SecretName) {
    ("staging".parse().expect("a name"), "TOKEN".parse().expect("a name"))
}

/// The entry of a version under the project's name.
fn by_name(version: u32) -> EntryName {
    let (environment, name) = names();
    let scope = Scope { holder: Holder::Name, project: "shop".parse().expect("a name"), environment };
    EntryName::Secret { scope, pin: SecretPin { name, version }, part: 0 }
}

/// A shop whose secret has these values in versions that an earlier Sternway set.
async fn of_before(values: &[&str]) -> Shop {
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n")]);
    for (version, value) in (1..).zip(values) {
        shop.set_secret("staging", "TOKEN", value).await;
        shop.keychain.set(&by_name(version), &Sensitive::new((*value).to_owned())).expect("kept");
    }
    for account in shop.keychain.accounts().iter().filter(|account| account.starts_with('@')) {
        shop.keychain.forget(account);
    }
    let file = shop.folder.path().join("home/history.sqlite");
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.expect("open");
    sqlx::raw_sql("UPDATE secret_version SET by_name = 1").execute(&mut connection).await.expect("as of before");
    connection.close().await.expect("closed");
    shop
}

fn outcomes(taken: TakeOver) -> Vec<(u32, TakeOverOutcome)> {
    taken.entries.into_iter().map(|entry| (entry.version, entry.outcome)).collect()
}

#[tokio::test]
async fn what_is_kept_under_the_name_is_taken_over_once_after_asking() {
    let shop = of_before(&["the first token", "a planted token"]).await;
    let (project, (staging, token)) = (shop.project(), names());
    let before = shop.keychain.accounts();
    assert_eq!(outcomes(shop.core.plan_take_over(&project).await.expect("planned")), [(1, Waiting), (2, Waiting)]);
    let error = shop.core.environment_of(&project, &staging).await.expect_err("nobody was asked yet");
    assert_eq!((error.code, error.hint.contains("secret take-over")), (Code::SecretMissing, true), "{error}");
    assert_eq!(shop.keychain.accounts(), before, "nothing was touched");
    let version = shop.core.secrets(&project, Some(&staging)).await.expect("listed").secrets[0].versions[0].version;
    assert_eq!(version, 2, "they are listed all the same");

    assert_eq!(outcomes(shop.core.take_over(&project).await.expect("taken over")), [(1, Taken), (2, Taken)]);
    let variables = shop.core.environment_of(&project, &staging).await.expect("there");
    assert_eq!(variables["TOKEN"].reveal(), "a planted token");
    assert!(!shop.keychain.accounts().iter().any(|account| account.starts_with("shop/")), "the old entries are gone");
    assert_eq!(shop.keychain.accounts().len(), before.len());
    assert_eq!(outcomes(shop.core.plan_take_over(&project).await.expect("planned")), []);
    assert_eq!(shop.core.take_over(&project).await.expect_err("once").code, Code::NotFound);
    assert_eq!(shop.set_secret("staging", "TOKEN", "the next token").await, 3);
    shop.core.remove_secret(&project, &staging, &token, Some(1), None).await.expect("removed");
    assert_eq!(shop.holding("a planted token"), Vec::<String>::new());
}

#[tokio::test]
async fn another_projects_value_stays_where_it_is() {
    let shop = of_before(&["the first token", "a planted token"]).await;
    shop.keychain.set(&by_name(1), &Sensitive::new("of another project".to_owned())).expect("theirs");
    shop.keychain.delete(&by_name(2)).expect("gone");
    let project = shop.project();
    for _ in 0..2 {
        assert_eq!(outcomes(shop.core.take_over(&project).await.expect("looked at")), [(1, Foreign), (2, Missing)]);
        let theirs = shop.keychain.get(&by_name(1)).expect("readable").expect("untouched");
        assert_eq!(theirs.reveal(), "of another project");
    }
    // A keychain that has it again, such as that of another login.
    shop.keychain.set(&by_name(2), &Sensitive::new("a planted token".to_owned())).expect("back");
    assert_eq!(outcomes(shop.core.take_over(&project).await.expect("taken over")), [(1, Foreign), (2, Taken)]);
    let variables = shop.core.environment_of(&project, &names().0).await.expect("there");
    assert_eq!(variables["TOKEN"].reveal(), "a planted token");
}

#[tokio::test]
async fn a_take_over_that_a_crash_ended_goes_on() {
    let shop = of_before(&["the first token", "a planted token"]).await;
    *shop.ends_at.lock().expect("unpoisoned") = Some("secret taken over");
    let project = shop.project();
    AssertUnwindSafe(shop.core.take_over(&project)).catch_unwind().await.expect_err("it ended");
    assert_eq!(outcomes(shop.core.take_over(&project).await.expect("taken over")), [(1, Taken), (2, Taken)]);
    let variables = shop.core.environment_of(&project, &names().0).await.expect("there");
    assert_eq!(variables["TOKEN"].reveal(), "a planted token");
}

#[tokio::test]
async fn what_is_removed_is_removed_from_under_the_name() {
    let shop = of_before(&["the first token"]).await;
    let (project, (staging, token)) = (shop.project(), names());
    shop.core.remove_secret(&project, &staging, &token, None, None).await.expect("removed");
    let left: Vec<String> = shop.keychain.accounts();
    assert!(left.iter().all(|account| !account.contains("TOKEN")), "{left:?}");
}

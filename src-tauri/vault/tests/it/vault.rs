//! What the vault promises, whatever the keychain.

use std::sync::Arc;

use sternway_model::{Code, Reveal, SecretPin, Sensitive, expand};
use sternway_vault::testing::{MemoryKeychain, NoKeychain};
use sternway_vault::{Holder, Put, Scope, TakenOver, Vault};

/// What an environment of one project is to the vault.
fn scope(environment: &str) -> Scope {
    of_project('a', environment)
}

/// Projects of one name and different identities.
fn of_project(digit: char, environment: &str) -> Scope {
    Scope {
        holder: Holder::Project(digit.to_string().repeat(32).parse().unwrap()),
        project: "shop".parse().unwrap(),
        environment: environment.parse().unwrap(),
    }
}

fn pin(version: u32) -> SecretPin {
    SecretPin { name: "DB_PASSWORD".parse().unwrap(), version }
}

fn value(text: &str) -> Sensitive {
    Sensitive::new(text.into())
}

#[tokio::test]
async fn a_version_never_changes() {
    let vault = Vault::new(Arc::new(MemoryKeychain::default())).unwrap();
    assert_eq!(vault.put(&scope("staging"), &pin(1), &value("one")).await.unwrap(), Put::Stored);
    assert_eq!(vault.put(&scope("staging"), &pin(1), &value("two")).await.unwrap(), Put::Taken);
    assert_eq!(vault.get(&scope("staging"), &pin(1)).await.unwrap(), value("one"));

    let error = vault.get(&scope("production"), &pin(1)).await.expect_err("environments are apart");
    assert_eq!(error.code, Code::SecretMissing);
    assert!(error.hint.contains("`sternway secret set production DB_PASSWORD`"), "{}", error.hint);

    vault.remove(&scope("staging"), &pin(1)).await.unwrap();
    vault.remove(&scope("staging"), &pin(1)).await.expect("it is gone already");
    vault.get(&scope("staging"), &pin(1)).await.expect_err("it was removed");
}

#[tokio::test]
async fn a_run_gets_the_values_that_it_pinned() {
    let vault = Vault::new(Arc::new(MemoryKeychain::with_limit(16))).unwrap();
    for version in 1..=3 {
        let text = format!("value {version} that needs several entries");
        assert_eq!(vault.put(&scope("staging"), &pin(version), &value(&text)).await.unwrap(), Put::Stored);
    }
    let revealed = vault.fetch(&scope("staging"), &[pin(1), pin(3)]).await.unwrap();
    let text = format!("p={}&o={}", pin(3), pin(1));
    assert_eq!(
        expand(&text, &revealed).unwrap().reveal(),
        "p=value 3 that needs several entries&o=value 1 that needs several entries"
    );
    assert_eq!(revealed.reveal(&pin(2)).expect_err("not of this run").code, Code::SecretMissing);
    assert!(!format!("{revealed:?}").contains("several entries"), "nothing prints a value");
    assert_eq!(vault.fetch(&scope("staging"), &[pin(1), pin(4)]).await.expect_err("no 4").code, Code::SecretMissing);
    let (kept, gone) = vault.fetch_kept(&scope("staging"), &[pin(4), pin(1)]).await.expect("what there is");
    assert_eq!((kept.values().count(), gone), (1, vec![pin(4)]));
}

#[tokio::test]
async fn equal_values_have_equal_fingerprints_with_one_key() {
    let keychain = Arc::new(MemoryKeychain::default());
    let vault = Vault::new(keychain.clone()).unwrap();
    let one = vault.fingerprint(&value("one")).await.unwrap();
    let again = Vault::new(keychain).unwrap();
    assert_eq!(again.fingerprint(&value("one")).await.unwrap(), one, "the key is kept");
    assert_ne!(again.fingerprint(&value("two")).await.unwrap(), one);
    let elsewhere = Vault::new(Arc::new(MemoryKeychain::default())).unwrap();
    assert_ne!(elsewhere.fingerprint(&value("one")).await.unwrap(), one, "it tells nothing without the key");
}

#[tokio::test]
async fn a_project_reaches_its_own_secrets_alone() {
    let vault = Vault::new(Arc::new(MemoryKeychain::default())).unwrap();
    assert_eq!(vault.put(&of_project('a', "staging"), &pin(1), &value("one")).await.unwrap(), Put::Stored);
    let other = of_project('b', "staging");
    assert_eq!(vault.get(&other, &pin(1)).await.expect_err("of the same name").code, Code::SecretMissing);
    assert_eq!(vault.gone(&other, &[pin(1)]).await.unwrap(), [pin(1)]);
    assert_eq!(vault.put(&other, &pin(1), &value("two")).await.unwrap(), Put::Stored, "numbers are its own, too");
    let renamed = Scope { project: "store".parse().unwrap(), ..of_project('a', "staging") };
    assert_eq!(vault.get(&renamed, &pin(1)).await.unwrap(), value("one"), "a name is for people");
}

#[tokio::test]
async fn what_lies_under_a_name_goes_to_the_project_whose_value_it_is() {
    let keychain = Arc::new(MemoryKeychain::default());
    let vault = Vault::new(keychain.clone()).unwrap();
    let (ours, theirs) = (of_project('a', "staging"), of_project('b', "staging"));
    let by_name = Scope { holder: Holder::Name, ..ours.clone() };
    assert_eq!(vault.put(&by_name, &pin(1), &value("one")).await.unwrap(), Put::Stored);
    let one = vault.fingerprint(&value("one")).await.unwrap();
    let two = vault.fingerprint(&value("two")).await.unwrap();
    let before = keychain.accounts();

    assert_eq!(vault.take_over(&theirs, &pin(1), &two).await.unwrap(), TakenOver::Foreign);
    assert_eq!(vault.take_over(&theirs, &pin(2), &two).await.unwrap(), TakenOver::Missing);
    assert_eq!(keychain.accounts(), before, "nothing was touched");

    for _ in 0..2 {
        assert_eq!(vault.take_over(&ours, &pin(1), &one).await.unwrap(), TakenOver::Done, "also a second time");
        assert_eq!(vault.get(&ours, &pin(1)).await.unwrap(), value("one"));
        assert_eq!(vault.gone(&by_name, &[pin(1)]).await.unwrap(), [pin(1)], "nobody else finds it there");
    }
    assert_eq!(vault.take_over(&theirs, &pin(1), &one).await.unwrap(), TakenOver::Missing);
    assert_eq!(vault.kept_fingerprint(&ours, &pin(1)).await.unwrap(), Some(one));
    assert_eq!(vault.kept_fingerprint(&theirs, &pin(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_probe_leaves_nothing_and_tells_what_is_missing() {
    let keychain = Arc::new(MemoryKeychain::default());
    Vault::new(keychain.clone()).unwrap().probe().await.unwrap();
    assert_eq!(keychain.accounts(), [""; 0]);
    let error = Vault::new(Arc::new(NoKeychain)).unwrap().probe().await.expect_err("there is none");
    assert_eq!(error.code, Code::KeychainUnavailable);
}

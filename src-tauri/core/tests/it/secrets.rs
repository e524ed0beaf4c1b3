//! Secrets that are looked at, copied and rotated.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sternway_core::view::RotationState;
use sternway_core::{Asked, ExportFormat, Purpose};
use sternway_model::{Code, EnvironmentName, Recipe, SecretName, Sensitive};

use crate::fixture::Shop;

const FILES: &[(&str, &str)] = &[(".env", "TOKEN=keychain:TOKEN\nURL=https://u:${TOKEN}@example.com\n")];

fn names(environment: &str) -> (EnvironmentName, SecretName) {
    (environment.parse().expect("a name"), "TOKEN".parse().expect("a name"))
}

#[tokio::test]
async fn whoever_looks_at_a_secret_is_written_down_first() {
    let shop = Shop::with(FILES);
    let (project, (production, token)) = (shop.project(), names("production"));
    shop.set_secret("production", "TOKEN", "a planted token").await;
    let reveal = async |asked: &Asked<'_>| {
        shop.core.reveal_secret(&project, &production, &token, None, Purpose::Reveal, asked).await
    };
    let error = reveal(&Asked::default()).await.expect_err("it is protected");
    assert_eq!(error.code, Code::Protected);
    assert_eq!(shop.core.audit(&project, None, None).await.expect("readable").entries, [], "nothing was seen");

    let error =
        shop.core.revealable(&project, &production, &token, Some(7)).await.expect_err("there is no such version");
    assert_eq!((error.code, error.hint.contains("newest is 1")), (Code::SecretMissing, true), "{error} {}", error.hint);

    let asked = Asked { typed: Some("production"), why: Some(" the provider asked ") };
    let (version, value) = reveal(&asked).await.expect("revealed");
    assert_eq!((version, value.reveal()), (1, "a planted token"));
    shop.core
        .export(&project, &production, ExportFormat::Json, Some(&Asked { typed: Some("production"), why: None }))
        .await
        .expect("exported");
    let audit = shop.core.audit(&project, None, None).await.expect("readable").entries;
    let told: Vec<_> =
        audit.iter().map(|line| (line.by.as_str(), line.action.as_str(), line.subject.as_str())).collect();
    assert_eq!(told, [("ann", "exported", "TOKEN v1"), ("ann", "revealed", "TOKEN v1")]);
    assert_eq!(audit[1].why.as_deref(), Some("the provider asked"));
    let staging = "staging".parse().expect("a name");
    assert_eq!(shop.core.audit(&project, Some(&staging), None).await.expect("readable").entries, []);
    assert_eq!(shop.holding("a planted token"), Vec::<String>::new());
}

#[tokio::test]
async fn an_export_has_secrets_only_when_they_are_asked_for() {
    let shop = Shop::with(FILES);
    let (project, (staging, _)) = (shop.project(), names("staging"));
    shop.set_secret("staging", "TOKEN", "it's $planted").await;
    let export = async |asked: Option<&Asked<'_>>, format| {
        shop.core.export(&project, &staging, format, asked).await.expect("exported").reveal().to_owned()
    };
    assert!(!export(None, ExportFormat::Env).await.contains("planted"));
    assert_eq!(shop.core.audit(&project, None, None).await.expect("readable").entries, []);
    let all = export(Some(&Asked::default()), ExportFormat::Json).await;
    let read: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(read["TOKEN"], "it's $planted");
    assert_eq!(read["URL"], "https://u:it's $planted@example.com");
}

#[tokio::test]
async fn a_generated_value_is_in_the_keychain_alone() {
    let shop = Shop::with(FILES);
    let (project, (staging, token)) = (shop.project(), names("staging"));
    let version = shop.core.generate_secret(&project, &staging, &token, &Recipe::default()).await.expect("generated");
    assert_eq!(version, 1);
    let variables = shop.core.environment_of(&project, &staging).await.expect("there");
    assert_eq!(variables["TOKEN"].reveal().len(), 32);
    assert_eq!(shop.holding(variables["TOKEN"].reveal()), Vec::<String>::new());
}

#[tokio::test]
async fn a_value_whose_process_ended_is_listed_and_none_is_left_unknown() {
    let shop = Shop::with(FILES);
    shop.set_secret("staging", "TOKEN", "the first token").await;
    let entries = shop.keychain.accounts().len();
    for (place, listed) in [("secret begun", &[1][..]), ("secret in keychain", &[3, 1])] {
        *shop.ends_at.lock().expect("unpoisoned") = Some(place);
        let ended = AssertUnwindSafe(shop.set_secret("staging", "TOKEN", "a planted token")).catch_unwind().await;
        ended.expect_err(place);
        assert_eq!(versions(&shop).await, listed, "after {place}");
        assert_eq!(
            shop.keychain.accounts().len(),
            entries + listed.len() - 1,
            "what is there is listed, after {place}"
        );
    }
    assert_eq!(shop.set_secret("staging", "TOKEN", "another token").await, 4);
}

#[tokio::test]
async fn what_a_removal_takes_along_is_known_before() {
    let shop = Shop::with(FILES);
    let (project, (staging, token)) = (shop.project(), names("staging"));
    shop.set_secret("staging", "TOKEN", "the first token").await;
    let first = shop.deployed("staging").await;
    shop.set_secret("staging", "TOKEN", "the second token").await;
    shop.deployed("staging").await;

    let all = shop.core.plan_secret_removal(&project, &staging, &token, None).await.expect("planned");
    assert_eq!((all.versions, all.releases, all.running), (vec![2, 1], vec![first], true));
    assert_eq!(versions(&shop).await, [2, 1], "nothing was removed");
    let refused = shop.core.remove_secret(&project, &staging, &token, Some(2), None).await.expect_err("it is in use");
    assert_eq!(refused.code, Code::Protected);
    assert_eq!(versions(&shop).await, [2, 1], "nothing was removed");
    let old = shop.core.remove_secret(&project, &staging, &token, Some(1), None).await.expect("removed");
    assert_eq!((old.versions, old.releases, old.running), (vec![1], vec![first], false));
    assert_eq!(versions(&shop).await, [2]);
    shop.core.remove_secret(&project, &staging, &token, Some(2), Some("staging")).await.expect("removed");
    assert_eq!(versions(&shop).await, [0; 0]);
}

#[tokio::test]
async fn a_misspelt_secret_is_told() {
    let compose = ("docker-compose.yml", "services: { web: { image: i, environment: { TOKEN: '${TOKEN}' } } }\n");
    let shop = Shop::with(&[FILES, &[compose]].concat());
    let (project, (staging, token)) = (shop.project(), names("staging"));
    assert_eq!(shop.core.unused_secret(&project, &staging, &token).await.expect("looked at"), None);
    let misspelt = "TOKNE".parse().expect("a name");
    let told = shop.core.unused_secret(&project, &staging, &misspelt).await.expect("looked at").expect("told");
    assert!(told.ends_with("Did you mean `TOKEN`?"), "{told}");
}

#[tokio::test]
async fn a_rotation_drops_the_old_value_only_when_the_new_one_runs() {
    let shop = Shop::with(FILES);
    let (project, (staging, token)) = (shop.project(), names("staging"));
    shop.set_secret("staging", "TOKEN", "the old token").await;
    let earlier = shop.deployed("staging").await;
    shop.deployed("staging").await;

    let view = shop.core.rotation(&project, &staging, &token).await.expect("looked at");
    assert_eq!((view.state, view.old, view.new), (RotationState::None, Some(1), None));
    assert_eq!((view.used_by, view.services, view.releases), (vec!["TOKEN".into()], vec!["web".into()], vec![earlier]));

    let value = Sensitive::new("the new token".to_owned());
    let view = shop.core.start_rotation(&project, &staging, &token, &value).await.expect("begun");
    assert_eq!((view.state, view.new), (RotationState::Set, Some(2)));
    let error = shop.core.start_rotation(&project, &staging, &token, &value).await.expect_err("one goes on");
    assert_eq!(error.code, Code::Interrupted);
    let error = shop.core.finish_rotation(&project, &staging, &token).await.expect_err("nothing runs with it");
    assert!(error.message.contains("no release of staging runs with the new value"), "{error}");
    assert_eq!(versions(&shop).await, [2, 1], "the old value is kept");

    shop.deployed("staging").await;
    let view = shop.core.finish_rotation(&project, &staging, &token).await.expect("finished");
    assert_eq!(view.state, RotationState::Done);
    assert_eq!(versions(&shop).await, [2]);
    let error = shop.core.finish_rotation(&project, &staging, &token).await.expect_err("nothing goes on");
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test]
async fn a_rotation_that_is_given_up_leaves_what_was() {
    let shop = Shop::with(FILES);
    let (project, (staging, token)) = (shop.project(), names("staging"));
    shop.set_secret("staging", "TOKEN", "the old token").await;
    shop.deployed("staging").await;
    let value = Sensitive::new("the new token".to_owned());
    shop.core.start_rotation(&project, &staging, &token, &value).await.expect("begun");
    shop.core.give_up_rotation(&project, &staging, &token).await.expect("given up");
    assert_eq!(versions(&shop).await, [1]);

    // One whose new value runs cannot be given up: that would take it from under the services.
    shop.core.start_rotation(&project, &staging, &token, &value).await.expect("begun again");
    shop.deployed("staging").await;
    shop.core.give_up_rotation(&project, &staging, &token).await.expect_err("it runs");
    assert_eq!(versions(&shop).await, [3, 1], "a number is never given twice");
}

#[tokio::test]
async fn a_rotation_whose_value_was_set_but_not_noted_goes_on_with_it() {
    let shop = Shop::with(FILES);
    let (project, (staging, token)) = (shop.project(), names("staging"));
    shop.set_secret("staging", "TOKEN", "the old token").await;
    shop.deployed("staging").await;
    let begun = sternway_history::StoredRotation {
        environment: staging.clone(),
        name: token.clone(),
        old: Some(1),
        new: None,
        by: "ann".to_owned(),
        started: sternway_model::At::from_millis(0).expect("a time"),
    };
    let (history, id) = shop.history().await;
    history.begin_rotation(id, &begun).await.expect("begun");
    let view = shop.core.rotation(&project, &staging, &token).await.expect("looked at");
    assert_eq!((view.state, view.new), (RotationState::Begun, None));

    // Here the process ends, before the rotation knows of the version.
    shop.set_secret("staging", "TOKEN", "the new token").await;
    let view = shop.core.rotation(&project, &staging, &token).await.expect("looked at");
    assert_eq!((view.state, view.old, view.new), (RotationState::Set, Some(1), Some(2)));
    shop.core.give_up_rotation(&project, &staging, &token).await.expect("given up");
    assert_eq!(versions(&shop).await, [1], "the old value counts again");

    history.begin_rotation(id, &begun).await.expect("begun again");
    shop.set_secret("staging", "TOKEN", "the new token").await;
    shop.deployed("staging").await;
    shop.core.finish_rotation(&project, &staging, &token).await.expect("finished");
    assert_eq!(versions(&shop).await, [3]);
}

async fn versions(shop: &Shop) -> Vec<u32> {
    let (project, (staging, token)) = (shop.project(), names("staging"));
    let secrets = shop.core.secrets(&project, Some(&staging)).await.expect("listed").secrets;
    let entry = secrets.into_iter().find(|entry| entry.name == token).expect("listed");
    entry.versions.iter().map(|version| version.version).collect()
}

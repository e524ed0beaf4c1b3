//! Projects, secrets and plans.

use sternway_history::{StoredPlan, StoredSecret, StoredTrust};
use sternway_model::{Code, EnvironmentName, Kind, SecretName};

use crate::fixture::{at, begin, shop};

#[tokio::test]
async fn a_forgotten_project_keeps_its_deployments() {
    let shop = shop().await;
    begin(&shop.history, shop.project, "staging").await.unwrap();
    shop.history.forget_project("/shop".as_ref()).await.unwrap();
    assert_eq!(shop.history.projects().await.unwrap(), []);

    let again = shop.history.remember_project("/shop".as_ref(), &"store".parse().unwrap(), at(8)).await.unwrap();
    assert_eq!(again, shop.project);
    let listed = shop.history.projects().await.unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].opened), ("store", at(8)));
    assert_eq!(shop.history.running(again).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_moved_project_takes_its_deployments_along() {
    let shop = shop().await;
    begin(&shop.history, shop.project, "staging").await.unwrap();
    let name = "shop".parse().unwrap();
    let looked_at = shop.history.remember_project("/new".as_ref(), &name, at(8)).await.unwrap();
    shop.history.move_project("/shop".as_ref(), "/new".as_ref()).await.unwrap();

    let listed = shop.history.projects().await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.path.to_str().unwrap()).collect::<Vec<_>>(), ["/new"]);
    let moved = shop.history.remember_project("/new".as_ref(), &name, at(9)).await.unwrap();
    assert_eq!(moved, shop.project);
    assert_eq!(shop.history.running(moved).await.unwrap().len(), 1);

    // Whoever makes a new project at the old place begins anew, and the two never become one.
    let other = shop.history.remember_project("/shop".as_ref(), &name, at(10)).await.unwrap();
    assert_eq!(other, looked_at);
    begin(&shop.history, other, "staging").await.unwrap();
    let error = shop.history.move_project("/new".as_ref(), "/shop".as_ref()).await.unwrap_err();
    assert_eq!(error.code, Code::InvalidInput, "both have deployments");
    let error = shop.history.move_project("/nowhere".as_ref(), "/elsewhere".as_ref()).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test]
async fn trust_is_given_once_goes_along_with_the_folder_and_can_be_taken_back() {
    let shop = shop().await;
    assert_eq!(shop.history.trust(shop.project).await.unwrap(), None);
    let trust = |person: &str, second| StoredTrust { at: at(second), person: person.to_owned() };
    shop.history.set_trust(shop.project, Some(&trust("ann", 1))).await.unwrap();
    shop.history.set_trust(shop.project, Some(&trust("ben", 2))).await.unwrap();
    assert_eq!(shop.history.trust(shop.project).await.unwrap(), Some(trust("ann", 1)), "the first word counts");

    let name = "shop".parse().unwrap();
    let copy = shop.history.remember_project("/copy".as_ref(), &name, at(8)).await.unwrap();
    assert_eq!(shop.history.trust(copy).await.unwrap(), None, "another folder is another project");
    shop.history.move_project("/shop".as_ref(), "/moved".as_ref()).await.unwrap();
    let moved = shop.history.remember_project("/moved".as_ref(), &name, at(9)).await.unwrap();
    assert_eq!(shop.history.trust(moved).await.unwrap(), Some(trust("ann", 1)));

    shop.history.set_trust(moved, None).await.unwrap();
    assert_eq!(shop.history.trust(moved).await.unwrap(), None);
}

#[tokio::test]
async fn a_project_keeps_its_identity_and_no_other_has_it() {
    let shop = shop().await;
    let identity = shop.history.identity(shop.project).await.unwrap();
    let same_name = shop.history.remember_project("/copy".as_ref(), &"shop".parse().unwrap(), at(8)).await.unwrap();
    assert_ne!(shop.history.identity(same_name).await.unwrap(), identity);

    let renamed = shop.history.remember_project("/shop".as_ref(), &"store".parse().unwrap(), at(9)).await.unwrap();
    assert_eq!(shop.history.identity(renamed).await.unwrap(), identity);
    shop.history.move_project("/shop".as_ref(), "/new".as_ref()).await.unwrap();
    let moved = shop.history.remember_project("/new".as_ref(), &"store".parse().unwrap(), at(10)).await.unwrap();
    assert_eq!(shop.history.identity(moved).await.unwrap(), identity);
    let at_the_old_place =
        shop.history.remember_project("/shop".as_ref(), &"store".parse().unwrap(), at(11)).await.unwrap();
    assert_ne!(shop.history.identity(at_the_old_place).await.unwrap(), identity);
}

#[tokio::test]
async fn a_secrets_version_is_never_given_twice() {
    let shop = shop().await;
    let environment: EnvironmentName = "staging".parse().unwrap();
    let name: SecretName = "DB_PASSWORD".parse().unwrap();
    let next = async |print: &str| {
        shop.history.next_secret_version(shop.project, &environment, &name, print, "ann").await.unwrap()
    };
    let secret = |version| StoredSecret {
        environment: environment.clone(),
        name: name.clone(),
        version,
        fingerprint: format!("f{version}"),
        created: at(3),
        by: "ann".into(),
        by_name: false,
    };
    let begun = async || -> Vec<u32> {
        let begun = shop.history.begun_secrets(shop.project).await.unwrap();
        begun.into_iter().map(|begun| begun.version).collect()
    };
    assert_eq!((next("f1").await, next("f2").await), (1, 2));
    assert_eq!(shop.history.secrets(shop.project).await.unwrap(), [], "a number alone is no secret");
    assert_eq!(begun().await, [1, 2], "its value may be in the keychain");
    shop.history.add_secret_version(shop.project, &secret(1)).await.unwrap();
    shop.history.add_secret_version(shop.project, &secret(2)).await.unwrap();
    shop.history.add_secret_version(shop.project, &secret(2)).await.expect("it is the same");
    let other = StoredSecret { fingerprint: "other".into(), ..secret(2) };
    shop.history.add_secret_version(shop.project, &other).await.expect_err("versions never change");
    assert_eq!(begun().await, [0; 0]);
    assert_eq!(shop.history.secrets(shop.project).await.unwrap(), [secret(2), secret(1)]);

    shop.history.drop_secret_version(shop.project, &environment, &name, 2).await.unwrap();
    assert_eq!(shop.history.secrets(shop.project).await.unwrap(), [secret(1)]);
    shop.history.add_secret_version(shop.project, &secret(2)).await.expect_err("a release may name version 2");
    assert_eq!(next("f3").await, 3);
    shop.history.drop_secret_version(shop.project, &environment, &name, 3).await.unwrap();
    assert_eq!(begun().await, [0; 0], "it was not stored after all");
}

#[tokio::test]
async fn a_plan_is_kept_until_long_after_it_expired() {
    let shop = shop().await;
    let plan = |hash: &str, created| StoredPlan {
        hash: hash.into(),
        kind: Kind::Deploy,
        environment: "staging".parse().unwrap(),
        body: serde_json::json!({ "want": [1, 2] }),
        created: at(created),
        expires: at(created + 600),
    };
    shop.history.save_plan(shop.project, &plan("first", 0)).await.unwrap();
    shop.history.save_plan(shop.project, &plan("second", 3600)).await.unwrap();
    assert_eq!(shop.history.plan(shop.project, "first").await.unwrap(), Some(plan("first", 0)));
    shop.history.save_plan(shop.project, &plan("third", 2 * 86_400)).await.unwrap();
    assert_eq!(shop.history.plan(shop.project, "first").await.unwrap(), None);
}

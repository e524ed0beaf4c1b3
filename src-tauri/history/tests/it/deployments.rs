//! Beginning, ending, and who may.

use sternway_history::{Filter, History, NewDeployment};
use sternway_model::{Code, DeploymentNumber, Outcome, Release};

use crate::fixture::{at, begin, begin_with, plan, release, shop};

#[tokio::test]
async fn numbers_run_from_one_in_each_project() {
    let shop = shop().await;
    let other = shop.history.remember_project("/blog".as_ref(), &"blog".parse().unwrap(), at(0)).await.unwrap();
    assert_eq!(begin(&shop.history, shop.project, "staging").await.unwrap(), DeploymentNumber(1));
    assert_eq!(begin(&shop.history, shop.project, "production").await.unwrap(), DeploymentNumber(2));
    assert_eq!(begin(&shop.history, other, "staging").await.unwrap(), DeploymentNumber(1));
}

#[tokio::test]
async fn of_two_that_begin_at_once_one_wins() {
    let shop = shop().await;
    let elsewhere = History::open(shop.home.path()).await.unwrap();
    for round in 1..=20 {
        let (a, b) = tokio::join!(
            begin(&shop.history, shop.project, "production"),
            begin(&elsewhere, shop.project, "production")
        );
        let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
        let number = won.expect("one of them begins");
        assert_eq!(number, DeploymentNumber(round), "the loser takes no number");
        let error = lost.expect_err("the other one is refused");
        assert_eq!(error.code, Code::Locked);
        assert!(error.message.contains("ann") && error.message.contains(&number.to_string()), "{}", error.message);
        shop.history.finish(shop.project, number, Outcome::Succeeded, None, None, at(2)).await.unwrap();
    }
}

#[tokio::test]
async fn an_interruption_stands_in_the_way_until_a_person_decides() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    assert_eq!(shop.history.running(shop.project).await.unwrap()[0].1, *shop.history.file().to_string_lossy());
    assert!(shop.history.mark_interrupted(shop.project, number, "the program is gone").await.unwrap());
    assert!(
        !shop.history.mark_interrupted(shop.project, number, "seen twice").await.unwrap(),
        "of two that find it, one marks it"
    );
    let error = begin(&shop.history, shop.project, "staging").await.expect_err("half-way");
    assert_eq!(error.code, Code::Interrupted);
    assert!(error.hint.contains("sternway resume staging"), "{}", error.hint);

    begin(&shop.history, shop.project, "production").await.expect("another environment is not held up");
    let next = begin_with(&shop.history, shop.project, "staging", true).await.unwrap();
    shop.history.finish(shop.project, next, Outcome::Failed, Some("no image"), None, at(5)).await.unwrap();
    begin(&shop.history, shop.project, "staging").await.expect("only the newest one counts");
}

#[tokio::test]
async fn a_deployment_ends_once_and_its_release_is_the_current_one() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let made = release(number, "staging");
    shop.history.finish(shop.project, number, Outcome::Succeeded, None, Some(&made), at(9)).await.unwrap();
    shop.history
        .finish(shop.project, number, Outcome::Failed, Some("late"), None, at(10))
        .await
        .expect_err("it has ended");

    let stored = shop.history.deployment(shop.project, number).await.unwrap().expect("it is there");
    assert_eq!((stored.result, stored.release, stored.ended), (Some(Outcome::Succeeded), Some(number), Some(at(9))));
    assert_eq!(shop.history.plan_of(shop.project, number).await.unwrap(), plan("staging"));

    let failed = begin(&shop.history, shop.project, "staging").await.unwrap();
    shop.history.finish(shop.project, failed, Outcome::WentBack, Some("not healthy"), None, at(20)).await.unwrap();
    let current = shop.history.current_release(shop.project, &"staging".parse().unwrap()).await.unwrap();
    assert_eq!(current.as_ref(), Some(&made), "what failed is not the current release");
    let images = shop.history.released_images(shop.project, &"staging".parse().unwrap()).await.unwrap();
    assert_eq!(images, vec![(number, made.images)]);
    assert_eq!(shop.history.current_release(shop.project, &"production".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn only_a_success_makes_a_release_and_only_its_own() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let wrong = [
        (Outcome::Failed, release(number, "staging")),
        (Outcome::Succeeded, release(DeploymentNumber(7), "staging")),
        (Outcome::Succeeded, release(number, "production")),
    ];
    for (outcome, release) in wrong {
        shop.history
            .finish(shop.project, number, outcome, None, Some(&release), at(2))
            .await
            .expect_err("it is not this deployment's release");
    }
    let stored = shop.history.deployment(shop.project, number).await.unwrap().expect("it is there");
    assert_eq!(stored.result, None, "a refused end leaves it running");
}

#[tokio::test]
async fn filters_combine_and_pages_follow_one_another() {
    let shop = shop().await;
    for place in 0..12 {
        let environment = if place % 2 == 0 { "staging" } else { "production" };
        let outcome = if place % 3 == 0 { Outcome::Failed } else { Outcome::Succeeded };
        let number = begin(&shop.history, shop.project, environment).await.unwrap();
        shop.history.finish(shop.project, number, outcome, None, None, at(3)).await.unwrap();
    }
    let numbers = async |filter: Filter| {
        let (deployments, total) = shop.history.history(shop.project, &filter).await.unwrap();
        (deployments.iter().map(|d| d.number.0).collect::<Vec<_>>(), total)
    };
    let all = Filter::default();
    assert_eq!(numbers(Filter { limit: 3, ..all.clone() }).await, (vec![12, 11, 10], 12));
    assert_eq!(numbers(Filter { limit: 3, offset: 10, ..all.clone() }).await, (vec![2, 1], 12));
    let staging = Filter { environment: Some("staging".parse().unwrap()), ..all.clone() };
    assert_eq!(numbers(staging.clone()).await.0, [11, 9, 7, 5, 3, 1]);
    assert_eq!(numbers(Filter { result: Some(Outcome::Failed), ..staging }).await, (vec![7, 1], 2));
    let text = |text: &str| Filter { text: Some(text.into()), ..all.clone() };
    assert_eq!(numbers(text("NEW image")).await.1, 12);
    assert_eq!(numbers(text("#1")).await.0, [12, 11, 10, 1]);
    assert_eq!(numbers(text("Stag")).await.0, [11, 9, 7, 5, 3, 1]);
    assert_eq!(numbers(text("%")).await.1, 0, "a text is no pattern");
}

#[tokio::test]
async fn what_a_deployment_wanted_is_there_after_a_crash() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let reopened = History::open(shop.home.path()).await.unwrap();
    assert_eq!(reopened.want_of(shop.project, number).await, Ok(serde_json::json!({ "kind": "deploy" })));
}

#[tokio::test]
async fn copies_that_earlier_versions_named_by_their_path_are_named_by_their_content() {
    let shop = shop().await;
    let hash = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    let application = serde_json::json!({ "configs": {
        "page": { "file": format!("/home/me/old/kept/{hash}-644/index.html") },
        "own": { "file": "/srv/shop/own.conf" },
    }});
    let number = shop
        .history
        .begin(&NewDeployment {
            project: shop.project,
            plan: &plan("staging"),
            want: &serde_json::json!({ "application": application }),
            by: "ann",
            owner: "a",
            started: at(1),
            summary: "",
            steps: &[],
            after_interruption: false,
        })
        .await
        .unwrap();
    let made = Release { application, ..release(number, "staging") };
    shop.history.finish(shop.project, number, Outcome::Succeeded, None, Some(&made), at(2)).await.unwrap();

    let understood = serde_json::json!({ "configs": {
        "page": { "kept": format!("{hash}-644/index.html") },
        "own": { "file": "/srv/shop/own.conf" },
    }});
    assert_eq!(shop.history.want_of(shop.project, number).await.unwrap()["application"], understood);
    assert_eq!(shop.history.release(shop.project, number).await.unwrap().unwrap().application, understood);
    let current = shop.history.current_release(shop.project, &"staging".parse().unwrap()).await.unwrap();
    assert_eq!(current.unwrap().application, understood);
}

#[tokio::test]
async fn only_the_outcome_that_is_there_can_be_amended() {
    let shop = shop().await;
    let (history, project) = (&shop.history, shop.project);
    let number = begin(history, project, "staging").await.unwrap();
    history.amend(project, number, Outcome::Failed, Outcome::WentBack, "x").await.expect_err("it runs");
    history.finish(project, number, Outcome::Failed, Some("unhealthy"), None, at(2)).await.unwrap();
    history.amend(project, number, Outcome::Failed, Outcome::WentBack, "back").await.unwrap();
    let deployment = history.deployment(project, number).await.unwrap().unwrap();
    assert_eq!((deployment.result, deployment.message.as_deref()), (Some(Outcome::WentBack), Some("back")));
}

//! Steps and log lines.

use sternway_history::NewLine;
use sternway_model::{Code, DeploymentNumber, Outcome, Stage, Step, StepState};

use crate::fixture::{at, begin, shop};

fn line(step: u32, text: impl Into<String>) -> NewLine {
    NewLine { step, at: at(4), text: text.into() }
}

#[tokio::test]
async fn a_step_keeps_its_intent_and_then_its_evidence() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let added = shop.history.add_step(shop.project, number, Stage::Verification, "health").await.unwrap();
    assert_eq!(added, 3);
    let mut steps = shop.history.steps(shop.project, number).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["pull", "start", "health"]);
    assert!(steps.iter().all(|step| step.state == StepState::Pending));

    let running = Step { state: StepState::Running, started: Some(at(5)), ..steps[2].clone() };
    shop.history.update_step(shop.project, number, &running).await.unwrap();
    let done = Step { state: StepState::Done, ended: Some(at(7)), detail: "200 OK".into(), ..running };
    shop.history.update_step(shop.project, number, &done).await.unwrap();
    steps[2] = done.clone();
    assert_eq!(shop.history.steps(shop.project, number).await.unwrap(), steps);

    let nowhere = Step { number: 4, ..done };
    shop.history.update_step(shop.project, number, &nowhere).await.expect_err("no evidence without a step");
}

#[tokio::test]
async fn log_lines_are_numbered_without_gaps_over_all_batches() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let many: Vec<NewLine> = (0..1200).map(|i| line(1 + i % 2, format!("line {i}"))).collect();
    assert_eq!(shop.history.append_log(shop.project, number, &many).await.unwrap(), 1);
    assert_eq!(shop.history.record_state(shop.project, number, at(5), "web runs the old image").await.unwrap(), 1201);
    assert_eq!(shop.history.append_log(shop.project, number, &[line(2, "last")]).await.unwrap(), 1202);

    let (page, total) = shop.history.log(shop.project, number, None, 1199, 10).await.unwrap();
    assert_eq!(total, 1202);
    let seen: Vec<_> = page.iter().map(|line| (line.line, line.step, line.text.as_str())).collect();
    assert_eq!(seen, [(1200, Some(2), "line 1199"), (1201, None, "web runs the old image"), (1202, Some(2), "last")]);
    let (page, total) = shop.history.log(shop.project, number, Some(2), 0, 2).await.unwrap();
    assert_eq!((total, page[1].line), (601, 4));
}

#[tokio::test]
async fn a_batch_is_there_completely_or_not_at_all() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let batch: Vec<NewLine> = (0..600).map(|_| line(1, "x")).chain([line(9, "of no step")]).collect();
    shop.history.append_log(shop.project, number, &batch).await.expect_err("there is no step 9");
    assert_eq!(shop.history.log(shop.project, number, None, 0, 10).await.unwrap().1, 0);
    let nowhere = shop.history.append_log(shop.project, DeploymentNumber(5), &[line(1, "x")]).await;
    assert_eq!(nowhere.expect_err("there is no such deployment").code, Code::NotFound);
}

#[tokio::test]
async fn work_that_is_dropped_half_way_leaves_nothing_and_blocks_nobody() {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.unwrap();
    let batch: Vec<NewLine> = (0..20_000).map(|_| line(1, "x")).collect();
    for moment in 0..16 {
        let writing = shop.history.append_log(shop.project, number, &batch);
        // Polled a while and then dropped, each time at a later moment, as when a task is cancelled.
        tokio::select! {
            biased;
            () = async { for _ in 0..1 << moment { tokio::task::yield_now().await } } => {}
            written = writing => { written.unwrap(); }
        }
    }
    let (_, total) = shop.history.log(shop.project, number, None, 0, 0).await.unwrap();
    assert_eq!(total % 20_000, 0, "no batch is there in part");
    shop.history.append_log(shop.project, number, &[line(1, "y")]).await.expect("the file is free");
    shop.history.check().await.unwrap();
}

#[tokio::test]
async fn what_is_usual_comes_from_successes_of_the_same_environment() {
    let shop = shop().await;
    let run = async |environment: &str, seconds: i64, outcome: Outcome| {
        let number = begin(&shop.history, shop.project, environment).await.unwrap();
        for step in shop.history.steps(shop.project, number).await.unwrap() {
            let (started, ended) = (Some(at(10)), Some(at(10 + seconds * i64::from(step.number))));
            let step = Step { state: StepState::Done, started, ended, ..step };
            shop.history.update_step(shop.project, number, &step).await.unwrap();
        }
        shop.history.finish(shop.project, number, outcome, None, None, at(99)).await.unwrap();
    };
    for seconds in [2, 4, 900] {
        run("staging", seconds, Outcome::Succeeded).await;
    }
    run("staging", 500, Outcome::Failed).await;
    run("production", 700, Outcome::Succeeded).await;
    let usual = shop.history.usual_step_seconds(shop.project, &"staging".parse().unwrap()).await.unwrap();
    assert_eq!(usual, [("pull".to_owned(), 4.0), ("start".to_owned(), 8.0)]);
}

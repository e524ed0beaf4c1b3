//! Fills a history for measuring: `cargo run --release -p sternway-history --example seed -- HOME PROJECT DEPLOYMENTS LINES`.
//!
//! It writes through the crate's own functions, so that the file is what years of use would leave behind.

use std::path::Path;
use std::time::Instant;

use sternway_history::{History, NewDeployment, NewLine};
use sternway_model::{
    At, DeploymentNumber, EnvironmentName, Error, Kind, Outcome, Plan, Readiness, Release, Result, Stage, Step,
    StepState,
};

const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];
const PEOPLE: [&str; 3] = ["ann", "ben", "eve"];
const STEPS: [(Stage, &str); 4] = [
    (Stage::Checks, "unit tests"),
    (Stage::Build, "image web"),
    (Stage::Application, "service web"),
    (Stage::Verification, "health"),
];
/// Time between two deployments, in milliseconds.
const APART: i64 = 20 * 60 * 1000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, project, deployments, lines] = arguments.as_slice() else {
        return Err(Error::invalid("four arguments are wanted: HOME PROJECT DEPLOYMENTS LINES"));
    };
    let number = |text: &str| text.parse::<u32>().map_err(|_| Error::invalid(format!("`{text}` is no number")));
    let (deployments, lines) = (number(deployments)?, number(lines)?);

    let begun = Instant::now();
    let history = History::open(Path::new(home)).await?;
    let name = Path::new(project).file_name().and_then(|name| name.to_str()).unwrap_or("shop").parse()?;
    let id = history.remember_project(Path::new(project), &name, At::from_millis(0)?).await?;
    let steps = STEPS.map(|(stage, name)| (stage, name.to_owned()));
    for place in 0..deployments {
        // The remainder of the lines goes to the first deployments.
        let share = lines / deployments + u32::from(place < lines % deployments);
        let index = place as usize;
        let environment: EnvironmentName = ENVIRONMENTS[index % ENVIRONMENTS.len()].parse()?;
        let started = At::from_millis(i64::from(place) * APART)?;
        let plan = plan(environment.clone(), started);
        let new = NewDeployment {
            project: id,
            plan: &plan,
            want: &serde_json::Value::Null,
            by: PEOPLE[index % PEOPLE.len()],
            owner: "seed",
            started,
            summary: "web: new image, 1 variable changed",
            steps: &steps,
            after_interruption: false,
        };
        let number = history.begin(&new).await?;
        let succeeded = place % 10 != 9;
        run(&history, &new, number, share).await?;
        let release = succeeded.then(|| release(number, environment, started));
        let (outcome, message) = match succeeded {
            true => (Outcome::Succeeded, None),
            false => (Outcome::WentBack, Some("web did not become healthy; the release before it runs again")),
        };
        history.finish(id, number, outcome, message, release.as_ref(), later(started, 60)?).await?;
    }
    history.close().await;
    println!("{deployments} deployments and {lines} lines in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Notes the steps of a deployment, and its log in one batch per step.
async fn run(history: &History, new: &NewDeployment<'_>, number: DeploymentNumber, lines: u32) -> Result<()> {
    for ((stage, name), place) in new.steps.iter().zip(1_u32..) {
        let (started, ended) = (later(new.started, place)?, later(new.started, place + 7)?);
        let step = Step {
            number: place,
            stage: *stage,
            name: name.clone(),
            state: StepState::Done,
            started: Some(started),
            ended: Some(ended),
            detail: "done".into(),
        };
        history.update_step(new.project, number, &step).await?;
        let count = new.steps.len() as u32;
        let share = lines / count + u32::from(place <= lines % count);
        let batch: Vec<NewLine> = (0..share)
            .map(|i| NewLine { step: place, at: started, text: format!("[{name}] line {i}: copied 4.2 MB of 17.0 MB") })
            .collect();
        history.append_log(new.project, number, &batch).await?;
    }
    Ok(())
}

fn later(at: At, seconds: u32) -> Result<At> {
    At::from_millis(at.as_millis() + i64::from(seconds) * 1000)
}

fn plan(environment: EnvironmentName, at: At) -> Plan {
    Plan {
        hash: "0".repeat(64),
        environment,
        kind: Kind::Deploy,
        from: None,
        to: None,
        source: None,
        expires: at,
        changes: vec![],
        kept: vec!["db".into()],
        checks: vec!["unit tests".into()],
        builds: vec![],
        verifications: vec!["health".into()],
        notes: vec![],
        blockers: vec![],
        untrusted: vec![],
        protected: false,
        ready_to_go_back: Readiness { proven: true, reasons: vec![] },
    }
}

fn release(number: DeploymentNumber, environment: EnvironmentName, created: At) -> Release {
    Release {
        number,
        environment,
        created,
        configuration: vec![],
        application: serde_json::json!({ "services": { "web": { "image": "shop-web" }, "db": { "image": "shop-db" } } }),
        images: [].into(),
        revision: None,
        verify: vec![],
        evidence: vec![],
        mounted: [].into(),
    }
}

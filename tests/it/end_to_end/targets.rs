//! Engines on other machines: behind an ssh login, and behind TLS. The whole way, and what happens when the way breaks.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use sternway_e2e::{Answer, Call, Failure, Remote, Result, Stage, engine, web};

/// The light project with the first environment on one way to the engine and the second on the other.
struct Away {
    stage: Stage,
    remote: Remote,
}

impl Away {
    async fn new(remote: Remote) -> Result<Self> {
        let stage = Stage::light()?;
        stage.edit("sternway.yaml", |line| {
            let target = if line.starts_with("  staging:") { remote.ssh() } else { remote.tls() };
            line.contains("docker: local").then(|| line.replace("local", &format!("\"{target}\"")))
        })?;
        // A file of the project in the container: it has to travel.
        fs::write(stage.project().join("note.txt"), "packed at home")?;
        let compose = stage.project().join("docker-compose.yml");
        let mut text = fs::read_to_string(&compose)?;
        text.push_str(
            "    configs: [{ source: note, target: /www/note.txt }]\nconfigs: { note: { file: ./note.txt } }\n",
        );
        fs::write(compose, text)?;
        let away = Self { stage, remote };
        for environment in ["staging", "production"] {
            away.call(["secret", "set", environment, "TOKEN"]).input("a token").done().await?;
        }
        Ok(away)
    }

    fn call<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Call {
        self.remote.with_keys(self.stage.call(arguments))
    }

    fn deployment(&self, environment: &'static str, command: &'static str) -> Call {
        self.call([command, environment, "--yes", "--confirm", environment])
    }

    async fn deploy(&self, environment: &'static str) -> Result<Answer> {
        let answer = self.deployment(environment, "deploy").done().await?;
        assert_eq!(answer.last()?["result"], "succeeded", "{}", answer.describe());
        Ok(answer)
    }

    async fn page(&self, environment: &str, path: &str) -> Result<String> {
        web::body(&self.stage.address(environment, path)?).await
    }

    /// Puts another message into the project's folder.
    async fn say(&self, environment: &str, message: &str) -> Result<()> {
        self.call(["config", "set", environment, "MESSAGE", message]).done().await.map(drop)
    }

    /// The environment's containers that are there, running or not.
    fn containers(&self, environment: &str) -> Result<Vec<String>> {
        let filter = format!("label=com.docker.compose.project={}", self.stage.compose_project(environment));
        let listed = self.remote.docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}} {{.State}}"])?;
        let mut listed: Vec<String> = listed.lines().map(str::to_owned).collect();
        listed.sort();
        Ok(listed)
    }
}

fn changes(answer: &Answer) -> Result<Vec<String>> {
    let changes = answer.last()?["changes"].as_array().cloned().unwrap_or_default();
    let word = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    Ok(changes.iter().map(|change| format!("{} {}", word(change, "action"), word(change, "subject"))).collect())
}

#[tokio::test]
async fn the_whole_way_over_ssh_and_over_tls() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let away = Away::new(remote).await?;
    for environment in ["staging", "production"] {
        away.deploy(environment).await?;
        assert_eq!(away.page(environment, "/").await?, "first");
        assert_eq!(away.page(environment, "/note.txt").await?, "packed at home", "the file went along");
        let project = away.stage.compose_project(environment);
        assert!(engine::containers(&project)?.is_empty(), "nothing of {project} is on this machine's own engine");

        let job = away.call(["logs", environment, "job"]).done().await?;
        assert!(job.lines.iter().any(|line| line.to_string().contains("prepared for first")), "{}", job.describe());
        let read = ["exec", environment, "web", "--confirm", environment, "--", "sh", "-c", "read n; exit $n"];
        let session = away.call(read).input("7\n").answer().await?;
        assert_eq!(session.exit, Some(7), "both directions of a session: {}", session.describe());

        let plan = away.call(["plan", environment]).done().await?;
        assert_eq!(changes(&plan)?, Vec::<String>::new(), "{}", plan.describe());
        fs::write(away.stage.project().join("note.txt"), format!("packed anew for {environment}"))?;
        let plan = away.call(["plan", environment]).done().await?;
        assert_eq!(changes(&plan)?, ["recreate service web"], "the content counts: {}", plan.describe());

        away.say(environment, "second").await?;
        away.deploy(environment).await?;
        assert_eq!(away.page(environment, "/").await?, "second");
        away.deployment(environment, "rollback").done().await?;
        assert_eq!(away.page(environment, "/").await?, "first");

        away.remote.docker(&["rm", "--force", &format!("{project}-web-1")])?;
        let drift = away.call(["drift", environment]).done().await?;
        assert_eq!(changes(&drift)?, ["create service web"], "{}", drift.describe());
        away.deploy(environment).await?;
        fs::write(away.stage.project().join("note.txt"), "packed at home")?;
    }
    let left = away.remote.docker(&["ps", "--all", "--filter", "label=io.sternway.lease", "--quiet"])?;
    assert_eq!(left, "", "the locks were given back");

    let doctor = away.call(["doctor"]).done().await?;
    for (index, way) in [away.remote.ssh(), format!("{} with TLS", away.remote.tls())].iter().enumerate() {
        let target = &doctor.last()?["targets"][index];
        let detail = target["detail"].as_str().unwrap_or_default();
        assert!(target["ok"] == true && detail.contains("API 1.") && detail.contains(way), "{}", doctor.describe());
    }
    let status = away.call(["status", "staging"]).done().await?;
    assert_eq!(status.last()?["environments"][0]["reached"], json!(away.remote.ssh()));
    Ok(())
}

#[tokio::test]
async fn an_image_is_built_there_with_a_secret_from_here() -> Result<()> {
    const BUILT: &str = r#"  built:
    command: ["sleep", "3600"]
    stop_signal: SIGKILL
    build:
      context: ./image
      secrets: [token]
      dockerfile_inline: |
        FROM busybox:1.36
        RUN --mount=type=secret,id=token wc -c </run/secrets/token >/length
  web:"#;
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let away = Away::new(remote).await?;
    away.stage.edit("docker-compose.yml", |line| (line == "  web:").then(|| BUILT.to_owned()))?;
    away.stage.edit("docker-compose.yml", |line| {
        line.starts_with("configs:").then(|| format!("{line}\nsecrets: {{ token: {{ environment: TOKEN }} }}"))
    })?;
    fs::create_dir(away.stage.project().join("image"))?;
    for environment in ["staging", "production"] {
        // Each engine's way builds anew.
        fs::write(away.stage.project().join("image/for"), environment)?;
        let answer = away.deploy(environment).await?;
        let told = |part: &str| answer.lines.iter().any(|line| line.to_string().contains(part));
        assert!(told("RUN --mount=type=secret,id=token"), "BuildKit's log: {}", answer.describe());
        let length = away
            .call(["exec", environment, "built", "--confirm", environment, "--", "sh", "-c", "exit $(cat /length)"])
            .answer()
            .await?;
        assert_eq!(length.exit, Some(7), "the secret was there while it was built: {}", length.describe());
    }
    Ok(())
}

#[tokio::test]
async fn a_way_that_does_not_lead_there_says_why() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let away = Away::new(remote).await?;
    let without_keys = away.stage.call(["plan", "production"]).environment("DOCKER_CONFIG", "/nonexistent");
    let error = without_keys.refused(1).await?;
    assert_eq!(error["code"], "engine_unreachable", "the engine wants TLS: {error}");
    assert!(error["hint"].to_string().contains("TLS"), "{error}");

    // A certificate from somebody else.
    let other = Remote::start()?.ok_or_else(|| Failure::new("it was possible a moment ago"))?;
    fs::copy(other.keys().join("ca.pem"), away.remote.keys().join("ca.pem"))?;
    let error = away.call(["plan", "production"]).refused(1).await?;
    assert!(error["message"].to_string().contains("not from the authority in ca.pem"), "{error}");

    away.remote.forget_host()?;
    let error = away.call(["plan", "staging"]).refused(1).await?;
    assert!(error["message"].to_string().contains("the host's key is not known"), "{error}");
    assert!(error["hint"].to_string().contains("Log in once with"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_mounted_path_of_the_project_is_refused_with_its_line() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let away = Away::new(remote).await?;
    let compose = away.stage.project().join("docker-compose.yml");
    let text = fs::read_to_string(&compose)?.replace("configs: [{", "volumes: [\"./site:/site\"]\n    configs: [{");
    let line = text.lines().position(|line| line.contains("./site")).unwrap_or_default() + 1;
    fs::write(compose, text)?;
    let error = away.call(["plan", "staging"]).refused(1).await?;
    assert_eq!((&error["code"], &error["at"]["line"]), (&json!("unsupported"), &json!(line)), "{error}");
    assert!(error["hint"].to_string().contains("configs"), "{error}");
    assert_eq!(away.containers("staging")?, Vec::<String>::new(), "nothing was touched");
    Ok(())
}

/// A deployment whose job takes long enough for something to happen meanwhile; returns when the job runs.
async fn begin_slowly(away: &Away) -> Result<tokio::task::JoinHandle<Result<Answer>>> {
    away.stage.edit("docker-compose.yml", |line| {
        line.contains("echo prepared").then(|| line.replace("echo prepared", "sleep 4; echo prepared"))
    })?;
    away.say("staging", "second").await?;
    let running = tokio::spawn(away.deployment("staging", "deploy").answer());
    let job = format!("{}-job", away.stage.compose_project("staging"));
    web::until(Duration::from_secs(60), async || {
        let listed = away.remote.docker(&["ps", "--format", "{{.Names}}"])?;
        let runs = listed.lines().any(|name| name.contains(&job));
        if runs { Ok(()) } else { Err(Failure::new(format!("no {job} runs: {listed}"))) }
    })
    .await?;
    Ok(running)
}

/// However it ended: the first release answers or a plan knows what to do, and one deployment puts it right.
async fn repaired(away: &Away, broken: &Answer) -> Result<()> {
    println!("{}", broken.describe());
    assert_ne!(broken.last()?["result"], "succeeded", "{}", broken.describe());
    let plan = away.call(["plan", "staging"]).done().await?;
    println!("{}", plan.describe());
    away.deploy("staging").await?;
    assert_eq!(away.page("staging", "/").await?, "second");
    let project = away.stage.compose_project("staging");
    let names = away.containers("staging")?;
    assert_eq!(names, [format!("{project}-job-1 exited"), format!("{project}-web-1 running")], "nothing is left over");
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let mut away = Away::new(remote).await?;
    away.deploy("staging").await?;
    let running = begin_slowly(&away).await?;
    away.remote.cut()?;
    let broken = running.await??;
    assert_eq!(away.page("staging", "/").await?, "first", "what ran is what answers: {}", broken.describe());
    away.remote.mend()?;
    repaired(&away, &broken).await
}

#[tokio::test]
async fn an_engine_that_is_restarted_in_the_middle() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let mut away = Away::new(remote).await?;
    away.deploy("staging").await?;
    let running = begin_slowly(&away).await?;
    away.remote.restart_engine()?;
    let broken = running.await??;
    repaired(&away, &broken).await
}

#[tokio::test]
async fn a_disk_that_is_full() -> Result<()> {
    let Some(remote) = Remote::with_room(Some(96))? else { return Ok(()) };
    let away = Away::new(remote).await?;
    away.deploy("staging").await?;
    let running = begin_slowly(&away).await?;
    away.remote.fill()?;
    let broken = running.await??;
    assert!(broken.last()?.to_string().contains("no space left"), "{}", broken.describe());
    assert_eq!(away.page("staging", "/").await?, "first", "what ran is what answers");
    away.remote.empty()?;
    repaired(&away, &broken).await
}

#[tokio::test]
async fn a_release_whose_image_is_gone() -> Result<()> {
    let Some(remote) = Remote::start()? else { return Ok(()) };
    let away = Away::new(remote).await?;
    away.deploy("staging").await?;
    away.remote.docker(&["tag", "busybox:1.36", "renamed:1"])?;
    away.stage.edit("docker-compose.yml", |line| {
        line.contains("image: busybox").then(|| line.replace("busybox:1.36", "not-there:1\n    pull_policy: never"))
    })?;
    let error = away.call(["plan", "staging"]).refused(1).await?;
    assert_eq!((&error["code"], error["at"]["line"].is_u64()), (&json!("not_found"), true), "{error}");
    assert!(error["message"].to_string().contains("not-there:1"), "{error}");
    away.remote.docker(&["tag", "renamed:1", "not-there:1"])?;
    away.deploy("staging").await?;
    assert_eq!(away.page("staging", "/").await?, "first");
    Ok(())
}

#[tokio::test]
async fn a_full_disk_does_not_stop_who_frees_some() -> Result<()> {
    let Some(remote) = Remote::with_room(Some(96))? else { return Ok(()) };
    let away = Away::new(remote).await?;
    let runs_on = |from: &str, to: &str| {
        away.stage.edit("docker-compose.yml", |line| line.contains("image: busybox").then(|| line.replace(from, to)))
    };
    away.remote.docker(&["create", "--name", "other", "busybox:1.36"])?;
    away.remote.docker(&["commit", "--message", "another content", "other", "busybox:other"])?;
    away.remote.docker(&["rm", "other"])?;
    runs_on("1.36", "other")?;
    away.deploy("staging").await?;
    runs_on("other", "1.36")?;
    away.deploy("staging").await?;
    // From now on only the first release keeps it.
    away.remote.docker(&["rmi", "busybox:other"])?;
    let held = ["ps", "--all", "--filter", "label=io.sternway.reserve", "--format", "{{.Names}}"];
    assert_eq!(away.remote.docker(&held)?.trim(), "sternway-reserve", "room is held back by whoever had the lock");

    away.remote.fill()?;
    let refused = away.remote.docker(&["create", "busybox:1.36"]).expect_err("the disk is full");
    assert!(refused.to_string().contains("no space left"), "{refused}");
    let pruned = away.call(["prune", "staging", "--keep", "1", "--yes"]).done().await?;
    let pruned = pruned.last()?;
    assert_eq!(pruned["made_room"], true, "{pruned}");
    assert!(pruned["images"].as_array().is_some_and(|images| !images.is_empty()), "{pruned}");
    let left = away.remote.docker(&["ps", "--all", "--filter", "label=io.sternway.lease", "--quiet"])?;
    assert_eq!(left, "", "the lock was given back");

    away.remote.empty()?;
    away.call(["restart", "staging", "web"]).done().await?;
    assert_eq!(away.remote.docker(&held)?.trim(), "sternway-reserve", "and held back again");
    Ok(())
}

//! Every screen of the real window with names that are too long for it, in the smallest size and both themes: nothing needs
//! sideways scrolling, and no button's words are cut off. The pictures are there to be looked at.

use std::fs;
use std::time::Duration;

use sternway_e2e::{Failure, Result, Stage, Window, web};

const SOON: Duration = Duration::from_secs(20);
const LONG: &str = "A_VARIABLE_WHOSE_NAME_SOMEBODY_WANTED_TO_BE_ENTIRELY_UNMISTAKABLE_EVEN_IN_THE_DARK";
const DOCUMENT: &str = "config/settings-of-the-application-that-are-not-in-the-environment.json";

/// What of a page is cut off: the page itself, or a button by what it stands in. A long name may end in dots.
const CUT_OFF: &str = "
    const cut = [];
    if (document.documentElement.scrollWidth > window.innerWidth) cut.push('the page');
    for (const body of document.querySelectorAll('main > div')) {
        if (body.scrollWidth > body.clientWidth) cut.push('the page scrolls sideways');
    }
    const words = document.querySelectorAll('button, [role=tab], [role=menuitem], .mantine-SegmentedControl-label');
    for (const element of words) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const box = element.getBoundingClientRect();
        if (box.width === 0 || element.closest('[role=gridcell]')) continue;
        const name = (element.ariaLabel ?? element.innerText ?? '').trim() || element.outerHTML.slice(0, 80);
        for (let holder = element.parentElement; holder; holder = holder.parentElement) {
            const style = getComputedStyle(holder);
            if (style.overflowX === 'visible' || style.display === 'contents') continue;
            const { left, right } = holder.getBoundingClientRect();
            if (box.right > right + 1 || box.left < left - 1) cut.push(`${name} sticks out`);
            break;
        }
        const label = element.querySelector('.mantine-Button-label');
        if (label && label.getBoundingClientRect().height > box.height) cut.push(`${name} is too high`);
    }
    return cut;
";

/// Takes a picture of what is open, in both sizes, and looks whether everything can be seen.
async fn picture(window: &Window, theme: &str, name: &str) -> Result<()> {
    let cut = window.script(CUT_OFF).await?;
    window.screenshot(&format!("20-{name}-{theme}")).await?;
    if cut.as_array().is_none_or(|cut| !cut.is_empty()) {
        return Err(Failure::new(format!("{name} in {theme}: {cut}")));
    }
    Ok(())
}

/// A service beside those of the light project: the image is built, so that no registry has to have it.
const SERVICE: &str = "
  the-writer-of-all-the-letters-of-the-shop:
    build: ./writer
    image: registry.example.com/team-of-the-shop/writer-of-letters:2026-11-29
    command: [sh, -c, \"seq 300 | sed 's/$/ letters were written, none of which ends soon/'; exec sleep 1000\"]
    environment:
      POSTGRES_DB: letters
      POSTGRES_USER: the-writer-of-all-the-letters-of-the-shop
      POSTGRES_INITDB_ARGS: --encoding=UTF8 --locale=C.UTF-8
    stop_signal: SIGKILL
";

/// A light project with long names, two releases, a failure, and a value that is missing.
async fn long_names() -> Result<Stage> {
    let stage = Stage::light()?;
    let compose = stage.project().join("docker-compose.yml");
    fs::write(&compose, fs::read_to_string(&compose)? + SERVICE)?;
    fs::create_dir(stage.project().join("writer"))?;
    fs::write(stage.project().join("writer/Dockerfile"), format!("FROM busybox:1.36\n# {}\n", stage.name()))?;
    stage.edit("docker-compose.yml", |line| {
        line.starts_with("    ports: [\"${WEB_PORT}:8000\"]")
            .then(|| "    ports: [\"${WEB_PORT}:8000\", \"${WEB_PORT}:8000/udp\"]".to_owned())
    })?;
    fs::create_dir(stage.project().join("config"))?;
    let values: Vec<String> = (1..=30).map(|place| format!("  \"setting_{place}\": {place}")).collect();
    fs::write(stage.project().join(DOCUMENT), format!("{{\n{}\n}}\n", values.join(",\n")))?;
    // Three cards stand side by side in the smallest size.
    stage.edit("sternway.yaml", |line| {
        line.starts_with("environments:").then(|| format!("{line}\n  development: {{ target: {{ docker: local }} }}"))
    })?;
    stage.edit("sternway.yaml", |line| {
        line.starts_with("  required:").then(|| format!("  files: [\"{DOCUMENT}\"]\n{line}"))
    })?;
    let url = format!("https://{}.example.com/?{}", "a-very-long-name-of-a-server".repeat(2), "and=more&".repeat(12));
    stage.call(["config", "set", "staging", LONG, &url]).done().await?;
    stage.call(["secret", "set", "staging", "TOKEN"]).input("a token").done().await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    stage
        .call(["config", "set", "staging", "MESSAGE", &format!("second {}", "and very long ".repeat(20))])
        .done()
        .await?;
    stage.call(["deploy", "staging", "--yes"]).done().await?;
    stage.call(["config", "set", "staging", "BROKEN", "yes"]).done().await?;
    stage.call(["deploy", "staging", "--yes"]).answer().await?;
    Ok(stage)
}

/// Opens a place by its address; waits until the page is there and nothing of it is still being read.
async fn open(window: &Window, stage: &Stage, place: &str) -> Result<()> {
    let (page, query) = place.split_once('?').unwrap_or((place, ""));
    let project = stage.project().display().to_string().replace('/', "%2F");
    let project = if page == "projects" { String::new() } else { format!("?project={project}&{query}") };
    window.script(&format!("window.location.hash = '#/{page}{project}'")).await?;
    web::until(SOON, async || {
        let waiting = "return document.querySelectorAll('[data-loading=true], .mantine-Skeleton-root').length";
        match window.script(waiting).await?.as_u64() {
            Some(0) => Ok(()),
            count => Err(Failure::new(format!("{place}: {count:?} parts are still being read"))),
        }
    })
    .await
}

/// The smallest size, in a theme.
async fn smallest(window: &Window, stage: &Stage, theme: &str) -> Result<()> {
    open(window, stage, "settings").await?;
    window.resize(1024, 700).await?;
    window.click("radio", theme).await
}

#[tokio::test]
async fn nothing_is_cut_off_in_the_smallest_size_with_the_longest_names() -> Result<()> {
    let stage = long_names().await?;
    let window = Window::open(&stage).await?;
    let mut problems = Vec::new();
    for theme in ["Dark", "Light"] {
        smallest(&window, &stage, theme).await?;
        let theme = theme.to_lowercase();
        let document = DOCUMENT.replace('/', "%2F");
        for (name, place, wanted) in [
            ("settings", "settings", "Appearance"),
            ("overview", "overview", "no drift"),
            ("environment", "environment?environment=staging", "300 letters were written"),
            ("environment-empty", "environment?environment=production", "not deployed"),
            ("matrix", "configuration", "TOKEN"),
            ("matrix-inspector", &format!("configuration?select={LONG}"), "Why this value"),
            ("matrix-secret", "configuration?select=TOKEN", "Versions"),
            ("matrix-missing", "configuration?filter=missing", "no value yet"),
            ("matrix-add", "configuration?dialog=add", "Add"),
            ("matrix-import", "configuration?dialog=import", "keychain"),
            ("documents", "documents", DOCUMENT),
            ("document", &format!("documents?file={document}"), "setting_1"),
            ("document-compose", "documents?file=docker-compose.yml", "services"),
            ("document-gone", "documents?file=nowhere.json", "nowhere.json"),
            ("versions", "versions", "MESSAGE"),
            ("version", "versions?version=1", "Bring back…"),
            ("versions-none", "versions?key=NOTHING_LIKE_IT", "No version fits"),
            ("secrets", "secrets", "Where values went"),
            ("secret", "secrets?select=TOKEN&environment=staging", "Remove TOKEN from staging…"),
            ("plan", "plan?environment=staging", "Runs exactly this plan"),
            ("plan-first", "plan?environment=production", "This has to be mended first"),
            ("rollback", "rollback?environment=staging&to=1", "Runs exactly this plan"),
            ("promote", "promote?environment=production&from=staging", "Variables of staging"),
            ("down", "down?environment=staging", "Take"),
            ("history", "history", "What changed"),
            ("history-none", "history?text=nothing-like-it", "No deployment fits"),
            ("deployment", "deployment?number=2", "Deploy to staging"),
            ("deployment-failed", "deployment?number=3", "the shelf is empty"),
            ("deployment-gone", "deployment?number=77", "77"),
            ("compare", "compare?a=1&b=2", "MESSAGE"),
            ("projects", "projects", "Open a folder"),
        ] {
            let seen = async {
                open(&window, &stage, place).await?;
                window.see(wanted, SOON).await?;
                picture(&window, &theme, name).await
            };
            problems.extend(seen.await.err().map(|failure| format!("{name}: {failure}")));
        }
        let kept = async {
            open(&window, &stage, "environment?environment=staging").await?;
            window.click("button", "More for staging").await?;
            window.click("menuitem", "Images kept for staging…").await?;
            window.see("Nothing to give up", SOON).await?;
            picture(&window, &theme, "environment-kept").await?;
            window.press(Window::ESCAPE).await
        };
        problems.extend(kept.await.err().map(|failure| format!("environment-kept: {failure}")));
        open(&window, &stage, "overview").await?;
        window.click("button", "Search everything").await?;
        window.find("textbox", "Search every action and place").await?;
        window.screenshot(&format!("20-palette-{theme}")).await?;
        window.press(Window::ESCAPE).await?;
    }
    assert!(problems.is_empty(), "{problems:#?}");
    window.close().await
}

#[tokio::test]
async fn a_conflict_and_a_running_deployment_fit_into_the_smallest_size() -> Result<()> {
    const SLOW: &str = "the check that takes its time, and has a name that says so at some length";
    let stage = long_names().await?;
    stage.call(["config", "set", "staging", "BROKEN", "no"]).done().await?;
    stage.call(["config", "set", "staging", "MESSAGE", "third"]).done().await?;
    let check = format!("{{ name: \"{SLOW}\", run: 'seq -f \"item %g of the list is well\" 400; sleep 300' }}");
    stage.edit("sternway.yaml", |line| {
        line.starts_with("pipeline:").then(|| format!("{line}\n  checks:\n    - {check}"))
    })?;
    let window = Window::open(&stage).await?;
    smallest(&window, &stage, "Dark").await?;

    open(&window, &stage, &format!("documents?file={}", DOCUMENT.replace('/', "%2F"))).await?;
    for setting in ["setting_1", "setting_2", "setting_3"] {
        window.fill(setting, "100").await?;
        window.press(Window::ENTER).await?;
        window.see("not saved", SOON).await?;
    }
    let file = stage.project().join(DOCUMENT);
    let outside = fs::read_to_string(&file)?
        .replace("\"setting_1\": 1", &format!("\"setting_1\": \"{}\"", "a long text from outside, ".repeat(12)))
        .replace("\"setting_2\": 2", "\"setting_2\": [2, 3]")
        .replace("  \"setting_3\": 3,\n", "");
    fs::write(&file, outside)?;
    window.see("was changed outside", SOON).await?;
    window.click("button", &format!("Save {DOCUMENT}")).await?;
    window.see("was changed here and outside", SOON).await?;
    picture(&window, "dark", "conflict").await?;
    window.click("button", "Take all of theirs").await?;
    picture(&window, "dark", "conflict-chosen").await?;
    window.click("button", "Save what was chosen").await?;

    open(&window, &stage, "plan?environment=staging").await?;
    window.click("button", "Deploy to staging").await?;
    window.see("item 400 of the list", SOON).await?;
    picture(&window, "dark", "running").await?;
    open(&window, &stage, "overview").await?;
    window.find("region", "Running deployments").await?;
    picture(&window, "dark", "running-elsewhere").await?;
    window.click("button", "Cancel #*").await?;
    window.find("button", "Dismiss #*").await?;
    window.close().await
}

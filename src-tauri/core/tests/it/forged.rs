//! A file that writes the mark of a secret's version, in whatever way, is refused; and so is a project that asks for a version that it
//! never had.

use sternway_model::{Code, EnvironmentName, SecretName, Sensitive};

use crate::fixture::Shop;

const MARK: &str = "⟦keychain:DB_PASSWORD@1⟧";

/// A Compose file with these lines of a service, and what stands beside the services.
fn compose(service: &str, beside: &str) -> String {
    format!("services:\n  web:\n    image: shop:1\n{service}\n{beside}\n")
}

/// A way in, the files that take it, and the file that the error names.
type Way = (&'static str, Vec<(&'static str, String)>, &'static str);

fn ways() -> Vec<Way> {
    const COMPOSE: &str = "docker-compose.yml";
    let plain = || (COMPOSE, compose("", ""));
    let environment = |value: &str| (COMPOSE, compose(&format!("    environment:\n      S: {value}"), ""));
    vec![
        ("an environment", vec![environment(MARK)], COMPOSE),
        ("a list", vec![(COMPOSE, compose(&format!("    environment: [\"S={MARK}\"]"), ""))], COMPOSE),
        ("a default", vec![environment(&format!("\"${{NOTHING:-{MARK}}}\""))], COMPOSE),
        ("an escape", vec![environment("\"\\u27e6keychain:DB_PASSWORD@1\\u27e7\"")], COMPOSE),
        (
            "an anchor",
            vec![(COMPOSE, format!("x-a: &a {{ S: \"{MARK}\" }}\n{}", compose("    environment: *a", "")))],
            COMPOSE,
        ),
        (
            "a config",
            vec![(COMPOSE, compose("    configs: [c]", &format!("configs:\n  c:\n    content: \"{MARK}\"")))],
            COMPOSE,
        ),
        (
            "a secret from a variable",
            vec![
                (COMPOSE, compose("    secrets: [s]", "secrets:\n  s:\n    environment: S")),
                (".env", "P=⟦keychain\nS=${P}:DB_PASSWORD@1⟧\n".to_owned()),
            ],
            ".env",
        ),
        (
            "a hook",
            vec![(
                COMPOSE,
                compose(&format!("    post_start:\n      - command: [sh]\n        environment: [\"S={MARK}\"]"), ""),
            )],
            COMPOSE,
        ),
        (
            "a hook before the stop",
            vec![(
                COMPOSE,
                compose(&format!("    pre_stop:\n      - command: [sh]\n        environment: {{ S: \"{MARK}\" }}"), ""),
            )],
            COMPOSE,
        ),
        (
            "an env file of a service",
            vec![(COMPOSE, compose("    env_file: web.env", "")), ("web.env", format!("S='{MARK}'\n"))],
            "web.env",
        ),
        (
            "a raw env file of a service",
            vec![
                (COMPOSE, compose("    env_file: [{ path: web.env, format: raw }]", "")),
                ("web.env", format!("S={MARK}\n")),
            ],
            "web.env",
        ),
        (
            "pieces in an env file of a service",
            vec![
                (COMPOSE, compose("    env_file: web.env", "")),
                ("web.env", "P1=⟦keychain\nP2=:DB_PASSWORD@1⟧\nS=${P1}${P2}\n".to_owned()),
            ],
            "web.env",
        ),
        ("an env file", vec![plain(), (".env", format!("S={MARK}\n"))], ".env"),
        ("a default in an env file", vec![plain(), (".env", format!("S=${{NOTHING:-{MARK}}}\n"))], ".env"),
        (
            "pieces in an env file",
            vec![plain(), (".env", "P1=⟦keychain\nP2=:DB_PASSWORD@1⟧\nS=${P1}${P2}\n".to_owned())],
            ".env",
        ),
        (
            "pieces of two files",
            vec![
                (COMPOSE, compose("    environment: { S: \"${P1}:DB_PASSWORD@1⟧\" }", "")),
                (".env", "P1=⟦keychain\n".to_owned()),
            ],
            COMPOSE,
        ),
        (
            "an include",
            vec![
                (COMPOSE, format!("include: [more.yml]\n{}", compose("", ""))),
                ("more.yml", format!("services:\n  db:\n    image: a\n    environment: [\"S={MARK}\"]\n")),
            ],
            "more.yml",
        ),
        (
            "an include's env file",
            vec![
                (COMPOSE, format!("include: [{{ path: more.yml, env_file: more.env }}]\n{}", compose("", ""))),
                ("more.yml", "services:\n  db:\n    image: a\n    environment: [\"S=${S}\"]\n".to_owned()),
                ("more.env", format!("S={MARK}\n")),
            ],
            "more.yml",
        ),
        (
            "what is extended",
            vec![
                (COMPOSE, compose("    extends: { file: base.yml, service: base }", "")),
                ("base.yml", format!("services:\n  base:\n    environment: {{ S: \"{MARK}\" }}\n")),
            ],
            "base.yml",
        ),
        ("a label", vec![(COMPOSE, compose(&format!("    labels: {{ S: \"{MARK}\" }}"), ""))], COMPOSE),
        (
            "a label file",
            vec![(COMPOSE, compose("    label_file: web.labels", "")), ("web.labels", format!("S={MARK}\n"))],
            COMPOSE,
        ),
        ("a key", vec![(COMPOSE, compose(&format!("    environment: {{ \"{MARK}\": a }}"), ""))], COMPOSE),
        (
            "the project's own file",
            vec![plain(), ("sternway.yaml", crate::fixture::PROJECT.replace("[TOKEN]", &format!("[\"{MARK}\"]")))],
            "sternway.yaml",
        ),
    ]
}

#[tokio::test]
async fn no_text_of_a_file_becomes_a_secret() {
    for (way, files, named) in ways() {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        // The version is there: only the mark's own origin is wrong.
        let shop = Shop::with(&[("docker-compose.yml", &compose("", ""))]);
        shop.set_secret("staging", "DB_PASSWORD", "a planted password").await;
        files.iter().for_each(|(name, text)| shop.write(name, text));
        let error = match sternway_core::Project::open(&shop.path()) {
            Ok(project) => {
                let staging = "staging".parse().expect("a name");
                if let Ok(variables) = shop.core.environment_of(&project, &staging).await {
                    assert!(variables.values().all(|value| !value.reveal().contains("planted")), "{way}");
                }
                shop.core.plan(&project, &staging).await.expect_err(way)
            }
            Err(error) => error,
        };
        assert_eq!(error.code, Code::InvalidInput, "{way}: {error}");
        assert!(error.hint.contains("keychain:NAME"), "{way}: {error} {}", error.hint);
        let at = error.at.unwrap_or_else(|| panic!("{way}: no place"));
        assert!(at.file.ends_with(named), "{way}: {}", at.file.display());
        shop.write("sternway.yaml", crate::fixture::PROJECT);
        assert!(!shop.audited().await.iter().any(|line| line.contains("DB_PASSWORD v1")), "{way}");
    }
}

#[tokio::test]
async fn a_document_with_a_mark_is_refused() {
    let shop = Shop::with(&[("config/app.json", "{\n  \"a\": \"\\u27e6keychain:TOKEN@1⟧\"\n}\n")]);
    let file = std::path::Path::new("config/app.json");
    let view = shop.core.open_document(&shop.project(), file, false).await.expect("shown with what is wrong");
    let error = view.problem.expect("it is refused");
    assert_eq!((error.code, error.at.and_then(|at| at.line)), (Code::InvalidInput, Some(2)), "{}", error.message);
}

#[tokio::test]
async fn a_project_of_the_same_name_reaches_nothing() {
    let (environment, name): (EnvironmentName, SecretName) =
        ("staging".parse().expect("a name"), "TOKEN".parse().expect("a name"));
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n")]);
    assert_eq!(shop.set_secret("staging", "TOKEN", "a planted token").await, 1);
    let copy = shop.folder.path().join("copy");
    std::fs::create_dir(&copy).expect("made");
    for file in ["sternway.yaml", ".env"] {
        std::fs::copy(shop.path().join(file), copy.join(file)).expect("copied");
    }
    let other = shop.core.open(&copy).await.expect("opened");
    let error = shop.core.environment_of(&other, &environment).await.expect_err("it has no value here");
    assert_eq!(error.code, Code::SecretMissing);
    let error =
        shop.core.revealable(&other, &environment, &name, Some(1)).await.expect_err("this history never made it");
    assert_eq!(error.code, Code::SecretMissing);

    let theirs = Sensitive::new("their own token".to_owned());
    let version = shop.core.set_secret(&other, &environment, &name, &theirs, None).await.expect("set");
    assert_eq!(version, 1, "their versions are their own");
    assert_eq!(
        shop.core.environment_of(&other, &environment).await.expect("there")["TOKEN"].reveal(),
        "their own token"
    );
    let ours = shop.core.environment_of(&shop.project(), &environment).await.expect("there");
    assert_eq!(ours["TOKEN"].reveal(), "a planted token");
}

#[tokio::test]
async fn a_name_that_changes_takes_no_secret_away() {
    let shop = Shop::with(&[(".env", "TOKEN=keychain:TOKEN\n")]);
    shop.set_secret("staging", "TOKEN", "a planted token").await;
    shop.write("sternway.yaml", &crate::fixture::PROJECT.replace("project: shop", "project: store"));
    let variables = shop.core.environment_of(&shop.project(), &"staging".parse().expect("a name")).await;
    assert_eq!(variables.expect("there")["TOKEN"].reveal(), "a planted token");
    assert_eq!(shop.audited().await, ["given to a command of this machine: TOKEN v1"]);
}

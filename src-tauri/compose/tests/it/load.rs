//! Loading from a folder: several files, other files, profiles, env files, and what errors say.

mod extending;
#[cfg(unix)]
mod irregular;
mod values;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sternway_compose::{Loaded, Sources, as_compose_prints, load, to_yaml};
use sternway_model::{Code, Error, Origin};

/// A folder `shop` with these files.
struct Project {
    parent: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { parent: tempfile::tempdir().expect("a folder") };
        for (name, text) in files {
            let file = project.dir().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("can be made");
            fs::write(file, text).expect("can be written");
        }
        project
    }

    fn dir(&self) -> std::path::PathBuf {
        self.parent.path().join("shop")
    }

    fn sources(&self, files: &[&str]) -> Sources {
        let environment = [("TAG", "1.2"), ("PIN", "⟦keychain:DB_PASSWORD@3⟧")];
        Sources {
            project_dir: self.dir(),
            files: files.iter().map(Into::into).collect(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            ..Sources::default()
        }
    }

    fn load(&self, files: &[&str]) -> Loaded {
        load(&self.sources(files)).expect("can be loaded")
    }
}

fn error(text: &str) -> Error {
    let project = Project::new(&[("compose.yaml", text)]);
    load(&project.sources(&["compose.yaml"])).expect_err("is refused")
}

#[test]
fn a_later_file_wins() {
    let project = Project::new(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: web:$TAG\n    ports: ['80:80']\n    environment: {A: 1, B: 2}\n    volumes: [./a:/data]\n    command: run\n",
        ),
        (
            "compose.production.yaml",
            "services:\n  web:\n    ports: ['80:80', '443:443']\n    environment: [B=3]\n    volumes: [store:/data]\n    command: !reset null\n    init: true\nvolumes:\n  store:\n",
        ),
    ]);
    let loaded = project.load(&["compose.yaml", "compose.production.yaml"]);
    let web = &loaded.model["services"]["web"];
    assert_eq!(web["image"], "web:1.2");
    assert_eq!(web["environment"], json!({"A": "1", "B": "3"}));
    assert_eq!(web["volumes"], json!([{"type": "volume", "source": "store", "target": "/data", "volume": {}}]));
    assert_eq!(web["command"], Value::Null);
    assert_eq!(web["ports"].as_array().map(Vec::len), Some(2));
    assert_eq!(loaded.model["volumes"]["store"]["name"], "shop_store");
    let place = loaded.places.get("services.web.init").expect("known");
    assert_eq!((place.file.ends_with("compose.production.yaml"), place.line), (true, Some(7)));
}

#[test]
fn a_service_of_another_file_keeps_its_paths() {
    let project = Project::new(&[
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: base/common.yaml, service: app}\n    environment: [B=2]\n",
        ),
        (
            "base/common.yaml",
            "services:\n  app:\n    extends: root\n    volumes: [./data:/data]\n  root:\n    build: .\n    environment: {A: 1, B: 1}\n",
        ),
    ]);
    let loaded = project.load(&["compose.yaml"]);
    let web = &loaded.model["services"]["web"];
    let base = project.dir().join("base");
    assert_eq!(web["build"]["context"], json!(base));
    assert_eq!(web["volumes"][0]["source"], json!(base.join("data")));
    assert_eq!(web["environment"], json!({"A": "1", "B": "2"}));
    assert!(loaded.places.get("services.web.volumes").expect("known").file.ends_with("base/common.yaml"));
}

#[test]
fn an_included_project_has_its_own_folder_and_variables() {
    let project = Project::new(&[
        ("compose.yaml", "include: [db/compose.yaml]\nservices:\n  web:\n    image: web\n    depends_on: [db]\n"),
        (
            "db/compose.yaml",
            "services:\n  db:\n    image: db:$VERSION-$TAG\n    volumes: [./init:/init]\n    environment: {VERSION: }\n",
        ),
        ("db/.env", "VERSION=16\nTAG=unused\n"),
    ]);
    let loaded = project.load(&["compose.yaml"]);
    let db = &loaded.model["services"]["db"];
    assert_eq!(db["image"], "db:16-1.2");
    assert_eq!(db["environment"], json!({"VERSION": null}), "only lists get the folder's own values");
    assert_eq!(db["volumes"][0]["source"], json!(project.dir().join("db/init")));
}

#[test]
fn files_that_lead_to_themselves_are_refused() {
    let project = Project::new(&[
        ("a.yaml", "include: [b.yaml]\nservices: {x: {image: x}}\n"),
        ("b.yaml", "include: [a.yaml]\n"),
        ("extends.yaml", "services:\n  a: {extends: b}\n  b: {extends: {file: extends.yaml, service: a}}\n"),
        ("wait.yaml", "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n"),
    ]);
    for file in ["a.yaml", "extends.yaml", "wait.yaml"] {
        let error = load(&project.sources(&[file])).expect_err(file);
        assert!(error.message.contains("each other") && error.at.is_some(), "{file}: {error}");
    }
}

#[test]
fn files_that_multiply_end_with_an_error() {
    let mut files = Vec::new();
    for level in 0..30 {
        for side in ["l", "r"] {
            let next = level + 1;
            files.push((format!("{level}{side}.yaml"), format!("include: [{next}l.yaml, {next}r.yaml]\n")));
        }
    }
    files.push(("30l.yaml".to_owned(), "services: {x: {image: x}}".to_owned()));
    files.push(("30r.yaml".to_owned(), "services: {x: {image: x}}".to_owned()));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let project = Project::new(&files);
    let error = load(&project.sources(&["0l.yaml"])).expect_err("too many");
    assert!(error.message.contains("more than any project has"), "{error}");
}

#[test]
fn only_services_of_active_profiles_run() {
    let text = "services:\n  web: {image: web}\n  debug: {image: debug, profiles: [debug]}\n";
    let project = Project::new(&[("compose.yaml", text)]);
    let names = |profiles: &[&str]| -> Vec<String> {
        let profiles = profiles.iter().map(|name| (*name).to_owned()).collect();
        let loaded = load(&Sources { profiles, ..project.sources(&["compose.yaml"]) }).expect("can be loaded");
        loaded.model["services"].as_object().expect("a mapping").keys().cloned().collect()
    };
    assert_eq!(names(&[]), ["web"]);
    assert_eq!(names(&["debug"]), ["web", "debug"]);
    assert_eq!(names(&["*"]), ["web", "debug"]);
    let project = Project::new(&[("compose.yaml", "services:\n  web: {image: web, profiles: ['$NONE']}\n")]);
    assert_eq!(project.load(&["compose.yaml"]).model["services"]["web"]["profiles"], json!([""]));
}

#[test]
fn env_files_give_way_to_the_environment() {
    let project = Project::new(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: web\n    env_file:\n      - a.env\n      - path: none.env\n        required: false\n      - path: raw.env\n        format: raw\n    environment:\n      B: own\n      TAG:\n      PASSWORD: ${PIN}\n    label_file: labels\n",
        ),
        // What the service itself sets is not seen in its files.
        ("a.env", "A=\"$TAG-$B\"\nB=file\n\nTAG=file$NOWHERE\n"),
        ("raw.env", "RAW='$TAG'\n"),
        ("labels", "team=shop\n"),
    ]);
    let loaded = project.load(&["compose.yaml"]);
    let web = &loaded.model["services"]["web"];
    assert_eq!(
        web["environment"],
        json!({"A": "1.2-", "B": "own", "TAG": "1.2", "RAW": "'$$TAG'", "PASSWORD": "⟦keychain:DB_PASSWORD@3⟧"}),
    );
    assert_eq!(web["labels"], json!({"team": "shop"}));
    assert!(web.get("env_file").is_none() && web.get("label_file").is_none());
    let from_files: Vec<_> = loaded.from_files.iter().map(|from| (from.key.as_str(), from.file.as_path())).collect();
    assert_eq!(from_files, [("A", Path::new("a.env")), ("RAW", Path::new("raw.env"))]);
    let [first, second] = loaded.warnings.as_slice() else { panic!("{:?}", loaded.warnings) };
    assert!(first.starts_with("A (a.env:1) mentions a variable"), "{first}");
    assert!(second.starts_with("TAG (a.env:4) mentions a variable"), "{second}");
    assert!(!second.contains("NOWHERE"), "it may be part of a password");

    let missing = error("services:\n  web:\n    image: web\n    env_file: none.env\n");
    assert_eq!(missing.code, Code::NotFound);
    assert_eq!(missing.at.and_then(|at| at.line), Some(4));
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (text, place, words) in [
        ("services:\n  web:\n    imgae: x\n", (3, 5, "services.web.imgae"), "Did you mean `image`?"),
        ("services:\n  web:\n    image: 5\n", (3, 12, "services.web.image"), "has to be a text, and is a number"),
        ("services:\n  web:\n    image: x\n    ports: [a]\n", (4, 13, "services.web.ports[0]"), "`a` is no port"),
        ("services:\n  web:\n    image: x\n    restart: ${R:?set it}\n", (4, 14, "services.web.restart"), "set it"),
        ("services:\n  web:\n    image: x\n    networks: [a]\n", (4, 15, "services.web.networks.a"), "not defined"),
        ("services:\n  web:\n    image: x\n    mem_limit: 5x\n", (4, 16, "services.web.mem_limit"), "`5x` is no size"),
        ("services:\n  web:\n    image: x\n    init: maybe\n", (4, 11, "services.web.init"), "is no boolean"),
        ("services:\n  web:\n    image: x\n    user:\n", (4, 9, "services.web.user"), "has nothing in it"),
        (
            "services:\n  web: {image: x, extra_hosts: ['a:1.1.1.1', 'a:1.1.1.1']}\n",
            (2, 46, "services.web.extra_hosts[1]"),
            "stands twice",
        ),
        (
            "services:\n  web: {image: x, configs: [{target: /t}]}\n",
            (2, 29, "services.web.configs[0]"),
            "names no config",
        ),
        ("services:\n  web: {image: x, networks: [x-n]}\n", (2, 29, "services.web.networks.x-n"), "extension"),
        ("services:\n  web: {image: x}\n---\n", (3, 4, ""), "has to be a mapping"),
        (
            "services:\n  web: {image: x, volumes: [a:/a, '$NONE:/x']}\n",
            (2, 35, "services.web.volumes[1]"),
            "`NONE` is not set",
        ),
        ("services:\n  web: {image: x, volumes: ['$NONE']}\n", (2, 29, "services.web.volumes[0]"), "`NONE` is not set"),
        (
            "services:\n  web: {image: x, volumes: [{type: bind, target: /x}]}\n",
            (2, 29, "services.web.volumes[0]"),
            "no `source`",
        ),
        (
            "services:\n  web: {image: x, volumes: [{type: volume, source: x}]}\n",
            (2, 29, "services.web.volumes[0]"),
            "no `target`",
        ),
        (
            "services:\n  web: {image: x, ports: ['80', {published: 1}]}\n",
            (2, 33, "services.web.ports[1]"),
            "no `target`",
        ),
        (
            "services:\n  web: {image: x, ports: ['$NONE:$NONE']}\n",
            (2, 27, "services.web.ports[0]"),
            "`NONE` is not set",
        ),
        ("services:\n  web: {image: x, env_file: '$NONE'}\n", (2, 29, "services.web.env_file[0]"), "`NONE` is not set"),
        ("services:\n  web: {image: x, init: $NONE}\n", (2, 25, "services.web.init"), "`NONE` is not set"),
        ("services:\n  web: {image: x, cpus: $NONE}\n", (2, 25, "services.web.cpus"), "`NONE` is not set"),
        ("services:\n  web: {image: x, mem_limit: $NONE}\n", (2, 30, "services.web.mem_limit"), "`NONE` is not set"),
        (
            "services:\n  web: {image: x, stop_grace_period: $NONE}\n",
            (2, 38, "services.web.stop_grace_period"),
            "`NONE` is not set",
        ),
        (
            "services:\n  web: {image: x, depends_on: ['$NONE']}\n",
            (2, 31, "services.web.depends_on."),
            "`NONE` is not set",
        ),
        ("services:\n  web: {image: '$NONE'}\n", (2, 16, "services.web.image"), "`NONE` is not set"),
        ("name: $NONE\nservices:\n  web: {image: x}\n", (1, 7, "name"), "`NONE` is not set"),
        ("services:\n  web: {image: x, user: 5}\n", (2, 25, "services.web.user"), "in quotes"),
        ("services:\n  web: {image: x, command: [a: b]}\n", (2, 29, "services.web.command[0]"), "in quotes"),
        ("services:\n  web:\n    image: x\n    image: y\n", (4, 5, "services.web.image"), "the first is in line 3"),
        (
            "services:\n  web: {image: x, labels: {<<: {a: b}, <<: {c: d}}}\n",
            (2, 40, "services.web.labels.<<"),
            "`<<: [*a, *b]`",
        ),
        ("services:\n  web: {extends: web, image: x}\n", (2, 18, "services.web.extends"), "extends itself"),
        ("services:\n  1:\n    image: x\n", (2, 3, "services.1"), "in quotes"),
        ("services:\n  web:\n    command: x\n", (3, 5, "services.web"), "neither an image nor a build"),
        (
            "services:\n  a: {image: x, depends_on: {b: {}}}\n  b: {image: x}\n",
            (2, 33, "services.a.depends_on.b.condition"),
            "is missing",
        ),
    ] {
        let error = error(text);
        let at = error.at.clone().expect(text);
        let key = at.key.unwrap_or_default();
        assert_eq!((at.line, at.column, key.as_str()), (Some(place.0), Some(place.1), place.2), "{error}");
        assert!(format!("{error} {}", error.hint).contains(words), "{error} {}", error.hint);
    }
}

#[test]
fn what_a_person_should_know_is_said() {
    let text = "version: '3'\nservices:\n  a:\n    image: x:$NONE\n    networks: {default: {gw_priority: 1}}\n";
    let loaded = Project::new(&[("compose.yaml", text)]).load(&["compose.yaml"]);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("`NONE`")), "{:?}", loaded.warnings);
    assert!(loaded.warnings.iter().any(|warning| warning.contains("`version`")), "{:?}", loaded.warnings);
    let network = &loaded.model["services"]["a"]["networks"]["default"];
    assert_eq!(network["gw_priority"], 1, "what is carried out is kept");
    assert!(as_compose_prints(&loaded.model)["services"]["a"]["networks"]["default"]["gw_priority"].is_null());
}

#[test]
fn a_profile_that_no_service_has_is_said() {
    let project = Project::new(&[("compose.yaml", "services: {a: {image: x}, b: {image: x, profiles: [debug]}}\n")]);
    let profiles = vec!["debgu".to_owned(), "*".to_owned()];
    let loaded = load(&Sources { profiles, ..project.sources(&["compose.yaml"]) }).expect("a model");
    assert_eq!(loaded.warnings, ["no service has the profile `debgu`; did you mean `debug`?"]);
}

#[test]
fn the_name_is_asked_for_or_written_or_the_folders() {
    let name = |text: &str, asked: Option<&str>| {
        let project = Project::new(&[("compose.yaml", text)]);
        let project_name = asked.map(str::to_owned);
        load(&Sources { project_name, ..project.sources(&["compose.yaml"]) }).map(|loaded| loaded.model["name"].clone())
    };
    let services = "services: {a: {image: x}}\n";
    assert_eq!(name(services, None), Ok(json!("shop")));
    assert_eq!(name(&format!("name: My_Shop.$TAG\n{services}"), None), Ok(json!("my_shop12")));
    assert_eq!(name(&format!("name: other\n{services}"), Some("asked")), Ok(json!("asked")));
    assert!(name(services, Some("Not allowed")).is_err());
    assert_eq!(name(&format!("{services}---\nname: second\n"), None), Ok(json!("second")));
    assert!(name(&format!("name: '$NONE'\n{services}"), None).is_err(), "the folder's is not asked for");
}

/// Each file over another one, and what becomes of a service's key.
#[test]
fn nothing_leaves_what_is_there() {
    for (base, over, key, expected) in [
        ("environment: {A: 1}", "environment:", "environment", json!({"A": "1"})),
        (
            "depends_on: [db]",
            "depends_on:",
            "depends_on",
            json!({"db": {"condition": "service_started", "required": true}}),
        ),
        ("user: a", "user: null", "user", json!("a")),
        ("command: a b", "command:", "command", Value::Null),
        (
            "ports: ['80:80']",
            "ports: !override ['81:81']",
            "ports",
            json!([{"mode": "ingress", "target": 81, "published": "81", "protocol": "tcp"}]),
        ),
        ("platform: a", "platform: !override 1", "platform", json!("1")),
    ] {
        let file = |service: &str| format!("services:\n  web:\n    image: x\n    {service}\n  db: {{image: y}}\n");
        let project = Project::new(&[("a.yaml", &file(base)), ("b.yaml", &file(over))]);
        assert_eq!(project.load(&["a.yaml", "b.yaml"]).model["services"]["web"][key], expected, "{over}");
    }
}

#[test]
fn what_is_implied_is_filled_in() {
    for (keys, place, expected) in [
        ("scale: 2\n    deploy: {labels: {a: b}}", "/deploy/replicas", json!(2)),
        ("volumes: [{type: tmpfs, target: /a//b/}]", "/volumes/0/target", json!("/a/b")),
        ("gpus: [{driver: x}]", "/gpus/0/count", json!(-1)),
        ("volumes_from: [db]", "/depends_on/db/required", json!(true)),
        ("extra_hosts: {a-b: 1.1.1.1, a: '[::1]'}", "/extra_hosts", json!(["a-b=1.1.1.1", "a=::1"])),
    ] {
        let text = format!("services:\n  web:\n    image: x\n    {keys}\n  db: {{image: y}}\n");
        let loaded = Project::new(&[("compose.yaml", &text)]).load(&["compose.yaml"]);
        assert_eq!(loaded.model["services"]["web"].pointer(place), Some(&expected), "{keys}");
    }
}

#[test]
fn only_the_later_pools_of_a_network_stay() {
    let file = |pools: &str| {
        format!("services: {{web: {{image: x}}}}\nnetworks: {{default: {{ipam: {{config: [{pools}]}}}}}}\n")
    };
    let project = Project::new(&[
        ("a.yaml", &file("{subnet: 10.1.0.0/16, gateway: 10.1.0.1}, {subnet: 10.2.0.0/16}")),
        ("b.yaml", &file("{subnet: 10.3.0.0/16}, {subnet: 10.1.0.0/16, ip_range: 10.1.1.0/24}")),
    ]);
    let loaded = project.load(&["a.yaml", "b.yaml"]);
    assert_eq!(
        loaded.model["networks"]["default"]["ipam"]["config"],
        json!([{"subnet": "10.3.0.0/16"},
               {"subnet": "10.1.0.0/16", "gateway": "10.1.0.1", "ip_range": "10.1.1.0/24"}])
    );
}

#[test]
fn what_is_printed_can_be_loaded_again() {
    let text = "services:\n  web:\n    image: web\n    command: [sh, -c, 'echo $$HOME: \"$TAG\"']\n    ports: ['127.0.0.1:8080-8082:80-82', '53/udp']\n    healthcheck: {test: curl localhost, interval: 90s}\n    deploy: {resources: {limits: {cpus: '0.5', memory: 512m}}}\n    extra_hosts: ['a:1.2.3.4']\n    environment: {N: 010, T: \"a\\nb\"}\n";
    let project = Project::new(&[("compose.yaml", text)]);
    let first = project.load(&["compose.yaml"]);
    let again = Project::new(&[("shop.yaml", &to_yaml(&first.model))]);
    let second = again.load(&["shop.yaml"]);
    assert_eq!(first.model, second.model);
    assert_eq!(first.model["services"]["web"]["command"][2], "echo $$HOME: \"1.2\"");
}

/// Files that nobody wrote: each is loaded or refused, and none brings the loader down.
#[test]
fn no_file_brings_it_down() {
    let text = "x-a: &a {image: x, ports: ['1-3:4-6', 80], volumes: ['a:/b:ro'], command: 'a \"b\" $(c)'}\nservices:\n  web:\n    <<: *a\n    extends: {service: db}\n    build: {context: ., args: [A=1], ssh: [default]}\n    deploy: {resources: {limits: {cpus: 0.5, memory: 5m}}}\n    healthcheck: {interval: 1m30s, test: [CMD, x]}\n    ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}\n  db: {image: '${A:-${B:-x}}', gpus: all, environment: {A: 1e400, B: }}\nnetworks: {n: {external: {name: y}}}\n";
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ":",
        " ",
        "\n",
        "'",
        "\"",
        "$",
        "-",
        "&a",
        "*a",
        "!reset",
        "9999999999999999999999",
        "null",
        "~",
        "é",
        "\t",
        "<<: ",
    ];
    let project = Project::new(&[]);
    fs::create_dir_all(project.dir()).expect("a folder");
    let file = project.dir().join("compose.yaml");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("below usize")
    };
    fs::write(&file, text).expect("can be written");
    project.load(&["compose.yaml"]);
    for _ in 0..1500 {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=random(4) {
            let at = random(chars.len());
            match random(3) {
                0 => drop(chars.drain(at..(at + 1 + random(6)).min(chars.len()))),
                1 => chars.splice(at..at, pieces[random(pieces.len())].chars()).for_each(drop),
                _ => {
                    let other = random(chars.len());
                    chars.swap(at, other);
                }
            }
        }
        fs::write(&file, chars.iter().collect::<String>()).expect("can be written");
        if let Err(error) = load(&project.sources(&["compose.yaml"])) {
            assert!(!error.message.is_empty() && error.code != Code::Internal, "{error}");
        }
    }
}

#[test]
fn an_error_about_a_variables_value_says_where_it_is_set() {
    let text = "services:\n  web:\n    image: busybox\n    ports: [\"${WEB_PORT}:80\"]\n";
    let project = Project::new(&[("compose.yaml", text), ("more.yaml", text)]);
    let origin = |line| Origin { file: ".env.staging".into(), line };
    let load = |files: &[&str], value: &str| {
        let mut sources = project.sources(files);
        sources.environment.insert("WEB_PORT".to_owned(), value.to_owned());
        sources.origins.insert("WEB_PORT".to_owned(), origin(3));
        sources.origins.insert("TAG".to_owned(), origin(4));
        load(&sources).expect_err("no port")
    };
    for files in [&["compose.yaml"][..], &["compose.yaml", "more.yaml"]] {
        let error = load(files, "abc");
        assert!(error.message.ends_with("no port of the host (`WEB_PORT` is `abc`, set in .env.staging:3)"), "{error}");
        let at = error.at.expect("its own place stays");
        assert_eq!((at.file, at.line.is_some()), ("compose.yaml".into(), true), "as the project names it");
    }
    let error = load(&["compose.yaml"], "⟦keychain:WEB_PORT@1⟧");
    assert!(!error.message.contains(".env.staging"), "a secret is not set there: {error}");
}

#[test]
fn what_is_larger_than_any_real_file_ends_with_an_error() {
    let service = "  s: { image: busybox }\n";
    let many = |line: &str| format!("services:\n{}", line.repeat(10_000_000 / line.len()));
    let deep = format!("services: {}{}", "[".repeat(5_000_000), "]".repeat(5_000_000));
    for text in [many(service), many("# nothing\n"), deep, "a".repeat(10_000_000)] {
        let error = error(&text);
        assert_eq!(error.code, Code::InvalidInput, "{error}");
        assert!(error.message.contains("4 MiB"), "{error}");
    }
    // What fits in is limited by what it makes.
    let deep = format!("services: {}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(error(&deep).code, Code::InvalidInput);
    let mut bomb = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        bomb += &format!("x-{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "));
    }
    assert_eq!(error(&bomb).code, Code::InvalidInput);
}

#[test]
fn two_containers_of_one_name_are_refused() {
    let error =
        error("services:\n  a: { image: i, container_name: same }\n  b:\n    image: i\n    container_name: same\n");
    assert!(error.message.contains("services a and b both call their container `same`"), "{}", error.message);
    assert_eq!(error.at.and_then(|at| at.line), Some(5));
}

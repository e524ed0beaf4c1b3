//! All environments side by side.

use std::path::Path;

use sternway_config::{Grid, GridCell, GridRow, check_type, grid, load, wrong_types};
use sternway_model::{Value, ValueType};

use crate::variables::{Project, origin};

fn row<'a>(grid: &'a Grid, key: &str) -> &'a GridRow {
    grid.rows.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("there is no {key}"))
}

fn plain(cell: &GridCell) -> Option<&str> {
    match &cell.value {
        Some(Value::Plain(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn lays_environments_side_by_side() {
    let project = Project::new(
        "configuration: { required: [PORT, NOWHERE] }\n",
        &[
            (
                ".env",
                "# Shop, all environments\n\n# Web\nHOST=web\nPORT=80\n\n## Database ##\nDB=db\n# a note\nPW=keychain:PW\n",
            ),
            (".env.staging", "HOST=stage\nTLS=on\nDB=${HOST}-db\n"),
            (".env.production", "# Limits\nMEMORY=1g\nDB='prod'\n"),
        ],
    );
    let grid = grid(project.dir(), &project.file).expect("laid out");
    assert_eq!(grid.problems, []);
    let rows: Vec<_> = grid.rows.iter().map(|row| (row.key.as_str(), row.group.as_str(), row.required)).collect();
    let expected = [
        ("HOST", "Web", false),
        ("TLS", "", false),
        ("PORT", "Web", true),
        ("DB", "Database", false),
        ("PW", "Database", false),
        ("MEMORY", "Limits", false),
        ("NOWHERE", "", true),
    ];
    assert_eq!(rows, expected, "in the order of the files, a new key behind the one before it in its file");

    let host: Vec<_> = row(&grid, "HOST").cells.iter().map(|cell| (plain(cell), cell.inherited)).collect();
    assert_eq!(host, [(Some("web"), true), (Some("stage"), false), (Some("web"), true)]);
    let staging = &row(&grid, "DB").cells[1];
    assert_eq!(plain(staging), Some("stage-db"), "the lines above come first, as in Compose");
    assert_eq!(staging.template.as_deref(), Some("${HOST}-db"));
    assert_eq!(staging.source, Some(origin(".env.staging", 3)));
    assert_eq!(staging.overridden, [origin(".env", 8)]);
    assert!(
        matches!(&row(&grid, "PW").cells[0].value, Some(Value::Secret { name, version: None }) if name.as_str() == "PW")
    );
    assert!(row(&grid, "NOWHERE").cells.iter().all(|cell| **cell == GridCell::default()), "missing everywhere");
}

#[test]
fn a_broken_file_is_a_problem_and_the_rest_stays() {
    let project =
        Project::new("", &[(".env", "A=1\nB=${\n"), (".env.staging", "A='2\n"), (".env.production", "A=3\n")]);
    let grid = grid(project.dir(), &project.file).expect("laid out");
    let a: Vec<_> = row(&grid, "A").cells.iter().map(|cell| plain(cell)).collect();
    assert_eq!(a, [Some("1"), Some("1"), Some("3")], "what can be read is there");
    assert_eq!(plain(&row(&grid, "B").cells[0]), Some("${"), "as it is written");
    let unread: Vec<_> = grid.unread.iter().map(ToString::to_string).collect();
    assert_eq!(unread, ["staging"], "whose file could not be read");
    let places: Vec<_> = grid.problems.iter().map(|problem| problem.at.clone().expect("a place")).collect();
    let places: Vec<_> = places.iter().map(|at| (at.file.as_path(), at.line)).collect();
    assert_eq!(places, [(Path::new(".env.staging"), Some(1)), (Path::new(".env"), Some(2))], "each once");
}

#[test]
fn keys_have_types_and_mention_one_another() {
    let types = "configuration: { types: { PORT: port, LEVEL: { enum: [debug, info] }, PW: number, EMPTY: port } }\n";
    let shared =
        "PORT=80\nHOST=web\nURL=http://${HOST}:${PORT}/$$x\nLEVEL=info\nPW=keychain:PW\nEMPTY=\nTTL=15s\nMIX=1\n";
    let project = Project::new(types, &[(".env", shared), (".env.staging", "PORT=8o\nLEVEL=infos\nMIX=one\n")]);
    let grid = grid(project.dir(), &project.file).expect("laid out");
    let kinds: Vec<_> =
        ["PORT", "LEVEL", "URL", "TTL", "MIX"].map(|key| row(&grid, key).kind.as_ref().map(ValueType::name)).to_vec();
    assert_eq!(kinds, [Some("port"), Some("enum"), Some("url"), Some("duration"), None]);
    assert!(row(&grid, "PORT").declared && !row(&grid, "TTL").declared);

    let wrong = |key: &str| row(&grid, key).cells.iter().map(|cell| cell.problem.is_some()).collect::<Vec<_>>();
    assert_eq!(wrong("PORT"), [false, true, false]);
    assert_eq!(wrong("LEVEL"), [false, true, false]);
    assert_eq!((wrong("PW"), wrong("EMPTY")), (vec![false; 3], vec![false; 3]), "a secret and nothing are not judged");

    assert_eq!(row(&grid, "URL").mentions, ["HOST", "PORT"]);
    assert_eq!(row(&grid, "PORT").mentioned_by, ["URL"]);

    let staging = load(project.dir(), &project.file, &"staging".parse().expect("a name")).expect("readable");
    let wrong: Vec<_> = wrong_types(&project.file, &staging).into_iter().map(|(key, _)| key).collect();
    assert_eq!(wrong, ["PORT", "LEVEL"]);
    let check = |key: &str, value: &str| check_type(&project.file, key, value).is_ok();
    assert!(check("PORT", "80") && !check("PORT", "x") && check("PORT", "${OTHER}") && check("PORT", "keychain:P"));
    assert!(check("HOST", "anything at all"), "nothing is declared");
}

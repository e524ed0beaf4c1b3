//! What happens to files on a bad day. A history that is damaged says so, and is left as it is; it never passes for a new one.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use sternway_history::{AuditEntry, History, NewDeployment};
use sternway_model::{Code, Error, Outcome};

use crate::fixture::{Shop, at, begin, plan, release, shop};

/// A program's home after that program was killed: a history with two deployments, some of it in the file and some beside it.
struct Home {
    dir: tempfile::TempDir,
}

const FILE: &str = "history.sqlite";
const BESIDE: &str = "history.sqlite-wal";

impl Home {
    async fn new() -> Self {
        Self::with(1).await
    }

    /// With so many deployments in the file itself.
    async fn with(deployments: usize) -> Self {
        let shop = deployed().await;
        for _ in 1..deployments {
            let number = begin(&shop.history, shop.project, "production").await.expect("begun");
            shop.history.finish(shop.project, number, Outcome::Failed, None, None, at(70)).await.expect("ended");
        }
        // In the file itself.
        shop.history.close().await;
        let history = History::open(shop.home.path()).await.expect("sound");
        // Beside it.
        let number = begin(&history, shop.project, "staging").await.expect("begun");
        let made = release(number, "staging");
        history.finish(shop.project, number, Outcome::Succeeded, None, Some(&made), at(90)).await.expect("ended");
        let home = Self { dir: copied(shop.home.path()) };
        assert!(fs::metadata(home.path(BESIDE)).expect("it is there").len() > 0);
        history.close().await;
        home
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("readable")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("written");
    }

    /// Overwrites a part of a file.
    fn overwrite(&self, name: &str, place: u64, bytes: &[u8]) {
        let file = fs::OpenOptions::new().write(true).open(self.path(name)).expect("open");
        file.write_all_at(bytes, place).expect("written");
    }

    fn truncate(&self, name: &str, length: u64) {
        let file = fs::OpenOptions::new().write(true).open(self.path(name)).expect("open");
        file.set_len(length).expect("shorter");
    }

    /// All files with their content, but for what SQLite may make anew at any time: what programs share in memory, and a place for what is
    /// written next.
    fn listed(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut files: Vec<_> = fs::read_dir(self.dir.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_none_or(|end| end != "sqlite-shm"))
            .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read(&path).ok()))
            .filter(|(name, content)| name != BESIDE || content.as_ref().is_some_and(|content| !content.is_empty()))
            .collect();
        files.sort();
        files
    }

    async fn refused(&self, damage: &str) -> Error {
        let before = self.listed();
        let error = match History::open(self.dir.path()).await {
            Err(error) => error,
            Ok(_) => panic!("{damage}: it opens as if nothing were wrong"),
        };
        assert_eq!(error.code, Code::HistoryDamaged, "{damage}: {error}");
        assert!(error.hint.contains("Move away every file"), "{damage}: {}", error.hint);
        assert!(self.listed() == before, "{damage}: something was overwritten");
        error
    }
}

async fn deployed() -> Shop {
    let shop = shop().await;
    let number = begin(&shop.history, shop.project, "staging").await.expect("begun");
    let made = release(number, "staging");
    shop.history.finish(shop.project, number, Outcome::Succeeded, None, Some(&made), at(60)).await.expect("ended");
    shop
}

fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        // What programs share in memory is not there after all of them ended.
        if path.extension().is_none_or(|end| end != "sqlite-shm") {
            fs::copy(&path, to.path().join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    to
}

async fn statements(file: &Path, statements: &'static str) {
    use sqlx::{ConnectOptions, Connection};
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.expect("open");
    sqlx::raw_sql(statements).execute(&mut connection).await.expect("done");
    connection.close().await.expect("closed");
}

#[tokio::test]
async fn what_a_killed_program_left_is_whole() {
    let home = Home::new().await;
    let history = History::open(home.dir.path()).await.expect("nothing is wrong");
    let project = history.projects().await.expect("projects")[0].id;
    assert_eq!(history.releases(project, &"staging".parse().expect("a name"), 9).await.expect("releases").len(), 2);
}

#[tokio::test]
async fn what_programs_share_in_memory_may_be_rubbish() {
    let home = Home::new().await;
    home.write("history.sqlite-shm", &[0x5a; 32768]);
    let history = History::open(home.dir.path()).await.expect("it is made anew");
    let project = history.projects().await.expect("projects")[0].id;
    assert_eq!(history.releases(project, &"staging".parse().expect("a name"), 9).await.expect("releases").len(), 2);
}

#[tokio::test]
async fn damage_is_said_and_nothing_is_overwritten() {
    type Damage = fn(&Home);
    let damages: [(&str, Damage); 15] = [
        ("cut to nothing beside what was written last", |home| home.truncate(FILE, 0)),
        ("cut to nothing", |home| {
            home.truncate(FILE, 0);
            fs::remove_file(home.path(BESIDE)).expect("removed");
        }),
        ("gone beside what was written last", |home| fs::remove_file(home.path(FILE)).expect("removed")),
        ("all gone", |home| {
            fs::remove_file(home.path(FILE)).expect("removed");
            fs::remove_file(home.path(BESIDE)).expect("removed");
        }),
        ("cut to a half", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            home.truncate(FILE, home.read(FILE).len() as u64 / 2);
        }),
        ("shorter than a header", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            home.truncate(FILE, 50);
        }),
        ("the header overwritten", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            home.overwrite(FILE, 0, &[0; 100]);
        }),
        ("the schema overwritten", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            home.overwrite(FILE, 100, &[0; 3996]);
        }),
        ("pages in the middle overwritten with nothing", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            home.overwrite(FILE, 4096, &[0; 8 * 4096]);
        }),
        ("pages in the middle overwritten with rubbish", |home| {
            fs::remove_file(home.path(BESIDE)).expect("removed");
            let rubbish: Vec<u8> = (0_u32..8 * 4096).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            home.overwrite(FILE, 4096, &rubbish);
        }),
        ("what was written last cut to nothing", |home| home.truncate(BESIDE, 0)),
        ("what was written last cut to a part", |home| home.truncate(BESIDE, 32 + 24 + 4096 + 100)),
        ("what was written last overwritten", |home| home.overwrite(BESIDE, 32 + 24, &[0x5a; 4096])),
        ("what was written last removed", |home| fs::remove_file(home.path(BESIDE)).expect("removed")),
        ("a folder", |home| {
            fs::remove_file(home.path(FILE)).expect("removed");
            fs::create_dir(home.path(FILE)).expect("made");
        }),
    ];
    for (what, damage) in damages {
        let home = Home::new().await;
        damage(&home);
        home.refused(what).await;
    }
}

#[tokio::test]
async fn the_file_or_what_is_beside_it_of_another_history_is_said() {
    let home = Home::new().await;
    let other = Home::with(3).await;
    home.write(BESIDE, &other.read(BESIDE));
    home.refused("what was written last of another history").await;

    let home = Home::new().await;
    home.write(FILE, &other.read(FILE));
    home.write(BESIDE, &other.read(BESIDE));
    home.refused("another history").await;

    let shop = deployed().await;
    shop.history.close().await;
    let home = Home::new().await;
    fs::remove_file(home.path(BESIDE)).expect("removed");
    fs::copy(shop.home.path().join(FILE), home.path(FILE)).expect("copied");
    let error = home.refused("a smaller one").await;
    assert!(error.message.contains("it had 2 deployments and has 1"), "{error}");

    let empty = tempfile::tempdir().expect("a folder");
    History::open(empty.path()).await.expect("new").close().await;
    let home = Home::new().await;
    fs::remove_file(home.path(BESIDE)).expect("removed");
    fs::copy(empty.path().join(FILE), home.path(FILE)).expect("copied");
    home.refused("a history without a record").await;
}

#[tokio::test]
async fn an_empty_database_is_no_new_history_where_there_was_one() {
    let home = Home::new().await;
    fs::remove_file(home.path(BESIDE)).expect("removed");
    fs::remove_file(home.path(FILE)).expect("removed");
    home.write(FILE, b"");
    statements(&home.path(FILE), "CREATE TABLE a (x); DROP TABLE a; VACUUM;").await;
    home.refused("an empty database").await;
}

#[tokio::test]
async fn what_is_missing_in_the_file_is_named() {
    for (change, named) in [
        ("DROP TABLE log_line", "table `log_line` is missing"),
        ("DROP TABLE release", "table `release` is missing"),
        ("ALTER TABLE deployment DROP COLUMN message", "table `deployment` is not as it should be"),
        ("DROP TRIGGER audit_is_not_removed", "trigger `audit_is_not_removed` is missing"),
        (
            "DELETE FROM release; DELETE FROM deployment_plan; DELETE FROM step; DELETE FROM deployment",
            "it had 2 deployments",
        ),
    ] {
        let home = Home::new().await;
        statements(&home.path(FILE), change).await;
        let error = home.refused(change).await;
        assert!(error.message.contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_table_that_goes_while_the_file_is_open_is_damage_and_no_bug() {
    let shop = deployed().await;
    statements(&shop.history.file(), "DROP TABLE release").await;
    let staging = "staging".parse().expect("a name");
    let error = shop.history.current_release(shop.project, &staging).await.expect_err("there is no such table");
    assert_eq!(error.code, Code::HistoryDamaged, "{error}");
}

#[tokio::test]
async fn what_is_taken_away_while_it_is_used_is_not_written_to() {
    for replaced in [false, true] {
        let shop = shop().await;
        let number = begin(&shop.history, shop.project, "staging").await.expect("begun");
        fs::rename(shop.history.file(), shop.home.path().join("away")).expect("renamed");
        if replaced {
            fs::copy(shop.home.path().join("away"), shop.history.file()).expect("copied");
        }
        let made = release(number, "staging");
        let ended = shop.history.finish(shop.project, number, Outcome::Succeeded, None, Some(&made), at(60)).await;
        assert_eq!(ended.expect_err("nobody would find it").code, Code::HistoryDamaged);
        assert_eq!(begin(&shop.history, shop.project, "other").await.expect_err("nor this").code, Code::HistoryDamaged);
    }
}

#[tokio::test]
async fn there_is_a_copy_of_each_of_the_last_days_and_the_newest_good_one_is_named() {
    let shop = shop().await;
    let day = 24 * 60 * 60;
    for n in 1..=9 {
        // Each day another program.
        let history = History::open(shop.home.path()).await.expect("open");
        let number = history
            .begin(&NewDeployment {
                project: shop.project,
                plan: &plan("staging"),
                want: &serde_json::json!({}),
                by: "ann",
                owner: "a",
                started: at(n * day),
                summary: "",
                steps: &[],
                after_interruption: false,
            })
            .await
            .expect("begun");
        history.finish(shop.project, number, Outcome::Failed, None, None, at(n * day + 1)).await.expect("ended");
        let entry = AuditEntry {
            at: at(n * day + 2),
            person: "ann".into(),
            action: "revealed".into(),
            environment: "staging".parse().expect("a name"),
            subject: "TOKEN".into(),
            why: None,
        };
        history.audit(shop.project, &entry).await.expect("appended");
        history.close().await;
    }
    shop.history.close().await;
    let copies = || {
        let names = fs::read_dir(shop.home.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        names.retain(|name| name.starts_with("history-backup-"));
        names.sort();
        names
    };
    assert_eq!(copies().len(), 7, "{:?}", copies());
    assert_eq!(copies().last().map(String::as_str), Some("history-backup-1970-01-10.sqlite"));

    fs::write(shop.history.file(), "no database").expect("written");
    let error = History::open(shop.home.path()).await.expect_err("damaged");
    assert!(error.hint.contains("history-backup-1970-01-10.sqlite"), "{}", error.hint);
    fs::write(shop.home.path().join("history-backup-1970-01-10.sqlite"), "half a copy").expect("written");
    let error = History::open(shop.home.path()).await.expect_err("damaged");
    assert!(error.hint.contains("history-backup-1970-01-09.sqlite"), "{}", error.hint);

    // As the hint says.
    for entry in fs::read_dir(shop.home.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("history.sqlite")) {
            fs::remove_file(path).expect("moved away");
        }
    }
    fs::copy(shop.home.path().join("history-backup-1970-01-09.sqlite"), shop.history.file()).expect("copied");
    let history = History::open(shop.home.path()).await.expect("the copy is a history");
    assert_eq!(history.running(shop.project).await.expect("readable").len(), 0);
}

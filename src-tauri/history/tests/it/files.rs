//! The file itself: who may read it, and what happens when it is not what it should be.

use std::fs;
use std::path::Path;

use sternway_history::{Filter, History};
use sternway_model::Code;

use crate::fixture::{begin, shop};

/// Runs statements on a file that nobody has open.
async fn edit(file: &Path, statements: &'static str) {
    use sqlx::{ConnectOptions, Connection};
    let mut connection =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let history = History::open(&dir).await.unwrap();
    history.projects().await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("history.sqlite");
    History::open(home.path()).await.unwrap().close().await;
    fs::rename(&file, home.path().join("history-backup-v3.sqlite")).unwrap();
    fs::write(&file, "not a database at all, but long enough to have a header of a hundred bytes. ".repeat(9)).unwrap();
    let error = History::open(home.path()).await.expect_err("it cannot be read");
    assert_eq!(error.code, Code::HistoryDamaged);
    assert!(error.message.contains(file.to_str().unwrap()), "{}", error.message);
    assert!(error.hint.contains("history-backup-v3.sqlite"), "{}", error.hint);
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("history.sqlite");
    edit(&file, "CREATE TABLE theirs (x);").await;
    let before = fs::read(&file).unwrap();
    assert_eq!(History::open(home.path()).await.expect_err("not ours").code, Code::HistoryDamaged);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn an_unknown_word_is_damage_and_no_default() {
    let shop = shop().await;
    begin(&shop.history, shop.project, "staging").await.unwrap();
    shop.history.close().await;
    edit(&shop.history.file(), "UPDATE deployment SET result = 'splendid'").await;
    let history = History::open(shop.home.path()).await.unwrap();
    let error = history.history(shop.project, &Filter::default()).await.expect_err("no such result");
    assert_eq!(error.code, Code::HistoryDamaged);
    assert!(error.message.contains("splendid"), "{}", error.message);
}

#[tokio::test]
async fn pages_that_were_overwritten_are_found() {
    let shop = shop().await;
    begin(&shop.history, shop.project, "staging").await.unwrap();
    shop.history.check().await.expect("nothing is wrong yet");
    shop.history.close().await;
    let file = shop.history.file();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let found = match History::open(shop.home.path()).await {
        Ok(history) => history.check().await,
        Err(error) => Err(error),
    };
    assert_eq!(found.expect_err("half of it is rubbish").code, Code::HistoryDamaged);
}

//! The data folder on a bad day.

use std::sync::Arc;

use sternway_core::{Home, Parts, Sternway, SystemClock};
use sternway_vault::Vault;
use sternway_vault::testing::MemoryKeychain;

use crate::fixture::Shop;

#[tokio::test]
async fn where_nothing_can_be_written_projects_open_and_the_history_says_what_is_wrong() {
    let shop = Shop::with(&[(".env", "A=1\n")]);
    // Nothing can be made below a file, not even by the system's owner.
    let home = shop.path().join(".env").join("home");
    let core = Sternway::new(Parts {
        home: Home::at(home),
        clock: Arc::new(SystemClock),
        vault: Vault::new(Arc::new(MemoryKeychain::default())).expect("a vault"),
        person: "ann".to_owned(),
        channels: Vec::new(),
        boundary: Arc::new(|_| {}),
    });
    core.open(&shop.path()).await.expect("files can be looked at");
    let history = core.machine().await.history;
    assert!(!history.ok);
    let problem = history.problem.expect("it says why");
    assert!(problem.message.contains(".env/home") && problem.hint.contains("STERNWAY_HOME"), "{problem}");
}

//! The system's own keychain. On a machine without one these tests say so and pass; to run them anywhere:
//!
//! ```sh
//! XDG_DATA_HOME=$(mktemp -d) dbus-run-session -- sh -c \
//!     'printf pw | gnome-keyring-daemon --unlock --components=secrets; cargo test -p sternway-vault'
//! ```

use std::sync::Arc;

use sternway_model::{Code, SecretPin, Sensitive};
use sternway_vault::{Holder, OsKeychain, Put, Scope, Vault};

/// The vault over the system's keychain, if it has one that is open.
async fn vault() -> Option<Vault> {
    let vault = Vault::new(Arc::new(OsKeychain::new())).unwrap();
    match vault.probe().await {
        Ok(()) => Some(vault),
        Err(error) => {
            assert_eq!(error.code, Code::KeychainUnavailable);
            assert!(!error.hint.is_empty(), "it is said what to do: {error}");
            println!("skipped: {}", error.message);
            None
        }
    }
}

/// A scope that no other test and no person uses.
fn scope() -> Scope {
    Scope {
        holder: Holder::Project(format!("{:032x}", std::process::id()).parse().unwrap()),
        project: format!("vault-test-{}", std::process::id()).parse().unwrap(),
        environment: "staging".parse().unwrap(),
    }
}

#[tokio::test]
async fn values_come_back_as_they_were() {
    let Some(vault) = vault().await else { return };
    let long = "0123456789abcdef".repeat(4096);
    for (version, text) in (1..).zip(["password", "two\nlines\r\n", " ünïcödé 🦀 ", &long]) {
        let pin = SecretPin { name: "ROUND_TRIP".parse().unwrap(), version };
        let value = Sensitive::new(text.into());
        assert_eq!(vault.put(&scope(), &pin, &value).await.unwrap(), Put::Stored);
        assert_eq!(vault.get(&scope(), &pin).await.unwrap(), value, "version {version}");
        assert_eq!(vault.put(&scope(), &pin, &Sensitive::new("x".into())).await.unwrap(), Put::Taken);
        vault.remove(&scope(), &pin).await.unwrap();
        assert_eq!(vault.get(&scope(), &pin).await.expect_err("removed").code, Code::SecretMissing);
    }
    let value = Sensitive::new("password".into());
    assert_eq!(vault.fingerprint(&value).await.unwrap(), vault.fingerprint(&value).await.unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_person_finds_it_with_the_systems_own_tool() {
    let Some(vault) = vault().await else { return };
    let pin = SecretPin { name: "SEEN_OUTSIDE".parse().unwrap(), version: 3 };
    assert_eq!(vault.put(&scope(), &pin, &Sensitive::new("from inside".into())).await.unwrap(), Put::Stored);
    let project = scope().project;
    let attributes = ["service", "sternway", "project", project.as_str(), "name", "SEEN_OUTSIDE", "version", "3"];
    let seen = std::process::Command::new("secret-tool").arg("search").args(attributes).output();
    vault.remove(&scope(), &pin).await.unwrap();
    match seen {
        Ok(seen) => {
            let text = String::from_utf8_lossy(&seen.stdout);
            assert!(text.contains("secret = from inside"), "{text}");
            let label = format!("label = Sternway: {project} staging SEEN_OUTSIDE (version 3)");
            assert!(text.contains(&label), "{text}");
        }
        Err(error) => println!("skipped: secret-tool: {error}"),
    }
}

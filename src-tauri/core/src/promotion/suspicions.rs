//! Values that look as if they belonged to another environment.

use std::collections::BTreeSet;
use std::path::Path;

use sternway_history::StoredSecret;
use sternway_model::{EnvironmentName, SecretPin, Value, Variable, mentions};

/// What is compared.
pub(super) struct Sides<'a> {
    /// The environment whose release is taken.
    pub from: &'a EnvironmentName,
    /// The environment that gets it.
    pub to: &'a EnvironmentName,
    /// What the release has.
    pub theirs: &'a [Variable],
    /// What the other environment has.
    pub ours: &'a [Variable],
    /// All environments.
    pub environments: &'a [&'a EnvironmentName],
    /// Names that are hosts inside of the application, the same in every environment.
    pub services: BTreeSet<String>,
    /// The versions of all secrets.
    pub secrets: &'a [StoredSecret],
    /// Whether several environments read a file.
    pub shared: &'a dyn Fn(&Path) -> bool,
}

/// The variables, each with the reason in words that follow its name.
pub(super) fn suspicions(sides: &Sides<'_>) -> Vec<(String, String)> {
    let found = sides.ours.iter().filter_map(|variable| {
        let reason = same_secret(sides, variable)
            .or_else(|| other_environment(sides, variable))
            .or_else(|| same_address(sides, variable))?;
        Some((variable.key.clone(), reason))
    });
    found.collect()
}

/// The secret versions that a variable has, as a whole or inside of its text.
fn pins(variable: &Variable) -> Vec<SecretPin> {
    match &variable.value {
        Value::Plain(text) => mentions(text).unwrap_or_default(),
        Value::Secret { name, version: Some(version) } => vec![SecretPin { name: name.clone(), version: *version }],
        Value::Secret { version: None, .. } => Vec::new(),
    }
}

fn same_secret(sides: &Sides<'_>, variable: &Variable) -> Option<String> {
    let stored = |environment: &EnvironmentName, pin: &SecretPin| {
        sides
            .secrets
            .iter()
            .find(|known| &known.environment == environment && known.name == pin.name && known.version == pin.version)
    };
    let theirs: Vec<(SecretPin, &str)> = sides
        .theirs
        .iter()
        .flat_map(pins)
        .filter_map(|pin| {
            let print = stored(sides.from, &pin)?.fingerprint.as_str();
            Some((pin, print))
        })
        .collect();
    pins(variable).iter().find_map(|pin| {
        let print = &stored(sides.to, pin)?.fingerprint;
        let (same, _) = theirs.iter().find(|(_, theirs)| theirs == print)?;
        Some(format!("has the same value as the secret {} of {}", same.name, sides.from))
    })
}

/// A host with another environment's name in it, wherever it is set.
fn other_environment(sides: &Sides<'_>, variable: &Variable) -> Option<String> {
    let Value::Plain(text) = &variable.value else { return None };
    let own = names(sides.to);
    let others = sides.environments.iter().filter(|name| **name != sides.to);
    let others: Vec<(&EnvironmentName, Vec<&str>)> = others.map(|name| (*name, names(name))).collect();
    hosts(&variable.key, text).iter().find_map(|host| {
        let words = || host.split(['.', '-', '_']).map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
        if words().any(|word| own.contains(&word)) {
            return None;
        }
        let named = |(_, names): &&(&EnvironmentName, Vec<&str>)| words().any(|word| names.contains(&word));
        others.iter().find(named).map(|(name, _)| format!("leads to {host}, which is named like {name}"))
    })
}

/// The other environment's address, in a file where this one has its own values.
fn same_address(sides: &Sides<'_>, variable: &Variable) -> Option<String> {
    let Value::Plain(text) = &variable.value else { return None };
    if (sides.shared)(&variable.source.file) {
        return None;
    }
    let theirs = sides.theirs.iter().find(|theirs| theirs.key == variable.key)?;
    if theirs.value != variable.value || (sides.shared)(&theirs.source.file) {
        return None;
    }
    let inside = |host: &str| {
        sides.services.contains(host) || host == "localhost" || host.starts_with("127.") || host == "0.0.0.0"
    };
    let host = hosts(&variable.key, text).into_iter().find(|host| !inside(host))?;
    Some(format!("leads to {host}, as in {}", sides.from))
}

/// What an environment is called in hosts' names.
fn names(environment: &EnvironmentName) -> Vec<&str> {
    let name = environment.as_str();
    let short: &[&str] = match name {
        "production" => &["prod", "prd"],
        "staging" => &["stage", "stg"],
        "development" => &["dev"],
        _ => &[],
    };
    std::iter::once(name).chain(short.iter().copied()).collect()
}

/// The hosts that a value names: in addresses, and alone where the variable's name says that it is one. In lower case.
fn hosts(key: &str, text: &str) -> Vec<String> {
    const WORDS: [&str; 9] = ["host", "hostname", "url", "uri", "endpoint", "server", "address", "domain", "origin"];
    let named = key.split(['_', '.', '-']).any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)));
    let mut hosts = Vec::new();
    for word in text.split([' ', ',', ';', '\n', '\t', '"', '\'']) {
        let authority = match word.split_once("://") {
            Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
            None if named => word.split('/').next().unwrap_or_default(),
            None => continue,
        };
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        let host = match place.split_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => place,
        };
        if host.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            hosts.push(host.to_ascii_lowercase());
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use sternway_model::{At, Origin};

    use super::*;

    fn variable(key: &str, value: Value, file: &str) -> Variable {
        let source = Origin { file: file.into(), line: 1 };
        Variable { key: key.to_owned(), value, source, overridden: Vec::new() }
    }

    fn plain(key: &str, value: &str, file: &str) -> Variable {
        variable(key, Value::Plain(value.to_owned()), file)
    }

    fn found(theirs: &[Variable], ours: &[Variable], secrets: &[StoredSecret]) -> Vec<(String, String)> {
        let (from, to) = ("staging".parse().expect("a name"), "production".parse().expect("a name"));
        suspicions(&Sides {
            from: &from,
            to: &to,
            theirs,
            ours,
            environments: &[&from, &to],
            services: ["db".to_owned()].into(),
            secrets,
            shared: &|file| file == Path::new(".env"),
        })
    }

    #[test]
    fn hosts_of_another_environment_are_seen() {
        for (key, value, suspicious) in [
            ("API", "https://api.staging.example.com/v1", true),
            ("API_URL", "https://user@stg-api.example.com:8443", true),
            ("DB_HOST", "db-staging2.internal", true),
            ("DB_HOST", "db.prod.staging-cluster.internal", false),
            ("API_URL", "https://api.example.com/staging", false),
            ("BRANCH", "staging", false),
            ("MAIL_FROM", "upstaging.example.com", false),
        ] {
            let found = found(&[], &[plain(key, value, ".env")], &[]);
            assert_eq!(!found.is_empty(), suspicious, "{key}={value}: {found:?}");
        }
    }

    #[test]
    fn an_address_that_was_copied_is_seen_and_a_shared_one_is_not() {
        let theirs = [
            plain("DB_HOST", "10.0.0.7", ".env.staging"),
            plain("CACHE_HOST", "db", ".env.staging"),
            plain("MAIL_HOST", "mail.example.com", ".env"),
            plain("LOG_LEVEL", "debug", ".env.staging"),
        ];
        let ours: Vec<Variable> = theirs
            .iter()
            .cloned()
            .map(|mut variable| {
                if variable.source.file == Path::new(".env.staging") {
                    variable.source.file = ".env.production".into();
                }
                variable
            })
            .collect();
        let found = found(&theirs, &ours, &[]);
        assert_eq!(found, [("DB_HOST".to_owned(), "leads to 10.0.0.7, as in staging".to_owned())]);
    }

    #[test]
    fn a_secret_with_the_other_environments_value_is_seen_wherever_it_stands() {
        let secret = |environment: &str, name: &str, version, fingerprint: &str| StoredSecret {
            environment: environment.parse().expect("a name"),
            name: name.parse().expect("a name"),
            version,
            fingerprint: fingerprint.to_owned(),
            created: At::from_millis(0).expect("a time"),
            by: "ann".to_owned(),
            by_name: false,
        };
        let of = |name: &str, version| Value::Secret { name: name.parse().expect("a name"), version: Some(version) };
        let secrets = [
            secret("staging", "PW", 1, "old"),
            secret("staging", "PW", 2, "aa"),
            secret("production", "PW", 1, "aa"),
            secret("production", "OTHER", 1, "old"),
        ];
        let theirs = [variable("PW", of("PW", 2), ".env")];
        let ours = [
            variable("PW", of("PW", 1), ".env"),
            variable("OTHER", of("OTHER", 1), ".env"),
            plain("URL", "pg://u:⟦keychain:PW@1⟧@db/x", ".env"),
        ];
        let found: Vec<String> = found(&theirs, &ours, &secrets).into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, ["PW", "URL"], "staging does not run its first version any more");
    }
}

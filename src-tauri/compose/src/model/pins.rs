//! Secrets may stand only where their values stay inside the container.

use serde_json::Value;
use sternway_model::yaml::join;
use sternway_model::{Code, Error, Result, mentions};

use super::at;

/// Refuses a pinned secret anywhere but in environment values and in the content of secrets and configs: labels, commands,
/// image names and the like are visible to everybody who may look at the host's processes or containers.
///
/// # Errors
/// [`Code::Unsupported`] with the key's path.
pub(super) fn check(canonical: &Value) -> Result<()> {
    walk(canonical, &mut Vec::new())
}

fn walk<'a>(value: &'a Value, path: &mut Vec<&'a str>) -> Result<()> {
    match value {
        Value::String(text) => look(text, path, may_hold(path)),
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, path)),
        Value::Object(entries) => entries.iter().try_for_each(|(key, value)| {
            look(key, path, false)?;
            path.push(key);
            walk(value, path)?;
            path.pop();
            Ok(())
        }),
        _ => Ok(()),
    }
}

fn may_hold(path: &[&str]) -> bool {
    matches!(
        path,
        ["services", _, "environment", _]
            | ["services", _, "post_start" | "pre_stop", "environment", _]
            | ["secrets" | "configs", _, "content"]
    ) || path.iter().any(|key| key.starts_with("x-"))
}

fn look(text: &str, path: &[&str], allowed: bool) -> Result<()> {
    let key = path.iter().fold(String::new(), |path, key| join(&path, key));
    let pins = mentions(text).map_err(|error| error.at(at(&key)))?;
    let Some(pin) = pins.first().filter(|_| !allowed) else { return Ok(()) };
    Err(Error::new(
        Code::Unsupported,
        format!("the secret {} would be visible to everybody on the host if it were used in `{key}`", pin.name),
    )
    .hint("Give it to the service as an environment variable or as a `secrets:` file, and read it from there.")
    .at(at(&key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PIN: &str = "⟦keychain:DB_PASSWORD@1⟧";

    #[test]
    fn secrets_stay_in_environment_and_content() {
        let fine = json!({"services": {"db": {"environment": {"URL": format!("pg://u:{PIN}@db")},
                "post_start": [{"command": ["load"], "environment": {"PW": PIN}}]}},
            "configs": {"c": {"content": PIN}}});
        check(&fine).expect("the places that are meant for it");
        for (wrong, key) in [
            (json!({"services": {"db": {"labels": {"a": PIN}}}}), "services.db.labels.a"),
            (json!({"services": {"db": {"command": ["sh", PIN]}}}), "services.db.command"),
            (json!({"services": {"db": {"pre_stop": [{"command": [PIN]}]}}}), "services.db.pre_stop.command"),
            (json!({"services": {"db": {"healthcheck": {"test": ["CMD", PIN]}}}}), "services.db.healthcheck.test"),
            (json!({"services": {"db": {"build": {"args": {"A": PIN}}}}}), "services.db.build.args.A"),
            (json!({"services": {"db": {"environment": {PIN: "x"}}}}), "services.db.environment"),
            (json!({"volumes": {"v": {"driver_opts": {"o": PIN}}}}), "volumes.v.driver_opts.o"),
        ] {
            let error = check(&wrong).expect_err(key);
            assert_eq!(error.code, Code::Unsupported);
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some(key));
        }
    }
}

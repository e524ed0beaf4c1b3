//! Values in env files that should be in the keychain.

use std::borrow::Cow;

/// Why a variable's value looks like a secret, in words that follow "it"; `None` if it does not.
///
/// The name decides (`DB_PASSWORD`, `TF_VAR_aws_secret_key`, `secretAccessKey`), or the value's form (a token of a known
/// service, a private key, an address with a password in it). Empty values, references (`keychain:NAME`, `${NAME}`) and
/// yes/no values never do.
///
/// `AWS_ACCESS_KEY_ID` and Terraform's `aws_access_key` name the key and are not the secret half; they count only when
/// the value has the form of a real key id, because then its other half is near and both are rotated together.
///
/// ```
/// use sternway_model::looks_like_secret;
/// assert_eq!(looks_like_secret("DB_PASSWORD", "password"), Some("is named like a password"));
/// assert_eq!(looks_like_secret("DB_PASSWORD", "keychain:DB_PASSWORD"), None);
/// assert_eq!(looks_like_secret("AWS_REGION", "us-west-2"), None);
/// ```
#[must_use]
pub fn looks_like_secret(key: &str, value: &str) -> Option<&'static str> {
    // A pinned secret stands for its value, and does not show it.
    let value = without_pins(value);
    let value = value.trim();
    if value.is_empty() || is_reference(value) || is_switch(value) {
        return None;
    }
    by_form(value).or_else(|| by_name(key, value))
}

/// Whether a key says what a value beside it is called: `name:` in `{ name: DB_PASSWORD, value: … }`.
#[must_use]
pub fn is_name_of_name(key: &str) -> bool {
    const NAMES: &str = "name key id variable var env field property param parameter option setting label identifier";
    words(key).last().is_some_and(|last| is_one_of(last, NAMES))
}

/// Whether a key says only that something is a value; what it is called stands beside it or above.
#[must_use]
pub fn is_name_of_value(key: &str) -> bool {
    const VALUES: &str =
        "value values val default content contents data string text plaintext literal current raw integer";
    words(key).last().is_some_and(|last| is_one_of(last, VALUES))
}

/// What stands for a value that looks like a secret.
pub const MASK: &str = "●●●●";

/// A variable's plain value as it may be shown where nobody asked for it: in plans, comparisons and lists.
///
/// ```
/// assert_eq!(sternway_model::shown("LOG_LEVEL", "debug"), "debug");
/// assert_eq!(sternway_model::shown("DB_PASSWORD", "hunter2"), "●●●●");
/// ```
#[must_use]
pub fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    if looks_like_secret(key, value).is_some() { MASK } else { value }
}

/// The text with a reference in place of each pinned secret.
fn without_pins(value: &str) -> Cow<'_, str> {
    let mut pieces = value.split("⟦keychain:");
    let Some(first) = pieces.next().filter(|first| first.len() < value.len()) else { return Cow::Borrowed(value) };
    let mut text = first.to_owned();
    for piece in pieces {
        text.push_str("${SECRET}");
        text.push_str(piece.split_once('⟧').map_or("", |(_, rest)| rest));
    }
    Cow::Owned(text)
}

fn is_reference(value: &str) -> bool {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    value.starts_with("keychain:") || inner.is_some_and(|name| !name.contains(['{', '}']))
}

fn is_switch(value: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "null", "none"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Beginnings of the tokens of well-known services, the least length of the whole, and what they are.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 20, "has the form of an AWS access key id"),
    ("ASIA", 20, "has the form of an AWS access key id"),
    ("ghp_", 20, "has the form of a GitHub token"),
    ("gho_", 20, "has the form of a GitHub token"),
    ("ghu_", 20, "has the form of a GitHub token"),
    ("ghs_", 20, "has the form of a GitHub token"),
    ("ghr_", 20, "has the form of a GitHub token"),
    ("github_pat_", 30, "has the form of a GitHub token"),
    ("glpat-", 20, "has the form of a GitLab token"),
    ("sk_live_", 16, "has the form of a Stripe key"),
    ("sk_test_", 16, "has the form of a Stripe key"),
    ("rk_live_", 16, "has the form of a Stripe key"),
    ("whsec_", 16, "has the form of a webhook's signing secret"),
    ("xoxa-", 20, "has the form of a Slack token"),
    ("xoxb-", 20, "has the form of a Slack token"),
    ("xoxp-", 20, "has the form of a Slack token"),
    ("xapp-", 20, "has the form of a Slack token"),
    ("AIza", 39, "has the form of a Google API key"),
    ("ya29.", 20, "has the form of a Google access token"),
    ("SG.", 40, "has the form of a SendGrid key"),
    ("npm_", 40, "has the form of an npm token"),
    ("pypi-", 40, "has the form of a PyPI token"),
    ("dop_v1_", 40, "has the form of a DigitalOcean token"),
    ("hvs.", 20, "has the form of a Vault token"),
    ("sk-ant-", 20, "has the form of an API key"),
    ("sk-proj-", 20, "has the form of an API key"),
    ("AGE-SECRET-KEY-", 40, "has the form of an age key"),
];

fn by_form(value: &str) -> Option<&'static str> {
    if value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----") {
        return Some("is a private key");
    }
    if has_password_in_address(value) {
        return Some("is an address with a password in it");
    }
    if has_password_in_connection(value) || has_password_in_words(value) || has_password_in_source_name(value) {
        return Some("is a connection string with a password in it");
    }
    if is_web_token(value) {
        return Some("has the form of a JSON web token");
    }
    let one_word = value.bytes().all(|byte| byte.is_ascii_graphic());
    if one_word { token(value) } else { None }
}

fn token(word: &str) -> Option<&'static str> {
    TOKENS
        .iter()
        .find(|(begin, length, _)| word.len() >= *length && word.starts_with(begin))
        .map(|(_, _, reason)| *reason)
}

/// Why a line of any text seems to hold a token of a well-known service, a private key or a web token, in words that
/// follow "it"; `None` if it does not.
///
/// ```
/// use sternway_model::token_in;
/// assert_eq!(token_in("  key: \"ghp_0123456789abcdefghij\","), Some("has the form of a GitHub token"));
/// assert_eq!(token_in("tokens begin with ghp_"), None);
/// ```
#[must_use]
pub fn token_in(line: &str) -> Option<&'static str> {
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----") {
        return Some("is a private key");
    }
    let in_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // A token ends a sentence now and then.
    let words = line.split(|c: char| !in_token(c)).map(|word| word.trim_end_matches('.'));
    words.filter(|word| word.len() >= 16).find_map(|word| {
        let varied = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
        let web_token = || is_web_token(word).then_some("has the form of a JSON web token");
        if varied { token(word).or_else(web_token) } else { None }
    })
}

/// `scheme://user:password@host`, also without a user; a password that is only a reference does not count.
pub(crate) fn has_password_in_address(value: &str) -> bool {
    value.split_whitespace().any(|word| {
        let authority = word.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let login = authority.and_then(|authority| authority.rsplit_once('@')).map(|(login, _)| login);
        let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
        password.is_some_and(|password| !password.is_empty() && !is_reference(password))
    })
}

/// `Server=db;Password=…`, as ODBC, ADO.NET and Azure have it.
fn has_password_in_connection(value: &str) -> bool {
    const WORDS: [&str; 4] = ["password", "pwd", "accountkey", "sharedaccesskey"];
    value.contains(';')
        && value.split(';').filter_map(|part| part.split_once('=')).any(|(name, content)| {
            WORDS.iter().any(|word| name.trim().eq_ignore_ascii_case(word))
                && !is_reference(content)
                && !content.is_empty()
        })
}

/// `host=db user=app password=…`, as libpq has it (PostgreSQL documentation, "Connection Strings").
fn has_password_in_words(value: &str) -> bool {
    const OTHERS: [&str; 7] = ["host", "hostaddr", "port", "dbname", "user", "sslmode", "service"];
    let words = || value.split_whitespace().filter_map(|word| word.split_once('='));
    let password = words().any(|(name, content)| {
        let content = content.trim_matches('\'');
        name == "password" && !content.is_empty() && !is_reference(content)
    });
    password && words().any(|(name, _)| OTHERS.contains(&name))
}

/// `user:password@tcp(host:3306)/name`, as drivers of Go have it (go-sql-driver/mysql, "DSN").
fn has_password_in_source_name(value: &str) -> bool {
    let Some((login, rest)) = value.rsplit_once('@') else { return false };
    let Some((protocol, _)) = rest.split_once('(') else { return false };
    let known = ["tcp", "tcp4", "tcp6", "unix"].contains(&protocol);
    let password = login.split_once(':').map(|(_, password)| password);
    known && password.is_some_and(|password| !password.is_empty() && !is_reference(password))
}

/// RFC 7519 §3: three base64url parts; the first is a JSON object, and so begins with `eyJ`.
fn is_web_token(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    let base64url =
        |part: &str| part.len() >= 4 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    parts.len() == 3 && value.starts_with("eyJ") && parts.iter().all(|part| base64url(part))
}

/// Last words of names that tell about a secret: `PASSWORD_FILE`, `TOKEN_URL`, `ACCESS_KEY_ID`.
const ABOUT: &str = "age alg algorithm arn audience count days enabled endpoint expiration expires expiry field file \
    header host hours id issuer length lifetime limit max min minutes name path policy port prefix \
    region required rotation seconds size storage timeout ttl type uri url version";

/// Words that name a password wherever they stand.
const PASSWORDS: &str = "password passwords passwd passphrase passphrases passcode pwd pass requirepass masterauth";

/// Words in front of `KEY` that make it a secret.
const SECRET_KEYS: &str = "account admin api app auth client cookie crypt deploy encryption jwt license master private root \
    service session shared signing ssh storage webhook";

/// Words in front of `KEY` that make it a name of something.
const PLAIN_KEYS: &str = "bucket cache foreign group index lookup map object partition primary publishable registry row s3 \
    site sort";

/// Ways to log in: a variable that is called `…_AUTH` may name one and hold no secret.
const METHODS: &str = "0 1 anonymous basic bearer certificate cram-md5 digest disabled enabled form gssapi jwt kerberos ldap local login md5 \
    ntlm oauth oauth2 oidc optional password peer plain proxy required saml scram-sha-256 token trust xoauth2";

fn is_one_of(word: &str, list: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

fn by_name(key: &str, value: &str) -> Option<&'static str> {
    let words = words(key);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (last, before) = words.split_last()?;
    if is_one_of(last, ABOUT) || words.contains(&"public") {
        return None;
    }
    // The shell's own variables for the working folder.
    if matches!(words.as_slice(), ["pwd" | "oldpwd"]) {
        return None;
    }
    // `PGPASSWORD` has no border between its words.
    if words.iter().any(|word| is_one_of(word, PASSWORDS)) || last.ends_with("password") || last.ends_with("passwd") {
        return Some("is named like a password");
    }
    if words.iter().any(|word| matches!(*word, "secret" | "secrets" | "credential" | "credentials")) {
        return Some("is named like a secret");
    }
    if matches!(*last, "token" | "tokens" | "apitoken" | "authtoken") {
        return Some("is named like a token");
    }
    if *last == "auth" && !is_one_of(&value.to_ascii_lowercase(), METHODS) {
        return Some("is named like a login");
    }
    if *last == "salt" {
        return Some("is named like a salt");
    }
    if *last == "key" { named_key(before, value) } else { joined_key(last) }
}

/// Words that are written as one.
fn joined_key(last: &str) -> Option<&'static str> {
    matches!(last, "apikey" | "secretkey" | "privatekey" | "accesskey" | "masterkey" | "encryptionkey")
        .then_some("is named like a key")
}

/// `…_KEY`: some words in front make it a secret, some make it none; with others the value decides.
fn named_key(before: &[&str], value: &str) -> Option<&'static str> {
    match before {
        // Names the key, see the function at the top.
        [.., "aws", "access"] => None,
        [.., "access"] => Some("is named like a key"),
        [.., word] if is_one_of(word, SECRET_KEYS) => Some("is named like a key"),
        [.., word] if is_one_of(word, PLAIN_KEYS) => None,
        _ => looks_random(value).then_some("is named like a key and looks random"),
    }
}

/// Long, of one word, with letters and digits.
fn looks_random(value: &str) -> bool {
    value.len() >= 16
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A name's words in lower case: `TF_VAR_aws_secret_key` and `secretAccessKey` are both taken apart.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in key.chars() {
        let begins = !c.is_ascii_alphanumeric() || lower_before && c.is_ascii_uppercase();
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::looks_like_secret;

    #[test]
    fn the_handbooks_secrets_are_found_and_nothing_else_of_it() {
        for (key, value, secret) in [
            ("NODE_ENV", "production", false),
            ("PORT", "80", false),
            ("HOST", "0.0.0.0", false),
            ("DB_HOST", "db", false),
            ("DB_USER", "user", false),
            ("DB_PASSWORD", "password", true),
            ("DB_NAME", "database", false),
            ("REDIS_PASSWORD", "password", true),
            ("AWS_ACCESS_KEY_ID", "key", false),
            ("AWS_SECRET_ACCESS_KEY", "secret", true),
            ("AWS_REGION", "us-west-2", false),
            ("TF_VAR_aws_access_key", "key", false),
            ("TF_VAR_aws_secret_key", "secret", true),
            ("TF_VAR_environment", "production", false),
            ("LOG_LEVEL", "info", false),
            ("METRICS_PORT", "9090", false),
            ("ALERT_EMAIL", "alerts@example.com", false),
        ] {
            assert_eq!(looks_like_secret(key, value).is_some(), secret, "{key}={value}");
        }
    }

    #[test]
    fn names_and_forms_decide() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N";
        for (key, value) in [
            ("MYSQL_PASS", "x1"),
            ("PGPASSWORD", "x1"),
            ("secretAccessKey", "x1"),
            ("SLACK_TOKEN", "x1"),
            ("STRIPE_APIKEY", "x1"),
            ("APP_KEY", "base64:abc"),
            ("PEPPER_KEY", "0123456789abcdef0123"),
            ("DATABASE_URL", "postgres://user:pw@db/shop"),
            ("REDIS_URL", "redis://:pw@redis:6379"),
            ("AZURE", "Server=db;User=sa;Password=x1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("GH", "ghp_0123456789abcdefghij"),
            ("PAY", "sk_live_0123456789abcdef"),
            ("CERT", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("SESSION", jwt),
            ("NEO4J_AUTH", "neo4j/x1"),
            ("REDIS_AUTH", "x1"),
            ("AUTH_SALT", "x1"),
            ("DB_DSN", "app:x1@tcp(db:3306)/app?parseTime=true"),
            ("DB_DSN", "app:x1@unix(/run/mysqld.sock)/app"),
            ("LDAP", "host=db user=app password='x1' dbname=app"),
        ] {
            assert!(looks_like_secret(key, value).is_some(), "{key}={value}");
        }
        for (key, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "keychain:DB_PASSWORD"),
            ("DB_PASSWORD", "${PASSWORD}"),
            ("REQUIRE_PASSWORD", "true"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_URL", "https://example.com/token"),
            ("TOKEN_TTL", "3600"),
            ("STRIPE_PUBLIC_KEY", "pk_live_0123456789abcdef"),
            ("SORT_KEY", "0123456789abcdef0123"),
            ("FEATURE_KEY", "checkout"),
            ("DATABASE_URL", "postgres://user@db/shop"),
            ("DATABASE_URL", "postgres://user:${DB_PASSWORD}@db/shop"),
            ("PWD", "/home/me"),
            ("COMPASS", "north"),
            ("MONKEY", "0123456789abcdef0123"),
            ("SMTP_AUTH", "login"),
            ("BASIC_AUTH", "true"),
            ("AUTH_METHOD", "x1"),
            ("BASALT", "grey"),
            ("DB_DSN", "app:${DB_PASSWORD}@tcp(db:3306)/app"),
            ("DB_DSN", "app@tcp(db:3306)/app"),
            ("LDAP", "host=db user=app password=${PW}"),
            ("FORM", "password=x1"),
            ("VERSION", "1.2.3"),
        ] {
            assert_eq!(looks_like_secret(key, value), None, "{key}={value}");
        }
    }
}

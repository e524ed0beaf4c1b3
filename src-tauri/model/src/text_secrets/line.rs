//! One line of a text.

use std::ops::Range;

use super::Manner;
use crate::suspicion::{has_password_in_address, looks_like_secret, token_in};

/// A piece and what stands in front of it.
type Piece = (Range<usize>, String);

/// How much of a value is looked at, in bytes, and how many words in front of an option: a line may be very long.
const SEEN: usize = 4 << 10;
const WORDS_BEFORE: usize = 50;

/// What of a line seems to be a secret.
pub(super) fn secrets(line: &str, manner: Manner) -> Vec<Piece> {
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----") {
        return vec![(0..line.len(), String::new())];
    }
    let mut found = Vec::new();
    let words = words(line);
    assigned(line, manner, &mut found);
    behind_names(line, &words, manner, &mut found);
    found.extend(password_file(line).map(|span| (span, String::new())));
    for word in words {
        let text = &line[word.clone()];
        if has_password_in_address(text) || is_token_login(text) || token_in(text).is_some() || has_hash(text) {
            found.push((word, String::new()));
        }
    }
    found
}

/// Whether a line ends with a name such as `password`, so that the next line begins with its value.
pub(super) fn ends_with_name(line: &str) -> bool {
    const NAMES: [&str; 4] = ["password", "passwd", "pass", "secret"];
    let mut words = line.split_whitespace();
    words.next_back().is_some_and(|word| NAMES.contains(&word))
        && words.count() < 10
        && !line.trim_start().starts_with('#')
}

fn words(line: &str) -> Vec<Range<usize>> {
    let (mut words, mut start) = (Vec::new(), 0);
    for piece in line.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if !word.is_empty() {
            words.push(start..start + word.len());
        }
        start += piece.len();
    }
    words
}

/// `name=value`, `name: value`, `"name" => "value"`, as often as they stand there.
fn assigned(line: &str, manner: Manner, found: &mut Vec<Piece>) {
    let bytes = line.as_bytes();
    let mut quotes = Quotes { line, at: 0, open: [false; 3] };
    for (sign, c) in line.char_indices().filter(|(_, c)| matches!(c, '=' | ':')) {
        let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
        // `://`, and the second sign of `::`, `:=` and `==`.
        if (c == ':' && is(sign + 1, b":/")) || (sign > 0 && is(sign - 1, b":=!<>")) {
            continue;
        }
        let Some(name) = name_before(&line[..sign]) else { continue };
        // `${NAME:-default}` and its kin: only a default is a value.
        if c == ':' && is(sign + 1, b"-=?+") && line[..sign].ends_with(&format!("{{{name}")) {
            let span = sign + 2..sign + line[sign..].find('}').unwrap_or(line.len() - sign);
            if is(sign + 1, b"-=") && !span.is_empty() && seems_secret(name, &line[span.clone()]) {
                found.push((span, name.to_owned()));
            }
            continue;
        }
        let mut start = sign + 1;
        start += usize::from(is(start, b"=>~"));
        start += line[start..].len() - line[start..].trim_start().len();
        let Some(span) = value(line, start, c, manner, &mut quotes) else { continue };
        if seems_secret(name, &line[span.clone()]) {
            found.push((span, name.to_owned()));
        }
    }
}

/// The name that a text ends with, without the quotes and brackets around it.
fn name_before(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || "\"'`])?+".contains(c));
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let name = text[start..].trim_start_matches('-');
    (!name.is_empty()).then_some(name)
}

/// The value that begins at a place: what stands in quotes, or the rest.
fn value(line: &str, start: usize, sign: char, manner: Manner, quotes: &mut Quotes<'_>) -> Option<Range<usize>> {
    let rest = &line[start..];
    let quote = rest.chars().next()?;
    if Quotes::KINDS.contains(&quote) {
        if quotes.inside(start, quote) {
            return None;
        }
        let body = start + 1;
        let mut escaped = false;
        let end = line[body..].char_indices().find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        return Some(body..end.map_or(line.len(), |(end, _)| body + end));
    }
    let ends = |c: char| c.is_whitespace() || (sign == '=' && c == '&') || "<>\"'`".contains(c);
    let word = seen(rest).find(ends).unwrap_or(rest.len());
    let after = rest[word..].trim();
    let alone = after.is_empty()
        || after.starts_with("*/")
        || after.starts_with(['#', '}', ']', ')', ';', ',', '<', '/', '"', '\''])
        || rest[..word].ends_with([',', ';']);
    let end = match (sign, manner) {
        ('=', _) => word,
        (_, Manner::Prose) if !alone => return None,
        (_, Manner::Prose) => word,
        (_, Manner::Settings) => rest.trim_end().len(),
    };
    let raw = rest[..end].trim_end_matches([',', ';', '}', ']', ')']);
    Some(start..start + raw.len())
}

/// Which quotes are open at the places of a line, asked for in its order.
struct Quotes<'a> {
    line: &'a str,
    at: usize,
    open: [bool; 3],
}

impl Quotes<'_> {
    const KINDS: [char; 3] = ['"', '\'', '`'];

    /// Whether a quote at a place closes a text that begins before it.
    fn inside(&mut self, place: usize, quote: char) -> bool {
        for c in self.line.get(self.at..place).unwrap_or_default().chars() {
            for (open, kind) in self.open.iter_mut().zip(Self::KINDS) {
                *open ^= c == kind;
            }
        }
        self.at = self.at.max(place);
        Self::KINDS.iter().zip(self.open).any(|(kind, open)| open && *kind == quote)
    }
}

/// The beginning of a text, as much of it as is looked at.
fn seen(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SEEN)).unwrap_or(text)
}

/// `password hunter2`, `--password hunter2`, `mysql -phunter2`, `Authorization: Bearer …`.
fn behind_names(line: &str, words: &[Range<usize>], manner: Manner, found: &mut Vec<Piece>) {
    /// What follows such a name in a sentence.
    const SENTENCE: &str = "is are was were of for and or to in on by at the a an must should may can from with be been not no has have as if \
        than that then when will it its set get add create show list use this your you file files policy";
    let texts: Vec<&str> = words.iter().map(|word| &line[word.clone()]).collect();
    let comment = line.trim_start().starts_with(['#', ';']);
    let login = texts.iter().position(|text| matches!(*text, "machine" | "login" | "default" | "user" | "account"));
    for (place, pair) in texts.windows(2).enumerate() {
        let [name, next] = pair else { continue };
        let span = words[place + 1].clone();
        let flag = name.starts_with('-');
        let bare = name.trim_matches(|c: char| "\"'`$-".contains(c));
        let inner = next.trim_matches(|c: char| "\"'`,;".contains(c));
        let scheme = matches!(bare.trim_start_matches(|c: char| !c.is_ascii_alphabetic()), "Bearer" | "Basic");
        if scheme && inner.len() >= 8 && inner.bytes().any(|byte| byte.is_ascii_digit()) && !is_reference(inner) {
            found.push((span, bare.to_owned()));
            continue;
        }
        if option(&texts[place.saturating_sub(WORDS_BEFORE)..place], name, inner) {
            found.push((span, (*name).to_owned()));
            continue;
        }
        let settings = manner == Manner::Settings && !comment && texts.len() <= 10;
        let pairs = flag || texts.len() == 2 && !comment || settings || login.is_some_and(|login| login < place);
        let word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let named = !bare.is_empty() && bare.chars().all(word);
        let value =
            next.starts_with(|c: char| !"=:<>|&(){}[]+,-".contains(c)) && inner.chars().any(char::is_alphanumeric);
        if pairs
            && named
            && value
            && !SENTENCE.split_whitespace().any(|word| word == inner)
            && seems_secret(bare, inner)
        {
            found.push((span, bare.to_owned()));
        }
    }
    for (place, text) in texts.iter().enumerate() {
        if let Some(glued) = text.strip_prefix("-p").filter(|glued| glued.len() > 1 && !glued.starts_with(['-', '=']))
            && texts[place.saturating_sub(WORDS_BEFORE)..place]
                .iter()
                .any(|program| program.contains("mysql") || program.contains("mariadb") || program.contains("sshpass"))
            && !is_reference(glued.trim_matches(['"', '\'']))
        {
            found.push((words[place].start + 2..words[place].end, "-p".to_owned()));
        }
    }
}

/// Whether a value follows an option of a program that takes a password there.
fn option(texts: &[&str], name: &str, value: &str) -> bool {
    const OPTIONS: [(&str, &str); 8] = [
        ("curl", "-u"),
        ("curl", "--user"),
        ("wget", "--user"),
        ("sshpass", "-p"),
        ("docker", "-p"),
        ("redis-cli", "-a"),
        ("ldapsearch", "-w"),
        ("smbclient", "-U"),
    ];
    let known =
        OPTIONS.iter().any(|(program, option)| *option == name && texts.iter().any(|text| text.ends_with(program)));
    let login = matches!(name, "-u" | "--user" | "-U");
    let secret = if login { value.split_once([':', '%']).map_or("", |(_, password)| password) } else { value };
    known && !secret.is_empty() && !is_reference(secret)
        // `docker run -p 80:80`.
        && (name != "-p" || texts.iter().any(|text| matches!(*text, "login") || text.ends_with("sshpass")))
}

/// Whether a value behind a name seems to be a secret and not a way to one.
fn seems_secret(name: &str, value: &str) -> bool {
    /// Where requests are passed on to, in nginx's words.
    const PASSED: &str = "proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass";
    let value = seen(value).trim();
    !is_reference(value)
        && !PASSED.split_whitespace().any(|known| known == name)
        && looks_like_secret(name, value).is_some()
}

/// `$NAME`, `${NAME}`, `$(…)`, `{{ name }}`, `%(name)s`, and marks.
fn is_reference(value: &str) -> bool {
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let variable = value.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(['{', '('])
            || (name(rest)
                && (rest.contains('_') || !rest.contains(|c: char| c.is_ascii_lowercase()) || rest.len() == 1))
    });
    variable
        || [
            "{{",
            "%(",
            "⟦",
            "keychain:",
            "<%",
            "process.env",
            "os.environ",
            "os.getenv",
            "env(",
            "var.",
            "local.",
            "data.",
            "module.",
        ]
        .iter()
        .any(|begin| value.starts_with(begin))
}

/// `host:port:database:user:password`, as PostgreSQL has it in `.pgpass`.
fn password_file(line: &str) -> Option<Range<usize>> {
    if line.contains(char::is_whitespace) || line.starts_with('#') {
        return None;
    }
    let mut signs = line.match_indices(':').map(|(at, _)| at).filter(|at| !line[..*at].ends_with('\\'));
    let (first, second, third, last) = (signs.next()?, signs.next()?, signs.next()?, signs.next()?);
    let port = &line[first + 1..second];
    let port = port == "*" || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let user = line[third + 1..last].starts_with(|c: char| c.is_alphabetic() || matches!(c, '*' | '_'));
    (port && user && last + 1 < line.len()).then_some(last + 1..line.len())
}

/// `https://TOKEN@host`.
fn is_token_login(word: &str) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#', '"', '\'']).next().unwrap_or_default();
    let login = authority.rsplit_once('@').map_or("", |(login, _)| login);
    login.len() >= 16
        && login.bytes().any(|byte| byte.is_ascii_digit())
        && login.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A password's hash, as crypt(3), htpasswd and LDAP write it.
fn has_hash(word: &str) -> bool {
    const BEGINS: [&str; 11] =
        ["$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$apr1$", "$argon2", "{SHA}", "{SSHA}"];
    word.split([':', '=', '"', '\'', ','])
        .any(|part| part.len() >= 16 && BEGINS.iter().any(|begin| part.starts_with(begin)))
}

//! A value in a keychain's entries: one, or several where the platform's entries are short.
//!
//! A keychain without a limit holds the value as it is, so that a person can read it with the system's own tool. In one
//! with a limit the first entry begins with the number of parts and a colon.

use sternway_model::{Code, Error, Result, SecretPin, Sensitive};

use crate::keychain::{EntryName, Keychain, Scope};

/// What the number of parts and its colon may take.
const HEAD: usize = 8;

fn entry(scope: &Scope, pin: &SecretPin, part: usize) -> EntryName {
    EntryName::Secret { scope: scope.clone(), pin: pin.clone(), part }
}

/// Writes a value that is not there yet, and reads it back.
pub(crate) fn write(keychain: &dyn Keychain, scope: &Scope, pin: &SecretPin, value: &Sensitive) -> Result<()> {
    match keychain.limit() {
        None => keychain.set(&entry(scope, pin, 0), value)?,
        Some(limit) => {
            let parts = split(value.reveal(), limit.saturating_sub(HEAD));
            // The first entry makes the value visible, and so comes last.
            for (part, text) in parts.iter().enumerate().skip(1) {
                keychain.set(&entry(scope, pin, part), &Sensitive::new((*text).to_owned()))?;
            }
            let first = parts.first().copied().unwrap_or_default();
            keychain.set(&entry(scope, pin, 0), &Sensitive::new(format!("{}:{first}", parts.len().max(1))))?;
        }
    }
    if read(keychain, scope, pin)?.as_ref() == Some(value) {
        Ok(())
    } else {
        Err(Error::failed(format!(
            "{} did not keep {} for {} as it was given",
            keychain.name(),
            pin.name,
            scope.environment
        ))
        .hint("Try again. If it stays so, the value has characters or a length that this keychain cannot hold."))
    }
}

/// Reads a value; `None` if it is not there.
pub(crate) fn read(keychain: &dyn Keychain, scope: &Scope, pin: &SecretPin) -> Result<Option<Sensitive>> {
    let Some(first) = keychain.get(&entry(scope, pin, 0))? else { return Ok(None) };
    if keychain.limit().is_none() {
        return Ok(Some(first));
    }
    let incomplete = || {
        Error::new(Code::SecretMissing, format!("{} for {} is not whole in the keychain", pin.name, scope.environment))
            .hint(format!("Set it again with `sternway secret set {} {}`.", scope.environment, pin.name))
    };
    let (count, text) = parts_of(&first).ok_or_else(incomplete)?;
    let mut whole = text;
    for part in 1..count {
        let next = keychain.get(&entry(scope, pin, part))?.ok_or_else(incomplete)?;
        whole = Sensitive::new(format!("{}{}", whole.reveal(), next.reveal()));
    }
    Ok(Some(whole))
}

/// Removes a value and all its parts. The first entry goes last: until then it says how many there are.
pub(crate) fn remove(keychain: &dyn Keychain, scope: &Scope, pin: &SecretPin) -> Result<()> {
    if keychain.limit().is_some()
        && let Some(first) = keychain.get(&entry(scope, pin, 0))?
        && let Some((count, _)) = parts_of(&first)
    {
        for part in 1..count {
            keychain.delete(&entry(scope, pin, part))?;
        }
    }
    keychain.delete(&entry(scope, pin, 0))
}

/// The number of parts that a first entry tells, and its own text.
fn parts_of(first: &Sensitive) -> Option<(usize, Sensitive)> {
    let (count, text) = first.reveal().split_once(':')?;
    Some((count.parse().ok()?, Sensitive::new(text.to_owned())))
}

/// Pieces of at most `size` bytes (at least one character each), cut between characters.
fn split(text: &str, size: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let one = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest.floor_char_boundary(size.max(one));
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::Holder;
    use crate::testing::MemoryKeychain;

    fn scope() -> Scope {
        Scope { holder: Holder::Name, project: "shop".parse().unwrap(), environment: "staging".parse().unwrap() }
    }

    fn pin() -> SecretPin {
        SecretPin { name: "KEY".parse().unwrap(), version: 1 }
    }

    #[test]
    fn a_long_value_is_split_and_joined_and_removed_whole() {
        let keychain = MemoryKeychain::with_limit(20);
        for value in ["", "short", "7:colon", &"öäü€🦀".repeat(20)] {
            let value = Sensitive::new(value.to_owned());
            write(&keychain, &scope(), &pin(), &value).unwrap();
            assert_eq!(read(&keychain, &scope(), &pin()).unwrap(), Some(value));
            remove(&keychain, &scope(), &pin()).unwrap();
            assert_eq!(keychain.accounts(), [""; 0], "nothing stays behind");
        }
    }

    #[test]
    fn a_lost_part_is_noticed() {
        let keychain = MemoryKeychain::with_limit(20);
        write(&keychain, &scope(), &pin(), &Sensitive::new("0123456789".repeat(4))).unwrap();
        keychain.delete(&entry(&scope(), &pin(), 2)).unwrap();
        assert_eq!(read(&keychain, &scope(), &pin()).expect_err("a part is gone").code, Code::SecretMissing);
    }

    #[test]
    fn without_a_limit_the_entry_is_the_value() {
        let keychain = MemoryKeychain::default();
        write(&keychain, &scope(), &pin(), &Sensitive::new("1:x".into())).unwrap();
        assert_eq!(keychain.get(&entry(&scope(), &pin(), 0)).unwrap().unwrap().reveal(), "1:x");
        assert_eq!(keychain.accounts(), ["shop/staging/KEY/1"]);
    }
}

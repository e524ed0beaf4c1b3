//! New values, from the system's own random numbers.

use sternway_model::{Error, Recipe, Result, Sensitive};
use zeroize::Zeroizing;

use crate::vault::random;

/// Fewer characters can be guessed.
const SHORTEST: u32 = 8;
/// More does not fit everywhere that a secret goes.
const LONGEST: u32 = 1024;

/// A random value. Every character of the alphabet is equally likely at every place.
///
/// # Errors
/// [`sternway_model::Code::InvalidInput`] if the length is not between 8 and 1024.
pub fn generate(recipe: &Recipe) -> Result<Sensitive> {
    let Recipe { length, alphabet } = *recipe;
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Error::invalid(format!("a generated secret has {SHORTEST} to {LONGEST} characters, not {length}")));
    }
    let characters = alphabet.characters().as_bytes();
    // Bytes beyond the last whole multiple would make the first characters likelier than the others.
    let fair = 256 - 256 % characters.len();
    let mut value = Zeroizing::new(String::with_capacity(length as usize));
    while value.len() < length as usize {
        let bytes = Zeroizing::new(random::<64>()?);
        let fitting = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let room = length as usize - value.len();
        value.extend(fitting.take(room).map(|byte| char::from(characters[byte % characters.len()])));
    }
    Ok(Sensitive::new(value.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sternway_model::Alphabet;

    use super::*;

    #[test]
    fn values_have_the_length_and_the_characters_that_were_asked_for() {
        for alphabet in Alphabet::ALL {
            let value = generate(&Recipe { length: 40, alphabet }).unwrap();
            assert_eq!(value.reveal().len(), 40);
            assert!(value.reveal().chars().all(|c| alphabet.characters().contains(c)), "{alphabet}");
            assert_ne!(value, generate(&Recipe { length: 40, alphabet }).unwrap(), "no two are alike");
        }
        for length in [0, 7, 1025] {
            assert!(generate(&Recipe { length, ..Recipe::default() }).is_err(), "{length}");
        }
    }

    #[test]
    fn no_character_is_likelier_than_another() {
        let mut seen: BTreeMap<char, u32> = BTreeMap::new();
        for _ in 0..100 {
            let value = generate(&Recipe { length: 620, alphabet: Alphabet::Letters }).unwrap();
            value.reveal().chars().for_each(|c| *seen.entry(c).or_default() += 1);
        }
        // 62 000 draws of 62 characters: 1000 each, with a deviation of about 31.
        assert!(seen.len() == 62 && seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }
}

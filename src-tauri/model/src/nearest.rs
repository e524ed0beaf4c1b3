//! What somebody probably meant by a word that is not known.

/// Nobody means one of the known words by a longer one, and comparing takes as long as both texts together.
const LONGEST_GUESS: usize = 64;

/// The known word that is nearest to another one, if any is near.
///
/// ```
/// assert_eq!(sternway_model::nearest("stagin", ["production", "staging"]), Some("staging"));
/// assert_eq!(sternway_model::nearest("xyz", ["production", "staging"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_GUESS {
        return None;
    }
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(word.len()) / 2)
        .min()
        .map(|(_, known)| known)
}

/// Advice about a word that is not known: the nearest known one, and all of them.
///
/// ```
/// assert_eq!(sternway_model::did_you_mean("stagin", ["staging", "qa"]), "Did you mean `staging`? There are: staging, qa.");
/// ```
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let guess =
        nearest(word, known.iter().copied()).map(|guess| format!("Did you mean `{guess}`? ")).unwrap_or_default();
    if known.is_empty() { "There are none.".to_owned() } else { format!("{guess}There are: {}.", known.join(", ")) }
}

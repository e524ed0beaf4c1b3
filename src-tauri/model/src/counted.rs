//! Numbers of things.

/// A number and what it counts: `1 secret version`, `2 secret versions`. For words whose plural takes an `s`.
///
/// ```
/// assert_eq!(sternway_model::counted(1, "value"), "1 value");
/// assert_eq!(sternway_model::counted(0, "value"), "0 values");
/// ```
#[must_use]
pub fn counted(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

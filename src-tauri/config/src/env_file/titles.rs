//! Which block of the file an assignment stands in, by the comment above the block.

use std::sync::Arc;

use adotenv::{Document, ItemKind};

/// The title above each assignment, in the order of the entries; empty where there is none.
///
/// A block is what stands between blank lines, and the comments it begins with are its title. Comments that stand alone
/// between blank lines are the title of what follows, until the next title.
pub(super) fn titles(document: &Document<'_>) -> Vec<Arc<str>> {
    let mut current: Arc<str> = Arc::from("");
    let mut titles = vec![Arc::clone(&current); document.entries().len()];
    let mut first_of_block = true;
    for item in document.items() {
        match item.kind() {
            ItemKind::Blank => first_of_block = true,
            ItemKind::Comment if first_of_block => {
                if let Some(title) = item.comment_text().and_then(title) {
                    current = Arc::from(title);
                    // Further lines of the comment explain; the first one is the name.
                    first_of_block = false;
                }
            }
            _ => first_of_block = false,
        }
        if let Some(slot) = item.entry().and_then(|entry| titles.get_mut(entry.id())) {
            *slot = Arc::clone(&current);
        }
    }
    titles
}

/// The words of a comment; `None` for a ruler and for an assignment that was commented out.
fn title(comment: &str) -> Option<String> {
    let words = comment.trim_matches(|c: char| c.is_whitespace() || "#-=*_~".contains(c));
    let assigned = words.split_once('=').is_some_and(|(key, _)| {
        let key = key.trim().trim_start_matches("export ");
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    });
    (words.chars().any(char::is_alphanumeric) && !assigned).then(|| words.to_owned())
}

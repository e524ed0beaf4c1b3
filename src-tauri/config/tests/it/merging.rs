//! Files that were changed outside while they were open.

use std::path::Path;

use sternway_config::document::Format;
use sternway_config::{Merge, Resolution, Side, merge};

use crate::forms::path;

fn merged(name: &str, texts: [&str; 3], resolutions: &[Resolution]) -> Merge {
    let path = Path::new(name);
    merge(path, Format::of(path), texts, resolutions).unwrap_or_else(|error| panic!("{error}"))
}

fn take(at: &str, take: Side, theirs: Option<&str>) -> Resolution {
    Resolution { path: path(at), take, theirs: theirs.map(ToOwned::to_owned) }
}

#[test]
fn changes_of_different_values_come_together() {
    let base = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n";
    let ours = base.replace('1', "10");
    let theirs = base.replace("\"c\": 3", "\"c\": 30,\n  \"d\": 4");
    let merge = merged("a.json", [base, &ours, &theirs], &[]);
    assert_eq!((merge.text, merge.conflicts.len()), (theirs.replace(": 1,", ": 10,"), 0));

    // On the same line, where lines alone would be a conflict.
    let base = "{ \"a\": 1, \"b\": 2 }\n";
    let merge = merged("a.json", [base, &base.replace('1', "10"), &base.replace('2', "20")], &[]);
    assert_eq!((merge.text.as_str(), merge.conflicts.len()), ("{ \"a\": 10, \"b\": 20 }\n", 0));
}

#[test]
fn comments_of_both_sides_stay() {
    let base = "# one\nA=1\n\n\n\nB=2\n\n\n\n# end\n";
    let ours = base.replace("# one", "# one, ours").replace("B=2", "B=3");
    let theirs = base.replace("# end", "# end, theirs").replace("A=1", "A=1 # note");
    let merge = merged(".env", [base, &ours, &theirs], &[]);
    assert!(merge.conflicts.is_empty());
    assert!(
        merge.text.contains("end, theirs") && merge.text.contains("# note") && merge.text.contains("B=3"),
        "{merge:?}"
    );
}

#[test]
fn a_value_that_both_changed_is_chosen_by_a_person() {
    let base = "A=1\nB=2\nC=3\n";
    let (ours, theirs) = ("A=10\nB=2\nC=33\n", "A=11\nB=22\n");
    let open = merged(".env", [base, ours, theirs], &[]);
    assert_eq!(open.text, "A=11\nB=22\n", "what the file has stays until it is chosen");
    let told: Vec<_> = open
        .conflicts
        .iter()
        .map(|one| (one.path.clone(), one.base.as_deref(), one.ours.as_deref(), one.theirs.as_deref()))
        .collect();
    assert_eq!(told, [(path("A"), Some("1"), Some("10"), Some("11")), (path("C"), Some("3"), Some("33"), None)]);

    let chosen = [take("A", Side::Ours, Some("11")), take("C", Side::Theirs, None)];
    let merge = merged(".env", [base, ours, theirs], &chosen);
    assert_eq!((merge.text.as_str(), merge.conflicts.len()), ("A=10\nB=22\n", 0));
    let chosen = [take("A", Side::Theirs, Some("11")), take("C", Side::Ours, None)];
    assert_eq!(merged(".env", [base, ours, theirs], &chosen).text, "A=11\nB=22\nC=33\n");

    // Meanwhile the file has another value: nobody has chosen about that.
    let stale = merged(".env", [base, ours, "A=12\nB=22\n"], &[take("A", Side::Ours, Some("11"))]);
    assert_eq!(stale.conflicts.len(), 2);
}

#[test]
fn a_longer_list_is_one_value() {
    let base = "{\"l\": [1, 2], \"x\": 1}";
    let theirs = "{\"l\": [0, 1, 2], \"x\": 1}";
    let merge = merged("a.json", [base, "{\"l\": [1, 2], \"x\": 2}", theirs], &[]);
    assert_eq!((merge.text.as_str(), merge.conflicts.len()), ("{\"l\": [0, 1, 2], \"x\": 2}", 0));
    let merge = merged("a.json", [base, "{\"l\": [1, 3], \"x\": 1}", theirs], &[]);
    assert_eq!(merge.conflicts.len(), 1);
    assert_eq!(merge.conflicts[0].ours.as_deref(), Some("[1,3]"));
}

#[test]
fn text_without_values_merges_by_lines() {
    let base = "one\ntwo\nthree\nfour\nfive\n";
    let merge = merged("notes.txt", [base, &base.replace("one", "1"), &base.replace("five", "5")], &[]);
    assert_eq!((merge.text.as_str(), merge.conflicts.len()), ("1\ntwo\nthree\nfour\n5\n", 0));

    let (ours, theirs) = (base.replace("two", "2"), base.replace("two", "zwei"));
    let open = merged("notes.txt", [base, &ours, &theirs], &[]);
    assert_eq!((open.text.as_str(), open.conflicts.len()), (theirs.as_str(), 1));
    let chosen = merged("notes.txt", [base, &ours, &theirs], &[take("", Side::Ours, Some(&theirs))]);
    assert_eq!((chosen.text, chosen.conflicts.len()), (ours, 0));
}

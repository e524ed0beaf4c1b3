//! Kept images that are given up.

use std::fmt::Write;

use sternway_core::view::{PrunePlan, Pruned};
use sternway_model::counted;

use super::line;
use super::table::Table;

/// What pruning would give up.
pub fn prune_plan(plan: &PrunePlan) -> String {
    let PrunePlan { environment, keep, images, frees, releases, unknown, .. } = plan;
    let mut text = String::new();
    if images.is_empty() {
        line!(
            text,
            "nothing to give up: {environment} keeps the images of no more than {}",
            counted(*keep as usize, "release")
        );
    } else {
        let mut table = Table::new().head(["service", "image", "last in", "size", ""]);
        for image in images {
            table.row([
                image.service.clone(),
                image.name.rsplit_once(':').map_or(image.name.as_str(), |(_, id)| id).to_owned(),
                image.release.map_or_else(|| "no release".to_owned(), |number| number.to_string()),
                size(image.size),
                if image.stays { "another environment keeps it, too".to_owned() } else { String::new() },
            ]);
        }
        text.push_str(&table.to_string());
        line!(text, "at most {} become free", size(*frees));
        if !releases.is_empty() {
            let numbers: Vec<String> = releases.iter().map(ToString::to_string).collect();
            line!(text, "  ✕ cannot be gone back to any more: {}", numbers.join(", "));
        }
    }
    if *unknown > 0 {
        let images = counted(*unknown as usize, "image");
        line!(text, "{images} that no release here names stay; --unknown gives them up, too");
    }
    text
}

/// What was given up.
pub fn pruned(pruned: &Pruned) -> String {
    let room = if pruned.made_room {
        "the engine's disk was full: the room that is held back there was used to begin, and is held back again when there is some\n"
    } else {
        ""
    };
    format!("{room}gave up {}; at most {} became free", counted(pruned.images.len(), "image"), size(pruned.frees))
}

/// Powers of 1000, as the engine's own client prints sizes of images.
fn size(bytes: f64) -> String {
    if bytes >= 1e9 { format!("{:.1} GB", bytes / 1e9) } else { format!("{:.1} MB", bytes / 1e6) }
}

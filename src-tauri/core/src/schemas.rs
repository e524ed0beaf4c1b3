//! JSON Schemas of what the product reads and prints, so that editors can complete it and scripts can rely on it.

use schemars::{Schema, schema_for};
use sternway_model::{Deployment, Event, Plan, ProjectFile};

use crate::view;

/// Every schema with its file's name.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("sternway", schema_for!(ProjectFile)),
        ("plan", schema_for!(Plan)),
        ("event", schema_for!(Event)),
        ("deployment", schema_for!(Deployment)),
        ("status", schema_for!(view::Status)),
        ("drift", schema_for!(view::Drift)),
        ("history", schema_for!(view::HistoryPage)),
        ("show", schema_for!(view::DeploymentView)),
        ("compare", schema_for!(view::Comparison)),
        ("log-line", schema_for!(view::LogLine)),
        ("service-line", schema_for!(view::ServiceLine)),
        ("usage", schema_for!(view::UsageView)),
        ("init", schema_for!(view::Initialised)),
        ("config-list", schema_for!(view::Variables)),
        ("config-matrix", schema_for!(view::Matrix)),
        ("config-versions", schema_for!(view::VersionsPage)),
        ("config-compare", schema_for!(view::VersionDifference)),
        ("config-blame", schema_for!(view::Blame)),
        ("config-restore-plan", schema_for!(view::RestorePlan)),
        ("config-restore", schema_for!(view::Restored)),
        ("promotion", schema_for!(view::Promotion)),
        ("secret-list", schema_for!(view::Secrets)),
        ("secret-import", schema_for!(view::Import)),
        ("secret-rotate", schema_for!(view::RotationView)),
        ("secret-scan", schema_for!(view::LeakReport)),
        ("secret-take-over", schema_for!(view::TakeOver)),
        ("audit", schema_for!(view::Audit)),
        ("prune-plan", schema_for!(view::PrunePlan)),
        ("prune", schema_for!(view::Pruned)),
        ("trust", schema_for!(view::TrustView)),
        ("doctor", schema_for!(view::Doctor)),
        ("error", schema_for!(sternway_model::Error)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_SCHEMAS=1 cargo test -p sternway-core schemas` writes them anew.
    #[test]
    fn the_shipped_schemas_are_those_of_the_types() {
        for (name, schema) in schemas() {
            // Seen from the crate's folder, in which cargo starts tests.
            let path = format!("../../schemas/{name}.schema.json");
            let made = format!("{}\n", serde_json::to_string_pretty(&schema).expect("a schema is JSON"));
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::write(&path, &made).expect("the schema can be written");
            }
            let shipped = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(made == shipped, "{path} is stale; write it anew with UPDATE_SCHEMAS=1");
        }
    }
}

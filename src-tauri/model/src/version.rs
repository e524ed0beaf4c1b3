//! Versions of the configuration.

use crate::words::words;

words!(
    /// How a version of the configuration came about.
    Cause {
        /// Somebody saved it with Sternway.
        Saved = "saved",
        /// Somebody brought an earlier version back.
        Restored = "restored",
        /// Files were changed by something else, and Sternway noticed.
        Outside = "outside",
    }
);

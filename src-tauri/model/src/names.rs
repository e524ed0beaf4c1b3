//! Names that were checked once and can be trusted afterwards.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Error, Result};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Type)]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::invalid(format!(concat!("`{}` is not ", $what), text)).hint($rule))
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(|error: Error| {
                    serde::de::Error::custom(format!("{}. {}", error.message, error.hint))
                })
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Compose's rule for project names: lower case letters, digits, `-` and `_`, beginning with a letter or digit.
fn is_slug(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.len() <= 63
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

name!(
    /// A project's name; also the beginning of its Compose project names.
    ProjectName,
    "a project name",
    "Use lower case letters, digits, `-` and `_`, beginning with a letter or digit; at most 63.",
    is_slug
);
name!(
    /// What a project is, whatever its name and its folder are: 128 bits that its history drew at random, in hexadecimal digits.
    ProjectIdentity,
    "a project's identity",
    "An identity is 32 hexadecimal digits.",
    |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);
name!(
    /// An environment's name: development, staging, production, …
    EnvironmentName,
    "an environment name",
    "Use lower case letters, digits, `-` and `_`, beginning with a letter or digit; at most 63.",
    is_slug
);
name!(
    /// A Compose service's name.
    ServiceName,
    "a service name",
    "Use letters, digits, `.`, `-` and `_`.",
    |text| !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
);
name!(
    /// A secret's name, as it stands behind `keychain:`.
    SecretName,
    "a secret name",
    "Use letters, digits, `_`, `-` and `.`, beginning with a letter or `_`; at most 128.",
    |text| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 128
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
);
name!(
    /// An image's content id as the engine names it: `sha256:` and 64 hexadecimal digits.
    ImageId,
    "an image id",
    "An image id is `sha256:` and 64 hexadecimal digits.",
    |text| text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
);

impl ImageId {
    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

/// A deployment's number within its project, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, Type)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct DeploymentNumber(pub u32);

impl fmt::Display for DeploymentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_composes_rule() {
        assert!("shop-1_a".parse::<ProjectName>().is_ok());
        for bad in ["", "-a", "Shop", "a b", "a/b"] {
            let error = bad.parse::<ProjectName>().expect_err("not a project name");
            assert!(error.hint.contains("lower case"), "the rule is said for {bad:?}");
        }
    }

    #[test]
    fn an_image_id_is_a_whole_digest() {
        let id: ImageId = format!("sha256:{}", "ab".repeat(32)).parse().expect("a digest");
        assert_eq!(id.short(), "abababababab");
        assert!("nginx:latest".parse::<ImageId>().is_err(), "a tag is not an id");
    }
}

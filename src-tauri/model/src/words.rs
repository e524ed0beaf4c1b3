//! Types whose values are words: the same in JSON, on the screen and in the database.

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            schemars::JsonSchema, specta::Type,
        )]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $type {
            /// The word that stands for it in JSON, on the screen and in the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From its word. An unknown word is an error, never a default.
            ///
            /// # Errors
            /// [`crate::Code::HistoryDamaged`] if no such word exists.
            pub fn from_word(word: &str) -> crate::Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::Error::new(
                        crate::Code::HistoryDamaged,
                        format!(concat!("`{}` is no ", stringify!($type)), word),
                    )),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

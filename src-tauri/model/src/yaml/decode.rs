//! serde over the tree: types from nodes, errors with line, column and key.

use std::fmt;
use std::path::Path;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};

use super::{Content, Key, Mark, Node, Resolved, join};
use crate::{Error, Result, nearest};

/// Reads a type from a node.
///
/// # Errors
/// [`crate::Code::InvalidInput`] that says where, what was expected and, for an unknown key, the nearest known one.
pub fn decode<T: DeserializeOwned>(file: &Path, node: &Node) -> Result<T> {
    T::deserialize(At { node, path: String::new() }).map_err(|error| {
        let (mark, path) = error.place.unwrap_or((node.mark, String::new()));
        Error::invalid(error.message).hint(error.hint).at(mark.location(file, &path))
    })
}

#[derive(Debug)]
struct Failure {
    message: String,
    hint: String,
    place: Option<(Mark, String)>,
}

impl Failure {
    /// Says where it happened, unless somebody nearer already has.
    fn placed(mut self, mark: Mark, path: &str) -> Self {
        self.place.get_or_insert_with(|| (mark, path.to_owned()));
        self
    }

    fn new(message: String) -> Self {
        Self { message, hint: String::new(), place: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        unknown("key", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        unknown("value", variant, expected)
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {}, found {}", wanted(&expected.to_string()), words(found)))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is missing"))
    }
}

/// What serde expects, in the words of the file.
fn wanted(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a string" | "string" | "a borrowed string" => "a text",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    }
}

/// Longer texts are cut.
const SHOWN: usize = 40;

fn words(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Str(text) if text.chars().count() > SHOWN => {
            format!("the text `{}…`", text.chars().take(SHOWN).collect::<String>())
        }
        de::Unexpected::Str(text) => format!("the text `{text}`"),
        de::Unexpected::Bool(value) => format!("`{value}`"),
        de::Unexpected::Unsigned(number) => format!("the number {number}"),
        de::Unexpected::Signed(number) => format!("the number {number}"),
        de::Unexpected::Float(number) => format!("the number {number}"),
        de::Unexpected::Unit | de::Unexpected::Option => "nothing".to_owned(),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

fn unknown(what: &str, name: &str, expected: &[&str]) -> Failure {
    let hint = match nearest(name, expected.iter().copied()) {
        Some(known) => format!("Did you mean `{known}`?"),
        None => format!("Known here: {}.", expected.join(", ")),
    };
    Failure { hint, ..Failure::new(format!("unknown {what} `{name}`")) }
}

/// A node together with its path.
struct At<'a> {
    node: &'a Node,
    path: String,
}

impl At<'_> {
    fn expected(&self, what: &str) -> Failure {
        Failure::new(format!("expected {what}, found {}", self.node.kind())).placed(self.node.mark, &self.path)
    }
}

impl<'de> de::Deserializer<'de> for At<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let (mark, path) = (self.node.mark, self.path.clone());
        match &self.node.content {
            Content::Scalar(scalar) => match scalar.resolve() {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Int(value) => match u64::try_from(value) {
                    Ok(value) => visitor.visit_u64(value),
                    Err(_) => visitor.visit_i64(value),
                },
                Resolved::Float(value) => visitor.visit_f64(value),
                Resolved::Text => visitor.visit_str(&scalar.text),
            },
            Content::Sequence(items) => visitor.visit_seq(Items { items: items.iter().enumerate(), path: self.path }),
            Content::Mapping(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), current: None, path: self.path })
            }
        }
        .map_err(|failure: Failure| failure.placed(mark, &path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.content {
            // A person who writes `name: 8080` or `name: on` means the text.
            Content::Scalar(scalar) if !self.node.is_null() => {
                visitor.visit_str(&scalar.text).map_err(|failure: Failure| failure.placed(self.node.mark, &self.path))
            }
            _ => Err(self.expected("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.content {
            Content::Sequence(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.content {
            Content::Mapping(_) => self.deserialize_any(visitor),
            // `environments:` with nothing below is an empty mapping to a person.
            Content::Scalar(_) if self.node.is_null() => {
                visitor.visit_map(Entries { entries: [].iter(), current: None, path: self.path })
            }
            _ => Err(self.expected("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let (mark, path) = (self.node.mark, self.path.clone());
        self.deserialize_map(visitor).map_err(|failure| failure.placed(mark, &path))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let (mark, path) = (self.node.mark, self.path.clone());
        match &self.node.content {
            Content::Scalar(scalar) if !self.node.is_null() => {
                visitor.visit_enum(scalar.text.as_str().into_deserializer())
            }
            Content::Mapping(entries) if entries.len() == 1 => {
                let (key, value) = &entries[0];
                if !variants.contains(&key.text.as_str()) {
                    return Err(unknown("key", &key.text, variants).placed(key.mark, &join(&path, &key.text)));
                }
                visitor.visit_enum(Variant { key, value: At { node: value, path: join(&path, &key.text) } })
            }
            _ => Err(self.expected(&format!("one of {}", variants.join(", ")))),
        }
        .map_err(|failure: Failure| failure.placed(mark, &path))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
    path: String,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let path = format!("{}[{index}]", self.path);
        let value = seed.deserialize(At { node, path: path.clone() });
        value.map(Some).map_err(|failure| failure.placed(node.mark, &path))
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, (Key, Node)>,
    current: Option<&'a (Key, Node)>,
    path: String,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        let name = seed.deserialize(key.text.as_str().into_deserializer());
        name.map(Some).map_err(|failure: Failure| failure.placed(key.mark, &join(&self.path, &key.text)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some((key, node)) = self.current else {
            return Err(Failure::new("a value without a key".to_owned()));
        };
        let path = join(&self.path, &key.text);
        let value = seed.deserialize(At { node, path: path.clone() });
        value.map_err(|failure| failure.placed(node.mark, &path))
    }
}

struct Variant<'a> {
    key: &'a Key,
    value: At<'a>,
}

impl<'de, 'a> de::EnumAccess<'de> for Variant<'a> {
    type Error = Failure;
    type Variant = At<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, At<'a>), Failure> {
        let name: de::value::StrDeserializer<'_, Failure> = self.key.text.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, self.value))
    }
}

impl<'de> de::VariantAccess<'de> for At<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        if self.node.is_null() { Ok(()) } else { Err(self.expected("nothing")) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        let (mark, path) = (self.node.mark, self.path.clone());
        seed.deserialize(self).map_err(|failure| failure.placed(mark, &path))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        de::Deserializer::deserialize_seq(self, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        de::Deserializer::deserialize_map(self, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        name: String,
        #[serde(default, rename = "retries")]
        _retries: u8,
    }

    fn read(text: &str) -> Result<Outer> {
        let nodes = super::super::parse(Path::new("f.yaml"), text)?;
        decode(Path::new("f.yaml"), &nodes[0])
    }

    #[test]
    fn a_number_is_a_text_where_a_text_is_wanted() {
        assert_eq!(read("inner: [{name: 8080}]").expect("valid").inner[0].name, "8080");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = read("inner:\n  - name: a\n    retrys: 3\n").expect_err("unknown");
        assert_eq!(error.hint, "Did you mean `retries`?");
        let at = error.at.expect("a place");
        assert_eq!((at.line, at.column, at.key.as_deref()), (Some(3), Some(5), Some("inner[0].retrys")));
    }

    #[test]
    fn a_wrong_type_says_where() {
        let error = read("inner:\n  - name: a\n    retries: many\n").expect_err("wrong type");
        let at = error.at.clone().expect("a place");
        assert_eq!((at.line, at.key.as_deref()), (Some(3), Some("inner[0].retries")));
        assert_eq!(error.message, "expected a whole number from 0 to 255, found the text `many`");
        let error = read("inner: 3").expect_err("not a list");
        assert_eq!(error.message, "expected a list, found a number");
    }
}

//! The canonical model as Compose prints it: every value in its final type, what says nothing left out.

use serde_json::{Map, Value};
use sternway_model::yaml::join;
use sternway_model::{Error, Result};

use super::canonical::pair;
use super::numbers;
use super::places::Places;
use super::shape::{Field, Presence, Shape};
use super::shell;

/// Prints a value of a shape.
pub(super) struct Printer<'a> {
    places: &'a Places,
}

impl<'a> Printer<'a> {
    pub fn new(places: &'a Places) -> Self {
        Self { places }
    }

    /// The value as the canonical model has it, or nothing where it is left out.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] if a key is missing, or a text is not the number, size or duration that
    /// it should be.
    pub fn print(&self, shape: &Shape, value: &Value, path: &str) -> Result<Option<Value>> {
        let at = |error: Error| self.places.locate(error, path);
        let text = || numbers::text(value);
        if value.is_null() && !matches!(shape, Shape::Command) {
            return Ok(None);
        }
        let kept = |value: Value| Ok(Some(value));
        let unless_zero = |number: Value| Ok((number != 0).then_some(number));
        match shape {
            Shape::Text | Shape::TextOrNothing | Shape::OneOf(_) | Shape::Number => {
                Ok(Some(text()).filter(|text| !text.is_empty()).map(Value::String))
            }
            Shape::Flag => Ok(numbers::flag(value).map_err(at)?.then_some(Value::Bool(true))),
            Shape::Switch | Shape::Boolean => kept(Value::Bool(numbers::flag(value).map_err(at)?)),
            Shape::Whole(least, most) => {
                let number = numbers::whole(value).map_err(at)?;
                if !(*least..=*most).contains(&number) {
                    return Err(at(Error::invalid(format!("{number} is not between {least} and {most}"))));
                }
                unless_zero(number.into())
            }
            Shape::HowMany if text().eq_ignore_ascii_case("all") => kept((-1).into()),
            Shape::HowMany => unless_zero(numbers::whole(value).map_err(at)?.into()),
            Shape::Count | Shape::OptionalInteger => kept(numbers::whole(value).map_err(at)?.into()),
            Shape::Natural | Shape::OptionalNatural => {
                let number = numbers::whole(value).map_err(at)?;
                if number < 0 { Err(at(Error::invalid(format!("{number} is below 0")))) } else { kept(number.into()) }
            }
            Shape::Integer | Shape::Figure(_) | Shape::Weight => unless_zero(numbers::whole(value).map_err(at)?.into()),
            Shape::Real => unless_zero(numbers::real(narrow(numbers::number(value).map_err(at)?))),
            Shape::Bytes | Shape::Size | Shape::ByteText => {
                let bytes = numbers::bytes(value).map_err(at)?;
                Ok((bytes != 0).then(|| Value::String(bytes.to_string())))
            }
            Shape::Rate => kept(Value::String(numbers::bytes(value).map_err(at)?.to_string())),
            Shape::Mode => match value {
                Value::String(octal) => {
                    let wrong = |_| Error::invalid(format!("`{octal}` are no permissions")).hint("Write `0440`.");
                    kept(u32::from_str_radix(octal, 8).map_err(wrong).map_err(at)?.into())
                }
                number => match numbers::whole(number).map_err(at)? {
                    ..0 => Err(at(Error::invalid(format!("`{number}` are no permissions")).hint("Write `0440`."))),
                    mode => kept(mode.into()),
                },
            },
            Shape::Duration | Shape::OptionalDuration => {
                let duration = numbers::duration(&text()).map_err(at)?;
                let printed = Value::String(numbers::duration_text(duration));
                Ok((duration != 0 || matches!(shape, Shape::OptionalDuration)).then_some(printed))
            }
            Shape::Command => match value {
                Value::String(line) => kept(shell::words(line).map_err(at)?.into()),
                other => kept(other.clone()),
            },
            Shape::Test => match value {
                Value::String(line) => kept(vec!["CMD-SHELL".to_owned(), line.clone()].into()),
                list => unless_empty(list.clone()),
            },
            Shape::Words | Shape::Texts => unless_empty(match value {
                Value::Array(_) => value.clone(),
                one => Value::Array(vec![one.clone()]),
            }),
            Shape::Set | Shape::Tokens => {
                let items = value.as_array().into_iter().flatten().map(numbers::text);
                unless_empty(items.collect::<Vec<_>>().into())
            }
            Shape::Pairs => unless_empty(pairs(value, Some(""))),
            Shape::Variables => unless_empty(pairs(value, None)),
            Shape::Options | Shape::DriverOptions | Shape::TextMap => unless_empty(pairs(value, Some(""))),
            Shape::Hosts => self.hosts(value, path),
            Shape::Agents => unless_empty(agents(value)),
            Shape::Object(fields) => self.object(fields, value, path).map(Some),
            Shape::List(shape) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
                let printed: Vec<_> = items
                    .map(|(index, item)| {
                        let printed = self.print(shape, item, &format!("{path}[{index}]"))?;
                        Ok(printed.unwrap_or(Value::Null))
                    })
                    .collect::<Result<_>>()?;
                unless_empty(Value::Array(printed))
            }
            Shape::Map(shape) => {
                let mut printed = Map::new();
                for (key, value) in value.as_object().into_iter().flatten() {
                    printed.insert(key.clone(), self.print(shape, value, &join(path, key))?.unwrap_or(Value::Null));
                }
                unless_empty(Value::Object(printed))
            }
            // A limit has two forms in the canonical model too.
            Shape::Short(short @ Shape::Count, _) if !value.is_object() => self.print(short, value, path),
            Shape::Short(_, long) => self.print(long, value, path),
            Shape::Nullable(shape) => self.print(shape, value, path),
        }
    }

    fn object(&self, fields: &[Field], value: &Value, path: &str) -> Result<Value> {
        let mut printed = Map::new();
        for field in fields {
            let given = value.get(field.name);
            let path = join(path, field.name);
            let name = match field.presence {
                Presence::As(name) => name,
                _ => field.name,
            };
            match (given, field.presence) {
                (given, Presence::Printed | Presence::As(_)) => {
                    let empty = match field.shape {
                        Shape::Object(_) => Value::Object(Map::new()),
                        _ => Value::Null,
                    };
                    let given = given.filter(|given| !given.is_null()).unwrap_or(&empty);
                    let value = self.print(&field.shape, given, &path)?;
                    printed.insert(name.to_owned(), value.unwrap_or(nothing(&field.shape)));
                }
                (Some(given), _) => {
                    if let Some(value) = self.print(&field.shape, given, &path)? {
                        printed.insert(name.to_owned(), value);
                    }
                }
                (None, _) => {}
            }
        }
        Ok(Value::Object(printed))
    }

    /// Sorted, each address of a host on its own.
    fn hosts(&self, value: &Value, path: &str) -> Result<Option<Value>> {
        let mut hosts: Vec<(String, String)> = Vec::new();
        match value {
            Value::Array(items) => {
                for item in items {
                    let text = numbers::text(item);
                    let (host, addresses) = text.split_once('=').or_else(|| text.split_once(':')).ok_or_else(|| {
                        let wrong = Error::invalid(format!("`{text}` is no host and address"));
                        self.places.locate(wrong.hint("Write `host=address`."), path)
                    })?;
                    hosts.extend(addresses.split(',').map(|address| (host.to_owned(), address.to_owned())));
                }
            }
            Value::Object(map) => {
                for (host, addresses) in map {
                    let list = addresses.as_array().map_or(std::slice::from_ref(addresses), Vec::as_slice);
                    hosts.extend(list.iter().map(|address| (host.clone(), numbers::text(address))));
                }
                if hosts.is_empty() && !map.is_empty() {
                    return Ok(Some(Value::Array(Vec::new())));
                }
            }
            _ => {}
        }
        if let Some((host, _)) = hosts.iter().find(|(host, _)| host.is_empty() || host.contains([':', '='])) {
            let wrong = Error::invalid(format!("`{host}` is no name of a host")).hint("Write `host=address`.");
            return Err(self.places.locate(wrong, path));
        }
        let plain = |address: &str| {
            let inner = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            inner.filter(|inner| !inner.is_empty()).unwrap_or(address).to_owned()
        };
        let mut hosts: Vec<_> = hosts.iter().map(|(host, address)| format!("{host}={}", plain(address))).collect();
        hosts.sort();
        unless_empty(hosts.into())
    }
}

/// What a value is that has to be printed and says nothing.
fn nothing(shape: &Shape) -> Value {
    match shape {
        Shape::Command => Value::Null,
        Shape::Text => Value::String(String::new()),
        Shape::Rate => Value::String("0".to_owned()),
        Shape::Switch | Shape::Boolean => Value::Bool(false),
        Shape::Object(_) => Value::Object(Map::new()),
        _ => 0.into(),
    }
}

fn unless_empty(value: Value) -> Result<Option<Value>> {
    let empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    Ok((!empty).then_some(value))
}

/// A mapping or list of `KEY=value` as a mapping of texts; a key without a value gets `otherwise`.
fn pairs(value: &Value, otherwise: Option<&str>) -> Value {
    let missing = || otherwise.map_or(Value::Null, Value::from);
    let map = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value {
                Value::Null => (key.clone(), missing()),
                value => (key.clone(), Value::String(numbers::text(value))),
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| pair(&numbers::text(item), missing())).collect(),
        _ => Map::new(),
    };
    Value::Object(map)
}

/// SSH agents, sorted: `default`, `key=path`.
fn agents(value: &Value) -> Value {
    let mut agents: Vec<String> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(id, path)| match numbers::text(path) {
                path if path.is_empty() => id.clone(),
                path => format!("{id}={path}"),
            })
            .collect(),
        Value::Array(items) => items.iter().map(numbers::text).collect(),
        _ => Vec::new(),
    };
    agents.sort();
    agents.into()
}

/// A number as Compose keeps it, with the precision of 32 bits.
fn narrow(number: f64) -> f64 {
    (number as f32).to_string().parse().unwrap_or(number)
}

//! Numbers, sizes and durations as Compose reads and prints them.

use serde_json::{Number, Value};
use sternway_model::{Error, Result};

/// A scalar as text, as Go's `fmt` prints it: `1.0` is `1`, and `1000000.0` is `1e+06`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(real) => real_text(real),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// The shortest text, with an exponent for what is large or very small.
fn real_text(real: f64) -> String {
    let text = format!("{real:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    if exponent.parse().is_ok_and(|exponent: i32| (-4..6).contains(&exponent)) {
        return real.to_string();
    }
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A number as JSON has it: without a fraction if it is whole.
pub(super) fn real(value: f64) -> Value {
    // Beyond 2^53 a float no longer says which whole number it is.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::Number((value as i64).into());
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What is not below it does not fit into 64 bits: 2^63.
const LARGEST: f64 = 9_223_372_036_854_775_808.0;

fn too_large(number: &str) -> Error {
    Error::invalid(format!("`{number}` is too large")).hint("Write a number that fits into 64 bits.")
}

/// A whole number of a scalar; what it has behind the point is cut off.
pub(super) fn whole(value: &Value) -> Result<i64> {
    let wrong = || Error::invalid(format!("`{}` is no whole number", text(value)));
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(whole),
            (None, Some(real)) if real.abs() < LARGEST => Ok(real.trunc() as i64),
            _ => Err(too_large(&text(value))),
        },
        Value::String(text) => text.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// A number of a scalar.
pub(super) fn number(value: &Value) -> Result<f64> {
    let wrong = || Error::invalid(format!("`{}` is no number", text(value)));
    match value {
        Value::Number(number) => number.as_f64().ok_or_else(wrong),
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// A boolean of a scalar: `true`, `yes`, `on`, `y` and their opposites, in any case.
pub(super) fn flag(value: &Value) -> Result<bool> {
    let text = match value {
        Value::Bool(value) => return Ok(*value),
        value => text(value),
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Ok(true),
        "false" | "n" | "no" | "off" => Ok(false),
        _ => Err(Error::invalid(format!("`{text}` is no boolean")).hint("Write `true` or `false`.")),
    }
}

/// Bytes of a number or of a text with a unit: `512m`, `1.5GiB`. Units are powers of 1024.
///
/// Source of the rules: `RAMInBytes` of docker/go-units 0.4.
pub(super) fn bytes(value: &Value) -> Result<i64> {
    let Value::String(text) = value else { return whole(value) };
    let wrong = || {
        Error::invalid(format!("`{text}` is no size"))
            .hint("Write a number and a unit: `b`, `k`, `m`, `g`, `t` or `p`.")
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let exponent = match unit.strip_suffix('i').unwrap_or(unit) {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return Err(wrong()),
    };
    if digits.starts_with('.') || digits.ends_with('.') {
        return Err(wrong());
    }
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    match number * 1024_f64.powi(exponent) {
        bytes if bytes < LARGEST => Ok(bytes as i64),
        _ => Err(too_large(text)),
    }
}

const NANOSECOND: i128 = 1;
const MICROSECOND: i128 = 1_000;
const MILLISECOND: i128 = 1_000_000;
const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;

/// Nanoseconds of a duration: `1h30m`, `1.5s`.
pub(super) fn duration(text: &str) -> Result<i128> {
    let wrong = || {
        Error::invalid(format!("`{text}` is no duration")).hint("Write numbers with units, such as `10s` or `1m30s`.")
    };
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (digits, after) = rest.split_at(end);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "ns" => NANOSECOND,
            "us" | "µs" | "μs" => MICROSECOND,
            "ms" => MILLISECOND,
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            _ => return Err(wrong()),
        };
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        total = total.saturating_add((number * unit as f64).round() as i128);
        rest = after;
    }
    // What a 64 bit number of nanoseconds can hold: 292 years.
    i64::try_from(total).map_err(|_| wrong())?;
    Ok(sign * total)
}

/// A duration as Go prints it: `1m30s`, `500ms`, `1h0m0s`.
pub(super) fn duration_text(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.abs();
    let below = |unit: i128, name: &str| format!("{sign}{}{name}", real_text(total as f64 / unit as f64));
    if total == 0 {
        return "0s".to_owned();
    }
    if total < MICROSECOND {
        return below(NANOSECOND, "ns");
    }
    if total < MILLISECOND {
        return below(MICROSECOND, "µs");
    }
    if total < SECOND {
        return below(MILLISECOND, "ms");
    }
    let seconds = real_text((total % MINUTE) as f64 / SECOND as f64);
    match (total / HOUR, total % HOUR / MINUTE) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_those_of_go() {
        for (value, expected) in [
            (json!(1.0), "1"),
            (json!(1.5), "1.5"),
            (json!(1e21), "1e+21"),
            (json!(123_456.7), "123456.7"),
            (json!(-1_500_000.5), "-1.5000005e+06"),
            (json!(999_999.5), "999999.5"),
            (json!(1_000_000.0), "1e+06"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001), "1e-05"),
            (json!(100_000_000), "100000000"),
            (json!(true), "true"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn sizes_have_units() {
        for (size, expected) in
            [("1024", 1024), ("1k", 1024), ("512m", 512 << 20), ("2gb", 2 << 30), ("1.5 GiB", 3 << 29), ("7b", 7)]
        {
            assert_eq!(bytes(&json!(size)), Ok(expected), "{size}");
        }
        for bad in ["", "m", "1x", "-1", "-5m", "1.2.3", ".5g", "5.", " 1m", "1  m", "99999p"] {
            assert!(bytes(&json!(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_printed_as_go_does() {
        for (given, expected) in
            [("90s", "1m30s"), ("1h", "1h0m0s"), ("1.5s", "1.5s"), ("500ms", "500ms"), ("0s", "0s"), ("10us", "10µs")]
        {
            assert_eq!(duration(given).map(duration_text).as_deref(), Ok(expected), "{given}");
        }
        for bad in ["", "10", "s", "1x", "1 s", "1d", "1w"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn booleans_of_the_old_days_are_known() {
        assert_eq!(flag(&json!("Yes")), Ok(true));
        assert_eq!(flag(&json!("off")), Ok(false));
        assert!(flag(&json!("maybe")).is_err());
    }
}

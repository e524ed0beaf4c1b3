//! Scalars and the core schema.

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, escapes and folding already undone.
    pub text: String,
    /// Written without quotes and not as a block: only then can it be a number, boolean or null.
    pub plain: bool,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number: decimal, `0x…`, `0o…`, or with a leading zero octal as in YAML 1.1 (file modes).
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text; read [`Scalar::text`].
    Text,
}

impl Scalar {
    /// A scalar written without quotes.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), plain: true }
    }

    /// A scalar that is a text whatever it looks like.
    pub fn quoted(text: impl Into<String>) -> Self {
        Self { text: text.into(), plain: false }
    }

    /// What the scalar means by YAML 1.2's core schema (section 10.3.2), read as go-yaml v3 does.
    #[must_use]
    pub fn resolve(&self) -> Resolved {
        if !self.plain {
            return Resolved::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
            "true" | "True" | "TRUE" => return Resolved::Bool(true),
            "false" | "False" | "FALSE" => return Resolved::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
            _ => {}
        }
        int(&self.text).map_or_else(|| float(&self.text).map_or(Resolved::Text, Resolved::Float), Resolved::Int)
    }
}

fn int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else if let Some(octal) = digits.strip_prefix("0o") {
        i64::from_str_radix(octal, 8)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i64::from_str_radix(binary, 2)
    } else if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        i64::from_str_radix(&digits, 8)
    } else {
        digits.parse()
    }
    .ok()?;
    Some(if negative { -number } else { number })
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let looks = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().any(|b| b.is_ascii_digit())
        && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    // What is too large for a number is a text.
    if looks { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_by_the_core_schema() {
        let cases = [
            ("yes", Resolved::Text),
            ("on", Resolved::Text),
            ("0644", Resolved::Int(0o644)),
            ("0o644", Resolved::Int(0o644)),
            ("0x1F", Resolved::Int(31)),
            ("-12", Resolved::Int(-12)),
            ("1.10", Resolved::Float(1.1)),
            ("1e3", Resolved::Float(1000.0)),
            ("1e400", Resolved::Text),
            ("1.2.3", Resolved::Text),
            ("10s", Resolved::Text),
            ("22:22", Resolved::Text),
            ("0899", Resolved::Int(899)),
            ("~", Resolved::Null),
            (".", Resolved::Text),
        ];
        for (text, meaning) in cases {
            assert_eq!(Scalar::plain(text).resolve(), meaning, "{text}");
            assert_eq!(Scalar::quoted(text).resolve(), Resolved::Text, "quoted {text}");
        }
    }
}

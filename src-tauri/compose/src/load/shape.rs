//! What may stand under a key, and how it is printed. The tables of the keys are in [`super::keys`].

/// What a key holds: decides what is accepted and how the canonical model has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text; an empty one is left out.
    Text,
    /// A text or nothing.
    TextOrNothing,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A boolean or a text that says one; `false` is left out.
    Flag,
    /// A boolean or a text that says one; `false` is kept, because it differs from nothing.
    Switch,
    /// A boolean, and no text that says one; `false` is kept.
    Boolean,
    /// A whole number in a range, or a text that is one; 0 is left out.
    Whole(i64, i64),
    /// A whole number or a text that is one; 0 is kept.
    Count,
    /// As [`Shape::Count`], and not below 0.
    Natural,
    /// A whole number, a text that is one, or `all` in any case, which is printed as -1; 0 is left out.
    HowMany,
    /// A whole number from 0 to 65535, and no text that is one; 0 is left out.
    Weight,
    /// Any number or a text that is one, cut to a whole number; 0 is left out.
    Integer,
    /// As [`Shape::Integer`], and 0 is kept.
    OptionalInteger,
    /// As [`Shape::OptionalInteger`], and not below 0.
    OptionalNatural,
    /// As [`Shape::Integer`], not below this, and a text is refused.
    Figure(i64),
    /// A number or a text that is one; 0 is left out.
    Real,
    /// A number of bytes, or a text with a unit such as `512m`; printed as a text of digits, 0 is left out.
    Bytes,
    /// As [`Shape::Bytes`], and not below 0.
    Size,
    /// As [`Shape::Bytes`], and only a text is accepted.
    ByteText,
    /// As [`Shape::Bytes`], and 0 is kept.
    Rate,
    /// A file's permissions: a number, or a text of octal digits.
    Mode,
    /// A duration such as `1m30s`; 0 is left out.
    Duration,
    /// A duration; 0 is kept.
    OptionalDuration,
    /// Nothing, a text that is split like a shell does, or a list of texts.
    Command,
    /// A text or a list of texts, printed as a list.
    Words,
    /// As [`Shape::Words`]: a health check's test, whose text form means `CMD-SHELL`.
    Test,
    /// A list of texts.
    Texts,
    /// A list of texts, each only once.
    Set,
    /// A list of texts or whole numbers, each only once, printed as texts.
    Tokens,
    /// A mapping, or a list of `KEY=value`; nothing becomes an empty text.
    Pairs,
    /// As [`Shape::Pairs`], and a key without a value stays without.
    Variables,
    /// A mapping of texts, numbers and nothing, printed as texts.
    Options,
    /// A mapping of texts and numbers, printed as texts.
    DriverOptions,
    /// A mapping of texts only.
    TextMap,
    /// A mapping or a list of hosts and addresses, printed as `host=address`.
    Hosts,
    /// A mapping, or a list of `KEY=value` or `KEY`, printed as a list.
    Agents,
    /// A mapping with these keys and no others but `x-…`.
    Object(&'static [Field]),
    /// A list of these.
    List(&'static Shape),
    /// A mapping with any keys to these.
    Map(&'static Shape),
    /// A short form, and the long one that it is turned into and printed as.
    Short(&'static Shape, &'static Shape),
    /// These, or nothing.
    Nullable(&'static Shape),
    /// A whole number written without a point, which is short for something else.
    Number,
}

/// One key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// When it is needed and printed.
    pub presence: Presence,
}

/// When a key is needed, and when it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It may be missing, and is printed if it says something.
    Optional,
    /// It has to be there.
    Required,
    /// It may be missing, and is printed nevertheless.
    Printed,
    /// It is printed even if it says nothing, under this name.
    As(&'static str),
}

pub(super) const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Presence::Optional }
}

pub(super) const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Presence::Required }
}

pub(super) const fn printed(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Presence::Printed }
}

pub(super) const fn printed_as(name: &'static str, shape: Shape, printed: &'static str) -> Field {
    Field { name, shape, presence: Presence::As(printed) }
}

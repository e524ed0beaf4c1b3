//! Paths in the model and patterns of them: `services.*.build.args`.

/// The keys from the top to a value; items of a list count as `[]`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    /// The whole model.
    Top,
    /// A key below another path.
    Below(&'a Path<'a>, &'a str),
}

impl<'a> Path<'a> {
    /// The path of a key below this one.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Below(self, key)
    }

    /// Whether the path has exactly the pattern's keys, where `*` stands for any one.
    pub fn matches(&self, pattern: &str) -> bool {
        let mut rest = Some(pattern);
        let mut here = self;
        while let Path::Below(parent, key) = here {
            let Some(pattern) = rest else { return false };
            let (before, last) = match pattern.rsplit_once('.') {
                Some((before, last)) => (Some(before), last),
                None => (None, pattern),
            };
            if last != "*" && last != *key {
                return false;
            }
            rest = before;
            here = parent;
        }
        rest.is_none()
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Top => Ok(()),
            Path::Below(Path::Top, key) => f.write_str(key),
            Path::Below(parent, key) => write!(f, "{parent}.{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_as_many_keys_as_the_path() {
        let (services, web, build);
        services = Path::Top.key("services");
        web = services.key("a.b");
        build = web.key("build");
        assert!(build.matches("services.*.build") && !build.matches("services.*.labels"));
        assert!(!web.matches("services.*.build") && !build.matches("services.*"));
        assert_eq!(build.to_string(), "services.a.b.build");
    }
}

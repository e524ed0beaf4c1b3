//! One document of one file: read, its resets taken out, its variables filled in, checked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sternway_model::template::Budget;
use sternway_model::yaml::{self, Content, Node};
use sternway_model::{Error, Result, read_text, refuse_marks_in, template};

use super::absolute::Base;
use super::check;
use super::dotenv::{self, Known, Parsed};
use super::places::Places;
use super::variables::{self, Filling, Used};

/// What files are read with: the project's own, or those of an include.
pub(super) struct Scope<'a> {
    /// Where relative paths begin.
    pub dir: &'a Path,
    /// Values of variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The person's home, for `~`.
    pub home: Option<&'a str>,
    /// The files that are being read and that led here, each by its include.
    pub road: &'a [PathBuf],
    /// What a person should know.
    pub warnings: &'a RefCell<BTreeSet<String>>,
    /// Variables that were filled in, for warnings and errors about what became of a text.
    pub used: &'a RefCell<Vec<Used>>,
    /// How much was read and copied because of includes and extends.
    pub spent: &'a Cell<usize>,
    /// What variables, and the files that services name, may still make of all this.
    pub budget: &'a RefCell<Budget>,
}

/// More values than any project has; few files that include or extend each other often can make more than memory holds.
const MOST_VALUES: usize = 2_000_000;
/// What reading one more file costs, in values.
const COST_OF_FILE: usize = 1_000;
/// How many bytes of a text cost as much as one more value.
const BYTES_OF_VALUE: usize = 100;

impl Scope<'_> {
    /// The value of a variable.
    pub fn lookup(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    /// The variables of an env file, with a warning for values that mention a variable without one.
    ///
    /// # Errors
    /// As [`dotenv::parse`].
    pub fn variables_of(&self, file: &Path, text: &str, known: Known<'_>) -> Result<Vec<(String, String)>> {
        let Parsed { variables, unset } = dotenv::parse(file, text, known, self.budget)?;
        for (key, line) in unset {
            self.warn(template::unset_in(&key, self.shown(file), line));
        }
        Ok(variables)
    }

    /// A file as it is named to a person.
    pub fn shown<'f>(&self, file: &'f Path) -> &'f Path {
        file.strip_prefix(self.dir).unwrap_or(file)
    }

    /// Paths that begin in this scope's folder.
    pub fn base(&self) -> Base<'_> {
        Base { dir: self.dir, home: self.home }
    }

    /// Counts a value that is copied, and everything in it.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`] if there are more than any project has.
    pub fn spend(&self, value: &Value) -> Result<()> {
        self.spend_values(count(value))
    }

    /// Counts a file that is read.
    ///
    /// # Errors
    /// As [`Scope::spend`].
    pub fn spend_file(&self) -> Result<()> {
        self.spend_values(COST_OF_FILE)
    }

    fn spend_values(&self, values: usize) -> Result<()> {
        self.spent.set(self.spent.get().saturating_add(values));
        if self.spent.get() > MOST_VALUES {
            return Err(Error::invalid("what these files include and extend makes more than any project has")
                .hint("Look for files or services that include or extend each other many times over."));
        }
        Ok(())
    }

    pub fn warn(&self, warning: String) {
        self.warnings.borrow_mut().insert(warning);
    }
}

/// A document that is ready to be merged.
pub(super) struct Document {
    /// What it says.
    pub model: Map<String, Value>,
    /// Keys, from the top, that it takes away from everything before it: `!reset` and `!override`.
    pub resets: Vec<Vec<String>>,
    /// Where it says what.
    pub places: Places,
}

/// The documents of a file as they stand.
///
/// # Errors
/// If the file cannot be read or is no YAML.
pub(super) fn parse(file: &Path) -> Result<Vec<Node>> {
    yaml::parse(file, &read_text("read the Compose file", file)?)
}

impl Document {
    /// Prepares a document.
    ///
    /// # Errors
    /// [`sternway_model::Code::InvalidInput`], with line and column, for what Compose does not know.
    pub fn prepare(mut node: Node, file: &Path, scope: &Scope<'_>) -> Result<Self> {
        let mut resets = Vec::new();
        take_resets(&mut node, &mut Vec::new(), &mut resets);
        let before = scope.used.borrow().len();
        let lookup = |name: &str| scope.lookup(name);
        variables::fill_in(&mut node, file, "", Filling { lookup: &lookup, used: scope.used, budget: scope.budget })?;
        let mut said = BTreeSet::new();
        for Used { name, place, .. } in scope.used.borrow()[before..].iter().filter(|used| used.value.is_none()) {
            if said.insert(name.clone()) {
                let file = scope.shown(&place.file).display();
                let line = place.line.unwrap_or_default();
                scope.warn(format!("the variable `{name}` is not set and stands for an empty text ({file}:{line})"));
            }
        }
        // Pins that variables have are sealed; one that is not was written here, or put together.
        refuse_marks_in(&node, file, "")?;
        check::check(file, &node)?;
        let mut places = Places::default();
        match variables::value(&node, file, "", &mut places) {
            Value::Object(mut model) => {
                if model.shift_remove("version").is_some() {
                    scope.warn(format!("{}: `version` means nothing any more and can be removed", file.display()));
                }
                Ok(Self { model, resets, places })
            }
            _ => Err(Error::invalid("a Compose file has to be a mapping").at(node.mark.location(file, ""))),
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        Value::String(text) => text.len() / BYTES_OF_VALUE,
        _ => 0,
    }
}

/// Takes what is marked `!reset` out of the tree, and notes its path and that of what is marked `!override`.
fn take_resets(node: &mut Node, path: &mut Vec<String>, resets: &mut Vec<Vec<String>>) {
    let mut keep = |node: &mut Node, key: String| {
        path.push(key);
        let reset = node.tag.as_deref() == Some("reset");
        if reset || node.tag.as_deref() == Some("override") {
            resets.push(path.clone());
        }
        if !reset {
            take_resets(node, path, resets);
        }
        path.pop();
        !reset
    };
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                index += 1;
                keep(item, format!("[{}]", index - 1))
            });
        }
        Content::Mapping(entries) => entries.retain_mut(|(key, value)| keep(value, key.text.clone())),
    }
}

/// Removes what a later document resets.
pub(super) fn reset(model: &mut Map<String, Value>, resets: &[Vec<String>]) {
    for path in resets {
        let Some((last, parents)) = path.split_last() else { continue };
        let mut here = Some(&mut *model);
        for key in parents {
            here = here.and_then(|map| map.get_mut(key)).and_then(Value::as_object_mut);
        }
        if let Some(map) = here {
            map.shift_remove(last);
        }
    }
}

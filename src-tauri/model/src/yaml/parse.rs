//! From text to tree.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{Content, Key, Mark, Node, Scalar, grammar};
use crate::{Error, Result};

/// More nodes than any real file has; aliases can multiply a small file beyond all memory.
const MOST_NODES: usize = 1_000_000;
/// Deeper than any real file.
const MOST_DEPTH: usize = 200;

/// Reads all documents of a YAML text. An empty text has none.
///
/// # Errors
/// [`crate::Code::InvalidInput`] with line and column: broken grammar, a key that stands twice, a key that is no
/// scalar, an unknown alias, or a document that grows without end through its aliases.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Node>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { file, anchors: HashMap::new(), open: Vec::new(), nodes: 0, documents: Vec::new() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let complaint = grammar::explain(error.info(), mark(*error.marker()), text);
            Error::invalid(complaint.message).hint(complaint.hint).at(complaint.mark.location(file, ""))
        })?;
        builder.event(event, mark(span.start))?;
    }
    Ok(builder.documents)
}

fn mark(marker: Marker) -> Mark {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Mark { line: number(marker.line().max(1)), column: number(marker.col() + 1) }
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<Key>,
    /// Values of `<<`, applied when the mapping is closed: what stands in the mapping itself wins.
    merges: Vec<(Node, Mark)>,
    /// The keys of a mapping so far, so that a large one stays quick.
    seen: HashSet<String>,
}

struct Builder<'a> {
    file: &'a Path,
    anchors: HashMap<usize, (Node, usize)>,
    open: Vec<Open>,
    nodes: usize,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, mark: Mark) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (plain, tag) = scalar_tag(style == ScalarStyle::Plain, tag.as_deref());
                let node = Node { content: Content::Scalar(Scalar { text: text.into_owned(), plain }), tag, mark };
                self.finish(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Content::Sequence(Vec::new()), anchor, tag.as_deref(), mark)
            }
            Event::MappingStart(anchor, tag) => self.begin(Content::Mapping(Vec::new()), anchor, tag.as_deref(), mark),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else { return Ok(()) };
                self.merge(&mut open)?;
                self.finish(open.node, open.anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(self.wrong("this alias names an anchor that is not complete yet", mark));
                };
                self.nodes += size;
                let mut node = node.clone();
                self.limit(mark)?;
                node.mark = mark;
                self.place(node)
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Ok(()),
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, mark: Mark) -> Result<()> {
        if self.open.len() >= MOST_DEPTH {
            return Err(self.wrong(&format!("nested deeper than {MOST_DEPTH} levels"), mark));
        }
        let node = Node { content, tag: tag.and_then(local), mark };
        self.open.push(Open { node, anchor, key: None, merges: Vec::new(), seen: HashSet::new() });
        Ok(())
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        self.nodes += 1;
        self.limit(node.mark)?;
        if anchor != 0 {
            let size = count(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.place(node)
    }

    fn limit(&self, mark: Mark) -> Result<()> {
        if self.nodes > MOST_NODES {
            return Err(self.wrong(&format!("more than {MOST_NODES} values, counting aliases"), mark));
        }
        Ok(())
    }

    fn place(&mut self, node: Node) -> Result<()> {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(entries) => match open.key.take() {
                None => {
                    let mark = node.mark;
                    let Content::Scalar(scalar) = node.content else {
                        return Err(self.wrong("a key has to be a text", mark));
                    };
                    open.key = Some(Key { text: scalar.text, plain: scalar.plain, mark });
                }
                Some(key) => {
                    // What is marked `!reset` goes before anything is read, and hides neither a value beside it nor a merged one.
                    if node.tag.as_deref() != Some("reset") && !open.seen.insert(key.text.clone()) {
                        return Err(self.wrong(&format!("the key `{}` stands here a second time", key.text), key.mark));
                    }
                    if key.text == "<<" {
                        open.merges.push((node, key.mark));
                    } else {
                        entries.push((key, node));
                    }
                }
            },
            Content::Scalar(_) => {}
        }
        Ok(())
    }

    fn merge(&mut self, open: &mut Open) -> Result<()> {
        let Content::Mapping(entries) = &mut open.node.content else { return Ok(()) };
        for (node, mark) in open.merges.drain(..) {
            let sources = match node.content {
                Content::Sequence(items) => items,
                _ => vec![node],
            };
            for source in sources {
                let Content::Mapping(from) = source.content else {
                    return Err(self.wrong("`<<` takes a mapping or a list of mappings", mark));
                };
                for (key, value) in from {
                    if open.seen.insert(key.text.clone()) {
                        entries.push((key, value));
                    }
                }
            }
        }
        Ok(())
    }

    fn wrong(&self, message: &str, mark: Mark) -> Error {
        Error::invalid(message).at(mark.location(self.file, ""))
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.content {
        Content::Scalar(_) => 0,
        Content::Sequence(items) => items.iter().map(count).sum(),
        Content::Mapping(entries) => entries.iter().map(|(_, value)| count(value)).sum(),
    }
}

fn local(tag: &Tag) -> Option<String> {
    (!tag.is_yaml_core_schema()).then(|| tag.suffix.clone())
}

/// `!!str 1` is a text; `!!int "1"` a number; a local tag is kept, and makes a text of what it marks, as go-yaml has it.
fn scalar_tag(plain: bool, tag: Option<&Tag>) -> (bool, Option<String>) {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() => (tag.suffix != "str" && tag.suffix != "binary", None),
        Some(tag) => (false, Some(tag.suffix.clone())),
        None => (plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Node> {
        parse(Path::new("test.yaml"), text).map(|mut documents| documents.remove(0))
    }

    #[test]
    fn nodes_know_their_place() {
        let node = one("a:\n  b: [1, two]\n").expect("valid");
        let list = node.get("a").and_then(|a| a.get("b")).expect("a.b");
        assert_eq!(list.mark, Mark { line: 2, column: 6 });
        let Content::Sequence(items) = &list.content else { panic!("a list") };
        assert_eq!(items[1].mark, Mark { line: 2, column: 10 });
    }

    #[test]
    fn merge_keys_give_way_to_what_is_written() {
        let node = one("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n").expect("valid");
        let y = node.get("y").expect("y");
        assert_eq!(y.get("a").and_then(Node::text), Some("1"));
        assert_eq!(y.get("b").and_then(Node::text), Some("3"));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_with_its_line() {
        for text in ["a: 1\nb: 2\na: 3\n", "<<: {a: 1}\nb: 2\n<<: {c: 3}\n"] {
            let error = one(text).expect_err("twice");
            assert_eq!(error.at.and_then(|at| at.line), Some(3), "{text}");
        }
    }

    #[test]
    fn a_reset_stands_beside_what_it_does_not_hide() {
        let node = one("x: &x {a: 1}\ny:\n  <<: *x\n  a: !reset\n  b: !reset\n  b: 2\n").expect("valid");
        let Content::Mapping(entries) = &node.get("y").expect("y").content else { panic!("a mapping") };
        let kept: Vec<_> = entries.iter().filter(|(_, node)| node.tag.is_none()).collect();
        assert_eq!(kept.iter().map(|(key, _)| key.text.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn an_alias_bomb_ends_with_an_error() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            text += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(","));
        }
        let error = one(&text).expect_err("a bomb");
        assert!(error.message.contains("counting aliases"), "{error}");
    }

    #[test]
    fn depth_is_limited() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(one(&deep(100)).is_ok());
        assert!(one(&deep(MOST_DEPTH + 1)).is_err());
        assert!(one(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn local_tags_are_kept() {
        let node = one("a: !override 1\nb: !!str 1\n").expect("valid");
        let a = node.get("a").expect("a");
        assert_eq!((a.tag.as_deref(), a.kind()), (Some("override"), "a text"));
        assert!(!node.get("b").expect("b").is_null());
    }
}

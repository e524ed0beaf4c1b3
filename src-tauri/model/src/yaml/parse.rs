//! From text to tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, StructureStyle, Tag, options};

use super::lenient::Lenient;
use super::{Content, Key, Mark, Node, Scalar, grammar, join};
use crate::{Error, Result};

/// More nodes than any real file has; aliases can multiply a small file beyond all memory.
const MOST_NODES: usize = 1_000_000;
/// How many bytes of a text that aliases repeat count as much as one more node.
const BYTES_OF_NODE: usize = 100;
/// Deeper than any real file.
const MOST_DEPTH: usize = 200;

/// How YAML is read: as go-yaml v3 does, which Compose uses. In brackets and quotes lines may begin anywhere, and a block text that
/// the file's last line ends has no line break of its own there.
#[must_use]
pub fn reading() -> Options {
    options! {
        block_scalar_eof_without_line_feed: true,
        bom_inside_document_as_content: true,
        flow_nesting_limit: MOST_DEPTH,
        block_nesting_limit: MOST_DEPTH,
    }
}

/// Reads all documents of a YAML text as Compose does, which takes a little more than YAML 1.2. An empty text has none.
///
/// # Errors
/// [`crate::Code::InvalidInput`] with line, column and key: broken grammar, a key that stands twice, a key that is no
/// scalar, an unknown alias, or a document that grows without end through its aliases.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Node>> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let mut lenient = Lenient::new(text);
    loop {
        match read(file, &lenient) {
            Ok(documents) => return Ok(documents),
            Err(Stop::Wrong(error)) => return Err(error),
            Err(Stop::Grammar(stop)) => {
                if !lenient.change(&stop.said, stop.in_brackets) {
                    return Err(stop.explained(file, text));
                }
            }
        }
    }
}

/// As [`parse`], of YAML 1.2 alone: for whoever edits the text by the parser's places.
///
/// # Errors
/// As [`parse`].
pub fn parse_strictly(file: &Path, text: &str) -> Result<Vec<Node>> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    read(file, &Lenient::new(text)).map_err(|stop| match stop {
        Stop::Wrong(error) => error,
        Stop::Grammar(stop) => stop.explained(file, text),
    })
}

/// A byte-order mark says nothing in UTF-8.
const BOM: char = '\u{feff}';

/// Why reading stopped.
enum Stop {
    /// The tree is wrong.
    Wrong(Error),
    /// The parser does not understand the text.
    Grammar(Box<Misunderstood>),
}

struct Misunderstood {
    said: ScanError,
    in_brackets: bool,
    /// The collections that were open.
    open: Vec<Open>,
}

impl Misunderstood {
    fn explained(&self, file: &Path, text: &str) -> Error {
        let complaint = grammar::explain(self.said.kind(), mark(*self.said.marker()), text);
        let key = path(&self.open, complaint.mark);
        Error::invalid(complaint.message).hint(complaint.hint).at(complaint.mark.location(file, &key))
    }
}

fn read(file: &Path, lenient: &Lenient<'_>) -> Result<Vec<Node>, Stop> {
    let mut builder = Builder { file, anchors: HashMap::new(), open: Vec::new(), nodes: 0, documents: Vec::new() };
    let mut brackets = 0_usize;
    for event in Parser::new_from_str_with_options(&lenient.text, reading()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(said) => {
                let open = std::mem::take(&mut builder.open);
                return Err(Stop::Grammar(Box::new(Misunderstood { said, in_brackets: brackets > 0, open })));
            }
        };
        let event = match event {
            Event::Scalar(_, ScalarStyle::Plain, anchor, tag)
                if span.start.byte_offset().is_some_and(|byte| lenient.dashes.contains(&byte)) =>
            {
                Event::Scalar("-".into(), ScalarStyle::Plain, anchor, tag)
            }
            event => event,
        };
        match &event {
            Event::SequenceStart(StructureStyle::Flow, ..) | Event::MappingStart(StructureStyle::Flow, ..) => {
                brackets += 1
            }
            Event::SequenceEnd | Event::MappingEnd => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        builder.event(event, mark(span.start)).map_err(Stop::Wrong)?;
    }
    Ok(builder.documents)
}

/// The key that is being read, from the top; what begins at `mark` is named itself, not what is in it.
fn path(open: &[Open], mark: Mark) -> String {
    let mut path = String::new();
    for Open { node, key, .. } in open.iter().take_while(|open| open.node.mark != mark) {
        match (&node.content, key) {
            (Content::Sequence(items), _) => path.push_str(&format!("[{}]", items.len())),
            (_, Some(key)) => path = join(&path, &key.text),
            _ => {}
        }
    }
    path
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
    /// The keys of a mapping so far, and where they stand.
    seen: HashMap<String, Mark>,
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
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Content::Sequence(Vec::new()), anchor, tag.as_deref(), mark)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Content::Mapping(Vec::new()), anchor, tag.as_deref(), mark)
            }
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
            // Beginnings and ends of stream and documents; others come only where `reading` asks for them.
            _ => Ok(()),
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, tag: Option<&Tag>, mark: Mark) -> Result<()> {
        if self.open.len() >= MOST_DEPTH {
            return Err(self.wrong(&format!("nested deeper than {MOST_DEPTH} levels"), mark));
        }
        let node = Node { content, tag: tag.and_then(local), mark };
        self.open.push(Open { node, anchor, key: None, merges: Vec::new(), seen: HashMap::new() });
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
                    if node.tag.as_deref() != Some("reset")
                        && let Some(first) = open.seen.insert(key.text.clone(), key.mark)
                    {
                        return Err(self.twice(&key, first));
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
                    if let Entry::Vacant(place) = open.seen.entry(key.text.clone()) {
                        place.insert(key.mark);
                        entries.push((key, value));
                    }
                }
            }
        }
        Ok(())
    }

    fn twice(&self, key: &Key, first: Mark) -> Error {
        let hint = if key.text == "<<" { "Write one `<<: [*a, *b]` for both." } else { "Keep one of the two." };
        let path = join(&path(&self.open, key.mark), &key.text);
        let message = format!("the key `{}` stands here a second time; the first is in line {}", key.text, first.line);
        Error::invalid(message).hint(hint).at(key.mark.location(self.file, &path))
    }

    fn wrong(&self, message: &str, mark: Mark) -> Error {
        Error::invalid(message).at(mark.location(self.file, &path(&self.open, mark)))
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.content {
        Content::Scalar(scalar) => scalar.text.len() / BYTES_OF_NODE,
        Content::Sequence(items) => items.iter().map(count).sum(),
        Content::Mapping(entries) => entries.iter().map(|(_, value)| count(value)).sum(),
    }
}

/// The name of a tag of YAML's own, such as `!!str`.
fn of_yaml(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

fn local(tag: &Tag) -> Option<String> {
    of_yaml(tag).is_none().then(|| tag.suffix().to_owned())
}

/// `!!str 1` is a text; `!!int "1"` a number; a local tag is kept, and makes a text of what it marks, as go-yaml has it.
fn scalar_tag(plain: bool, tag: Option<&Tag>) -> (bool, Option<String>) {
    match tag.map(|tag| of_yaml(tag).ok_or_else(|| tag.suffix().to_owned())) {
        Some(Ok(name)) => (name != "str" && name != "binary", None),
        Some(Err(local)) => (false, Some(local)),
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
    fn a_long_text_is_not_repeated_without_end() {
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(100_000));
        let error = one(&text).expect_err("a hundred gigabytes");
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

    fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
        node.get(key).and_then(Node::text).expect(key)
    }

    #[test]
    fn lines_in_brackets_and_quotes_begin_anywhere() {
        for text in ["a: [\n  b,\n  c\n]\n", "x:\n  a: [\n  b\n ,c ]\n  d: e\n", "a:\t[\n\tb,\n\tc\n\t]\n"] {
            let node = one(text).expect(text);
            let list = node.get("a").or_else(|| node.get("x")?.get("a")).expect("a");
            let Content::Sequence(items) = &list.content else { panic!("{text}") };
            assert_eq!(items.iter().map(Node::text).collect::<Vec<_>>(), [Some("b"), Some("c")], "{text}");
        }
        for text in ["a: \"b\n  c\"\nd: e\n", "a: 'b\nc'\nd: e\n", "a: \"b \\\n\tc\"\nd: e\n"] {
            assert_eq!(text_of(&one(text).expect(text), "a"), "b c", "{text}");
        }
    }

    #[test]
    fn the_last_line_of_a_block_ends_as_it_is_written() {
        for (text, expected) in [
            ("a: |\n  b", "b"),
            ("a: >\n  b\n  c", "b c"),
            ("a: |\n  b\n  ", "b\n"),
            ("a: |\r\n  b\r\n  c", "b\nc"),
            ("a: |\n  b\n", "b\n"),
            ("a: |+\n  b", "b"),
            ("a: |-\n  b\n", "b"),
        ] {
            assert_eq!(text_of(&one(text).expect(text), "a"), expected, "{text:?}");
        }
    }

    #[test]
    fn a_mistake_names_the_key_that_is_being_read() {
        for (text, key) in [
            ("a:\n  b: [1, 2\nc: 3\n", "a.b[1]"),
            ("a:\n  b: [1, @]\n", "a.b[1]"),
            ("a:\n  b: 'c\n", "a.b"),
            ("a:\n  - b: *c\n", "a[0].b"),
            ("a:\n  b: 1\n  b: 2\n", "a.b"),
        ] {
            let error = one(text).expect_err(text);
            assert_eq!(error.at.and_then(|at| at.key).as_deref(), Some(key), "{text}: {}", error.message);
        }
    }
}

//! A parsed document: nodes in one list, linked by their numbers. It never changes once it is parsed.

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ParseOpts, QualName, ns, parse_document};

use super::sink::Sink;

/// Elements may be nested this deep, as for Go's parser.
pub const MAX_DEPTH: u32 = 512;

/// The parser is asked after each piece of this many bytes whether the nesting went too deep.
const PIECE: usize = 8 << 10;

/// A node's number in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Document,
    Doctype { name: StrTendril, public: StrTendril, system: StrTendril },
    Text(StrTendril),
    Comment(StrTendril),
    Element(Element),
}

/// A tag with its attributes, in the order in which they were written.
#[derive(Debug)]
pub struct Element {
    pub name: QualName,
    pub attributes: Vec<Attribute>,
}

/// A node and its neighbours.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub parent: Option<NodeId>,
    pub first_child: Option<NodeId>,
    pub last_child: Option<NodeId>,
    pub previous: Option<NodeId>,
    pub next: Option<NodeId>,
    /// How many nodes are above it.
    pub(super) depth: u32,
}

impl Node {
    /// A node that is nowhere yet.
    pub fn new(kind: Kind) -> Self {
        Self { kind, parent: None, first_child: None, last_child: None, previous: None, next: None, depth: 0 }
    }
}

/// A whole document; node 0 is the document itself.
#[derive(Debug)]
pub struct Document {
    nodes: Vec<Node>,
}

impl Document {
    /// The document itself.
    pub const ROOT: NodeId = NodeId(0);

    /// Parses a text as a browser would that runs scripts: `noscript` holds text, no elements.
    ///
    /// # Errors
    ///
    /// Elements are nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let options = ParseOpts {
            // A byte order mark is text, as for Go.
            tokenizer: TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() },
            tree_builder: TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() },
        };
        let sink = Sink::default();
        let too_deep = sink.too_deep.clone();
        let fault = || Err(format!("html: open stack of elements exceeds {MAX_DEPTH} nodes"));
        let mut parser = parse_document(sink, options);
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            parser.process(StrTendril::from(piece));
            if too_deep.get() {
                return fault();
            }
            rest = after;
        }
        let nodes = parser.finish();
        if too_deep.get() { fault() } else { Ok(Self { nodes }) }
    }

    /// A node by its number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// How many nodes there are.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The element that a node is.
    pub fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.node(id).kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// Whether a node is an element.
    pub fn is_element(&self, id: NodeId) -> bool {
        self.element(id).is_some()
    }

    /// The text that a text node is.
    pub fn own_text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of an element's attribute.
    pub fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        self.element(id)?.attribute(name).map(|attribute| &*attribute.value)
    }

    /// The tag of an element, the name of a document type, or `#text`, `#comment`, `#document`.
    pub fn name(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Document => "#document",
            Kind::Doctype { name, .. } => name,
            Kind::Text(_) => "#text",
            Kind::Comment(_) => "#comment",
            Kind::Element(element) => element.tag(),
        }
    }

    /// A node's children, in order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).first_child, |id| self.node(*id).next)
    }

    /// What stands above a node, the nearest first, up to the document.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).parent, |id| self.node(*id).parent)
    }

    /// The siblings before a node, the nearest first.
    pub fn before(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).previous, |id| self.node(*id).previous)
    }

    /// The siblings after a node, the nearest first.
    pub fn after(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).next, |id| self.node(*id).next)
    }

    /// A node and everything below it, in the order of the text.
    pub fn tree(&self, top: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(top), move |id| self.following(*id, top))
    }

    /// The node that stands after one in the order of the text, below `top`.
    fn following(&self, id: NodeId, top: NodeId) -> Option<NodeId> {
        let mut at = self.node(id);
        if at.first_child.is_some() {
            return at.first_child;
        }
        let mut id = id;
        while id != top {
            if at.next.is_some() {
                return at.next;
            }
            id = at.parent?;
            at = self.node(id);
        }
        None
    }

    /// All text below a node, its own included.
    pub fn text(&self, id: NodeId) -> String {
        self.tree(id).filter_map(|id| self.own_text(id)).collect()
    }
}

impl Element {
    /// The tag, in small letters but for SVG's.
    pub fn tag(&self) -> &str {
        &self.name.local
    }

    /// The attribute of that name, in whatever namespace.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.local == name)
    }

    /// `svg`, `math`, or nothing for HTML.
    pub fn namespace(&self) -> &'static str {
        match &self.name.ns {
            ns if *ns == ns!(svg) => "svg",
            ns if *ns == ns!(mathml) => "math",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let document = Document::parse(text).unwrap();
        let names: Vec<_> = document.tree(Document::ROOT).map(|id| document.name(id).to_owned()).collect();
        names.join(" ")
    }

    #[test]
    fn trees() {
        for (text, names) in [
            ("", "#document html head body"),
            ("<!doctype html><p>a<p>b", "#document html html head body p #text p #text"),
            ("<table><tr><td>x", "#document html head body table tbody tr td #text"),
            ("<template><p>x</template>", "#document html head template p #text body"),
            ("<head><noscript><p>x</noscript>", "#document html head noscript #text body"),
            ("<b><p>x</b>y", "#document html head body b p b #text #text"),
            ("<table>x<!--c-->", "#document html head body #text table #comment"),
        ] {
            assert_eq!(shown(text), names, "{text}");
        }
    }

    #[test]
    fn nesting_has_a_bound() {
        let deep = |count: usize| Document::parse(&"<div>".repeat(count)).map(|document| document.size());
        assert_eq!(deep(510), Ok(514));
        assert_eq!(deep(511).unwrap_err(), "html: open stack of elements exceeds 512 nodes");
        assert!(deep(1_000_000).is_err());
        assert!(Document::parse(&"<a>".repeat(100_000)).is_ok());
    }

    #[test]
    fn pieces_end_between_characters() {
        let text = "é".repeat(20_000);
        let document = Document::parse(&text).unwrap();
        assert_eq!(document.text(Document::ROOT), text);
    }
}

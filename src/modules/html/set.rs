//! The nodes of a selection, and where one can go from there. Orders and duplicates are goquery's: nodes are found
//! for one after another, and each is kept where it was found first.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::css::Group;
use super::css_parser::parse;
use super::document::{Document, NodeId};

/// Nodes of one document, and the set that they were found from.
#[derive(Debug)]
pub struct Set {
    pub document: Rc<Document>,
    pub nodes: Vec<NodeId>,
    pub previous: Option<Rc<Set>>,
}

/// A selector; one that cannot be read matches nothing.
pub struct Matcher(Option<Group>);

impl Matcher {
    pub fn new(selector: &str) -> Self {
        Self(parse(selector))
    }

    /// Whether the selector describes a node.
    pub fn matches(&self, document: &Document, id: NodeId) -> bool {
        self.0.as_ref().is_some_and(|group| group.matches(document, id))
    }
}

/// Where a walk along siblings or ancestors ends, before its end.
pub enum Until {
    Never,
    Matches(Matcher),
    Reaches(FxHashSet<NodeId>),
}

impl Until {
    fn is_reached(&self, document: &Document, id: NodeId) -> bool {
        match self {
            Self::Never => false,
            Self::Matches(matcher) => matcher.matches(document, id),
            Self::Reaches(nodes) => nodes.contains(&id),
        }
    }
}

/// Which neighbours of a node are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    Parents,
    NextAll,
    PrevAll,
}

impl Set {
    /// A set without a history.
    pub fn new(document: Rc<Document>, nodes: Vec<NodeId>) -> Rc<Self> {
        Rc::new(Self { document, nodes, previous: None })
    }

    /// A set that was found from this one.
    pub fn push(self: &Rc<Self>, nodes: Vec<NodeId>) -> Rc<Self> {
        Rc::new(Self { document: self.document.clone(), nodes, previous: Some(self.clone()) })
    }

    /// A set of the same document, without a history.
    pub fn only(&self, id: Option<NodeId>) -> Rc<Self> {
        Self::new(self.document.clone(), id.into_iter().collect())
    }

    /// What this set was found from; nothing if that is unknown.
    pub fn end(&self) -> Rc<Self> {
        self.previous.clone().unwrap_or_else(|| self.only(None))
    }

    /// The first node.
    pub fn first(&self) -> Option<NodeId> {
        self.nodes.first().copied()
    }

    /// The value of the first node's attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.document.attribute(self.first()?, name)
    }

    /// The text of all nodes, one after another.
    pub fn text(&self) -> String {
        self.nodes.iter().map(|id| self.document.text(*id)).collect()
    }

    /// The node at a place, counted from the end if negative.
    pub fn at(self: &Rc<Self>, index: i64) -> Rc<Self> {
        let length = self.nodes.len() as i64;
        let index = if index < 0 { index + length } else { index };
        match usize::try_from(index).ok().and_then(|index| self.nodes.get(index)) {
            Some(id) => self.push(vec![*id]),
            None => self.only(None),
        }
    }

    /// The nodes from a place up to another, each counted from the end if negative.
    pub fn slice(self: &Rc<Self>, start: i64, end: i64) -> Rc<Self> {
        let length = self.nodes.len() as i64;
        let place = |index: i64| (if index < 0 { index + length } else { index }).clamp(0, length) as usize;
        self.push(self.nodes.get(place(start)..place(end)).unwrap_or_default().to_vec())
    }

    /// For each node, the nodes that are found for it, each once.
    fn map<I: IntoIterator<Item = NodeId>>(&self, find: impl Fn(NodeId) -> I) -> Vec<NodeId> {
        let mut seen = FxHashSet::default();
        self.nodes.iter().flat_map(|id| find(*id)).filter(|id| seen.insert(*id)).collect()
    }

    /// These nodes and others, each once.
    pub fn add(self: &Rc<Self>, others: &[NodeId]) -> Rc<Self> {
        let mut seen: FxHashSet<_> = self.nodes.iter().copied().collect();
        let new = others.iter().copied().filter(|id| seen.insert(*id));
        self.push(self.nodes.iter().copied().chain(new).collect())
    }

    /// All nodes of the document that a selector describes.
    pub fn everywhere(&self, matcher: &Matcher) -> Vec<NodeId> {
        below(&self.document, Document::ROOT, matcher).collect()
    }

    /// What a selector describes below the nodes.
    pub fn find(self: &Rc<Self>, selector: &str) -> Rc<Self> {
        let matcher = Matcher::new(selector);
        self.push(self.map(|id| below(&self.document, id, &matcher)))
    }

    /// The first node below each node that a selector describes; of those, the first.
    pub fn single(self: &Rc<Self>, selector: &str) -> Rc<Self> {
        let matcher = Matcher::new(selector);
        let found = self.nodes.iter().find_map(|id| below(&self.document, *id, &matcher).next());
        self.push(found.into_iter().collect())
    }

    /// Those of some nodes that are below these.
    pub fn find_nodes(self: &Rc<Self>, nodes: &[NodeId]) -> Rc<Self> {
        let own: FxHashSet<_> = self.nodes.iter().copied().collect();
        let mut seen = FxHashSet::default();
        let found = nodes.iter().copied().filter(|id| {
            seen.insert(*id) && self.document.ancestors(*id).any(|ancestor| own.contains(&ancestor))
        });
        self.push(found.collect())
    }

    /// Whether a node is below one of these.
    pub fn contains(&self, id: NodeId) -> bool {
        self.document.ancestors(id).any(|ancestor| self.nodes.contains(&ancestor))
    }

    /// The nodes that a test keeps.
    pub fn keep(self: &Rc<Self>, test: impl Fn(NodeId) -> bool) -> Rc<Self> {
        self.push(self.nodes.iter().copied().filter(|id| test(*id)).collect())
    }

    /// The nodes with one of some others below them.
    pub fn has(self: &Rc<Self>, others: &[NodeId]) -> Rc<Self> {
        let above: FxHashSet<_> = others.iter().flat_map(|id| self.document.ancestors(*id)).collect();
        self.keep(|id| above.contains(&id))
    }

    /// For each node, the nearest that passes a test, itself or above it.
    pub fn closest(self: &Rc<Self>, test: impl Fn(NodeId) -> bool) -> Rc<Self> {
        let document = &self.document;
        self.push(self.map(|id| std::iter::once(id).chain(document.ancestors(id)).find(|id| test(*id))))
    }

    /// The nodes' children: elements only, or all.
    pub fn children(&self, with_text: bool) -> Vec<NodeId> {
        self.map(|id| self.document.children(id).filter(move |id| with_text || self.document.is_element(*id)))
    }

    /// The elements right above the nodes.
    pub fn parent(&self) -> Vec<NodeId> {
        self.map(|id| self.document.node(id).parent.filter(|id| self.document.is_element(*id)))
    }

    /// The nodes' siblings, in the order of the text.
    pub fn siblings(&self) -> Vec<NodeId> {
        let (mut seen, mut visits) = (FxHashSet::default(), FxHashMap::<_, u8>::default());
        let mut found = Vec::new();
        for id in &self.nodes {
            let Some(parent) = self.document.node(*id).parent else { continue };
            // Two children have all the others for siblings, and each other.
            let visits = visits.entry(parent).or_default();
            *visits = visits.saturating_add(1);
            if *visits <= 2 {
                let siblings = self.document.children(parent).filter(|other| other != id);
                found
                    .extend(siblings.filter(|other| self.document.is_element(*other) && seen.insert(*other)));
            }
        }
        found
    }

    /// The sibling right after each node, or right before it.
    pub fn neighbour(&self, next: bool) -> Vec<NodeId> {
        let document = &self.document;
        self.map(|id| {
            if next {
                document.after(id).find(|id| document.is_element(*id))
            } else {
                document.before(id).find(|id| document.is_element(*id))
            }
        })
    }

    /// The elements along a walk, the nearest first, up to but without the one that ends it.
    pub fn walk(&self, walk: Walk, until: &Until) -> Vec<NodeId> {
        let document = &self.document;
        let mut seen = FxHashSet::default();
        let mut found = Vec::new();
        for id in &self.nodes {
            let along: Box<dyn Iterator<Item = NodeId>> = match walk {
                Walk::Parents => Box::new(document.ancestors(*id)),
                Walk::NextAll => Box::new(document.after(*id).filter(|id| document.is_element(*id))),
                Walk::PrevAll => Box::new(document.before(*id).filter(|id| document.is_element(*id))),
            };
            let along = along.take_while(|id| !until.is_reached(document, *id));
            // Whoever came along here before went on to the end.
            found.extend(along.filter(|id| document.is_element(*id)).take_while(|id| seen.insert(*id)));
        }
        found
    }

    /// The first node's place in a list.
    pub fn place_in(&self, nodes: &[NodeId]) -> Option<usize> {
        let first = self.first()?;
        nodes.iter().position(|id| *id == first)
    }

    /// The topmost element above the last node.
    pub fn root(self: &Rc<Self>) -> Rc<Self> {
        self.only(self.walk(Walk::Parents, &Until::Never).last().copied())
    }
}

/// A long history is let go one set after another: each in the other's drop would take the stack.
impl Drop for Set {
    fn drop(&mut self) {
        let mut previous = self.previous.take();
        while let Some(mut set) = previous.and_then(Rc::into_inner) {
            previous = set.previous.take();
        }
    }
}

/// What a selector describes below a node, in the order of the text. A text node right below is not looked at.
fn below<'a>(document: &'a Document, id: NodeId, matcher: &'a Matcher) -> impl Iterator<Item = NodeId> + 'a {
    let elements = document.children(id).filter(|id| document.is_element(*id));
    elements.flat_map(|id| document.tree(id)).filter(|id| matcher.matches(document, *id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Rc<Set> {
        let text = "<div id=a><p id=b>1<i id=c>2</i></p>t<p id=d><i id=e>3</i></p><b id=f></b></div><div id=g></div>";
        Set::new(Rc::new(Document::parse(text).unwrap()), vec![Document::ROOT])
    }

    fn ids(set: &Rc<Set>, nodes: &[NodeId]) -> String {
        nodes.iter().map(|id| set.document.attribute(*id, "id").unwrap_or(set.document.name(*id))).collect()
    }

    #[test]
    fn orders() {
        let page = page();
        let of = |set: &Rc<Set>| ids(&page, &set.nodes);
        assert_eq!(of(&page.find("i, p")), "bcde");
        assert_eq!(of(&page.find("i").add(&page.find("p, i").nodes)), "cebd");
        assert_eq!(of(&page.find("div").find("i")), "ce");
        assert_eq!(of(&page.single("i")), "c");
        assert_eq!(ids(&page, &page.find("i").walk(Walk::Parents, &Until::Never)), "babodyhtmld");
        assert_eq!(ids(&page, &page.find("b").walk(Walk::PrevAll, &Until::Never)), "db");
        let until = Until::Matches(Matcher::new("p"));
        assert_eq!(ids(&page, &page.find("i").walk(Walk::Parents, &until)), "");
        assert_eq!(ids(&page, &page.find("p").siblings()), "dfb");
        assert_eq!(ids(&page, &page.find("#a").children(true)), "b#textdf");
        assert_eq!(ids(&page, &page.find("p").neighbour(true)), "df");
        assert_eq!(of(&page.find("div").has(&page.find("b").nodes)), "a");
        assert_eq!(of(&page.find("b").root()), "html");
    }

    #[test]
    fn places() {
        let page = page();
        let all = page.find("p, i, b");
        let of = |set: &Rc<Set>| ids(&page, &set.nodes);
        for (index, id) in [(0, "b"), (4, "f"), (5, ""), (-1, "f"), (-5, "b"), (-6, "")] {
            assert_eq!(of(&all.at(index)), id);
        }
        for (start, end, found) in [(1, 3, "cd"), (-2, 5, "ef"), (3, 1, ""), (-9, -4, "b"), (9, 12, "")] {
            assert_eq!(of(&all.slice(start, end)), found);
        }
        assert_eq!(of(&all.at(1).end()), "bcdef");
        assert_eq!(of(&all.at(9).end()), "");
        let one = page.find("b");
        assert_eq!(one.place_in(&all.nodes), Some(4));
    }

    #[test]
    fn long_lists() {
        let text = "<i></i>".repeat(50_000);
        let page = Set::new(Rc::new(Document::parse(&text).unwrap()), vec![Document::ROOT]);
        let all = page.find("i");
        assert_eq!(all.siblings().len(), 50_000);
        assert_eq!(all.walk(Walk::NextAll, &Until::Never).len(), 49_999);
        assert_eq!(all.walk(Walk::Parents, &Until::Never).len(), 2);
        assert_eq!(page.find("i:first-child, i:last-child").nodes.len(), 2);
        assert_eq!(page.find_nodes(&all.nodes).nodes.len(), 50_000);
    }

    #[test]
    fn a_long_history_is_let_go() {
        let mut set = page();
        for _ in 0..1_000_000 {
            set = set.push(Vec::new());
        }
        drop(set);
    }
}

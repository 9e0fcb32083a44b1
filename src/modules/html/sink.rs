//! How the parser builds a document.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, QualName, local_name, ns};

use super::document::{Document, Element, Kind, MAX_DEPTH, Node, NodeId};

/// A document in the making.
pub struct Sink {
    draft: RefCell<Draft>,
    /// Whether elements were nested deeper than is allowed.
    pub too_deep: Rc<Cell<bool>>,
}

struct Draft {
    nodes: Vec<Node>,
    /// What stands for the name of a node that has none.
    nameless: QualName,
}

impl Default for Sink {
    fn default() -> Self {
        let nameless = QualName::new(None, ns!(), local_name!(""));
        let draft = Draft { nodes: vec![Node::new(Kind::Document)], nameless };
        Self { draft: RefCell::new(draft), too_deep: Rc::default() }
    }
}

impl Sink {
    fn add(&self, kind: Kind) -> NodeId {
        let nodes = &mut self.draft.borrow_mut().nodes;
        nodes.push(Node::new(kind));
        // Four thousand million nodes do not fit into memory.
        NodeId(u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX))
    }

    fn get<R>(&self, id: NodeId, read: impl FnOnce(&Node) -> R) -> R {
        read(&self.draft.borrow().nodes[id.0 as usize])
    }

    fn edit<R>(&self, id: NodeId, edit: impl FnOnce(&mut Node) -> R) -> R {
        edit(&mut self.draft.borrow_mut().nodes[id.0 as usize])
    }

    /// Adds to a text node; says whether it was one.
    fn append_text(&self, to: Option<NodeId>, text: &StrTendril) -> bool {
        to.is_some_and(|id| {
            self.edit(id, |node| match &mut node.kind {
                Kind::Text(old) => {
                    old.push_tendril(text);
                    true
                }
                _ => false,
            })
        })
    }

    /// Puts a node below another: before one of its children, or at the end.
    fn insert(&self, id: NodeId, parent: NodeId, before: Option<NodeId>) {
        self.unlink(id);
        let previous = match before {
            Some(before) => self.get(before, |node| node.previous),
            None => self.get(parent, |node| node.last_child),
        };
        let depth = self.get(parent, |node| node.depth) + 1;
        self.edit(id, |node| {
            (node.parent, node.previous, node.next, node.depth) = (Some(parent), previous, before, depth);
        });
        match previous {
            Some(previous) => self.edit(previous, |node| node.next = Some(id)),
            None => self.edit(parent, |node| node.first_child = Some(id)),
        }
        match before {
            Some(before) => self.edit(before, |node| node.previous = Some(id)),
            None => self.edit(parent, |node| node.last_child = Some(id)),
        }
        if depth > MAX_DEPTH && self.get(id, |node| matches!(node.kind, Kind::Element(_))) {
            self.too_deep.set(true);
        }
    }

    fn unlink(&self, id: NodeId) {
        let (parent, previous, next) =
            self.edit(id, |node| (node.parent.take(), node.previous.take(), node.next.take()));
        let Some(parent) = parent else { return };
        match previous {
            Some(previous) => self.edit(previous, |node| node.next = next),
            None => self.edit(parent, |node| node.first_child = next),
        }
        match next {
            Some(next) => self.edit(next, |node| node.previous = previous),
            None => self.edit(parent, |node| node.last_child = previous),
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Vec<Node>;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Vec<Node> {
        self.draft.into_inner().nodes
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        Document::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        Ref::map(self.draft.borrow(), |draft| match &draft.nodes[target.0 as usize].kind {
            Kind::Element(element) => &element.name,
            _ => &draft.nameless,
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> NodeId {
        self.add(Kind::Element(Element { name, attributes }))
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.add(Kind::Comment(text))
    }

    fn create_pi(&self, _: StrTendril, data: StrTendril) -> NodeId {
        self.add(Kind::Comment(data))
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        match child {
            NodeOrText::AppendNode(id) => self.insert(id, *parent, None),
            NodeOrText::AppendText(text) => {
                if !self.append_text(self.get(*parent, |node| node.last_child), &text) {
                    self.insert(self.add(Kind::Text(text)), *parent, None);
                }
            }
        }
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        if self.get(*element, |node| node.parent.is_some()) {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        let id = self.add(Kind::Doctype { name, public, system });
        self.insert(id, Document::ROOT, None);
    }

    /// The template itself: selectors see its contents as its children.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, new: NodeOrText<NodeId>) {
        let Some(parent) = self.get(*sibling, |node| node.parent) else { return };
        match new {
            NodeOrText::AppendNode(id) => self.insert(id, parent, Some(*sibling)),
            NodeOrText::AppendText(text) => {
                if !self.append_text(self.get(*sibling, |node| node.previous), &text) {
                    self.insert(self.add(Kind::Text(text)), parent, Some(*sibling));
                }
            }
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.edit(*target, |node| {
            let Kind::Element(element) = &mut node.kind else { return };
            for attribute in attributes {
                if !element.attributes.iter().any(|known| known.name == attribute.name) {
                    element.attributes.push(attribute);
                }
            }
        });
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.unlink(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        while let Some(child) = self.get(*node, |node| node.first_child) {
            self.insert(child, *new_parent, None);
        }
    }

    fn allow_declarative_shadow_roots(&self, _: &NodeId) -> bool {
        false
    }
}

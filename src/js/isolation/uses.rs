//! Follows every name that stands for an object of the realm to what is done with it.

use std::collections::HashSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    Argument, AssignmentTarget, BindingPattern, Expression, IdentifierReference, ObjectPattern,
};
use oxc::semantic::{AstNodes, NodeId, Reference, Semantic, SymbolId};
use oxc::span::{GetSpan, Span};
use oxc::syntax::operator::UnaryOperator;

use super::judge::{Sensitive, Verdict, judge};
use super::names::{Kind, kind};
use super::syntax::is_written;
use super::{Base, Finding, Root, Segment, Shareable};
use crate::js::guard::GUARD;

/// How many steps a path may have; a longer one comes of `x = x.next`.
const LONGEST_PATH: usize = 8;

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Only looked at: compared, tested, thrown away, extended by a class.
    Looked,
    /// Called, with the call's node.
    Called(NodeId),
    /// Assigned to, updated or deleted.
    Written,
    /// An argument of the call of this node.
    Argument(NodeId),
    /// Held by variables from now on: each with the path from the value to what it holds.
    Aliased(Vec<(SymbolId, Vec<Segment>)>),
    /// The default export.
    Exported,
    /// Anything else.
    Escapes,
}

/// Checks one module; see [`super::check`].
pub(super) fn check(semantic: &Semantic<'_>, imports: &[(SymbolId, Root)]) -> Result<Shareable, Finding> {
    let mut tracker = Tracker {
        semantic,
        nodes: semantic.nodes(),
        pending: imports.iter().map(|(symbol, root)| (*symbol, root.clone())).collect(),
        seen: HashSet::new(),
        imports: imports.iter().map(|(symbol, _)| *symbol).collect(),
        sensitive: Vec::new(),
        shareable: Shareable::default(),
    };
    tracker.free_names()?;
    while let Some((symbol, root)) = tracker.pending.pop() {
        if tracker.seen.insert((symbol, root.clone())) {
            tracker.variable(symbol, root)?;
        }
    }
    tracker.sensitive_calls()?;
    Ok(tracker.shareable)
}

struct Tracker<'s, 'a> {
    semantic: &'s Semantic<'a>,
    nodes: &'s AstNodes<'a>,
    /// Variables with objects of the realm, still to be looked at.
    pending: Vec<(SymbolId, Root)>,
    seen: HashSet<(SymbolId, Root)>,
    imports: HashSet<SymbolId>,
    /// Calls whose arguments must not be objects of the realm.
    sensitive: Vec<(NodeId, Sensitive)>,
    shareable: Shareable,
}

impl Tracker<'_, '_> {
    fn free_names(&mut self) -> Result<(), Finding> {
        let scoping = self.semantic.scoping();
        let mut free: Vec<NodeId> = scoping
            .root_unresolved_references_ids()
            .flatten()
            .map(|id| scoping.get_reference(id).node_id())
            .collect();
        free.sort_unstable();
        free.into_iter().try_for_each(|node| self.free_name(node))
    }

    fn free_name(&mut self, node: NodeId) -> Result<(), Finding> {
        let AstKind::IdentifierReference(reference) = self.nodes.kind(node) else {
            return Err(Finding::new(self.nodes.kind(node).span().start, "a free name of an unknown kind"));
        };
        let name = reference.name.as_str();
        let offset = reference.span.start;
        if self.is_typeof_operand(node) || (name == "arguments" && self.has_arguments(node)) {
            return Ok(());
        }
        match kind(name) {
            None => Err(Finding::new(offset, format!("the global {name}"))),
            Some(_) if is_written(self.nodes, node) => {
                Err(Finding::new(offset, format!("assignment to {name}")))
            }
            Some(Kind::Own) => Ok(()),
            Some(_) => self.judge(node, &Root::global(name)),
        }
    }

    fn is_typeof_operand(&self, node: NodeId) -> bool {
        matches!(
            self.nodes.parent_kind(node),
            AstKind::UnaryExpression(it) if it.operator == UnaryOperator::Typeof
        )
    }

    /// Whether `arguments` is a function's own there.
    fn has_arguments(&self, node: NodeId) -> bool {
        self.nodes.ancestor_kinds(node).any(|kind| matches!(kind, AstKind::Function(_)))
    }

    fn variable(&mut self, symbol: SymbolId, root: Root) -> Result<(), Finding> {
        let scoping = self.semantic.scoping();
        if root.path.len() > LONGEST_PATH {
            let offset = scoping.symbol_span(symbol).start;
            return Err(Finding::new(offset, format!("a path too long to follow: {root}")));
        }
        let is_import = self.imports.contains(&symbol);
        let uses: Vec<NodeId> = scoping.get_resolved_references(symbol).map(Reference::node_id).collect();
        for node in uses {
            if is_written(self.nodes, node) {
                if is_import {
                    let offset = self.nodes.kind(node).span().start;
                    return Err(Finding::new(offset, "assignment to an import"));
                }
                continue;
            }
            if !self.is_typeof_operand(node) {
                self.judge(node, &root)?;
            }
        }
        self.shareable.rooted.entry(symbol).or_default().push(root);
        Ok(())
    }

    fn judge(&mut self, node: NodeId, root: &Root) -> Result<(), Finding> {
        let offset = self.nodes.kind(node).span().start;
        // A value can go two ways: `(a = Math).x` both holds it and reads from it.
        for (path, use_) in self.follow(node) {
            if path.is_empty() && root.path.is_empty() && self.is_own_receiver(root, &use_) {
                continue;
            }
            match judge(&root.at(&path), &use_) {
                Verdict::Fine => {}
                Verdict::Sensitive(call, sensitive) => self.sensitive.push((call, sensitive)),
                Verdict::Aliased(aliases) => self.pending.extend(aliases),
                Verdict::Exported(root) => {
                    let before = self.shareable.rooted_default.replace(root.clone());
                    if before.is_some_and(|before| before != root) {
                        return Err(Finding::new(offset, "a default export of several objects"));
                    }
                }
                Verdict::Refused(reason) => return Err(Finding::new(offset, reason)),
            }
        }
        Ok(())
    }

    /// `Math.max.apply(Math, …)`
    fn is_own_receiver(&self, root: &Root, use_: &Use) -> bool {
        let Use::Argument(call) = use_ else { return false };
        let AstKind::CallExpression(call) = self.nodes.kind(*call) else { return false };
        let Expression::StaticMemberExpression(how) = call.callee.get_inner_expression() else {
            return false;
        };
        let is_kind_known = matches!(&root.base, Base::Global(name) if kind(name) == Some(Kind::Object));
        is_kind_known
            && matches!(how.property.name.as_str(), "call" | "apply" | "bind")
            && self.root_of(&how.object).is_some_and(|method| method.base == root.base)
    }

    /// What becomes of the value of an expression, and by which path from it.
    fn follow(&self, start: NodeId) -> Vec<(Vec<Segment>, Use)> {
        let mut uses = Vec::new();
        let mut path = Vec::new();
        let mut node = start;
        loop {
            let span = self.nodes.kind(node).span();
            let parent = self.nodes.parent_id(node);
            let is_end = match self.nodes.kind(parent) {
                AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_) => None,
                AstKind::StaticMemberExpression(it) => {
                    path.push(Segment::Named(it.property.name.to_string()));
                    None
                }
                AstKind::ComputedMemberExpression(it) if it.object.span() == span => {
                    path.push(match it.static_property_name() {
                        Some(name) => Segment::Named(name.to_string()),
                        None => Segment::Dynamic,
                    });
                    None
                }
                AstKind::PrivateFieldExpression(it) => {
                    path.push(Segment::Named(format!("#{}", it.field.name)));
                    None
                }
                AstKind::LogicalExpression(_) => None,
                AstKind::ConditionalExpression(it) => (it.test.span() == span).then_some(Use::Looked),
                AstKind::SequenceExpression(it) => {
                    let is_last = it.expressions.last().is_some_and(|last| last.span() == span);
                    (!is_last).then_some(Use::Looked)
                }
                AstKind::AssignmentExpression(it) if it.right.span() == span => {
                    uses.push((path.clone(), assigned(&it.left, self.semantic)));
                    None
                }
                AstKind::ArrowFunctionExpression(_) if self.is_guarded(parent) => {
                    node = self.nodes.parent_id(parent);
                    continue;
                }
                kind => Some(self.end(kind, parent, span)),
            };
            let use_ = match is_end {
                None if is_written(self.nodes, parent) => Some(Use::Written),
                end => end,
            };
            if let Some(use_) = use_ {
                uses.push((path, use_));
                return uses;
            }
            node = parent;
        }
    }

    /// Whether an arrow function is what `__ssek_guard(()=>(…))` calls for its value.
    fn is_guarded(&self, arrow: NodeId) -> bool {
        let is_expression =
            matches!(self.nodes.kind(arrow), AstKind::ArrowFunctionExpression(it) if it.is_expression());
        is_expression
            && matches!(
                self.nodes.parent_kind(arrow),
                AstKind::CallExpression(it) if it.callee.is_specific_id(GUARD)
            )
    }

    /// The use that an expression of that span is of in a node of that kind.
    fn end(&self, kind: AstKind<'_>, node: NodeId, span: Span) -> Use {
        match kind {
            AstKind::CallExpression(it) if it.callee.span() == span => Use::Called(node),
            AstKind::NewExpression(it) if it.callee.span() == span => Use::Called(node),
            AstKind::CallExpression(_) | AstKind::NewExpression(_) => Use::Argument(node),
            AstKind::TaggedTemplateExpression(it) if it.tag.span() == span => Use::Called(node),
            AstKind::BinaryExpression(it)
                if it.operator.is_equality() || it.operator.is_instance_of() || it.operator.is_in() =>
            {
                Use::Looked
            }
            AstKind::UnaryExpression(it)
                if matches!(
                    it.operator,
                    UnaryOperator::Typeof | UnaryOperator::Void | UnaryOperator::LogicalNot
                ) =>
            {
                Use::Looked
            }
            AstKind::IfStatement(_)
            | AstKind::WhileStatement(_)
            | AstKind::DoWhileStatement(_)
            | AstKind::SwitchStatement(_)
            | AstKind::ExpressionStatement(_) => Use::Looked,
            // Only its `extends` clause can be an expression there.
            AstKind::Class(_) => Use::Looked,
            AstKind::VariableDeclarator(it) => bound(&it.id),
            AstKind::FormalParameter(it) => bound(&it.pattern),
            AstKind::AssignmentPattern(it) => bound(&it.left),
            AstKind::ExportDefaultDeclaration(_) => Use::Exported,
            // Which name it is exported by is for the factory to see.
            AstKind::ExportSpecifier(_) => Use::Looked,
            _ => Use::Escapes,
        }
    }

    fn sensitive_calls(&self) -> Result<(), Finding> {
        for (node, sensitive) in &self.sensitive {
            let arguments = match self.nodes.kind(*node) {
                AstKind::CallExpression(it) => &it.arguments,
                AstKind::NewExpression(it) => &it.arguments,
                _ => continue,
            };
            for (index, argument) in arguments.iter().enumerate() {
                if matches!(argument, Argument::SpreadElement(_)) && index == 0 {
                    return Err(Finding::new(argument.span().start, "arguments that cannot be followed"));
                }
                let Some(expression) = argument.as_expression() else { continue };
                let Some(root) = self.root_of(expression) else { continue };
                let is_global = matches!(root.base, Base::Global(_));
                let changes = *sensitive == Sensitive::FirstIsChanged && index == 0;
                if is_global || *sensitive == Sensitive::Wrapping || (changes && !root.is_vu_tags()) {
                    let reason = format!("{root} as an argument of a function that may change it");
                    return Err(Finding::new(argument.span().start, reason));
                }
            }
        }
        Ok(())
    }

    /// The object of the realm that an expression names, if it does.
    fn root_of(&self, expression: &Expression<'_>) -> Option<Root> {
        match expression.get_inner_expression() {
            Expression::Identifier(name) => self.root_of_name(name),
            Expression::StaticMemberExpression(it) => {
                let object = self.root_of(&it.object)?;
                Some(object.at(&[Segment::Named(it.property.name.to_string())])).filter(is_object)
            }
            Expression::ComputedMemberExpression(it) => {
                let name = it.static_property_name().map(|name| name.to_string());
                let segment = name.map_or(Segment::Dynamic, Segment::Named);
                Some(self.root_of(&it.object)?.at(&[segment]))
            }
            Expression::ConditionalExpression(it) => {
                self.root_of(&it.consequent).or_else(|| self.root_of(&it.alternate))
            }
            Expression::LogicalExpression(it) => self.root_of(&it.left).or_else(|| self.root_of(&it.right)),
            Expression::SequenceExpression(it) => self.root_of(it.expressions.last()?),
            Expression::AssignmentExpression(it) => self.root_of(&it.right),
            Expression::ChainExpression(it) => match &it.expression {
                oxc::ast::ast::ChainElement::StaticMemberExpression(member) => self.root_of(&member.object),
                oxc::ast::ast::ChainElement::ComputedMemberExpression(member) => self.root_of(&member.object),
                _ => None,
            },
            _ => None,
        }
    }

    fn root_of_name(&self, name: &IdentifierReference<'_>) -> Option<Root> {
        let reference = self.semantic.scoping().get_reference(name.reference_id.get()?);
        match reference.symbol_id() {
            Some(symbol) => {
                let roots = self.shareable.rooted.get(&symbol)?;
                let global = roots.iter().find(|root| matches!(root.base, Base::Global(_)));
                global.or(roots.first()).cloned()
            }
            None => kind(&name.name).filter(|kind| *kind != Kind::Own).map(|_| Root::global(&name.name)),
        }
    }
}

/// Whether a member is more than a primitive value.
fn is_object(root: &Root) -> bool {
    match (&root.base, root.path.as_slice()) {
        (Base::Global(global), [Segment::Named(member)]) => !super::names::is_constant(global, member),
        _ => true,
    }
}

/// What is bound when a pattern is given a value.
fn bound(pattern: &BindingPattern<'_>) -> Use {
    let mut aliases = Vec::new();
    if bind(pattern, &mut Vec::new(), &mut aliases) { Use::Aliased(aliases) } else { Use::Escapes }
}

fn bind(
    pattern: &BindingPattern<'_>,
    path: &mut Vec<Segment>,
    aliases: &mut Vec<(SymbolId, Vec<Segment>)>,
) -> bool {
    match pattern {
        BindingPattern::BindingIdentifier(name) => match name.symbol_id.get() {
            Some(symbol) => {
                aliases.push((symbol, path.clone()));
                true
            }
            None => false,
        },
        BindingPattern::AssignmentPattern(it) => bind(&it.left, path, aliases),
        BindingPattern::ObjectPattern(it) => bind_properties(it, path, aliases),
        BindingPattern::ArrayPattern(_) => false,
    }
}

fn bind_properties(
    pattern: &ObjectPattern<'_>,
    path: &mut Vec<Segment>,
    aliases: &mut Vec<(SymbolId, Vec<Segment>)>,
) -> bool {
    pattern.rest.is_none()
        && pattern.properties.iter().all(|property| {
            let Some(name) = property.key.static_name() else { return false };
            path.push(Segment::Named(name.into_owned()));
            let followed = bind(&property.value, path, aliases);
            path.pop();
            followed
        })
}

/// What holds a value that is assigned to a target.
fn assigned(target: &AssignmentTarget<'_>, semantic: &Semantic<'_>) -> Use {
    let AssignmentTarget::AssignmentTargetIdentifier(name) = target else { return Use::Escapes };
    let reference = name.reference_id.get().map(|id| semantic.scoping().get_reference(id));
    match reference.and_then(|reference| reference.symbol_id()) {
        Some(symbol) => Use::Aliased(vec![(symbol, Vec::new())]),
        None => Use::Escapes,
    }
}

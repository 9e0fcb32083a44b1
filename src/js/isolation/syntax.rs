//! What no shareable module may contain, whatever the names in it stand for.

use oxc::ast::AstKind;
use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, AwaitExpression, ComputedMemberExpression, Expression,
    ForOfStatement, ImportExpression, ImportMeta, MethodDefinition, MethodDefinitionKind, Program,
    PropertyKey, StaticMemberExpression, StringLiteral, TemplateLiteral, V8IntrinsicExpression,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{AstNodes, NodeId, Semantic};
use oxc::span::GetSpan;
use oxc::syntax::operator::UnaryOperator;

use super::Finding;
use super::names::{is_inherited_method, leads_to_realm};

/// Looks through the whole module.
pub(super) fn check<'a>(program: &Program<'a>, semantic: &Semantic<'a>) -> Result<(), Finding> {
    let mut checker = Checker { semantic, found: None };
    checker.visit_program(program);
    checker.found.map_or(Ok(()), Err)
}

struct Checker<'s, 'a> {
    semantic: &'s Semantic<'a>,
    found: Option<Finding>,
}

impl<'a> Checker<'_, 'a> {
    fn refuse(&mut self, offset: u32, reason: impl Into<String>) {
        if self.found.is_none() {
            self.found = Some(Finding::new(offset, reason));
        }
    }

    fn refuse_top_level(&mut self, node: NodeId, offset: u32, what: &str) {
        if !is_in_function(self.semantic.nodes(), node) {
            self.refuse(offset, format!("{what} at the top level"));
        }
    }

    /// `prototype` of a function or class of the script's own: an object of its own, too.
    fn has_own_prototype(&self, object: &Expression<'a>) -> bool {
        match object.get_inner_expression() {
            Expression::NewTarget(_) => true,
            Expression::Identifier(name) => {
                let scoping = self.semantic.scoping();
                let reference = name.reference_id.get().map(|id| scoping.get_reference(id));
                reference.and_then(|reference| reference.symbol_id()).is_some_and(|symbol| {
                    let flags = scoping.symbol_flags(symbol);
                    (flags.is_class() || flags.is_function())
                        && !flags.is_import()
                        && !scoping.symbol_is_mutated(symbol)
                })
            }
            _ => false,
        }
    }

    /// `x.constructor.name` is a string, `x.constructor === y` a boolean, and a prototype of the
    /// script's own may be given its constructor.
    fn is_harmless_constructor(&self, member: &StaticMemberExpression<'a>) -> bool {
        let nodes = self.semantic.nodes();
        let node = member.node_id.get();
        let own_prototype = match member.object.get_inner_expression() {
            Expression::StaticMemberExpression(inner) => {
                inner.property.name == "prototype" && self.has_own_prototype(&inner.object)
            }
            _ => false,
        };
        match nodes.parent_kind(node) {
            AstKind::StaticMemberExpression(outer) => {
                outer.property.name == "name" && !is_written(nodes, outer.node_id.get())
            }
            AstKind::BinaryExpression(it) => it.operator.is_equality(),
            AstKind::AssignmentExpression(it) => own_prototype && it.left.span() == member.span,
            _ => false,
        }
    }

    fn written_method(&mut self, node: NodeId, object: &Expression<'a>, offset: u32) {
        if let Expression::StaticMemberExpression(method) = object.get_inner_expression()
            && is_inherited_method(&method.property.name)
            && is_written(self.semantic.nodes(), node)
        {
            self.refuse(offset, format!("assignment to a member of .{}", method.property.name));
        }
    }
}

impl<'a> Visit<'a> for Checker<'_, 'a> {
    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        self.refuse(it.span.start, "import()");
    }

    fn visit_import_meta(&mut self, it: &ImportMeta) {
        self.refuse(it.span.start, "import.meta");
    }

    fn visit_v8_intrinsic_expression(&mut self, it: &V8IntrinsicExpression<'a>) {
        self.refuse(it.span.start, "an engine intrinsic");
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.refuse_top_level(it.node_id.get(), it.span.start, "await");
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if it.r#await {
            self.refuse_top_level(it.node_id.get(), it.span.start, "for await");
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        let name = it.property.name.as_str();
        let allowed = match name {
            // Of a free name it is for `uses` to judge.
            "prototype" => self.has_own_prototype(&it.object) || self.is_free(&it.object),
            "constructor" => self.is_harmless_constructor(it),
            name => !leads_to_realm(name),
        };
        if !allowed {
            self.refuse(it.property.span.start, format!(".{name}"));
        }
        self.written_method(it.node_id.get(), &it.object, it.span.start);
        walk::walk_static_member_expression(self, it);
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        self.written_method(it.node_id.get(), &it.object, it.span.start);
        walk::walk_computed_member_expression(self, it);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if it.kind == MethodDefinitionKind::Constructor {
            self.visit_function(&it.value, oxc::syntax::scope::ScopeFlags::Function);
        } else {
            walk::walk_method_definition(self, it);
        }
    }

    fn visit_property_key(&mut self, it: &PropertyKey<'a>) {
        if let PropertyKey::StaticIdentifier(name) = it
            && leads_to_realm(&name.name)
        {
            self.refuse(name.span.start, format!("a property {}", name.name));
        }
        walk::walk_property_key(self, it);
    }

    fn visit_assignment_target_property_identifier(&mut self, it: &AssignmentTargetPropertyIdentifier<'a>) {
        if leads_to_realm(&it.binding.name) {
            self.refuse(it.span.start, format!("a property {}", it.binding.name));
        }
        walk::walk_assignment_target_property_identifier(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        if leads_to_realm(&it.value) {
            self.refuse(it.span.start, format!("the string {:?}", it.value.as_str()));
        }
    }

    fn visit_template_literal(&mut self, it: &TemplateLiteral<'a>) {
        if let [only] = it.quasis.as_slice()
            && only.value.cooked.as_ref().is_some_and(|text| leads_to_realm(text))
        {
            self.refuse(it.span.start, format!("the string `{}`", only.value.raw));
        }
        walk::walk_template_literal(self, it);
    }
}

impl<'a> Checker<'_, 'a> {
    fn is_free(&self, object: &Expression<'a>) -> bool {
        let Expression::Identifier(name) = object.get_inner_expression() else { return false };
        let reference = name.reference_id.get().map(|id| self.semantic.scoping().get_reference(id));
        reference.is_some_and(|reference| reference.symbol_id().is_none())
    }
}

/// Whether code runs later than the module's own, because it is in a function.
pub(in crate::js) fn is_in_function(nodes: &AstNodes<'_>, node: NodeId) -> bool {
    nodes.ancestor_kinds(node).any(|kind| {
        matches!(
            kind,
            AstKind::Function(_)
                | AstKind::ArrowFunctionExpression(_)
                // The initial value of a field is set by each `new`.
                | AstKind::PropertyDefinition(_)
                | AstKind::AccessorProperty(_)
        )
    })
}

/// Whether an expression is what is assigned to, updated or deleted.
pub(super) fn is_written(nodes: &AstNodes<'_>, node: NodeId) -> bool {
    let span = nodes.kind(node).span();
    match nodes.parent_kind(node) {
        AstKind::ParenthesizedExpression(it) => is_written(nodes, it.node_id.get()),
        AstKind::ChainExpression(it) => is_written(nodes, it.node_id.get()),
        AstKind::AssignmentExpression(it) => it.left.span() == span,
        AstKind::UpdateExpression(_) => true,
        AstKind::UnaryExpression(it) => it.operator == UnaryOperator::Delete,
        AstKind::ArrayAssignmentTarget(_) | AstKind::AssignmentTargetRest(_) => true,
        AstKind::AssignmentTargetWithDefault(it) => it.binding.span() == span,
        AstKind::AssignmentTargetPropertyProperty(it) => it.binding.span() == span,
        AstKind::AssignmentTargetPropertyIdentifier(it) => it.binding.span() == span,
        AstKind::ForInStatement(it) => it.left.span() == span,
        AstKind::ForOfStatement(it) => it.left.span() == span,
        _ => false,
    }
}

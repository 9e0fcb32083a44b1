//! The parts of a statement, or of an expression, that can be guarded where the whole cannot.

use oxc::ast::ast::{
    ArrowFunctionExpression, CallExpression, ChainExpression, Class, Expression, Function, NewExpression,
    Statement, TaggedTemplateExpression, TryStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::syntax::scope::ScopeFlags;

use super::protect::Protector;

/// Guards the statements and expressions that a statement consists of.
pub(super) fn guard_parts(guard: &mut Protector, statement: &Statement<'_>) {
    match statement {
        Statement::BlockStatement(it) => it.body.iter().for_each(|s| guard.guard_statement(s)),
        Statement::ExpressionStatement(it) => guard.guard_expression(&it.expression),
        Statement::VariableDeclaration(it) => guard.guard_declaration(it),
        Statement::ReturnStatement(it) => it.argument.iter().for_each(|e| guard.guard_expression(e)),
        Statement::ThrowStatement(it) => guard.guard_expression(&it.argument),
        Statement::LabeledStatement(it) => guard.guard_statement(&it.body),
        Statement::WithStatement(it) => {
            guard.guard_expression(&it.object);
            guard.guard_statement(&it.body);
        }
        Statement::IfStatement(it) => {
            guard.guard_expression(&it.test);
            guard.guard_statement(&it.consequent);
            it.alternate.iter().for_each(|s| guard.guard_statement(s));
        }
        Statement::SwitchStatement(it) => {
            guard.guard_expression(&it.discriminant);
            for case in &it.cases {
                case.test.iter().for_each(|e| guard.guard_loop_head(e));
                case.consequent.iter().for_each(|s| guard.guard_statement(s));
            }
        }
        Statement::ForStatement(it) => {
            it.init.iter().for_each(|init| guard.guard_init(init));
            it.test.iter().chain(&it.update).for_each(|e| guard.guard_loop_head(e));
            guard.guard_statement(&it.body);
        }
        Statement::ForInStatement(it) => {
            guard.guard_expression(&it.right);
            guard.guard_statement(&it.body);
        }
        Statement::ForOfStatement(it) => {
            guard.guard_expression(&it.right);
            guard.guard_statement(&it.body);
        }
        Statement::WhileStatement(it) => {
            guard.guard_loop_head(&it.test);
            guard.guard_statement(&it.body);
        }
        Statement::DoWhileStatement(it) => {
            guard.guard_statement(&it.body);
            guard.guard_loop_head(&it.test);
        }
        Statement::TryStatement(it) => guard_rest(guard, it),
        _ => {}
    }
}

/// The block of a `try` has guards of its own.
fn guard_rest(guard: &mut Protector, statement: &TryStatement<'_>) {
    let handler = statement.handler.iter().flat_map(|handler| &handler.body.body);
    let finalizer = statement.finalizer.iter().flat_map(|block| &block.body);
    handler.chain(finalizer).for_each(|s| guard.guard_statement(s));
}

/// Guards the largest parts of an expression that can move into a function.
pub(super) fn guard_operands(guard: &mut Protector, expression: &Expression<'_>) {
    walk::walk_expression(&mut Operands(guard), expression);
}

struct Operands<'p>(&'p mut Protector);

impl<'a> Visit<'a> for Operands<'_> {
    fn visit_expression(&mut self, expression: &Expression<'a>) {
        self.0.guard_expression(expression);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        // The callee keeps its object, which is the call's `this`.
        if let Some(member) = call.callee.get_inner_expression().as_member_expression() {
            walk::walk_member_expression(self, member);
        }
        self.visit_arguments(&call.arguments);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        // `new f()` is not `new (f())`.
        self.visit_arguments(&new.arguments);
    }

    fn visit_tagged_template_expression(&mut self, tagged: &TaggedTemplateExpression<'a>) {
        self.visit_template_literal(&tagged.quasi);
    }

    // A part of a chain would end the chain early.
    fn visit_chain_expression(&mut self, _: &ChainExpression<'a>) {}

    // Their code runs elsewhere.
    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}
    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
    fn visit_class(&mut self, _: &Class<'a>) {}
}

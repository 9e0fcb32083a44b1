//! Statements that a step over has to wait for.

use oxc::ast::ast::{ArrowFunctionExpression, AwaitExpression, ForOfStatement, Function, Statement};
use oxc::ast_visit::{Visit, walk};
use oxc::syntax::scope::ScopeFlags;

/// Whether a statement awaits something and the function goes on behind it: other functions run meanwhile.
pub(super) fn awaits(statement: &Statement<'_>) -> bool {
    if matches!(statement, Statement::ReturnStatement(_) | Statement::ThrowStatement(_)) {
        return false;
    }
    let mut finder = Finder(false);
    finder.visit_statement(statement);
    finder.0
}

struct Finder(bool);

impl<'a> Visit<'a> for Finder {
    fn visit_await_expression(&mut self, _: &AwaitExpression<'a>) {
        self.0 = true;
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.0 |= it.r#await;
        walk::walk_for_of_statement(self, it);
    }

    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}

    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
}

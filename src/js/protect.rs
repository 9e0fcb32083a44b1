//! Rewrites scripts so that running out of stack in a `try` block or an async function is an
//! exception like any other. See [`super::guard`] for why.
//!
//! Where nothing speaks against it, the whole block becomes the body of an arrow function:
//! `try {__ssek_guard(()=>{; … })} catch …`. Arrows keep `this`, `arguments`, `super` and
//! `new.target`. A block that holds `await`, `yield`, `return`, a jump out of it or a declaration that
//! is seen outside of it cannot move into a function, so its parts do: whole statements where that is
//! possible, else single expressions. Code is only added, never moved or taken away, and no line end
//! is added.

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Expression, ForStatementInit, Function, FunctionBody,
    Program, Statement, TryStatement, VariableDeclaration,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType, Span};
use oxc::syntax::scope::ScopeFlags;

use super::insertions::Insertions;
use super::protect_parts::guard_parts;
use super::protect_scan::Findings;

const OPEN_BLOCK: &str = "__ssek_guard(()=>{;";
const CLOSE_BLOCK: &str = "});";
const OPEN_EXPRESSION: &str = "__ssek_guard(()=>(";
const CLOSE_EXPRESSION: &str = "))";

/// The rewritten text of a script that parses without errors, and what was put in.
///
/// Scripts with nothing to protect, and any that do not parse, come back as they are.
pub fn protect(text: &str, is_module: bool) -> (String, Insertions) {
    if !text.contains("try") && !text.contains("async") {
        return (text.to_owned(), Insertions::default());
    }
    let allocator = Allocator::default();
    let source_type = if is_module { SourceType::mjs() } else { SourceType::cjs() };
    let parsed = Parser::new(&allocator, text, source_type).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return (text.to_owned(), Insertions::default());
    }
    Insertions::put(text, &pieces(&parsed.program, is_module))
}

fn pieces(program: &Program<'_>, is_module: bool) -> Vec<(usize, &'static str)> {
    let mut protector = Protector { is_module, guards: Vec::new() };
    protector.visit_program(program);
    let mut pieces = Vec::with_capacity(protector.guards.len() * 2);
    for (order, (span, open, close)) in protector.guards.into_iter().enumerate() {
        let order = order as isize;
        // At one place ends come before starts, inner ends before outer ones, outer starts before
        // inner ones; outer guards were found first.
        pieces.push(((span.end, false, -order), close));
        pieces.push(((span.start, true, order), open));
    }
    pieces.sort_unstable_by_key(|(place, _)| *place);
    pieces.into_iter().map(|((offset, _, _), piece)| (offset as usize, piece)).collect()
}

/// Finds what to guard; outer places come before the ones within them.
pub(super) struct Protector {
    pub is_module: bool,
    guards: Vec<(Span, &'static str, &'static str)>,
}

impl Protector {
    /// Guards a list of statements that has a scope of its own.
    fn guard_list(&mut self, statements: &[Statement<'_>]) {
        let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return };
        let mut found = Findings::new(self.is_module);
        statements.iter().for_each(|statement| found.visit_statement(statement));
        if !found.can_overflow() {
            return;
        }
        if found.can_move() {
            self.guard_block(Span::new(first.span().start, last.span().end));
        } else {
            statements.iter().for_each(|statement| self.guard_statement(statement));
        }
    }

    /// Guards a statement in a block that cannot move as a whole.
    pub fn guard_statement(&mut self, statement: &Statement<'_>) {
        let found = Findings::in_statement(statement, self.is_module);
        if !found.can_overflow() {
            return;
        }
        if found.can_move() && !statement.is_declaration() {
            self.guard_block(statement.span());
        } else {
            guard_parts(self, statement);
        }
    }

    pub fn guard_declaration(&mut self, declaration: &VariableDeclaration<'_>) {
        for declarator in &declaration.declarations {
            if let Some(init) = &declarator.init {
                self.guard_expression(init);
            }
        }
    }

    pub fn guard_init(&mut self, init: &ForStatementInit<'_>) {
        match init {
            ForStatementInit::VariableDeclaration(declaration) => self.guard_declaration(declaration),
            init => {
                if let Some(expression) = init.as_expression() {
                    self.guard_expression(expression);
                }
            }
        }
    }

    pub fn guard_expression(&mut self, expression: &Expression<'_>) {
        let found = Findings::in_expression(expression, self.is_module);
        if found.can_overflow() {
            self.guard_found(expression, &found);
        }
    }

    /// As [`Self::guard_expression`], for the head of a loop: there `i < list.length` is left alone,
    /// because it is evaluated so often.
    pub fn guard_loop_head(&mut self, expression: &Expression<'_>) {
        let found = Findings::in_expression(expression, self.is_module);
        if found.calls {
            self.guard_found(expression, &found);
        }
    }

    fn guard_found(&mut self, expression: &Expression<'_>, found: &Findings) {
        if found.can_move() {
            self.guards.push((expression.span(), OPEN_EXPRESSION, CLOSE_EXPRESSION));
        } else {
            super::protect_parts::guard_operands(self, expression);
        }
    }

    fn guard_block(&mut self, span: Span) {
        self.guards.push((span, OPEN_BLOCK, CLOSE_BLOCK));
    }
}

impl<'a> Visit<'a> for Protector {
    fn visit_try_statement(&mut self, statement: &TryStatement<'a>) {
        self.guard_list(&statement.block.body);
        walk::walk_try_statement(self, statement);
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        if let Some(body) = function.body.as_ref().filter(|_| function.r#async) {
            self.guard_async(body);
        }
        walk::walk_function(self, function, flags);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        if arrow.r#async {
            match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => self.guard_async(body),
                body => {
                    if let Some(expression) = body.as_expression() {
                        self.guard_expression(expression);
                    }
                }
            }
        }
        walk::walk_arrow_function_expression(self, arrow);
    }
}

impl Protector {
    /// An async function turns what its body throws into a rejection: a `try` around all of it.
    fn guard_async(&mut self, body: &FunctionBody<'_>) {
        self.guard_list(&body.statements);
    }
}

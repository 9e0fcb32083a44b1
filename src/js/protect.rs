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
    ArrowFunctionBody, ArrowFunctionExpression, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    Expression, ForStatementInit, Function, FunctionBody, Program, Statement, TryStatement,
    VariableDeclaration,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType, Span};
use oxc::syntax::scope::ScopeFlags;

use super::insertions::Insertions;
use super::protect_parts::guard_parts;
use super::protect_scan::Findings;

pub(super) const OPEN_BLOCK: &str = "__ssek_guard(()=>{;";
const CLOSE_BLOCK: &str = "});";
pub(super) const OPEN_EXPRESSION: &str = "__ssek_guard(()=>(";
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

/// What is guarded, outer places first, and what is put in front of each and behind it.
pub(super) fn guards(program: &Program<'_>, is_module: bool) -> Vec<(Span, &'static str, &'static str)> {
    let mut protector = Protector { is_module, guards: Vec::new() };
    protector.visit_program(program);
    protector.guards
}

fn pieces(program: &Program<'_>, is_module: bool) -> Vec<(usize, &'static str)> {
    let guards = guards(program, is_module);
    let mut pieces = Vec::with_capacity(guards.len() * 2);
    for (order, (span, open, close)) in guards.into_iter().enumerate() {
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
    fn visit_export_default_declaration(&mut self, export: &ExportDefaultDeclaration<'a>) {
        // The engine takes `async` there for the begin of a function declaration.
        if let ExportDefaultDeclarationKind::ArrowFunctionExpression(arrow) = &export.declaration
            && arrow.r#async
        {
            self.guards.push((arrow.span, "(", ")"));
        }
        walk::walk_export_default_declaration(self, export);
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` with `«…»` for a guarded block and `‹…›` for a guarded expression.
    fn shown(text: &str, is_module: bool) -> String {
        let allocator = Allocator::default();
        let source_type = if is_module { SourceType::mjs() } else { SourceType::cjs() };
        let parse = |text| Parser::new(&allocator, text, source_type).parse();
        let (code, insertions) = protect(text, is_module);
        let errors = parse(allocator.alloc_str(&code)).diagnostics;
        assert!(errors.is_empty(), "{code}: {errors:?}");
        let end = insertions.original_column(1, code.len() as u32 + 1);
        assert_eq!(end, text.len() as u32 + 1, "{code}");
        let mut shown = text.to_owned();
        for (offset, piece) in pieces(&parse(allocator.alloc_str(text)).program, is_module).into_iter().rev()
        {
            let sign = match piece {
                OPEN_BLOCK => "«",
                CLOSE_BLOCK => "»",
                OPEN_EXPRESSION => "‹",
                CLOSE_EXPRESSION => "›",
                parenthesis => parenthesis,
            };
            shown.insert_str(offset, sign);
        }
        shown
    }

    #[test]
    fn what_is_guarded() {
        for (text, want) in [
            ("try { f() } catch {}", "try { «f()» } catch {}"),
            ("try { f(); } finally { g() }", "try { «f();» } finally { g() }"),
            ("try { const a = f(); a.b = g(a) } catch {}", "try { «const a = f(); a.b = g(a)» } catch {}"),
            ("try { x = 1 } catch {}", "try { x = 1 } catch {}"),
            ("try { a.b } catch {}", "try { «a.b» } catch {}"),
            ("retry()", "retry()"),
            // What leaves the block.
            (
                "function x() { try { const a = f(); return g(a) } catch {} }",
                "function x() { try { const a = ‹f()›; return ‹g(a)› } catch {} }",
            ),
            (
                "for (;;) { try { if (f()) break; g() } catch {} }",
                "for (;;) { try { if (‹f()›) break; «g()» } catch {} }",
            ),
            (
                "try { for (;;) { if (f()) break; g() } } catch {}",
                "try { «for (;;) { if (f()) break; g() }» } catch {}",
            ),
            (
                "a: for (;;) try { for (;;) { f(); continue a } } catch {}",
                "a: for (;;) try { for (;;) { «f();» continue a } } catch {}",
            ),
            (
                "for (;;) try { switch (f()) { case 1: continue } } catch {}",
                "for (;;) try { switch (‹f()›) { case 1: continue } } catch {}",
            ),
            (
                "function x() { try { for (let i = 0; i < a.length; i++) { if (f()) return i } } catch {} }",
                "function x() { try { for (let i = 0; i < a.length; i++) { if (‹f()›) return i } } catch {} }",
            ),
            // What is seen outside of it.
            ("try { var a = f() } catch {}", "try { var a = ‹f()› } catch {}"),
            ("try { eval('var a'); f() } catch {}", "try { eval('var a'); «f()» } catch {}"),
            // Nested.
            ("try { try { f() } catch { g() } } catch {}", "try { «try { «f()» } catch { g() }» } catch {}"),
            (
                "function x() { try { try { f() } catch { g() } return } catch {} }",
                "function x() { try { «try { «f()» } catch { g() }» return } catch {} }",
            ),
            (
                "function x() { try { try { return f() } catch { return g() } } catch {} }",
                "function x() { try { try { return ‹f()› } catch { return ‹g()› } } catch {} }",
            ),
            // Generators and async functions.
            (
                "function* x() { try { yield f(a.b) } catch {} }",
                "function* x() { try { yield ‹f(a.b)› } catch {} }",
            ),
            ("async function x() { f(); await g() }", "async function x() { «f();» await ‹g()› }"),
            ("async () => f()", "async () => ‹f()›"),
            ("async () => await f(g())", "async () => await ‹f(g())›"),
            // A call keeps its `this`, a chain its end.
            ("async () => { a.b.c(await d, e()) }", "async () => { ‹a.b›.c(await d, ‹e()›) }"),
            ("async () => { a.b(await d) }", "async () => { a.b(await d) }"),
            ("async () => { (a.b)(await d) }", "async () => { (a.b)(await d) }"),
            ("async () => { a?.b.c(await d) }", "async () => { a?.b.c(await d) }"),
            ("async () => { new (a.b)(await d, e()) }", "async () => { new (a.b)(await d, ‹e()›) }"),
            (
                "async () => { for await (const a of f()) g(a) }",
                "async () => { for await (const a of ‹f()›) «g(a)» }",
            ),
        ] {
            assert_eq!(shown(text, text.contains("await")), want);
        }
    }

    #[test]
    fn async_arrows_as_default_exports() {
        for (text, want) in [
            ("export default async () => {}", "export default (async () => {})"),
            ("export default async a => f(a)", "export default (async a => ‹f(a)›)"),
            ("export default (async () => {})", "export default (async () => {})"),
            ("export default async function () {}", "export default async function () {}"),
        ] {
            assert_eq!(shown(text, true), want);
        }
    }

    #[test]
    fn functions_in_blocks() {
        let text = "try { function f() {} f() } catch {}";
        assert_eq!(shown(text, true), "try { «function f() {} f()» } catch {}");
        assert_eq!(shown(text, false), "try { function f() {} «f()» } catch {}");
    }

    #[test]
    fn derived_constructors() {
        let text = "class A extends B { constructor() { try { super(f()); this.g() } catch {} } }";
        let want = "class A extends B { constructor() { try { super(‹f()›); «this.g()» } catch {} } }";
        assert_eq!(shown(text, true), want);
    }
}

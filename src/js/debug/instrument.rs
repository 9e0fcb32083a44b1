//! Scripts with a call of the debugger's hook before each statement.
//!
//! The engine has no debugger. So the text is rewritten as it is loaded: a statement becomes
//! `__ssek_debug(17,__ssek_e=>eval(__ssek_e));statement`. The number says where the script is; the arrow
//! function evaluates a text in that very scope, with its variables, closures and `this`. Code is only
//! added, and no line end is. Conditions of loops and the bodies of arrow functions that are
//! expressions get theirs by the comma operator, and what is thrown goes through a function that
//! returns it.
//!
//! What [`protect`](super::super::protect) adds goes in at the same time, so that both see the text as
//! it was written.

use std::cell::Cell;
use std::cmp::Reverse;

use oxc::allocator::{Allocator, Vec as ArenaVec};
use oxc::ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, Class, Declaration, DoWhileStatement,
    ExportDefaultDeclaration, ExportDefaultDeclarationKind, Expression, ForInStatement, ForOfStatement,
    ForStatement, Function, IfStatement, ObjectProperty, Statement, StaticBlock, ThrowStatement,
    VariableDeclaration, VariableDeclarator, WhileStatement, WithStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::semantic::{ScopeId, Scoping, SemanticBuilder};
use oxc::span::{GetSpan, SourceType, Span};
use oxc::syntax::scope::ScopeFlags;

use super::awaits::awaits;
use super::names::Names;
use super::scopes::Scopes;
use crate::js::insertions::Insertions;
use crate::js::protect;

/// The global function that is called before each statement.
pub(super) const HOOK: &str = "__ssek_debug";

/// The global function that what is thrown goes through.
pub(super) const THROWN: &str = "__ssek_thrown";

/// What a point is, besides a place where the script can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    Plain,
    /// Its statement awaits something, and the function goes on.
    Await,
    /// A `debugger` statement.
    Debugger,
}

/// A place in front of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawPoint {
    /// In the text before it was rewritten, in bytes.
    pub offset: u32,
    pub kind: PointKind,
    /// The function around it, as an index of [`Rewritten::functions`].
    pub function: u32,
    /// The innermost scope, as an index of [`Rewritten::scopes`].
    pub scope: u32,
}

/// A rewritten text.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub code: String,
    pub insertions: Insertions,
    /// By their numbers, less the first one.
    pub points: Vec<RawPoint>,
    /// Where each begins and ends, and its name, if it has one; the first is the file.
    pub functions: Vec<(Span, String)>,
    pub scopes: Scopes,
}

/// Rewrites a script that parses without errors. `first` makes the number of the first point from how
/// many there are.
pub(super) fn instrument(text: &str, is_module: bool, first: impl FnOnce(u32) -> u32) -> Rewritten {
    let allocator = Allocator::default();
    let source_type = if is_module { SourceType::mjs() } else { SourceType::cjs() };
    let parsed = Parser::new(&allocator, text, source_type).parse();
    let unchanged = || {
        let (code, insertions) = protect::protect(text, is_module);
        Rewritten { code, insertions, ..Rewritten::default() }
    };
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return unchanged();
    }
    let program = parsed.program;
    let built = SemanticBuilder::new().with_build_nodes(true).build(&program);
    if !built.diagnostics.is_empty() {
        return unchanged();
    }
    let mut visitor = Visitor {
        scoping: built.semantic.scoping(),
        scope: Vec::new(),
        functions: vec![(program.span, String::new())],
        within: vec![0],
        names: Names::default(),
        points: Vec::new(),
        wraps: Vec::new(),
        scopes: Scopes::default(),
    };
    visitor.visit_program(&program);
    let Visitor { points, mut wraps, functions, scopes, .. } = visitor;
    let guards = protect::guards(&program, is_module);
    let first = first(points.len() as u32);
    for wrap in &mut wraps {
        if let Some(point) = wrap.point {
            let at = &points[point as usize];
            let function = functions[at.function as usize].0;
            let depth = guards.iter().filter(|(span, open, _)| {
                // The whole of a function is never in an arrow function that a guard makes of part of it.
                let within = span.start >= function.start && span.end <= function.end;
                let before = match *open {
                    protect::OPEN_BLOCK => span.start <= at.offset,
                    protect::OPEN_EXPRESSION => span.start < at.offset,
                    _ => return false,
                };
                within && before && at.offset < span.end && *span != function
            });
            let call = call(first + point, depth.count());
            wrap.open = wrap.open.replace('@', &call);
        }
    }
    let guards = guards.into_iter().map(|(span, open, close)| Wrap {
        span,
        rank: if open == protect::OPEN_BLOCK { Rank::Block } else { Rank::Guard },
        point: None,
        open: open.to_owned(),
        close,
    });
    let pieces = in_order(guards.chain(wraps).collect());
    let pieces: Vec<_> = pieces.iter().map(|(offset, piece)| (*offset as usize, piece.as_str())).collect();
    let (code, insertions) = Insertions::put(text, &pieces);
    Rewritten { code, insertions, points, functions, scopes }
}

fn call(number: u32, guards: usize) -> String {
    match guards {
        0 => format!("{HOOK}({number},__ssek_e=>eval(__ssek_e))"),
        guards => format!("{HOOK}({number},__ssek_e=>eval(__ssek_e),{guards})"),
    }
}

/// Which of two wraps around the same span is the outer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A block that [`protect`] moves into an arrow function.
    Block,
    Statement,
    Expression,
    /// Any other guard.
    Guard,
}

/// Text around a span of the script.
#[derive(Debug)]
struct Wrap {
    span: Span,
    rank: Rank,
    /// The point that `@` in the text in front stands for.
    point: Option<u32>,
    open: String,
    close: &'static str,
}

/// The pieces of all wraps in the order of the text. At one place ends come before starts, inner ends
/// before outer ones, outer starts before inner ones.
fn in_order(wraps: Vec<Wrap>) -> Vec<(u32, String)> {
    let mut pieces = Vec::with_capacity(wraps.len() * 2);
    for (order, Wrap { span, rank, open, close, .. }) in wraps.into_iter().enumerate() {
        let order = order as i64;
        if !close.is_empty() {
            // Starts and ends have keys of one type: of ends, what is to come first is what came last.
            let key = (span.end, false, Reverse(i64::from(span.start)), Reverse(rank as i64), -order);
            pieces.push((key, close.to_owned()));
        }
        let key = (span.start, true, Reverse(i64::from(span.end)), Reverse(-(rank as i64)), order);
        pieces.push((key, open));
    }
    pieces.sort_by_key(|(key, _)| *key);
    pieces.into_iter().map(|((offset, ..), piece)| (offset, piece)).collect()
}

struct Visitor<'s> {
    scoping: &'s Scoping,
    scope: Vec<ScopeId>,
    /// Whole functions and their names.
    functions: Vec<(Span, String)>,
    /// Those that the visitor is in, the innermost last.
    within: Vec<u32>,
    names: Names,
    points: Vec<RawPoint>,
    wraps: Vec<Wrap>,
    scopes: Scopes,
}

impl Visitor<'_> {
    fn point(&mut self, offset: u32, kind: PointKind, scope: Option<ScopeId>) -> u32 {
        let number = self.points.len() as u32;
        let scope = scope.or_else(|| self.scope.last().copied());
        let scope = scope.map_or(0, |scope| self.scopes.index(scope, self.scoping));
        let function = self.within.last().copied().unwrap_or_default();
        self.points.push(RawPoint { offset, kind, function, scope });
        number
    }

    /// Puts the hook in front of a statement in a list.
    fn before(&mut self, statement: &Statement<'_>) {
        if let Some(kind) = kind(statement) {
            let span = statement.span();
            let point = Some(self.point(span.start, kind, None));
            let open = "@;".to_owned();
            self.wraps.push(Wrap { span, rank: Rank::Statement, point, open, close: "" });
        }
    }

    /// Makes a block of a statement that is the body of another one.
    fn body(&mut self, statement: &Statement<'_>) {
        if let Some(kind) = kind(statement)
            && !matches!(statement, Statement::VariableDeclaration(_))
        {
            let span = statement.span();
            let point = Some(self.point(span.start, kind, None));
            let open = "{@;".to_owned();
            self.wraps.push(Wrap { span, rank: Rank::Statement, point, open, close: "}" });
        }
    }

    /// The same for the body of a loop, which is in the scope of the loop's head.
    fn body_of_loop(&mut self, scope: Option<ScopeId>, statement: &Statement<'_>) {
        self.scope.extend(scope);
        self.body(statement);
        scope.and_then(|_| self.scope.pop());
    }

    /// Has the hook called each time that an expression is evaluated.
    fn expression(&mut self, expression: &Expression<'_>, scope: Option<ScopeId>) {
        let span = expression.span();
        let point = Some(self.point(span.start, PointKind::Plain, scope));
        let open = "(@,".to_owned();
        self.wraps.push(Wrap { span, rank: Rank::Expression, point, open, close: ")" });
    }

    fn within(&mut self, function: Span, own_name: Option<&str>, walk: impl FnOnce(&mut Self)) {
        let given = self.names.take(function.start);
        let name = own_name.map(str::to_owned).or(given).unwrap_or_default();
        self.within.push(self.functions.len() as u32);
        self.functions.push((function, name));
        walk(self);
        self.within.pop();
    }
}

/// What the point in front of a statement is; none if there is nothing to pause at.
fn kind(statement: &Statement<'_>) -> Option<PointKind> {
    let plain = match statement {
        Statement::DebuggerStatement(_) => return Some(PointKind::Debugger),
        Statement::ExpressionStatement(_)
        | Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::IfStatement(_)
        | Statement::ForInStatement(_)
        | Statement::ForOfStatement(_)
        | Statement::SwitchStatement(_)
        | Statement::BreakStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::WithStatement(_)
        | Statement::ClassDeclaration(_) => true,
        Statement::ForStatement(it) => it.init.is_some() || (it.test.is_none() && it.update.is_none()),
        Statement::VariableDeclaration(it) => has_init(it),
        Statement::LabeledStatement(it) => return kind(&it.body),
        Statement::ExportDeclaration(it) => match &it.declaration {
            Declaration::VariableDeclaration(it) => has_init(it),
            Declaration::ClassDeclaration(_) => true,
            _ => false,
        },
        Statement::ExportDefaultDeclaration(it) => !matches!(
            it.declaration,
            ExportDefaultDeclarationKind::FunctionDeclaration(_)
                | ExportDefaultDeclarationKind::ArrowFunctionExpression(_)
        ),
        // A loop's condition has a point of its own; blocks and `try` have those of their statements.
        _ => false,
    };
    plain.then(|| if awaits(statement) { PointKind::Await } else { PointKind::Plain })
}

fn has_init(declaration: &VariableDeclaration<'_>) -> bool {
    declaration.declarations.iter().any(|declarator| declarator.init.is_some())
}

impl<'a> Visit<'a> for Visitor<'_> {
    fn enter_scope(&mut self, _: ScopeFlags, scope: &Cell<Option<ScopeId>>) {
        self.scope.extend(scope.get().or_else(|| self.scope.last().copied()));
    }

    fn leave_scope(&mut self) {
        self.scope.pop();
    }

    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        for statement in statements {
            self.before(statement);
            self.visit_statement(statement);
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.visit_expression(&it.test);
        self.body(&it.consequent);
        self.visit_statement(&it.consequent);
        match &it.alternate {
            // Not in a block: chains of `else if` may be long.
            Some(Statement::IfStatement(next)) => {
                self.expression(&next.test, None);
                self.visit_if_statement(next);
            }
            Some(alternate) => {
                self.body(alternate);
                self.visit_statement(alternate);
            }
            None => {}
        }
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        let scope = it.scope_id.get();
        for expression in it.test.iter().chain(&it.update) {
            self.expression(expression, scope);
        }
        self.body_of_loop(scope, &it.body);
        walk::walk_for_statement(self, it);
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.body_of_loop(it.scope_id.get(), &it.body);
        walk::walk_for_in_statement(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.body_of_loop(it.scope_id.get(), &it.body);
        walk::walk_for_of_statement(self, it);
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.expression(&it.test, None);
        self.body(&it.body);
        walk::walk_while_statement(self, it);
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        self.expression(&it.test, None);
        self.body(&it.body);
        walk::walk_do_while_statement(self, it);
    }

    fn visit_with_statement(&mut self, it: &WithStatement<'a>) {
        self.body(&it.body);
        walk::walk_with_statement(self, it);
    }

    fn visit_throw_statement(&mut self, it: &ThrowStatement<'a>) {
        self.wraps.push(Wrap {
            span: it.argument.span(),
            rank: Rank::Expression,
            point: None,
            open: format!("{THROWN}(("),
            close: "))",
        });
        walk::walk_throw_statement(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        let name = it.id.as_ref().map(|id| id.name.as_str());
        self.within(it.span, name, |visitor| walk::walk_function(visitor, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.within(it.span, None, |visitor| {
            if let Some(expression) = it.body.as_expression() {
                visitor.expression(expression, it.scope_id.get());
            }
            walk::walk_arrow_function_expression(visitor, it);
        });
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.within(it.span, Some("static"), |visitor| walk::walk_static_block(visitor, it));
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.names.of_class(it);
        walk::walk_class(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        self.names.of_variable(it);
        walk::walk_variable_declarator(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        self.names.of_assignment(it);
        walk::walk_assignment_expression(self, it);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        self.names.of_property(it);
        walk::walk_object_property(self, it);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        self.names.of_default_export(it);
        walk::walk_export_default_declaration(self, it);
    }
}

//! What speaks for guarding a piece of code, and what against moving it into a function.

use oxc::ast::ast::{
    ArrowFunctionExpression, AwaitExpression, BreakStatement, CallExpression, Class, ContinueStatement,
    DoWhileStatement, Expression, ForInStatement, ForOfStatement, ForStatement, Function, FunctionType,
    LabeledStatement, MemberExpression, NewExpression, ReturnStatement, SpreadElement, Statement,
    SwitchStatement, TaggedTemplateExpression, VariableDeclaration, VariableDeclarationKind, WhileStatement,
    YieldExpression,
};
use oxc::ast_visit::{Visit, walk};
use oxc::syntax::scope::ScopeFlags;

/// Findings about a piece of code. Functions in it are not looked into: their code runs elsewhere.
pub(super) struct Findings {
    is_module: bool,
    /// It calls functions.
    pub calls: bool,
    /// It does what may call functions unseen: getters, iterators.
    touches: bool,
    /// It would not mean the same in a function of its own.
    bound: bool,
    loops: usize,
    /// Loops and `switch` statements around the place.
    breakables: usize,
    labels: Vec<String>,
}

impl Findings {
    pub fn new(is_module: bool) -> Self {
        Self {
            is_module,
            calls: false,
            touches: false,
            bound: false,
            loops: 0,
            breakables: 0,
            labels: Vec::new(),
        }
    }

    pub fn in_statement(statement: &Statement<'_>, is_module: bool) -> Self {
        let mut found = Self::new(is_module);
        found.visit_statement(statement);
        found
    }

    pub fn in_expression(expression: &Expression<'_>, is_module: bool) -> Self {
        let mut found = Self::new(is_module);
        found.visit_expression(expression);
        found
    }

    /// Whether it runs code of other functions, which may recurse.
    pub fn can_overflow(&self) -> bool {
        self.calls || self.touches
    }

    /// Whether it means the same inside an arrow function.
    pub fn can_move(&self) -> bool {
        !self.bound
    }

    fn in_loop(&mut self, walk: impl FnOnce(&mut Self)) {
        self.loops += 1;
        self.breakables += 1;
        walk(self);
        self.loops -= 1;
        self.breakables -= 1;
    }

    fn jump(&mut self, label: Option<&str>, within: usize) {
        self.bound |= match label {
            Some(label) => !self.labels.iter().any(|known| known == label),
            None => within == 0,
        };
    }
}

impl<'a> Visit<'a> for Findings {
    fn visit_function(&mut self, function: &Function<'a>, _: ScopeFlags) {
        // In sloppy code a function in a block is also a variable of the function around it.
        self.bound |= function.r#type == FunctionType::FunctionDeclaration && !self.is_module;
    }

    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}

    fn visit_class(&mut self, class: &Class<'a>) {
        walk::walk_class(self, class);
    }

    fn visit_variable_declaration(&mut self, declaration: &VariableDeclaration<'a>) {
        let is_scoped =
            matches!(declaration.kind, VariableDeclarationKind::Let | VariableDeclarationKind::Const);
        self.bound |= !is_scoped;
        self.touches |= declaration.declarations.iter().any(|d| d.id.is_destructuring_pattern());
        walk::walk_variable_declaration(self, declaration);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.calls = true;
        // A direct eval declares variables where it stands; `super()` sets the constructor's `this`.
        self.bound |= match &call.callee {
            Expression::Identifier(name) => name.name == "eval",
            Expression::Super(_) => true,
            _ => false,
        };
        walk::walk_call_expression(self, call);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        self.calls = true;
        walk::walk_new_expression(self, new);
    }

    fn visit_tagged_template_expression(&mut self, tagged: &TaggedTemplateExpression<'a>) {
        self.calls = true;
        walk::walk_tagged_template_expression(self, tagged);
    }

    fn visit_member_expression(&mut self, member: &MemberExpression<'a>) {
        self.touches = true;
        walk::walk_member_expression(self, member);
    }

    fn visit_spread_element(&mut self, spread: &SpreadElement<'a>) {
        self.touches = true;
        walk::walk_spread_element(self, spread);
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.bound = true;
        walk::walk_await_expression(self, it);
    }

    fn visit_yield_expression(&mut self, it: &YieldExpression<'a>) {
        self.bound = true;
        walk::walk_yield_expression(self, it);
    }

    fn visit_return_statement(&mut self, it: &ReturnStatement<'a>) {
        self.bound = true;
        walk::walk_return_statement(self, it);
    }

    fn visit_break_statement(&mut self, it: &BreakStatement<'a>) {
        self.jump(it.label.as_ref().map(|label| label.name.as_str()), self.breakables);
    }

    fn visit_continue_statement(&mut self, it: &ContinueStatement<'a>) {
        self.jump(it.label.as_ref().map(|label| label.name.as_str()), self.loops);
    }

    fn visit_labeled_statement(&mut self, it: &LabeledStatement<'a>) {
        self.labels.push(it.label.name.to_string());
        walk::walk_labeled_statement(self, it);
        self.labels.pop();
    }

    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        self.breakables += 1;
        walk::walk_switch_statement(self, it);
        self.breakables -= 1;
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        self.in_loop(|found| walk::walk_for_statement(found, it));
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.in_loop(|found| walk::walk_for_in_statement(found, it));
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.touches = true;
        self.bound |= it.r#await;
        self.in_loop(|found| walk::walk_for_of_statement(found, it));
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.in_loop(|found| walk::walk_while_statement(found, it));
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        self.in_loop(|found| walk::walk_do_while_statement(found, it));
    }
}

//! Refuses scripts nested so deep that the engine's parser would overflow the native stack.
//!
//! The engine's parser recurses for each level of nesting, unchecked, and an overflow there ends the
//! process. So every text is parsed first by oxc, on a stack that suits its length, and the stack
//! that the engine will need is estimated on the syntax tree.

use boa_engine::JsString;
use oxc::allocator::{Allocator, ArenaVec};
use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, ComputedMemberExpression, Program};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType};
use oxc::syntax::operator::BinaryOperator;

/// Native stack that the engine takes for a level of brackets, measured: 27 to 31 KiB.
const BRACKETS: usize = 32 * 1024;
/// For a level of most other things: 1 to 4 KiB.
const LEVEL: usize = 4 * 1024;
/// For an operand more in a chain such as `a + b + c` or `a.b.c`: below 500 bytes.
const LINK: usize = 512;

/// For what [`super::protect`] puts around code: a call, an arrow function, parentheses.
const GUARD: usize = 2 * BRACKETS + 2 * LEVEL;

/// The engine's parser is compiled as a part of this crate when it reads files, and without
/// optimisation its frames are that much larger: 5 to 10 times.
const FILE_FACTOR: usize = if cfg!(debug_assertions) { 7 } else { 1 };

/// What a file may need, of the 16 MiB that a VU's thread has.
const FILE_BUDGET: usize = 12 * 1024 * 1024;
/// What a string given to `eval` or `Function` may need, below all the calls that led there.
const STRING_BUDGET: usize = 4 * 1024 * 1024;

/// Stack that oxc, and the visitors of its tree, take for each byte of text at most: 2 KiB, for `[`.
const STACK_PER_BYTE: usize = 3 * 1024;
const SMALLEST_STACK: usize = 2 * 1024 * 1024;

/// What to say about such a text.
pub const TOO_DEEP: &str = "the code is nested too deeply";

/// Runs `work` for a text of that many bytes on a stack on which oxc can parse it, however deep it is
/// nested. `work` is called once.
pub fn with_stack_for<R: Send>(length: usize, work: impl Fn() -> R + Sync) -> R {
    let mut size = length.saturating_mul(STACK_PER_BYTE).saturating_add(SMALLEST_STACK);
    while size >= SMALLEST_STACK {
        // Only reserved: pages that are not touched cost nothing.
        let done = std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("parse".to_owned()).stack_size(size);
            let thread = builder.spawn_scoped(scope, &work).ok()?;
            Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        if let Some(done) = done {
            return done;
        }
        // The address space is limited. A text that long is hardly nested as deep as it is long.
        size /= 2;
    }
    work()
}

/// Where a file's code is nested too deeply for the engine, as a byte offset; `None` if it is not.
pub fn too_deep(program: &Program<'_>) -> Option<usize> {
    exceeds(program, FILE_BUDGET / FILE_FACTOR)
}

/// Why a string that a script wants to compile is refused; `None` if it is not.
pub fn refused(parameters: &[JsString], body: &JsString) -> Option<String> {
    let length = parameters.iter().map(JsString::len).sum::<usize>() + body.len();
    if length < STRING_BUDGET / BRACKETS {
        return None;
    }
    let mut text = body.to_std_string_lossy();
    if !parameters.is_empty() {
        let names: Vec<_> = parameters.iter().map(JsString::to_std_string_lossy).collect();
        text = format!("(function({}\n){{{text}\n}})", names.join(","));
    }
    with_stack_for(text.len(), || {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, &text, SourceType::cjs()).parse();
        if parsed.panicked {
            // Without a tree, the engine's own message is only had for texts that cannot be deep.
            let error = parsed.diagnostics.first().map(|error| error.message.to_string());
            error.filter(|_| text.len() >= STRING_BUDGET / BRACKETS)
        } else {
            exceeds(&parsed.program, STRING_BUDGET).map(|_| TOO_DEEP.to_owned())
        }
    })
}

fn exceeds(program: &Program<'_>, budget: usize) -> Option<usize> {
    let mut estimate = Estimate { needed: 0, budget, exceeded_at: None };
    estimate.visit_program(program);
    estimate.exceeded_at.map(|offset| offset as usize)
}

/// The native stack that the engine's parser needs at a place of the tree, in bytes.
struct Estimate {
    needed: usize,
    budget: usize,
    exceeded_at: Option<u32>,
}

impl Estimate {
    fn in_brackets(&mut self, walk: impl FnOnce(&mut Self)) {
        self.needed += BRACKETS;
        walk(self);
        self.needed -= BRACKETS;
    }
}

impl<'a> Visit<'a> for Estimate {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.needed += need(kind);
        if self.needed > self.budget && self.exceeded_at.is_none() {
            self.exceeded_at = Some(kind.span().start);
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.needed -= need(kind);
    }

    fn visit_arguments(&mut self, arguments: &ArenaVec<'a, Argument<'a>>) {
        self.in_brackets(|estimate| walk::walk_arguments(estimate, arguments));
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        self.visit_expression(&member.object);
        self.in_brackets(|estimate| estimate.visit_expression(&member.expression));
    }
}

fn need(kind: AstKind<'_>) -> usize {
    match kind {
        AstKind::TryStatement(_) => GUARD,
        AstKind::Function(it) if it.r#async => BRACKETS + GUARD,
        AstKind::ArrowFunctionExpression(it) if it.r#async => GUARD,
        AstKind::ArrayExpression(_)
        | AstKind::ObjectExpression(_)
        | AstKind::ParenthesizedExpression(_)
        | AstKind::TemplateLiteral(_)
        | AstKind::Class(_)
        | AstKind::Function(_)
        | AstKind::FormalParameters(_)
        | AstKind::ArrayPattern(_)
        | AstKind::ObjectPattern(_)
        | AstKind::ArrayAssignmentTarget(_)
        | AstKind::ObjectAssignmentTarget(_) => BRACKETS,
        AstKind::BinaryExpression(it) if it.operator == BinaryOperator::Exponential => LEVEL,
        AstKind::BinaryExpression(_)
        | AstKind::LogicalExpression(_)
        | AstKind::StaticMemberExpression(_)
        | AstKind::PrivateFieldExpression(_)
        | AstKind::CallExpression(_)
        | AstKind::TaggedTemplateExpression(_) => LINK,
        _ => LEVEL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(text: &str) -> bool {
        with_stack_for(text.len(), || {
            let allocator = Allocator::default();
            let parsed = Parser::new(&allocator, text, SourceType::cjs()).parse();
            exceeds(&parsed.program, STRING_BUDGET).is_some()
        })
    }

    #[test]
    fn what_is_too_deep() {
        let nested = |open: &str, inner: &str, close: &str, depth: usize| {
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        for (open, inner, close, fits, too_many) in [
            ("[", "", "]", 100, 140),
            ("(", "1", ")", 100, 140),
            ("f(", "", ")", 100, 140),
            ("a[", "0", "]", 100, 140),
            ("x = {a:", "1", "}", 60, 140),
            ("!", "1", "", 900, 1100),
            ("{", "", "}", 900, 1100),
            ("if (a) b; else ", "c", "", 900, 1100),
            ("a ? b : ", "c", "", 900, 1100),
            ("1 + ", "1", "", 7000, 9000),
        ] {
            assert!(!is_refused(&nested(open, inner, close, fits)), "{fits} times {open}");
            assert!(is_refused(&nested(open, inner, close, too_many)), "{too_many} times {open}");
        }
        assert!(!is_refused(&format!("a{}", ".b(c)".repeat(3000))));
        assert!(!is_refused(&"a;".repeat(50_000)));
    }

    #[test]
    fn strings_to_compile() {
        let text = |text: &str| JsString::from(text);
        assert_eq!(refused(&[], &text("1 + 1")), None);
        assert!(refused(&[], &text(&"[".repeat(100_000))).is_some());
        assert_eq!(refused(&[text("a"), text("b = [1]")], &text(&"a + b;".repeat(100))), None);
        assert!(refused(&[], &text(&format!("{}{}", "[".repeat(5000), "]".repeat(5000)))).is_some());
        assert!(refused(&[text(&format!("a = {}", "(".repeat(5000)))], &text("1")).is_some());
    }
}

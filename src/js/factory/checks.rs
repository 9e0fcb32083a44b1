//! What a module's text is looked through for before it is made a factory's.

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Program, PropertyKind};
use oxc::parser::Parser;
use oxc::semantic::Semantic;
use oxc::span::{GetSpan, SourceType, Span};

use crate::js::isolation::Finding;

/// A last line of defence: text that is no script any more never reaches the engine.
pub(super) fn reparse(code: &str) -> Result<(), Finding> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::cjs()).parse();
    let is_sound = !parsed.panicked && parsed.diagnostics.is_empty();
    if is_sound { Ok(()) } else { Err(Finding::new(0, "no exact translation")) }
}

/// `<!--` and `-->` are comments in scripts, but operators in modules.
pub(super) fn html_comments(
    text: &str,
    program: &Program<'_>,
    semantic: &Semantic<'_>,
) -> Result<(), Finding> {
    for mark in ["<!--", "-->"] {
        for (offset, _) in text.match_indices(mark) {
            let span = Span::sized(offset as u32, mark.len() as u32);
            let is_text = program.comments.iter().any(|comment| comment.span.contains_inclusive(span))
                || semantic.nodes().iter().any(|node| {
                    matches!(
                        node.kind(),
                        AstKind::StringLiteral(_) | AstKind::TemplateElement(_) | AstKind::RegExpLiteral(_)
                    ) && node.kind().span().contains_inclusive(span)
                });
            if !is_text {
                return Err(Finding::new(offset as u32, format!("the operators {mark}")));
            }
        }
    }
    Ok(())
}

/// The start of names that the module does not have.
pub(super) fn free_prefix(semantic: &Semantic<'_>) -> String {
    let scoping = semantic.scoping();
    let mut prefix = String::from("$");
    loop {
        let is_taken = |name: &str| {
            let rest = name.strip_prefix(&prefix);
            rest.is_some_and(|rest| rest == "d" || rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let mut free = scoping.root_unresolved_references().keys().map(|name| name.as_str());
        if !scoping.symbol_names().any(is_taken) && !free.any(is_taken) {
            return prefix;
        }
        prefix.push('$');
    }
}

/// Whether a function that can be exported uses `this`: one that is no method.
pub(super) fn uses_this(semantic: &Semantic<'_>) -> bool {
    let nodes = semantic.nodes();
    nodes.iter().filter(|node| matches!(node.kind(), AstKind::ThisExpression(_))).any(|node| {
        let function = nodes.ancestors(node.id()).find(|node| {
            matches!(
                node.kind(),
                AstKind::Function(_) | AstKind::PropertyDefinition(_) | AstKind::StaticBlock(_)
            )
        });
        function.is_some_and(|function| {
            let is_method = match nodes.parent_kind(function.id()) {
                AstKind::MethodDefinition(_) => true,
                AstKind::ObjectProperty(property) => property.method || property.kind != PropertyKind::Init,
                _ => false,
            };
            matches!(function.kind(), AstKind::Function(_)) && !is_method
        })
    })
}

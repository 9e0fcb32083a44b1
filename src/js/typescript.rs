//! Source text to what the engine runs: syntax check, kind of module, TypeScript stripped.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::Program;
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{TransformOptions, Transformer};
use oxc_sourcemap::SourceMap;

use super::insertions::Insertions;
use super::nesting::{TOO_DEEP, too_deep, with_stack_for};

/// A file as the engine gets it.
#[derive(Debug)]
pub struct Compiled {
    /// JavaScript; the text itself unless it was TypeScript, rewritten.
    pub code: String,
    /// Whether it is an ES module; otherwise it is wrapped as CommonJS.
    pub is_module: bool,
    /// What the rewriting put into the code.
    pub insertions: Insertions,
    /// From positions in the code without these back to the file's.
    pub map: Option<SourceMap<'static>>,
}

/// Puts what ssek needs into JavaScript that has no errors; told whether it is an ES module.
pub type Rewrite<'r> = &'r (dyn Fn(&str, bool) -> (String, Insertions) + Sync);

/// A syntax error at a place.
#[derive(Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// The line that the error is in.
    pub source_line: String,
    /// How many more errors there are.
    pub more: usize,
}

/// Checks the syntax of `text` and makes JavaScript of it.
pub fn compile(url: &str, text: &str, rewrite: Rewrite<'_>) -> Result<Compiled, SyntaxError> {
    match is_typescript(url) {
        true => strip(Path::new(url), text, rewrite),
        false => with_stack_for(text.len(), || check(text, rewrite)),
    }
}

/// Whether a file's name says that it is TypeScript.
pub(super) fn is_typescript(url: &str) -> bool {
    let path = if url.starts_with("https://") { url.split(['?', '#']).next().unwrap_or(url) } else { url };
    Path::new(path).extension().is_some_and(|e| e == "ts" || e == "mts" || e == "cts")
}

/// Checks JavaScript: the text is an ES module if it has module syntax or a top-level `await`.
fn check(text: &str, rewrite: Rewrite<'_>) -> Result<Compiled, SyntaxError> {
    let parse = |source_type| {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, source_type).parse();
        let first = first_error(text, parsed.diagnostics.iter());
        (parsed.module_record.has_module_syntax, first.or_else(|| nesting_error(text, &parsed.program)))
    };
    let (is_module, error) = parse(SourceType::unambiguous());
    let Some(error) = error else { return Ok(compiled(text, is_module, None, rewrite)) };
    // A top-level `return` is fine in CommonJS, a top-level `await` in a module.
    for (source_type, is_module) in [(SourceType::cjs(), false), (SourceType::mjs(), true)] {
        if let (_, None) = parse(source_type) {
            return Ok(compiled(text, is_module, None, rewrite));
        }
    }
    Err(error)
}

fn compiled(code: &str, is_module: bool, map: Option<SourceMap<'static>>, rewrite: Rewrite<'_>) -> Compiled {
    let (code, insertions) = rewrite(code, is_module);
    Compiled { code, is_module, insertions, map }
}

/// Strips TypeScript's types, without checking them.
pub fn strip(path: &Path, text: &str, rewrite: Rewrite<'_>) -> Result<Compiled, SyntaxError> {
    with_stack_for(text.len(), || strip_here(path, text, rewrite))
}

fn strip_here(path: &Path, text: &str, rewrite: Rewrite<'_>) -> Result<Compiled, SyntaxError> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::ts()).parse();
    if let Some(error) = first_error(text, parsed.diagnostics.iter()) {
        return Err(error);
    }
    if let Some(error) = nesting_error(text, &parsed.program) {
        return Err(error);
    }
    let is_module = parsed.module_record.has_module_syntax;
    let mut program = parsed.program;
    let semantic = SemanticBuilder::new().with_enum_eval(true).build(&program);
    if let Some(error) = first_error(text, semantic.diagnostics.iter()) {
        return Err(error);
    }
    let scoping = semantic.semantic.into_scoping();
    let options = TransformOptions::default();
    let transformed = Transformer::new(&allocator, path, &options).build_with_scoping(scoping, &mut program);
    if let Some(error) = first_error(text, transformed.diagnostics.iter()) {
        return Err(error);
    }
    let options = CodegenOptions { source_map_path: Some(path.to_path_buf()), ..CodegenOptions::default() };
    let printed = Codegen::new().with_options(options).build(&program);
    Ok(compiled(&printed.code, is_module, printed.map.map(SourceMap::into_owned), rewrite))
}

fn first_error<'a>(text: &str, diagnostics: impl Iterator<Item = &'a OxcDiagnostic>) -> Option<SyntaxError> {
    let errors: Vec<_> = diagnostics.filter(|d| d.severity == oxc::diagnostics::Severity::Error).collect();
    let first = errors.first()?;
    let offset = first.labels.first().map_or(0, |label| label.offset() as usize);
    // A bare "Unexpected token" says more with the token behind it.
    let token = text.get(offset..).and_then(|rest| rest.split_whitespace().next()).unwrap_or("end of file");
    let message = match &*first.message {
        "Unexpected token" => format!("Unexpected token {}", token.chars().take(20).collect::<String>()),
        message => message.to_owned(),
    };
    Some(error_at(text, offset, message, errors.len() - 1))
}

fn nesting_error(text: &str, program: &Program<'_>) -> Option<SyntaxError> {
    Some(error_at(text, too_deep(program)?, TOO_DEEP.to_owned(), 0))
}

/// `offset` is in bytes.
fn error_at(text: &str, offset: usize, message: String, more: usize) -> SyntaxError {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    SyntaxError {
        message,
        line: before.matches('\n').count() + 1,
        column: before[start..].chars().count() + 1,
        source_line: text[start..].lines().next().unwrap_or_default().to_owned(),
        more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::protect::protect;

    #[test]
    fn kinds_of_module() {
        for (text, is_module) in [
            ("import x from 'k6'", true),
            ("export default function () {}", true),
            ("await Promise.resolve()", true),
            ("module.exports = {}", false),
            ("if (1) return", false),
            ("var await = 1", false),
        ] {
            assert_eq!(compile("a.js", text, &protect).unwrap().is_module, is_module, "{text}");
        }
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let error = compile("a.js", "let é = 1\nexport const a = ;\n", &protect).unwrap_err();
        assert_eq!((error.line, error.column), (2, 18));
        assert_eq!(error.source_line, "export const a = ;");
    }

    #[test]
    fn types_vanish_and_positions_stay() {
        let text = "interface A { x: number }\nenum E { One = 1 }\nexport const a: A = { x: E.One }\n  boom(a as A)\n";
        let compiled = compile("a.ts", text, &protect).unwrap();
        assert!(compiled.is_module && !compiled.code.contains("interface"));
        let (line, column) = compiled
            .code
            .lines()
            .enumerate()
            .find_map(|(at, l)| l.find("boom").map(|c| (at as u32, c as u32)))
            .unwrap();
        let map = compiled.map.unwrap();
        let table = map.generate_lookup_table();
        let token = map.lookup_token(&table, line, column).unwrap();
        assert_eq!((token.get_src_line(), token.get_src_col()), (3, 2));
    }
}

//! One module's text as a factory's.

use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    BindingIdentifier, Declaration, ExportAllDeclaration, ExportDeclaration, ExportDefaultDeclaration,
    ExportDefaultDeclarationKind, ExportFromDeclaration, ExportNamedDeclaration, ImportAttribute,
    ImportAttributeKey, ImportDeclaration, ImportDeclarationSpecifier, Program, Statement, StringLiteral,
    WithClause,
};
use oxc::parser::Parser;
use oxc::semantic::{Semantic, SemanticBuilder, SymbolId};
use oxc::span::{GetSpan, SourceType};

use super::Request;
use super::checks::{free_prefix, html_comments, reparse, uses_this};
use super::edits::Edits;
use super::exports::{Export, Exports, quoted};
use super::imports::bindings;
use crate::js::insertions::Insertions;
use crate::js::isolation::{self, Finding, Root, Shareable};

/// What a specifier of a module leads to.
pub(super) enum Dependency {
    /// A built-in module's name.
    Builtin(String),
    /// A factory's index.
    Module(usize, Arc<Exports>),
}

/// A module as a factory.
pub(super) struct Translated {
    pub code: String,
    pub insertions: Insertions,
    pub requests: Vec<Request>,
    pub exports: Exports,
}

/// The specifiers that a module imports or exports from, each once, in order and with their offsets.
pub(super) fn specifiers(text: &str) -> Result<Vec<(u32, String)>, Finding> {
    let allocator = Allocator::default();
    let program = parse(&allocator, text)?;
    let mut found: Vec<(u32, String)> = Vec::new();
    for statement in &program.body {
        let Some((source, attributes)) = source(statement) else { continue };
        if attributes.is_some_and(|with| !with.with_entries.iter().all(is_json_type)) {
            return Err(Finding::new(source.span.start, "import attributes"));
        }
        if !found.iter().any(|(_, known)| source.value == *known) {
            found.push((source.span.start, source.value.to_string()));
        }
    }
    Ok(found)
}

/// `type: 'json'`
fn is_json_type(attribute: &ImportAttribute<'_>) -> bool {
    let key = match &attribute.key {
        ImportAttributeKey::Identifier(name) => name.name.as_str(),
        ImportAttributeKey::StringLiteral(name) => name.value.as_str(),
    };
    key == "type" && attribute.value.value == "json"
}

fn parse<'a>(allocator: &'a Allocator, text: &'a str) -> Result<Program<'a>, Finding> {
    let parsed = Parser::new(allocator, text, SourceType::mjs()).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return Err(Finding::new(0, "not parsed as a module"));
    }
    Ok(parsed.program)
}

fn source<'p, 'a>(
    statement: &'p Statement<'a>,
) -> Option<(&'p StringLiteral<'a>, Option<&'p WithClause<'a>>)> {
    match statement {
        Statement::ImportDeclaration(it) => Some((&it.source, it.with_clause.as_deref())),
        Statement::ExportFromDeclaration(it) => Some((&it.source, it.with_clause.as_deref())),
        Statement::ExportAllDeclaration(it) => Some((&it.source, it.with_clause.as_deref())),
        _ => None,
    }
}

/// Makes a factory of a module's text. `dependencies` has what each of its [`specifiers`] leads to.
pub(super) fn translate(text: &str, dependencies: &[(String, Dependency)]) -> Result<Translated, Finding> {
    let allocator = Allocator::default();
    let program = parse(&allocator, text)?;
    let built = SemanticBuilder::new().with_build_nodes(true).build(&program);
    if !built.diagnostics.is_empty() {
        return Err(Finding::new(0, "not understood as a module"));
    }
    html_comments(text, &program, &built.semantic)?;
    let mut translator = Translator {
        text,
        semantic: &built.semantic,
        dependencies,
        prefix: free_prefix(&built.semantic),
        head: String::new(),
        edits: Edits::default(),
        roots: Vec::new(),
        locals: Vec::new(),
        shareable: Shareable::default(),
        exports: Exports::default(),
    };
    translator.imports(&program)?;
    translator.shareable = isolation::check(&program, &built.semantic, &translator.roots)?;
    translator.exports.uses_this = uses_this(&built.semantic);
    for statement in &program.body {
        translator.statement(statement)?;
    }
    translator.stars(&program)?;
    if let Some(hashbang) = &program.hashbang {
        translator.edits.blank(hashbang.span.start, hashbang.span.end);
    }
    let translated = translator.finish(&program);
    reparse(&translated.code)?;
    Ok(translated)
}

struct Translator<'t, 'a> {
    text: &'t str,
    semantic: &'t Semantic<'a>,
    dependencies: &'t [(String, Dependency)],
    prefix: String,
    /// Declarations of what is imported.
    head: String,
    edits: Edits,
    /// Imports that are objects of the realm.
    roots: Vec<(SymbolId, Root)>,
    /// All imports.
    locals: Vec<SymbolId>,
    shareable: Shareable,
    exports: Exports,
}

impl<'a> Translator<'_, 'a> {
    fn imports(&mut self, program: &Program<'a>) -> Result<(), Finding> {
        for statement in &program.body {
            let Statement::ImportDeclaration(import) = statement else { continue };
            if import.phase.is_some() {
                return Err(Finding::new(import.span.start, "an import phase"));
            }
            let (index, dependency) = self.dependency(&import.source)?;
            for binding in bindings(import, dependency, &self.argument(index))? {
                self.head.push_str(&binding.declaration);
                if let Some(symbol) = binding.symbol {
                    self.locals.push(symbol);
                    self.roots.extend(binding.root.map(|root| (symbol, root)));
                }
            }
        }
        Ok(())
    }

    fn dependency(&self, source: &StringLiteral<'a>) -> Result<(usize, &Dependency), Finding> {
        let at = self.dependencies.iter().position(|(specifier, _)| source.value == *specifier);
        let index = at.ok_or_else(|| Finding::new(source.span.start, "an unknown module"))?;
        Ok((index, &self.dependencies[index].1))
    }

    fn argument(&self, index: usize) -> String {
        format!("{}{index}", self.prefix)
    }

    fn statement(&mut self, statement: &Statement<'a>) -> Result<(), Finding> {
        match statement {
            Statement::ImportDeclaration(it) => {
                self.edits.blank(it.span.start, it.span.end);
                Ok(())
            }
            Statement::ExportDeclaration(it) => self.declaration(it),
            Statement::ExportNamedDeclaration(it) => self.named(it),
            Statement::ExportFromDeclaration(it) => self.from(it),
            Statement::ExportDefaultDeclaration(it) => self.default(it),
            Statement::ExportAllDeclaration(it) => {
                self.edits.blank(it.span.start, it.span.end);
                match &it.exported {
                    Some(name) => {
                        let (index, dependency) = self.dependency(&it.source)?;
                        let root = Some(dependency.namespace(it.span.start)?);
                        let value = self.argument(index);
                        self.export(&name.name(), Export { value, is_live: false, root }, it.span.start)
                    }
                    // After all others, which go before it.
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn export(&mut self, name: &str, export: Export, offset: u32) -> Result<(), Finding> {
        if name == "__proto__" {
            return Err(Finding::new(offset, "an export named __proto__"));
        }
        self.exports.names.insert(name.to_owned(), export);
        Ok(())
    }

    /// `export const a = 1`
    fn declaration(&mut self, it: &ExportDeclaration<'a>) -> Result<(), Finding> {
        let names: Vec<&BindingIdentifier<'a>> = match &it.declaration {
            Declaration::VariableDeclaration(declaration) => {
                declaration.declarations.iter().flat_map(|d| d.id.get_binding_identifiers()).collect()
            }
            Declaration::FunctionDeclaration(function) => function.id.iter().collect(),
            Declaration::ClassDeclaration(class) => class.id.iter().collect(),
            _ => return Err(Finding::new(it.span.start, "an export that is not JavaScript")),
        };
        for name in names {
            self.export_local(&name.name, &name.name, it.span.start)?;
        }
        self.edits.blank(it.span.start, it.declaration.span().start);
        Ok(())
    }

    /// Exports a variable of the module under a name.
    fn export_local(&mut self, name: &str, local: &str, offset: u32) -> Result<(), Finding> {
        let scoping = self.semantic.scoping();
        let Some(symbol) = scoping.get_root_binding(local.into()) else {
            return Err(Finding::new(offset, format!("the export of {local}, which is not declared")));
        };
        let is_live = !self.locals.contains(&symbol)
            && scoping.get_resolved_references(symbol).any(|reference| {
                reference.is_write() && isolation::is_in_function(self.semantic.nodes(), reference.node_id())
            });
        let root = match self.shareable.rooted.get(&symbol).map(Vec::as_slice) {
            None | Some([]) => None,
            Some([root]) => Some(root.clone()),
            Some(_) => {
                let reason = format!("the export of {local}, which stands for several objects");
                return Err(Finding::new(offset, reason));
            }
        };
        self.export(name, Export { value: local.to_owned(), is_live, root }, offset)
    }

    /// `export { a, b as c }`
    fn named(&mut self, it: &ExportNamedDeclaration<'a>) -> Result<(), Finding> {
        for specifier in &it.specifiers {
            let (local, name) = (specifier.local.name(), specifier.exported.name());
            self.export_local(&name, &local, specifier.span.start)?;
        }
        self.edits.blank(it.span.start, it.span.end);
        Ok(())
    }

    /// `export { a as b } from './x.js'`
    fn from(&mut self, it: &ExportFromDeclaration<'a>) -> Result<(), Finding> {
        let (index, _) = self.dependency(&it.source)?;
        for specifier in &it.specifiers {
            let (local, name) = (specifier.local.name(), specifier.exported.name());
            let export = self.re_export(index, &local, specifier.span.start)?;
            self.export(&name, export, specifier.span.start)?;
        }
        self.edits.blank(it.span.start, it.span.end);
        Ok(())
    }

    fn re_export(&self, index: usize, name: &str, offset: u32) -> Result<Export, Finding> {
        let value = format!("{}[{}]", self.argument(index), quoted(name));
        let (is_live, root) = match &self.dependencies[index].1 {
            Dependency::Module(_, exports) => match exports.names.get(name) {
                Some(export) => (export.is_live, export.root.clone()),
                None => {
                    return Err(Finding::new(offset, format!("the import of {name}, which is not exported")));
                }
            },
            builtin => (false, builtin.named(name, offset)?),
        };
        Ok(Export { value, is_live, root })
    }

    fn default(&mut self, it: &ExportDefaultDeclaration<'a>) -> Result<(), Finding> {
        let start = it.span.start;
        let (span, name) = match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => (function.span, &function.id),
            ExportDefaultDeclarationKind::ClassDeclaration(class) => (class.span, &class.id),
            declaration => (declaration.span(), &None),
        };
        self.edits.blank(start, span.start);
        if let Some(name) = name {
            return self.export_local("default", &name.name, start);
        }
        // As the value of a property, a function or class without a name gets that of the key.
        let value = format!("{}d", self.prefix);
        self.edits.insert(span.start, format!("const {value}={{default:"));
        self.edits.insert(span.end, "}.default;");
        let root = self.shareable.rooted_default.clone();
        self.export("default", Export { value, is_live: false, root }, start)
    }

    /// `export * from './x.js'`, for names that are not exported otherwise.
    fn stars(&mut self, program: &Program<'a>) -> Result<(), Finding> {
        let own: Vec<String> = self.exports.names.keys().cloned().collect();
        let mut seen = Vec::new();
        for statement in &program.body {
            let Statement::ExportAllDeclaration(it) = statement else { continue };
            if it.exported.is_some() {
                continue;
            }
            let (index, _) = self.dependency(&it.source)?;
            if seen.contains(&index) {
                continue;
            }
            seen.push(index);
            let names = self.star_names(index, it)?;
            for name in names.into_iter().filter(|name| name != "default" && !own.contains(name)) {
                if self.exports.names.contains_key(&name) {
                    return Err(Finding::new(
                        it.span.start,
                        format!("{name} is exported by several modules"),
                    ));
                }
                let export = self.re_export(index, &name, it.span.start)?;
                self.export(&name, export, it.span.start)?;
            }
        }
        Ok(())
    }

    fn star_names(&self, index: usize, it: &ExportAllDeclaration<'a>) -> Result<Vec<String>, Finding> {
        match &self.dependencies[index].1 {
            Dependency::Module(_, exports) => Ok(exports.names.keys().cloned().collect()),
            Dependency::Builtin(name) => {
                Err(Finding::new(it.span.start, format!("the export of all that {name} exports")))
            }
        }
    }

    fn finish(mut self, program: &Program<'a>) -> Translated {
        let arguments: Vec<_> = (0..self.dependencies.len()).map(|index| self.argument(index)).collect();
        let head = format!("(function({}){{\"use strict\";{}", arguments.join(","), self.head);
        // The head is the first of the pieces at its place.
        let mut edits = Edits::default();
        edits.insert(0, head);
        edits.append(std::mem::take(&mut self.edits));
        let requests = self
            .dependencies
            .iter()
            .map(|(specifier, dependency)| match dependency {
                Dependency::Module(index, _) => Request::Module(*index),
                Dependency::Builtin(name) => Request::Builtin {
                    name: name.clone(),
                    namespace_only: is_namespace_only(program, specifier),
                },
            })
            .collect();
        let (mut code, insertions) = edits.apply(self.text);
        // On a line of its own, as the last one may end with a comment.
        code.push_str(&format!("\n;return {};}})", self.exports.object()));
        Translated { code, insertions, requests, exports: self.exports }
    }
}

fn is_namespace_only(program: &Program<'_>, specifier: &str) -> bool {
    let is_namespace = |import: &ImportDeclaration<'_>| {
        let mut specifiers = import.specifiers.iter().flatten();
        specifiers.all(|it| matches!(it, ImportDeclarationSpecifier::ImportNamespaceSpecifier(_)))
    };
    program.body.iter().all(|statement| match (source(statement), statement) {
        (Some((source, _)), _) if source.value != specifier => true,
        (Some(_), Statement::ImportDeclaration(import)) => is_namespace(import),
        (Some(_), _) => false,
        (None, _) => true,
    })
}

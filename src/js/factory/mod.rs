//! Scripts as functions that make their modules anew each time they are called.
//!
//! The engine compiles an ES module once a context. A *factory* is the same code as a function
//! expression, compiled once a realm: its arguments are what the module imports, its result is what it
//! exports. Each call has variables and closures of its own, so VUs that share a realm call it once
//! each. That is right only for scripts that cannot see that they share: see [`super::isolation`].
//!
//! A script that has no exact translation is not translated at all. The main script must have been
//! loaded as plain modules before: errors of linking (an import that a built-in module does not export)
//! are found there, and the files are in the cache.

mod checks;
mod edits;
mod exports;
mod imports;
mod module;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::Sources;
use super::isolation::Finding;
use super::nesting::with_stack_for;
use super::source::{Kind, LoadError, Resolved, SourceFile};
use exports::{Exports, quoted};
use module::{Dependency, Translated};

/// Before the URL in the path of a factory's script; see [`Factory::path`].
pub(super) const MARKER: &str = "factory:";

/// One module as a function.
#[derive(Debug)]
pub struct Factory {
    /// The file's URL.
    pub url: String,
    /// A parenthesised function expression, to be parsed as a script. Called with `this` undefined and
    /// one argument per request it runs the module, and returns an object without a prototype: its
    /// keys are the exported names, in a namespace's order, `default` among them. Exports that the
    /// module assigns to later are getters.
    pub code: String,
    /// What the arguments are, in order.
    pub requests: Vec<Request>,
}

impl Factory {
    /// The path to parse [`Self::code`] with. It makes [`Sources::original`] lead positions back to
    /// the file, and errors show the file's URL.
    pub fn path(&self) -> String {
        format!("{MARKER}{}", self.url)
    }
}

/// An argument of a factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// An object with a built-in module's named exports and `default`.
    Builtin {
        /// `k6/http`
        name: String,
        /// Whether the file imports it as `* as ns` and in no other way; then `default` may be missing.
        namespace_only: bool,
    },
    /// What the factory of that index returned; it comes before this one.
    Module(usize),
}

/// Why a script must run as plain modules in a realm of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Unshareable {
    /// The file's URL.
    pub url: String,
    /// In the file as the user wrote it, from one.
    pub line: u32,
    /// From one, in characters.
    pub column: u32,
    /// What was found there: `assignment to Math.random`.
    pub reason: String,
}

impl fmt::Display for Unshareable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{}:{})", self.reason, self.url, self.line, self.column)
    }
}

/// The factories of the main script and all that it imports, in the order in which modules are
/// evaluated: what a module imports before the module, the main script last.
///
/// Reads files through `sources` only, so none that was not loaded before it was locked.
pub fn plan(sources: &Sources) -> Result<Vec<Factory>, Unshareable> {
    let mut planner = Planner { sources, factories: Vec::new(), done: HashMap::new(), open: Vec::new() };
    planner.module(sources.main(), sources.script()).map_err(|found| *found)?;
    Ok(planner.factories)
}

struct Planner<'s> {
    sources: &'s Sources,
    factories: Vec<Factory>,
    /// By URL: its factory's index, and what it exports.
    done: HashMap<String, (usize, Arc<Exports>)>,
    /// Modules whose imports are being looked at.
    open: Vec<String>,
}

impl Planner<'_> {
    fn module(&mut self, url: &str, specifier: &str) -> Result<(usize, Arc<Exports>), Box<Unshareable>> {
        if let Some(done) = self.done.get(url) {
            return Ok(done.clone());
        }
        let file = self.sources.load(url, specifier).map_err(|error| not_loaded(url, &error))?;
        match file.kind {
            Kind::Module => {}
            Kind::CommonJs => return Err(failed(url, (1, 1), "not an ES module")),
            Kind::Json => {
                let exports = Exports::default_value(&format!("JSON.parse({})", quoted(&file.code)));
                let code = format!("(function(){{\"use strict\";return {};}})", exports.object());
                return Ok(self.made(Factory { url: url.to_owned(), code, requests: Vec::new() }, exports));
            }
        }
        self.open.push(url.to_owned());
        let code = &*file.code;
        let named = with_stack_for(code.len(), || module::specifiers(code));
        let named = named.map_err(|finding| self.found(&file, finding))?;
        let mut dependencies = Vec::with_capacity(named.len());
        for (offset, specifier) in named {
            let dependency = self.dependency(&file, offset, &specifier)?;
            dependencies.push((specifier, dependency));
        }
        let translated = with_stack_for(code.len(), || module::translate(code, &dependencies));
        let Translated { code, insertions, requests, exports } =
            translated.map_err(|finding| self.found(&file, finding))?;
        file.set_factory_insertions(insertions);
        self.open.pop();
        Ok(self.made(Factory { url: url.to_owned(), code, requests }, exports))
    }

    fn made(&mut self, factory: Factory, exports: Exports) -> (usize, Arc<Exports>) {
        let done = (self.factories.len(), Arc::new(exports));
        self.done.insert(factory.url.clone(), done.clone());
        self.factories.push(factory);
        done
    }

    fn dependency(
        &mut self,
        file: &SourceFile,
        offset: u32,
        specifier: &str,
    ) -> Result<Dependency, Box<Unshareable>> {
        let at = |reason: String| self.found(file, Finding::new(offset, reason));
        match self.sources.resolve(specifier, &file.url).map_err(|error| at(error.to_string()))? {
            Resolved::Builtin(name) => Ok(Dependency::Builtin(name)),
            Resolved::File(url) if self.open.contains(&url) => {
                Err(at(format!("a cycle of imports through {url}")))
            }
            Resolved::File(url) => {
                let (index, exports) = self.module(&url, specifier)?;
                Ok(Dependency::Module(index, exports))
            }
        }
    }

    fn found(&self, file: &SourceFile, finding: Finding) -> Box<Unshareable> {
        let (line, column) = super::insertions::place(&file.code, finding.offset as usize);
        let (url, line, column) = self.sources.original(&file.url, line, column);
        failed(&url, (line, column), &finding.reason)
    }
}

fn not_loaded(url: &str, error: &LoadError) -> Box<Unshareable> {
    failed(url, (1, 1), &error.to_string())
}

fn failed(url: &str, (line, column): (u32, u32), reason: &str) -> Box<Unshareable> {
    Box::new(Unshareable { url: url.to_owned(), line, column, reason: reason.to_owned() })
}

//! What a script needs: the modules that it imports, and the versions that its directives ask for.
//!
//! Nothing runs. Only `import`, `export … from` and directives such as `"use k6 with k6/x/sse >= 0.1"`
//! are seen; `require` is not.

use std::collections::{BTreeMap, BTreeSet};

use oxc::allocator::Allocator;
use oxc::parser::Parser;
use oxc::span::SourceType;

use super::Sources;
use super::nesting::with_stack_for;
use super::source::{Kind, LoadError, Resolved, SourceFile};
use super::typescript::is_typescript;

/// What a script needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Every module: names of built-in ones, URLs of files. The main script is one of them.
    pub imports: BTreeSet<String>,
    /// The extensions that are imported, and k6 itself where a directive speaks of it, with the versions
    /// that will do; `*` is any.
    pub versions: BTreeMap<String, String>,
}

/// Reads the main script of `sources` and what it imports.
///
/// # Errors
/// If a file is not there or no JavaScript.
pub fn of(sources: &Sources) -> Result<Dependencies, LoadError> {
    let mut found = Dependencies::default();
    let mut open = vec![(sources.main().to_owned(), sources.script().to_owned())];
    while let Some((url, specifier)) = open.pop() {
        if !found.imports.insert(url.clone()) {
            continue;
        }
        let file = sources.load(&url, &specifier)?;
        if file.kind == Kind::Json {
            continue;
        }
        let Parsed { requests, directives } = with_stack_for(file.text.len(), || parse(&file));
        for (name, version) in directives.iter().filter_map(|text| wanted(text)) {
            let known = found.versions.entry(name).or_insert_with(|| "*".to_owned());
            match known.as_str() {
                "*" => *known = version,
                other if version != "*" && other != version => *known = format!("{other},{version}"),
                _ => {}
            }
        }
        for request in requests {
            match sources.resolve(&request, &url)? {
                Resolved::File(url) => open.push((url, request)),
                Resolved::Builtin(name) => {
                    if name.starts_with("k6/x/") {
                        found.versions.entry(name.clone()).or_insert_with(|| "*".to_owned());
                    }
                    found.imports.insert(name);
                }
            }
        }
    }
    Ok(found)
}

struct Parsed {
    /// What is imported, types aside.
    requests: Vec<String>,
    directives: Vec<String>,
}

fn parse(file: &SourceFile) -> Parsed {
    let allocator = Allocator::default();
    let text = String::from_utf8_lossy(&file.text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut parsed = Parser::new(&allocator, text, SourceType::unambiguous()).parse();
    if is_typescript(&file.url) || !parsed.diagnostics.is_empty() {
        parsed = Parser::new(&allocator, text, SourceType::ts()).parse();
    }
    let modules = &parsed.module_record.requested_modules;
    let is_value = |uses: &oxc::allocator::Vec<'_, oxc::syntax::module_record::RequestedModule>| {
        uses.iter().any(|request| !request.is_type)
    };
    Parsed {
        requests: modules
            .iter()
            .filter(|(_, uses)| is_value(uses))
            .map(|(name, _)| name.to_string())
            .collect(),
        directives: parsed.program.directives.iter().map(|it| it.directive.to_string()).collect(),
    }
}

/// The module and the versions of a directive: `use k6 >= 1.2`, `use k6 with k6/x/sse > 0.1`.
fn wanted(directive: &str) -> Option<(String, String)> {
    let rest = directive.trim().strip_prefix("use k6")?;
    let (name, version) = match rest.trim_start().strip_prefix("with ") {
        Some(extension) => {
            let extension = extension.trim();
            let end = extension.find(|c: char| c.is_whitespace() || "<>=!~^*".contains(c));
            extension.split_at(end.unwrap_or(extension.len()))
        }
        None if rest.starts_with(|c: char| c.is_whitespace() || "<>=!~^*".contains(c)) => ("k6", rest),
        None => return None,
    };
    let version: String = version.split_whitespace().collect();
    Some((name.to_owned(), if version.is_empty() { "*".to_owned() } else { version }))
}

/// Whether a version such as `2.2.0` meets a constraint such as `>=1.2,<3`. `None`: it cannot be read.
///
/// Alternatives stand between `||`; what must hold together stands between commas.
pub fn satisfies(version: &str, constraint: &str) -> Option<bool> {
    let version = numbers(version)?.0;
    let mut any = false;
    for alternative in constraint.split("||") {
        let mut all = true;
        for comparison in alternative.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            all &= holds(version, comparison)?;
        }
        any |= all;
    }
    Some(any)
}

fn holds(version: [u64; 3], comparison: &str) -> Option<bool> {
    let end = comparison.find(|c: char| !"<>=!~^".contains(c)).unwrap_or(comparison.len());
    let (operator, bound) = comparison.split_at(end);
    let (bound, given) = numbers(bound.trim())?;
    // `1.2` stands for every 1.2.x, and `*` for every version.
    let same = version[..given] == bound[..given];
    Some(match operator {
        "" | "=" | "==" => same,
        "!=" => !same,
        ">" => version > bound && !(same && given < 3),
        ">=" => version >= bound,
        "<" => version < bound,
        "<=" => version <= bound || same,
        "~" => version >= bound && version[..given.clamp(1, 2)] == bound[..given.clamp(1, 2)],
        "^" => {
            let fixed = bound.iter().position(|n| *n > 0).map_or(given, |at| at + 1);
            version >= bound && version[..fixed] == bound[..fixed]
        }
        _ => return None,
    })
}

/// The three numbers of a version, and how many of them were given.
fn numbers(text: &str) -> Option<([u64; 3], usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let text = text.split(['-', '+']).next().unwrap_or(text);
    let mut numbers = [0; 3];
    for (at, part) in text.split('.').enumerate() {
        if matches!(part, "*" | "x" | "X") {
            return Some((numbers, at.min(3)));
        }
        *numbers.get_mut(at)? = part.parse().ok()?;
    }
    Some((numbers, text.split('.').count()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::file_url::file_url;

    #[test]
    fn imports_and_directives_of_all_files() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            (
                "main.ts",
                "'use k6 >= 1.2';\n'use k6 with k6/x/sse>0.1';\n'use strict';\nimport type { A } from './types.ts'\n\
                 import sse from 'k6/x/sse'\nexport * from './lib/b.js'\nlet x: number = 1",
            ),
            (
                "lib/b.js",
                "import '../main.ts'\nimport http from 'k6/http'\nimport f from 'k6/x/faker'\nimport './c.js'",
            ),
            ("lib/c.js", "'use k6 <3'\nrequire('k6/html')"),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = of(&Sources::new("main.ts", folder.path(), None)).unwrap();
        let url = |name: &str| file_url(&folder.path().join(name));
        let imports =
            [&url("lib/b.js"), &url("lib/c.js"), &url("main.ts"), "k6/http", "k6/x/faker", "k6/x/sse"];
        assert_eq!(found.imports.iter().map(String::as_str).collect::<Vec<_>>(), imports);
        let versions: Vec<_> = found.versions.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(versions, [("k6", ">=1.2,<3"), ("k6/x/faker", "*"), ("k6/x/sse", ">0.1")]);
    }

    #[test]
    fn versions_are_compared() {
        for (constraint, want) in [
            ("*", Some(true)),
            ("", Some(true)),
            (">=v1.2.3", Some(true)),
            (">2.2", Some(false)),
            (">2.1", Some(true)),
            ("<2.2.0", Some(false)),
            ("<=2", Some(true)),
            ("2.2.x", Some(true)),
            ("!=2.2.0", Some(false)),
            ("~2.1", Some(false)),
            ("^2.1", Some(true)),
            ("^1.9", Some(false)),
            (">=1,<2||>=2.2", Some(true)),
            (">>1", None),
            ("latest", None),
        ] {
            assert_eq!(satisfies("2.2.0", constraint), want, "{constraint}");
        }
    }
}

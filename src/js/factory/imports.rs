//! What a module imports, as declarations at the head of its factory.

use std::collections::BTreeMap;
use std::sync::Arc;

use oxc::ast::ast::{ImportDeclaration, ImportDeclarationSpecifier};
use oxc::semantic::SymbolId;
use oxc::span::GetSpan;

use super::exports::quoted;
use super::module::Dependency;
use crate::js::isolation::{Base, Finding, Root};

/// One binding of an import declaration.
pub(super) struct Import {
    pub symbol: Option<SymbolId>,
    /// The object of the realm that it is, if one.
    pub root: Option<Root>,
    /// `const x=$0.default;`
    pub declaration: String,
}

/// The bindings of an import declaration from the module that the variable `argument` holds.
pub(super) fn bindings(
    import: &ImportDeclaration<'_>,
    dependency: &Dependency,
    argument: &str,
) -> Result<Vec<Import>, Finding> {
    import
        .specifiers
        .iter()
        .flatten()
        .map(|specifier| {
            let local = specifier.local();
            let name = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(it) => Some(it.imported.name().to_string()),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Some("default".to_owned()),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
            };
            let root = match &name {
                Some(name) => dependency.named(name, specifier.span().start)?,
                None => Some(dependency.namespace(specifier.span().start)?),
            };
            let member = name.map(|name| format!("[{}]", quoted(&name))).unwrap_or_default();
            let declaration = format!("const {}={argument}{member};", local.name);
            Ok(Import { symbol: local.symbol_id.get(), root, declaration })
        })
        .collect()
}

impl Dependency {
    /// The object of the realm that a named import is, if one.
    pub fn named(&self, name: &str, offset: u32) -> Result<Option<Root>, Finding> {
        match self {
            Self::Builtin(module) => {
                let base = Base::Export { module: module.clone(), name: name.to_owned() };
                Ok(Some(Root::new(base)))
            }
            Self::Module(_, exports) => match exports.names.get(name) {
                None => Err(Finding::new(offset, format!("the import of {name}, which is not exported"))),
                Some(export) if export.is_live => {
                    Err(Finding::new(offset, format!("the import of {name}, which changes its value")))
                }
                Some(export) => Ok(export.root.clone()),
            },
        }
    }

    /// What a namespace import is.
    pub fn namespace(&self, offset: u32) -> Result<Root, Finding> {
        match self {
            Self::Builtin(module) => Ok(Root::new(Base::Builtin { module: module.clone() })),
            Self::Module(_, exports) if exports.uses_this => {
                Err(Finding::new(offset, "a namespace with functions that use this"))
            }
            Self::Module(_, exports) => {
                let roots: BTreeMap<_, _> =
                    exports.names.iter().map(|(name, export)| (name.clone(), export.root.clone())).collect();
                Ok(Root::new(Base::Namespace(Arc::new(roots))))
            }
        }
    }
}

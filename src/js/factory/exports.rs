//! What a module exports.

use std::collections::BTreeMap;

use crate::js::isolation::Root;

/// One exported name.
#[derive(Clone, Debug)]
pub(super) struct Export {
    /// The expression that gives its value, within the factory.
    pub value: String,
    /// Whether its value changes after the module's evaluation.
    pub is_live: bool,
    /// The object of the realm that it is, if one.
    pub root: Option<Root>,
}

/// The exports of a module.
#[derive(Debug, Default)]
pub(super) struct Exports {
    pub names: BTreeMap<String, Export>,
    /// Whether functions in it use `this`, which is the namespace where they are called as members
    /// of it.
    pub uses_this: bool,
}

impl Exports {
    /// Those of a module whose only export is this expression.
    pub fn default_value(expression: &str) -> Self {
        let export = Export { value: expression.to_owned(), is_live: false, root: None };
        Self { names: BTreeMap::from([("default".to_owned(), export)]), uses_this: false }
    }

    /// What a factory returns.
    pub fn object(&self) -> String {
        let mut names: Vec<_> = self.names.iter().collect();
        // A namespace's order: by code units.
        names.sort_by_cached_key(|(name, _)| name.encode_utf16().collect::<Vec<_>>());
        let mut object = String::from("{__proto__:null");
        for (name, export) in names {
            let key = quoted(name);
            object.push_str(&if export.is_live {
                format!(",get {key}(){{return {};}}", export.value)
            } else {
                format!(",{key}:{}", export.value)
            });
        }
        object.push('}');
        object
    }
}

/// A string literal without line ends.
pub(super) fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

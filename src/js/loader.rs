//! Imports: built-in modules, ES modules and CommonJS files of one context.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use boa_engine::builtins::promise::PromiseState;
use boa_engine::module::{Module, ModuleLoader, ModuleRequest, Referrer, SyntheticModuleInitializer};
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::PropertyKey;
use boa_engine::{
    Context, JsError, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Script, Source, js_string,
};

use super::convert::{arg, entries, get, object, put, string, to_text};
use super::json::parse_str;
use super::source::{Kind, LoadError, Resolved, SourceFile, is_json};
use super::{Sources, go_error};

/// What a built-in module gives to scripts.
pub struct Exports {
    /// The default export; `None` makes an object of the named ones.
    pub default: Option<JsValue>,
    /// Empty makes them of the default export's own properties.
    pub named: Vec<(JsString, JsValue)>,
}

impl Exports {
    /// A module whose default export is an object; its properties are the named exports.
    pub fn default_object(object: JsObject) -> Self {
        Self { default: Some(object.into()), named: Vec::new() }
    }

    /// A module with named exports only.
    pub fn named(named: impl IntoIterator<Item = (&'static str, JsValue)>) -> Self {
        let named = named.into_iter().map(|(name, value)| (JsString::from(name), value)).collect();
        Self { default: None, named }
    }
}

/// Makes the module of a name, if there is one.
pub type Builtins = fn(&str, &mut Context) -> JsResult<Option<Exports>>;

/// The module cache of one context.
pub struct Loader {
    sources: Arc<Sources>,
    builtins: Builtins,
    modules: RefCell<HashMap<String, Module>>,
    builtin_values: RefCell<HashMap<String, (JsObject, bool)>>,
    commonjs: RefCell<HashMap<String, JsObject>>,
    data: RefCell<HashMap<String, JsValue>>,
    /// Unknown built-in modules that were asked for.
    unknown: RefCell<Vec<String>>,
}

impl Loader {
    pub fn new(sources: Arc<Sources>, builtins: Builtins) -> Self {
        Self {
            sources,
            builtins,
            modules: RefCell::default(),
            builtin_values: RefCell::default(),
            commonjs: RefCell::default(),
            data: RefCell::default(),
            unknown: RefCell::default(),
        }
    }

    /// The files that modules come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Built-in modules that were asked for and do not exist.
    pub fn unknown_modules(&self) -> Vec<String> {
        self.unknown.borrow().clone()
    }

    /// Drops every engine value, which must happen before the context is dropped.
    pub fn clear(&self) {
        self.modules.borrow_mut().clear();
        self.builtin_values.borrow_mut().clear();
        self.commonjs.borrow_mut().clear();
        self.data.borrow_mut().clear();
    }

    /// Runs the main script and returns what it exports: a module namespace or `module.exports`.
    pub fn run_main(self: &Rc<Self>, context: &mut Context) -> JsResult<JsObject> {
        let main = self.sources.main().to_owned();
        let named = self.sources.script().to_owned();
        let file = self.file(&main, &named, context)?;
        match file.kind {
            Kind::Module => {}
            Kind::CommonJs => return self.run_commonjs(&file, context)?.to_object(context),
            Kind::Json => {
                let text = format!("'{named}' is no script: files whose names end in .json hold data");
                return Err(go_error(text, context));
            }
        }
        let module = self.module(&main, &named, context)?;
        let promise = module.load_link_evaluate(context);
        context.run_jobs()?;
        match promise.state() {
            PromiseState::Fulfilled(_) => Ok(module.namespace(context)),
            PromiseState::Rejected(reason) => Err(JsError::from_opaque(reason)),
            PromiseState::Pending => Err(JsNativeError::error()
                .with_message("the script's top-level await never ended in the init context")
                .into()),
        }
    }

    /// CommonJS `require`, relative to a file.
    pub fn require(
        self: &Rc<Self>,
        specifier: &str,
        referrer: &str,
        context: &mut Context,
    ) -> JsResult<JsValue> {
        let resolved = self.sources.resolve(specifier, referrer).map_err(|e| self.failed(&e, context))?;
        let url = match resolved {
            Resolved::Builtin(name) => return Ok(self.builtin(&name, context)?.0.into()),
            Resolved::File(url) => url,
        };
        let file = self.file(&url, specifier, context)?;
        match file.kind {
            Kind::Module => {}
            Kind::CommonJs => return self.run_commonjs(&file, context),
            Kind::Json => return self.value(&file, context),
        }
        let module = self.module(&url, specifier, context)?;
        let promise = module.load_link_evaluate(context);
        context.run_jobs()?;
        match promise.state() {
            PromiseState::Rejected(reason) => Err(JsError::from_opaque(reason)),
            _ => Ok(module.namespace(context).into()),
        }
    }

    fn file(&self, url: &str, specifier: &str, context: &mut Context) -> JsResult<Arc<SourceFile>> {
        self.sources.load(url, specifier).map_err(|e| self.failed(&e, context))
    }

    fn failed(&self, error: &LoadError, context: &mut Context) -> JsError {
        match error {
            LoadError::Syntax { .. } => JsNativeError::syntax().with_message(error.to_string()).into(),
            error => go_error(error.to_string(), context),
        }
    }

    /// The value of a built-in module, and whether it was made of named exports only.
    fn builtin(&self, name: &str, context: &mut Context) -> JsResult<(JsObject, bool)> {
        if let Some(found) = self.builtin_values.borrow().get(name) {
            return Ok(found.clone());
        }
        let Some(exports) = (self.builtins)(name, context)? else {
            self.unknown.borrow_mut().push(name.to_owned());
            return Err(go_error(
                format!("unknown modules [\"{name}\"] were tried to be loaded, but couldn't"),
                context,
            ));
        };
        let made = match exports.default {
            Some(value) => (value.to_object(context)?, false),
            None => {
                let namespace = object(context);
                for (key, value) in exports.named {
                    put(&namespace, &key.to_std_string_lossy(), value);
                }
                (namespace, true)
            }
        };
        self.builtin_values.borrow_mut().insert(name.to_owned(), made.clone());
        Ok(made)
    }

    /// A built-in module as the object of its named exports, with its default export if that is wanted.
    pub fn builtin_namespace(
        &self,
        name: &str,
        with_default: bool,
        context: &mut Context,
    ) -> JsResult<JsValue> {
        let (value, _) = self.builtin(name, context)?;
        let namespace = JsObject::with_null_proto();
        for (name, value) in entries(&value, context)? {
            put(&namespace, &name.to_std_string_lossy(), value);
        }
        if with_default {
            put(&namespace, "default", value);
        }
        Ok(namespace.into())
    }

    fn run_commonjs(self: &Rc<Self>, file: &SourceFile, context: &mut Context) -> JsResult<JsValue> {
        let cached = self.commonjs.borrow().get(&file.url).cloned();
        if let Some(module) = cached {
            return get(&module, "exports", context);
        }
        let module = object(context);
        let exports = object(context);
        put(&module, "exports", exports.clone());
        // Cached before it runs, so that cyclic requires see what is there so far.
        self.commonjs.borrow_mut().insert(file.url.clone(), module.clone());
        let source = Source::from_bytes(file.code.as_bytes()).with_path(Path::new(&file.url));
        let wrapper = Script::parse(source, None, context)?.evaluate(context)?;
        let require = require_function(&file.url, context)?;
        if let Some(wrapper) = wrapper.as_callable() {
            let args = [module.clone().into(), exports.clone().into(), require];
            let ran = wrapper.call(&exports.into(), &args, context);
            if let Err(error) = ran {
                self.commonjs.borrow_mut().remove(&file.url);
                return Err(error);
            }
        }
        get(&module, "exports", context)
    }

    /// The value of a JSON file; the same one each time.
    fn value(&self, file: &SourceFile, context: &mut Context) -> JsResult<JsValue> {
        if let Some(value) = self.data.borrow().get(&file.url) {
            return Ok(value.clone());
        }
        let value = parse_str(&file.code, context)?;
        self.data.borrow_mut().insert(file.url.clone(), value.clone());
        Ok(value)
    }

    fn module(self: &Rc<Self>, url: &str, specifier: &str, context: &mut Context) -> JsResult<Module> {
        if let Some(module) = self.modules.borrow().get(url) {
            return Ok(module.clone());
        }
        let file = self.file(url, specifier, context)?;
        let module = match file.kind {
            Kind::Module => {
                let source = Source::from_bytes(file.code.as_bytes()).with_path(Path::new(&file.url));
                Module::parse(source, None, context)?
            }
            Kind::CommonJs => {
                let exports = self.run_commonjs(&file, context)?;
                let named = match exports.as_object() {
                    Some(object) => entries(&object, context)?,
                    None => Vec::new(),
                };
                synthetic(exports, named, true, context)
            }
            Kind::Json => synthetic(self.value(&file, context)?, Vec::new(), true, context),
        };
        self.modules.borrow_mut().insert(url.to_owned(), module.clone());
        Ok(module)
    }

    fn builtin_module(&self, name: &str, with_default: bool, context: &mut Context) -> JsResult<Module> {
        let key = format!("{name}#{with_default}");
        if let Some(module) = self.modules.borrow().get(&key) {
            return Ok(module.clone());
        }
        let (value, _) = self.builtin(name, context)?;
        let named = entries(&value, context)?;
        let module = synthetic(value.into(), named, with_default, context);
        self.modules.borrow_mut().insert(key, module.clone());
        Ok(module)
    }

    fn import(
        self: &Rc<Self>,
        referrer: &Referrer,
        request: &ModuleRequest,
        context: &mut Context,
    ) -> JsResult<Module> {
        let specifier = &*request.specifier().to_std_string_lossy();
        let from =
            referrer.path().map_or_else(|| self.sources.main().to_owned(), |p| p.display().to_string());
        let resolved = self.sources.resolve(specifier, &from).map_err(|e| self.failed(&e, context))?;
        check_attributes(request, &resolved)?;
        match resolved {
            Resolved::Builtin(name) => {
                let wants_default = match self.sources.load(&from, &from) {
                    Ok(file) => !imports_namespace_only(&file.code, specifier),
                    Err(_) => true,
                };
                self.builtin_module(&name, wants_default, context)
            }
            Resolved::File(url) => self.module(&url, specifier, context),
        }
    }
}

/// Files are what their names say; attributes may repeat it.
fn check_attributes(request: &ModuleRequest, resolved: &Resolved) -> JsResult<()> {
    for attribute in request.attributes() {
        let (key, value) = (attribute.key().to_std_string_lossy(), attribute.value().to_std_string_lossy());
        let specifier = request.specifier().to_std_string_lossy();
        let wrong = match (key.as_str(), value.as_str(), resolved) {
            ("type", "json", Resolved::File(url)) if is_json(url) => continue,
            ("type", "json", _) => format!(
                "\"{specifier}\" cannot be imported with type 'json': only files whose names end in .json are"
            ),
            _ => format!(
                "the import of \"{specifier}\" has the attribute {key}: '{value}'; supported is type: 'json' only"
            ),
        };
        return Err(JsNativeError::syntax().with_message(wrong).into());
    }
    Ok(())
}

/// Whether a file imports a specifier as `* as ns` and in no other way.
///
/// In k6 the namespace of a built-in module has no `default` key, yet a default import of it works.
/// A module record cannot do both, so the kind of import decides.
fn imports_namespace_only(code: &str, specifier: &str) -> bool {
    let mut namespace = false;
    for quote in ['"', '\''] {
        let quoted = format!("{quote}{specifier}{quote}");
        for (at, _) in code.match_indices(&quoted) {
            let before = code[..at].trim_end();
            let Some(clause) = before.strip_suffix("from") else { continue };
            let clause = clause.rfind("import").map_or("", |start| clause[start + 6..].trim());
            if !clause.starts_with('*') {
                return false;
            }
            namespace = true;
        }
    }
    namespace
}

fn synthetic(
    default: JsValue,
    named: Vec<(JsString, JsValue)>,
    with_default: bool,
    context: &mut Context,
) -> Module {
    let default_name = js_string!("default");
    let mut values: Vec<(JsString, JsValue)> =
        named.into_iter().filter(|(name, _)| *name != default_name).collect();
    if with_default {
        values.push((default_name, default));
    }
    let names: Vec<_> = values.iter().map(|(name, _)| name.clone()).collect();
    let object = JsObject::with_null_proto();
    for (name, value) in values {
        let property = boa_engine::property::PropertyDescriptor::builder()
            .value(value)
            .writable(true)
            .enumerable(true)
            .configurable(true);
        object.insert_property(PropertyKey::from(name), property);
    }
    let initialise = SyntheticModuleInitializer::from_copy_closure_with_captures(
        |module, values: &JsObject, context| {
            for (name, value) in entries_of(values, context)? {
                module.set_export(&name, value)?;
            }
            Ok(())
        },
        object,
    );
    Module::synthetic(&names, initialise, None, None, context)
}

fn entries_of(values: &JsObject, context: &mut Context) -> JsResult<Vec<(JsString, JsValue)>> {
    entries(values, context)
}

/// A `require` bound to a file.
fn require_function(url: &str, context: &mut Context) -> JsResult<JsValue> {
    let require = |loader: &Rc<Loader>, specifier: &str, referrer: &str, context: &mut Context| {
        loader.require(specifier, referrer, context)
    };
    let native = NativeFunction::from_copy_closure_with_captures(
        move |_, args, referrer: &JsString, context| with_specifier(args, referrer, context, require),
        JsString::from(url),
    );
    Ok(named(native, "require", context))
}

/// `import.meta.resolve` of a file.
fn resolve_function(url: &str, context: &mut Context) -> JsValue {
    let resolve = |loader: &Rc<Loader>, specifier: &str, referrer: &str, context: &mut Context| {
        let resolved = loader.sources.resolve(specifier, referrer);
        let (Resolved::Builtin(url) | Resolved::File(url)) =
            resolved.map_err(|error| loader.failed(&error, context))?;
        Ok(string(&url))
    };
    let native = NativeFunction::from_copy_closure_with_captures(
        move |_, args, referrer: &JsString, context| with_specifier(args, referrer, context, resolve),
        JsString::from(url),
    );
    named(native, "resolve", context)
}

fn named(native: NativeFunction, name: &str, context: &mut Context) -> JsValue {
    FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(name)).length(1).build().into()
}

/// Calls `action` with the first argument as a text.
fn with_specifier(
    args: &[JsValue],
    referrer: &JsString,
    context: &mut Context,
    action: impl Fn(&Rc<Loader>, &str, &str, &mut Context) -> JsResult<JsValue>,
) -> JsResult<JsValue> {
    let specifier = to_text(&arg(args, 0), context)?;
    let Some(loader) = context.downcast_module_loader::<Loader>() else { return Ok(JsValue::undefined()) };
    action(&loader, &specifier, &referrer.to_std_string_lossy(), context)
}

/// The global `require`, relative to the main script.
pub fn global_require(sources: &Sources, context: &mut Context) -> JsResult<JsValue> {
    require_function(sources.main(), context)
}

impl ModuleLoader for Loader {
    async fn load_imported_module(
        self: Rc<Self>,
        referrer: Referrer,
        request: ModuleRequest,
        context: &RefCell<&mut Context>,
    ) -> JsResult<Module> {
        self.import(&referrer, &request, &mut context.borrow_mut())
    }

    fn init_import_meta(self: Rc<Self>, import_meta: &JsObject, module: &Module, context: &mut Context) {
        let url = module.path().map_or_else(|| self.sources.main().to_owned(), |p| p.display().to_string());
        let resolve = resolve_function(&url, context);
        put(import_meta, "resolve", resolve);
    }
}

#[cfg(test)]
mod tests {
    use super::imports_namespace_only;

    #[test]
    fn kinds_of_import() {
        for (code, only) in [
            ("import * as k6 from \"k6\"", true),
            ("import k6 from 'k6'", false),
            ("import * as a from 'k6'\nimport { check } from 'k6'", false),
            ("import * as a from 'k6/http'", false),
        ] {
            assert_eq!(imports_namespace_only(code, "k6"), only, "{code}");
        }
    }
}

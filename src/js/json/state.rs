//! What `JSON` keeps per context: cached keys, shapes, and the engine's own functions.

use std::cell::RefCell;
use std::hash::Hasher;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::object::shape::Shape;
use boa_engine::property::PropertyKey;
use boa_engine::string::JsStr;
use boa_engine::{Context, JsNativeError, JsResult};
use rustc_hash::{FxHashMap, FxHasher};

use crate::js::convert::get;
use crate::js::shared_realm::inherit;

/// Property names kept; a power of two.
const KEYS: usize = 256;

/// Longer names are not kept.
const KEY_LENGTH: usize = 40;

/// Shapes kept alive; when there are more, all are let go, and those in use come back.
const SHAPES: usize = 128;

/// Functions of the engine as they were before any script could change them, and the cache.
pub(super) struct State {
    pub array_is_array: JsObject,
    pub object_keys: JsObject,
    pub prevent_extensions: JsObject,
    pub reflect_get: JsObject,
    pub reflect_delete: JsObject,
    pub cache: RefCell<Cache>,
}

impl State {
    pub fn install(context: &mut Context) -> JsResult<Rc<Self>> {
        let array = context.intrinsics().constructors().array().constructor();
        let object = context.intrinsics().constructors().object().constructor();
        let reflect = context.intrinsics().objects().reflect();
        let mut method = |object: &JsObject, name: &str| -> JsResult<JsObject> {
            let method = get(object, name, context)?.as_callable();
            let missing = || JsNativeError::typ().with_message(format!("{name} is not a function"));
            Ok(method.ok_or_else(missing)?)
        };
        let state = Rc::new(Self {
            array_is_array: method(&array, "isArray")?,
            object_keys: method(&object, "keys")?,
            prevent_extensions: method(&object, "preventExtensions")?,
            reflect_get: method(&reflect, "get")?,
            reflect_delete: method(&reflect, "deleteProperty")?,
            cache: RefCell::default(),
        });
        let inherited = state.clone();
        inherit(context, move |context| drop(context.insert_data(inherited.clone())));
        Ok(state)
    }

    /// The context's state, made on first use.
    pub fn of(context: &mut Context) -> JsResult<Rc<Self>> {
        match context.get_data::<Rc<Self>>() {
            Some(state) => Ok(state.clone()),
            None => Self::install(context),
        }
    }
}

/// What makes parsing the same kind of text again cheap.
///
/// An object's shape is found from its parent by property name, but the engine holds the way from
/// parent to child weakly: a shape that no object has is gone at the next collection. So the shapes
/// of parsed objects are held here.
#[derive(Default)]
pub(super) struct Cache {
    keys: Vec<Option<PropertyKey>>,
    shapes: FxHashMap<usize, Shape>,
}

impl Cache {
    /// The property key of a Latin-1 name.
    pub fn key(&mut self, name: &[u8]) -> PropertyKey {
        if name.len() > KEY_LENGTH {
            return PropertyKey::from(JsStr::latin1(name));
        }
        if self.keys.is_empty() {
            self.keys.resize(KEYS, None);
        }
        let mut hasher = FxHasher::default();
        hasher.write(name);
        let slot = &mut self.keys[hasher.finish() as usize >> 7 & (KEYS - 1)];
        if let Some(PropertyKey::String(known)) = slot
            && known.as_str().as_latin1() == Some(name)
        {
            return PropertyKey::String(known.clone());
        }
        let key = PropertyKey::from(JsStr::latin1(name));
        *slot = Some(key.clone());
        key
    }

    /// Keeps the shape of an object alive.
    pub fn hold_shape(&mut self, object: &JsObject) {
        let object = object.borrow();
        let shape = object.shape();
        let address = shape.to_addr_usize();
        if self.shapes.contains_key(&address) || !shape.is_shared() {
            return;
        }
        if self.shapes.len() >= SHAPES {
            self.shapes.clear();
        }
        self.shapes.insert(address, shape.clone());
    }
}

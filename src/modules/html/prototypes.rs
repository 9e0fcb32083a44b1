//! What the objects of one realm have in common: made when the first of each kind is.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult};
use rustc_hash::FxHashMap;

use super::kinds::Kind;
use super::{attribute, element, kinds, selection};
use crate::js::convert::{Native, function, object, put_hidden};
use crate::js::shared_realm::inherit;

/// The prototypes of a realm.
#[derive(Default)]
pub struct Prototypes {
    selection: OnceCell<JsObject>,
    element: OnceCell<JsObject>,
    attribute: OnceCell<JsObject>,
    kinds: RefCell<FxHashMap<&'static str, JsObject>>,
}

/// How they are found: a context's data are found by type.
struct Handle(Rc<Prototypes>);

/// Has the VUs of a realm share prototypes; once is enough.
pub fn register(context: &mut Context) {
    if !context.has_data::<Handle>() {
        let made = Rc::<Prototypes>::default();
        inherit(context, move |context| drop(context.insert_data(Handle(made.clone()))));
    }
}

impl Prototypes {
    pub fn of(context: &mut Context) -> Rc<Self> {
        register(context);
        context.get_data::<Handle>().map(|handle| handle.0.clone()).unwrap_or_default()
    }

    pub fn selection(&self, context: &mut Context) -> JsObject {
        self.selection.get_or_init(|| selection::prototype(context)).clone()
    }

    pub fn attribute(&self, context: &mut Context) -> JsObject {
        self.attribute.get_or_init(|| attribute::prototype(context)).clone()
    }

    /// The methods of every element.
    pub fn element(&self, context: &mut Context) -> JsObject {
        self.element.get_or_init(|| element::prototype(context)).clone()
    }

    /// The methods of one kind of element, above those of every element.
    pub fn kind(&self, kind: &'static Kind, context: &mut Context) -> JsResult<JsObject> {
        if let Some(known) = self.kinds.borrow().get(kind.tag) {
            return Ok(known.clone());
        }
        let made = kinds::prototype(kind, context);
        made.set_prototype(Some(self.element(context)));
        self.kinds.borrow_mut().insert(kind.tag, made.clone());
        Ok(made)
    }
}

/// An object with these methods, which enumeration does not show.
pub fn with_methods(methods: &[(&str, usize, Native)], context: &mut Context) -> JsObject {
    let prototype = object(context);
    for (name, length, native) in methods {
        let method = function(name, *length, *native, context);
        put_hidden(&prototype, name, method);
    }
    prototype
}

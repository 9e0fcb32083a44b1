//! One realm for the contexts of many VUs.
//!
//! A realm (the built-in objects and the global object) takes 200 KiB and a place in the processor's
//! caches; what a VU needs for itself, a stack of frames, takes a few KiB. So the VUs of a thread share
//! a realm where their script cannot see that they do, and each has a context of its own in it.
//!
//! The engine makes a realm for each context; the one that is not wanted is let go at once.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::Context;
use boa_engine::object::shape::RootShape;
use boa_engine::realm::Realm;

/// A realm that more contexts can enter.
pub struct SharedRealm {
    realm: Realm,
    root_shape: RootShape,
    inheritance: Rc<Inheritance>,
}

/// What host modules gave to the first context and give to each that follows, in that order.
#[derive(Default)]
struct Inheritance(RefCell<Vec<Rc<Gift>>>);

type Gift = dyn Fn(&mut Context);

/// How a context's inheritance is found: a context's data are found by type.
struct Handle(Rc<Inheritance>);

/// Gives a context something, and in time every context that enters its realm: host data that belong
/// to the realm's objects.
pub fn inherit(context: &mut Context, give: impl Fn(&mut Context) + 'static) {
    give(context);
    if !context.has_data::<Handle>() {
        context.insert_data(Handle(Rc::default()));
    }
    if let Some(Handle(inheritance)) = context.get_data() {
        inheritance.0.borrow_mut().push(Rc::new(give));
    }
}

impl SharedRealm {
    /// The realm of a context.
    pub fn of(context: &Context) -> Self {
        Self {
            realm: context.realm().clone(),
            root_shape: context.root_shape().clone(),
            inheritance: context.get_data::<Handle>().map(|handle| handle.0.clone()).unwrap_or_default(),
        }
    }

    /// Puts a context that has run nothing yet into this realm.
    pub fn enter(&self, context: &mut Context) {
        // The root of all shapes leads to every prototype of the realm that was made with it, and would
        // keep that realm alive.
        replace_root_shape(context, self.root_shape.clone());
        drop(context.enter_realm(self.realm.clone()));
        context.insert_data(Handle(self.inheritance.clone()));
        // A gift may give in turn.
        let gifts = self.inheritance.0.borrow().clone();
        gifts.iter().for_each(|give| give(context));
    }
}

fn replace_root_shape(context: &mut Context, root: RootShape) {
    let offset = std::ptr::from_ref(context.root_shape()).addr() - std::ptr::from_ref(context).addr();
    let context = std::ptr::from_mut(context).cast::<u8>();
    // SAFETY: `root_shape` gives a reference to a field of the context, so the offset leads to a
    // `RootShape` inside of it; the pointer comes from the exclusive reference, of which no part is
    // borrowed. To the engine it is as if it had made the context with this root in the first place.
    unsafe { *context.add(offset).cast::<RootShape>() = root };
}

#[cfg(test)]
mod tests {
    use boa_engine::{JsValue, Source};

    use super::*;

    #[derive(Clone)]
    struct Given(u32);

    #[test]
    fn contexts_of_one_realm() {
        let mut first = Context::default();
        inherit(&mut first, |context| drop(context.insert_data(Given(7))));
        let make = "(() => { let n = 0; return () => ({ n: ++n, list: [1].concat(n) }) })";
        let make = first.eval(Source::from_bytes(make)).unwrap().as_callable().unwrap();
        let realm = SharedRealm::of(&first);
        let mut contexts: Vec<Context> = Vec::new();
        for _ in 0..20 {
            let mut context = Context::default();
            realm.enter(&mut context);
            contexts.push(context);
        }
        boa_gc::force_collect();
        for (count, context) in contexts.iter_mut().enumerate() {
            assert_eq!(context.get_data::<Given>().map(|given| given.0), Some(7));
            let counter = make.call(&JsValue::undefined(), &[], context).unwrap().as_callable().unwrap();
            let mut shown = JsValue::undefined();
            for _ in 0..=count {
                shown = counter.call(&JsValue::undefined(), &[], context).unwrap();
            }
            let text = shown.to_json(context).unwrap().unwrap_or_default().to_string();
            let n = count + 1;
            assert_eq!(text, format!("{{\"n\":{n},\"list\":[1,{n}]}}"));
            let same = context.eval(Source::from_bytes("Object.getPrototypeOf([])")).unwrap();
            let array = first.intrinsics().constructors().array().prototype();
            assert!(same.as_object().is_some_and(|object| boa_engine::JsObject::equals(&object, &array)));
        }
    }
}

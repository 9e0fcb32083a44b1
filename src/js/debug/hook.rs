//! What runs before each statement of a script that is debugged.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsResult, JsString, JsValue, js_string};

use super::breakpoint::Plan;
use super::debugger::Debugger;
use super::evaluate;
use super::instrument::{HOOK, PointKind, THROWN};
use super::objects::Objects;
use super::pause::{Reason, Step};
use super::stack::Stack;
use crate::js::convert::{Native, arg, function};

/// How a context waits, handed in by who runs it.
pub trait Waiter {
    /// Waits for a future. Fails, uncatchably, when the script is to end.
    fn wait(&self, until: Pin<&mut dyn Future<Output = ()>>, context: &mut Context) -> JsResult<()>;
}

/// What the debugger keeps for a context.
pub(super) struct Local {
    pub debugger: Arc<Debugger>,
    pub waiter: Box<dyn Waiter>,
    pub objects: Objects,
    pub stack: RefCell<Stack>,
    plan: RefCell<Arc<Plan>>,
    generation: Cell<u64>,
    /// Where to pause next, besides breakpoints, and the number of the pause that it began with. A pause of
    /// another VU ends it.
    pub step: Cell<(Step, u64)>,
    /// Whether what runs was asked for by the client: nothing pauses in it.
    pub busy: Cell<bool>,
    /// What a `throw` statement threw when it paused last.
    pub shown: RefCell<Option<JsValue>>,
    /// The built-in `Object.getOwnPropertyDescriptor`.
    pub descriptor_of: Option<JsFunction>,
}

/// How a context's [`Local`] is found: a context's data are found by type.
struct Handle(Rc<Local>);

impl Local {
    pub fn of(context: &Context) -> Option<Rc<Self>> {
        context.get_data::<Handle>().map(|handle| handle.0.clone())
    }

    pub fn plan(&self) -> Arc<Plan> {
        let generation = self.debugger.generation();
        if self.generation.replace(generation) != generation {
            *self.plan.borrow_mut() = self.debugger.plan();
        }
        self.plan.borrow().clone()
    }

    /// Runs what the client asked for, without pauses in it.
    pub fn undisturbed<R>(&self, work: impl FnOnce() -> R) -> R {
        let busy = self.busy.replace(true);
        let done = work();
        self.busy.set(busy);
        done
    }
}

/// Prepares a fresh realm, and a context in it, for scripts with hooks.
pub fn install(context: &mut Context, debugger: &Arc<Debugger>, waiter: Box<dyn Waiter>) {
    let object = context.intrinsics().constructors().object().constructor();
    let descriptor_of = object.get(js_string!("getOwnPropertyDescriptor"), context);
    let local = Local {
        debugger: debugger.clone(),
        waiter,
        objects: Objects::new(debugger.number_context()),
        stack: RefCell::default(),
        plan: RefCell::default(),
        generation: Cell::new(0),
        step: Cell::new((Step::Continue, 0)),
        busy: Cell::new(false),
        shown: RefCell::default(),
        descriptor_of: descriptor_of.ok().and_then(|value| value.as_function()),
    };
    context.insert_data(Handle(Rc::new(local)));
    let functions: [(&str, Native); 2] = [(HOOK, hook), (THROWN, thrown)];
    for (name, native) in functions {
        let native = function(name, 1, native, context);
        let property =
            PropertyDescriptor::builder().value(native).writable(false).enumerable(false).configurable(false);
        context.global_object().insert_property(PropertyKey::from(JsString::from(name)), property);
    }
}

/// Before a context's first line: waits for a client, if that is wanted, and answers what it asks.
pub fn attend(context: &mut Context) -> JsResult<()> {
    let Some(local) = Local::of(context) else { return Ok(()) };
    while local.debugger.waits() {
        while let Some(ask) = local.debugger.take_ask() {
            local.answer(ask, &[], context);
        }
        if local.debugger.waits() {
            let debugger = local.debugger.clone();
            local.waiter.wait(pin!(debugger.asked()), context)?;
        }
    }
    Ok(())
}

/// `__ssek_debug(point, evaluator, guards)`
fn hook(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(local) = Local::of(context).filter(|local| !local.busy.get()) else {
        return Ok(JsValue::undefined());
    };
    let point = arg(args, 0).as_number().unwrap_or_default() as u32;
    let guards = arg(args, 2).as_number().unwrap_or_default() as usize;
    let Some(evaluator) = arg(args, 1).as_object() else { return Ok(JsValue::undefined()) };
    local.stack.borrow_mut().pass(point, evaluator.clone(), guards, context);
    if local.debugger.wants_attention() {
        local.attend_between(context)?;
    }
    if let Some(reason) = local.reason(point, &evaluator, context)? {
        local.pause(reason, context)?;
    }
    Ok(JsValue::undefined())
}

/// `__ssek_thrown(value)`: what a `throw` statement throws.
fn thrown(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let value = arg(args, 0);
    if let Some(local) = Local::of(context).filter(|local| !local.busy.get()) {
        local.throw(&value, context)?;
    }
    Ok(value)
}

impl Local {
    /// Answers the client between two statements, and waits while another VU is paused.
    fn attend_between(&self, context: &mut Context) -> JsResult<()> {
        while self.debugger.is_paused() {
            let debugger = self.debugger.clone();
            self.waiter.wait(pin!(debugger.resumed()), context)?;
        }
        while let Some(ask) = self.debugger.take_ask() {
            self.answer(ask, &[], context);
        }
        self.debugger.look();
        Ok(())
    }

    /// Why the script is to pause before the statement of a point, if it is to.
    fn reason(&self, point: u32, evaluator: &JsObject, context: &mut Context) -> JsResult<Option<Reason>> {
        let plan = self.plan();
        if !plan.pauses() {
            return Ok(None);
        }
        let depth = self.stack.borrow().innermost().map_or(0, |entry| entry.depth);
        let mut hits = Vec::new();
        for (id, condition) in plan.points.get(&point).into_iter().flatten() {
            if condition.is_empty()
                || self.undisturbed(|| evaluate::is_true(evaluator, condition, context))?
            {
                hits.push(id.clone());
            }
        }
        let (step, since) = self.step.get();
        let Some(script) = self.debugger.script_of(point) else { return Ok(None) };
        let Some(point) = script.point(point) else { return Ok(None) };
        let is_step = since == self.debugger.pauses() && step.is_due(&script, point, depth);
        Ok(if !hits.is_empty() {
            Some(Reason::Breakpoints(hits))
        } else if self.debugger.is_first_break_due() && script.is_main {
            self.debugger.takes_first_break();
            Some(Reason::Start)
        } else {
            let is_asked = self.debugger.wants_attention() && self.debugger.takes_pause();
            (is_asked || is_step || point.kind == PointKind::Debugger).then_some(Reason::Asked)
        })
    }
}

//! A pause: from the reason for it until the client lets the script go on.

use std::pin::pin;

use boa_engine::{Context, JsResult, JsValue};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::debugger::Event;
use super::frame::{self, Frame};
use super::hook::Local;
use super::instrument::PointKind;
use super::objects::BACKTRACE;
use super::script::{Point, Script};

/// How a paused script goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the next breakpoint.
    Continue,
    /// To the next statement, wherever it is.
    Into,
    /// To the next statement of the function or of one that it was called from, which is so deep.
    Over(usize),
    /// To the next statement of the same function, of the file of that id: the statement awaits something, and
    /// what runs meanwhile is none of its business.
    Awaited { script: u32, function: u32 },
    /// To the next statement outside of the function.
    Out(usize),
    /// To a point.
    To(u32),
}

impl Step {
    /// Whether it ends before the statement of a point of a file, in a function so deep.
    pub(super) fn is_due(self, script: &Script, point: &Point, depth: usize) -> bool {
        match self {
            Self::Continue => false,
            Self::Into => true,
            Self::Over(from) => depth <= from,
            Self::Out(from) => depth < from,
            Self::To(wanted) => point.number == wanted,
            Self::Awaited { script: id, function } => script.id == id && point.function == function,
        }
    }
}

/// What the script's thread can be asked. Objects and frames are named by the ids that it gave them.
#[derive(Debug)]
pub enum What {
    /// Go on. The depths of steps are filled in by the thread.
    Resume(Step),
    /// Evaluate an expression in a frame, or, without one, outside of all functions.
    Evaluate {
        frame: Option<String>,
        expression: String,
        how: How,
    },
    /// What an object or a scope consists of.
    Properties {
        object: String,
        own: bool,
        accessors_only: bool,
        preview: bool,
        group: Option<String>,
    },
    /// Call a function, given by its text, on an object.
    Call {
        declaration: String,
        this: Option<String>,
        arguments: Vec<Value>,
        how: How,
    },
    /// Assign to a variable in the scope of that number of a frame.
    SetVariable {
        frame: String,
        scope: usize,
        name: String,
        value: Value,
    },
    /// The value of a promise that is settled.
    Await {
        object: String,
        how: How,
    },
    /// Forget an object, or all of a group.
    Release(String),
    ReleaseGroup(String),
}

/// What is to be done with a result.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Objects are held under this name.
    pub group: Option<String>,
    /// The result as JSON, not as an object that can be asked about.
    pub by_value: bool,
    pub preview: bool,
    /// Only what surely changes nothing is evaluated.
    pub without_effects: bool,
    /// Whether the value of a promise is wanted.
    pub awaits: bool,
}

/// The result in the protocol's form, or why there is none.
pub type Answer = Result<Value, String>;

/// A question and where the answer goes.
#[derive(Debug)]
pub struct Ask {
    what: What,
    answer: oneshot::Sender<Answer>,
}

impl Ask {
    pub(super) fn new(what: What) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Self { what, answer }, answered)
    }

    /// Whether somebody waits for the answer, or need not.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self.what, What::Resume(_)) || !self.answer.is_closed()
    }
}

/// Why the script pauses.
#[derive(Debug)]
pub enum Reason {
    /// It came to breakpoints, by their ids.
    Breakpoints(Vec<String>),
    /// A step ended, or somebody asked for it: the client, or a `debugger` statement.
    Asked,
    /// The first statement under `--inspect-brk`.
    Start,
    /// Something was thrown; whether nobody will catch it, and whether it was a promise's.
    Exception { value: JsValue, uncaught: bool, promise: bool },
}

impl Local {
    /// Pauses before the statement that the context has come to.
    pub fn pause(&self, reason: Reason, context: &mut Context) -> JsResult<()> {
        let entries = self.stack.borrow().live(context);
        let frames = frame::frames(entries, self);
        self.pause_in(reason, &frames, context)
    }

    /// Pauses with these functions on the stack, of which there is one at least.
    pub fn pause_in(&self, reason: Reason, frames: &[Frame], context: &mut Context) -> JsResult<()> {
        if frames.is_empty() || !self.debugger.begin_pause() {
            return Ok(());
        }
        let ended = self.undisturbed(|| {
            let told = self.paused(reason, frames, context);
            self.debugger.tell(Event::Paused(told));
            self.serve(frames, context)
        });
        self.objects.release_group(BACKTRACE);
        self.debugger.end_pause();
        self.debugger.tell(Event::Resumed);
        ended
    }

    /// Answers questions until the client lets the script go on.
    fn serve(&self, frames: &[Frame], context: &mut Context) -> JsResult<()> {
        loop {
            while let Some(ask) = self.debugger.take_ask() {
                if let What::Resume(step) = ask.what {
                    let depth = frames.first().map_or(0, |frame| frame.entry.depth);
                    let awaits = |frame: &&Frame| frame.point.kind == PointKind::Await;
                    let step = match (step, frames.first().filter(awaits)) {
                        (Step::Over(_), Some(Frame { script, point, .. })) => {
                            Step::Awaited { script: script.id, function: point.function }
                        }
                        (step, _) => step,
                    };
                    let step = match step {
                        Step::Over(_) => Step::Over(depth),
                        Step::Out(_) => Step::Out(depth),
                        step => step,
                    };
                    self.step.set((step, self.debugger.pauses()));
                    let _ = ask.answer.send(Ok(json!({})));
                    return Ok(());
                }
                self.answer(ask, frames, context);
            }
            let debugger = self.debugger.clone();
            self.waiter.wait(pin!(debugger.asked()), context)?;
        }
    }

    /// Answers one question.
    pub fn answer(&self, ask: Ask, frames: &[Frame], context: &mut Context) {
        let answer = self.undisturbed(|| match ask.what {
            What::Resume(_) => Err("Can only perform operation while paused.".to_owned()),
            What::Evaluate { frame, expression, how } => {
                self.evaluate(frame.as_deref(), &expression, &how, frames, context)
            }
            What::Properties { object, own, accessors_only, preview, group } => {
                self.properties(&object, own, accessors_only, preview, group.as_deref(), context)
            }
            What::Call { declaration, this, arguments, how } => {
                self.call_function(&declaration, this.as_deref(), &arguments, &how, context)
            }
            What::SetVariable { frame, scope, name, value } => {
                self.set_variable(&frame, scope, &name, &value, frames, context)
            }
            What::Await { object, how } => self.await_promise(&object, &how, context),
            What::Release(object) => {
                self.objects.release(&object);
                Ok(json!({}))
            }
            What::ReleaseGroup(group) => {
                self.objects.release_group(&group);
                Ok(json!({}))
            }
        });
        let _ = ask.answer.send(answer);
    }

    /// The parameters of `Debugger.paused`.
    fn paused(&self, reason: Reason, frames: &[Frame], context: &mut Context) -> Value {
        let call_frames: Vec<_> =
            frames.iter().enumerate().map(|(at, frame)| frame.shown(at, self, context)).collect();
        let mut told = json!({ "callFrames": call_frames, "hitBreakpoints": [] });
        told["reason"] = match reason {
            Reason::Breakpoints(ids) => {
                told["hitBreakpoints"] = ids.into();
                "other".into()
            }
            Reason::Asked => "other".into(),
            Reason::Start => "Break on start".into(),
            Reason::Exception { value, uncaught, promise } => {
                told["data"] = self.described(&value, BACKTRACE, false, context);
                told["data"]["uncaught"] = uncaught.into();
                if promise { "promiseRejection".into() } else { "exception".into() }
            }
        };
        told
    }
}

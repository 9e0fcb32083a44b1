//! `client.chat(request, handlers)`: asks, and returns the whole answer.

use std::time::Instant;

use boa_engine::{Context, JsError, JsResult, JsValue};

use super::client;
use super::heard::Handlers;
use super::options::Options;
use super::record::{Call, record};
use super::request::Question;
use super::result::result;
use crate::js::convert::arg;
use crate::js::go_error;
use crate::llm::{Delta, Ended, Ongoing, Report};
use crate::net::Outcome;
use crate::vu::State;

/// `chat(request, {onToken, onReasoning, onToolCall})`
pub fn chat(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let options = client::this(this)?;
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let question = Question::read(&arg(args, 0), &options, &state, context)?;
    let handlers = Handlers::read(&arg(args, 1), context)?;
    let call = Call::new(&state, &options, &question);
    let (report, failed) = ask(&options, &question, &handlers, &state, context)?;
    let report = judged(report, &state);
    record(&state, &call, &report);
    match failed {
        Some(error) => Err(error),
        None => finish(&report, question.throw, context),
    }
}

/// Makes the call. With the report comes what ended it, if that is an error: a handler threw, or the VU is interrupted.
fn ask(
    options: &Options,
    question: &Question,
    handlers: &Handlers,
    state: &State,
    context: &mut Context,
) -> JsResult<(Report, Option<JsError>)> {
    let network = state.client().map_err(|text| go_error(text, context))?;
    let wanted = handlers.wanted();
    let mut ongoing = Ongoing::new(&network, &options.target, &question.request);
    let mut pieces = Vec::new();
    loop {
        let mut hear = |delta: &Delta, at: Instant| pieces.extend(wanted.take(delta, at));
        let mut read = state.block_on(ongoing.next(&mut hear), context);
        for piece in pieces.drain(..) {
            match handlers.call(piece, context) {
                Ok(false) => state.left_garbage(1),
                Ok(true) => {
                    ongoing.close(Outcome::Aborted);
                    break;
                }
                Err(error) => {
                    read = Err(error);
                    break;
                }
            }
        }
        match read {
            Ok(goes_on) if goes_on && !ongoing.is_over() => {}
            Ok(_) => {
                let mut ended = ongoing.finish();
                let counted = state.block_on(ended.count(), context);
                return Ok((whole(ended), counted.err()));
            }
            Err(error) => {
                let is_cut_off = state.interrupt.is_raised();
                ongoing.close(if is_cut_off { Outcome::Interrupted } else { Outcome::Aborted });
                let mut ended = ongoing.finish();
                if !is_cut_off {
                    // What threw is what is told, whatever happens meanwhile.
                    let _ = state.block_on(ended.count(), context);
                }
                return Ok((whole(ended), Some(error)));
            }
        }
    }
}

/// The report with all its counts, which are made here where waiting for them was cut off: the VU has no time left then. What
/// a call took that was itself cut off is not asked.
pub fn whole(mut ended: Ended) -> Report {
    if ended.so_far().outcome != Outcome::Interrupted {
        ended.count_here();
    }
    ended.into_report()
}

/// The report, judged by the objectives of the options where its client has none.
pub fn judged(mut report: Report, state: &State) -> Report {
    if let Some(slo) = state.test.options().and_then(|options| options.slo.as_ref())
        && report.good.is_none()
    {
        report.good = Some(slo.is_met(&report));
    }
    report
}

/// What a script gets of a call that is over.
///
/// # Errors
///
/// It failed, and is to throw then.
pub fn finish(report: &Report, throw: bool, context: &mut Context) -> JsResult<JsValue> {
    if throw && !matches!(report.outcome, Outcome::Ok | Outcome::Aborted) {
        return Err(go_error(format!("{}: {}", report.outcome.name(), report.error), context));
    }
    Ok(result(report, context))
}

/// # Errors
///
/// Init code runs.
pub fn refuse_init(state: &State, context: &mut Context) -> JsResult<()> {
    if state.in_init() {
        return Err(go_error("using ssek/llm in the init context is not supported", context));
    }
    Ok(())
}

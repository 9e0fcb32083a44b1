//! What each method of the protocol does.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::Target;
use super::message::{Call, Refusal, context_created, place, script_id};
use super::session::Told;
use super::{breakpoints, node};
use crate::js::debug::{Debugger, Exceptions, How, Step, What, syntax_error};

/// A script that is not paused answers before its next statement; it is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A call's result, or how to come by it.
pub enum Done {
    Now(Result<Value, Refusal>),
    Later(BoxFuture<'static, Result<Value, Refusal>>),
}

/// Does what a client asks for. Events that come before the answer go to `out`.
pub fn dispatch(call: Call, target: &Target, told: &mut Told, out: &mut Vec<String>) -> Done {
    let expression = call.params["expression"].as_str().filter(|_| call.method == "Runtime.evaluate");
    if let Some(answer) = expression.and_then(node::answer) {
        return Done::Now(Ok(answer));
    }
    match ask(&call) {
        Ok(Some(what)) => return later(what, &target.debugger),
        Ok(None) => {}
        Err(refusal) => return Done::Now(Err(refusal)),
    }
    Done::Now(now(&call, target, told, out))
}

/// What the script's thread must answer.
fn ask(call: &Call) -> Result<Option<What>, Refusal> {
    let how = || How {
        group: call.text("objectGroup"),
        by_value: call.flag("returnByValue"),
        preview: call.flag("generatePreview"),
        without_effects: call.flag("throwOnSideEffect"),
        awaits: call.flag("awaitPromise"),
    };
    let arguments = || call.params["arguments"].as_array().cloned().unwrap_or_default();
    Ok(Some(match call.method.as_str() {
        "Debugger.resume" => What::Resume(Step::Continue),
        "Debugger.stepInto" => What::Resume(Step::Into),
        "Debugger.stepOver" => What::Resume(Step::Over(0)),
        "Debugger.stepOut" => What::Resume(Step::Out(0)),
        "Debugger.evaluateOnCallFrame" => What::Evaluate {
            frame: Some(call.needed("callFrameId")?),
            expression: call.needed("expression")?,
            how: how(),
        },
        "Runtime.evaluate" => {
            What::Evaluate { frame: None, expression: call.needed("expression")?, how: how() }
        }
        "Runtime.callFunctionOn" => What::Call {
            declaration: call.needed("functionDeclaration")?,
            this: call.text("objectId"),
            arguments: arguments(),
            how: how(),
        },
        "Runtime.getProperties" => What::Properties {
            object: call.needed("objectId")?,
            own: call.flag("ownProperties"),
            accessors_only: call.flag("accessorPropertiesOnly"),
            preview: call.flag("generatePreview"),
            group: None,
        },
        "Runtime.awaitPromise" => What::Await { object: call.needed("promiseObjectId")?, how: how() },
        "Debugger.setVariableValue" => What::SetVariable {
            frame: call.needed("callFrameId")?,
            scope: call.params["scopeNumber"].as_u64().unwrap_or_default() as usize,
            name: call.needed("variableName")?,
            value: call.params["newValue"].clone(),
        },
        "Runtime.releaseObject" => What::Release(call.needed("objectId")?),
        "Runtime.releaseObjectGroup" => What::ReleaseGroup(call.needed("objectGroup")?),
        _ => return Ok(None),
    }))
}

fn later(what: What, debugger: &std::sync::Arc<Debugger>) -> Done {
    if matches!(what, What::Resume(_)) && !debugger.is_paused() {
        return Done::Now(Err(not_paused()));
    }
    // What nobody waits for may take its time.
    if matches!(what, What::Release(_) | What::ReleaseGroup(_)) && !debugger.is_paused() {
        return Done::Now(Ok(json!({})));
    }
    let answered = debugger.ask(what);
    let debugger = debugger.clone();
    let result = async move {
        let mut answered = answered;
        loop {
            match tokio::time::timeout(PATIENCE, &mut answered).await {
                Ok(Ok(answer)) => return answer.map_err(Refusal::from),
                Ok(Err(_)) => return Err(Refusal::from("the script has ended".to_owned())),
                Err(_) if debugger.is_paused() => {}
                Err(_) => {
                    let text = "no statement of the script ran within a second: pause it, then ask again";
                    return Err(Refusal::from(text.to_owned()));
                }
            }
        }
    };
    Done::Later(result.boxed())
}

fn not_paused() -> Refusal {
    Refusal::from("Can only perform operation while paused.".to_owned())
}

/// What can be answered at once.
fn now(call: &Call, target: &Target, told: &mut Told, out: &mut Vec<String>) -> Result<Value, Refusal> {
    let debugger = &target.debugger;
    match call.method.as_str() {
        "Runtime.enable" => {
            debugger.set_listens(true);
            if !told.context {
                told.context = true;
                out.push(context_created(&target.id));
            }
        }
        "Runtime.disable" => {
            told.context = false;
            debugger.set_listens(false);
        }
        "Runtime.runIfWaitingForDebugger" => debugger.start(),
        "Runtime.compileScript" => return Ok(compiled(&call.needed("expression")?)),
        "Runtime.globalLexicalScopeNames" => return Ok(json!({ "names": [] })),
        "Runtime.getIsolateId" => return Ok(json!({ "id": target.id })),
        "Runtime.getHeapUsage" => return Ok(json!({ "usedSize": 0, "totalSize": 0 })),
        "Debugger.enable" => {
            debugger.enable(true);
            told.scripts = true;
            out.extend(debugger.scripts().iter().filter_map(|script| told.of(script)));
            return Ok(json!({ "debuggerId": target.id }));
        }
        "Debugger.disable" => {
            told.forget_scripts();
            debugger.enable(false);
            if debugger.is_paused() {
                drop(debugger.ask(What::Resume(Step::Continue)));
            }
        }
        "Debugger.pause" => debugger.pause(),
        "Debugger.setBreakpointsActive" => debugger.set_active(call.flag("active")),
        "Debugger.setSkipAllPauses" => debugger.set_skips_all(call.flag("skip")),
        "Debugger.setPauseOnExceptions" => debugger.set_exceptions(match call.needed("state")?.as_str() {
            "none" => Exceptions::None,
            "uncaught" => Exceptions::Uncaught,
            _ => Exceptions::All,
        }),
        "Debugger.setBreakpointByUrl" => return breakpoints::set_by_url(call, debugger),
        "Debugger.setBreakpoint" => return breakpoints::set(call, debugger),
        "Debugger.removeBreakpoint" => debugger.remove_breakpoint(&call.needed("breakpointId")?),
        "Debugger.getPossibleBreakpoints" => return breakpoints::possible(call, debugger),
        "Debugger.continueToLocation" => return continue_to(call, debugger),
        "Debugger.getScriptSource" => {
            let script = debugger.script(script_id(&call.params)?);
            let script = script.ok_or_else(|| Refusal::from("No script for id".to_owned()))?;
            return Ok(json!({ "scriptSource": script.text }));
        }
        // No script is loaded without being told of, so there is nothing to stop at.
        "Debugger.setInstrumentationBreakpoint" => {
            return Ok(
                json!({ "breakpointId": format!("instrumentation:{}", call.needed("instrumentation")?) }),
            );
        }
        "Debugger.setAsyncCallStackDepth"
        | "Debugger.setBlackboxPatterns"
        | "Debugger.setBlackboxedRanges"
        | "Debugger.setBlackboxExecutionContexts"
        | "Runtime.setAsyncCallStackDepth"
        | "Runtime.setMaxCallStackSizeToCapture"
        | "Runtime.setCustomObjectFormatterEnabled"
        | "Runtime.discardConsoleEntries"
        | "Runtime.addBinding"
        | "Runtime.removeBinding"
        | "Log.clear"
        | "Profiler.setSamplingInterval"
        | "Log.startViolationsReport"
        | "Network.setAttachDebugStack"
        | "Network.setBlockedURLs"
        | "Network.emulateNetworkConditionsByRule"
        | "Network.overrideNetworkState"
        | "NodeRuntime.notifyWhenWaitingForDisconnect"
        | "Target.setAutoAttach"
        | "Target.setDiscoverTargets" => {}
        // Domains that have nothing to tell.
        method if method.ends_with(".enable") || method.ends_with(".disable") => {}
        method => return Err(Refusal::unknown(method)),
    }
    Ok(json!({}))
}

fn compiled(expression: &str) -> Value {
    match syntax_error(expression) {
        None => json!({}),
        Some(text) => json!({
            "exceptionDetails": {
                "exceptionId": 1,
                "text": "Uncaught",
                "lineNumber": 0,
                "columnNumber": 0,
                "exception": {
                    "type": "object", "subtype": "error", "className": "SyntaxError", "description": text,
                },
            },
        }),
    }
}

fn continue_to(call: &Call, debugger: &std::sync::Arc<Debugger>) -> Result<Value, Refusal> {
    if !debugger.is_paused() {
        return Err(not_paused());
    }
    let location = &call.params["location"];
    let script = debugger.script(script_id(location)?);
    let place = place(location).ok_or_else(|| Refusal::bad("location is missing"))?;
    let point = script.as_ref().and_then(|script| script.point_from(place));
    let point = point.ok_or_else(|| Refusal::from("Cannot continue to specified location".to_owned()))?;
    drop(debugger.ask(What::Resume(Step::To(point.number))));
    Ok(json!({}))
}

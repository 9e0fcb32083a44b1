//! Breakpoints as the protocol sets them.

use serde_json::{Value, json};

use super::message::{Call, Refusal, location, place, script_id};
use crate::js::debug::{Breakpoint, Debugger, Target};

/// `Debugger.setBreakpointByUrl`: for files that are loaded and those that will be.
pub fn set_by_url(call: &Call, debugger: &Debugger) -> Result<Value, Refusal> {
    let place = place(&call.params).ok_or_else(|| Refusal::bad("lineNumber is missing"))?;
    let (kind, text, target) = if let Some(url) = call.text("url") {
        (1, url.clone(), Target::Url(url))
    } else if let Some(pattern) = call.text("urlRegex") {
        let regex =
            regress::Regex::new(&pattern).map_err(|error| Refusal::bad(&format!("urlRegex: {error}")))?;
        (2, pattern, Target::Pattern(Box::new(regex)))
    } else if let Some(hash) = call.text("scriptHash") {
        (3, hash.clone(), Target::Hash(hash))
    } else {
        return Err(Refusal::bad("one of url, urlRegex and scriptHash is needed"));
    };
    let id = format!("{kind}:{}:{}:{text}", place.line, place.column);
    let condition = call.text("condition").unwrap_or_default();
    let breakpoint = Breakpoint { id: id.clone(), target, place, condition, bound: Vec::new() };
    let places = debugger.set_breakpoint(breakpoint).ok_or_else(exists)?;
    let locations: Vec<_> = places.into_iter().map(|(script, place)| location(script, place)).collect();
    Ok(json!({ "breakpointId": id, "locations": locations }))
}

/// `Debugger.setBreakpoint`: in a file that is loaded.
pub fn set(call: &Call, debugger: &Debugger) -> Result<Value, Refusal> {
    let wanted = &call.params["location"];
    let script = script_id(wanted)?;
    let place = place(wanted).ok_or_else(|| Refusal::bad("lineNumber is missing"))?;
    let id = format!("4:{}:{}:{script}", place.line, place.column);
    let condition = call.text("condition").unwrap_or_default();
    let target = Target::Script(script);
    let breakpoint = Breakpoint { id: id.clone(), target, place, condition, bound: Vec::new() };
    let places = debugger.set_breakpoint(breakpoint).ok_or_else(exists)?;
    match places.first() {
        Some((script, place)) => {
            Ok(json!({ "breakpointId": id, "actualLocation": location(*script, *place) }))
        }
        None => {
            debugger.remove_breakpoint(&id);
            Err(Refusal::from("Could not resolve breakpoint".to_owned()))
        }
    }
}

/// `Debugger.getPossibleBreakpoints`
pub fn possible(call: &Call, debugger: &Debugger) -> Result<Value, Refusal> {
    let start = &call.params["start"];
    let id = script_id(start)?;
    let script = debugger.script(id).ok_or_else(|| Refusal::from("Script not found".to_owned()))?;
    let from = place(start).ok_or_else(|| Refusal::bad("start is missing"))?;
    let mut places: Vec<_> =
        script.points_between(from, place(&call.params["end"])).iter().map(|point| point.place).collect();
    places.dedup();
    let locations: Vec<_> = places.into_iter().map(|place| location(id, place)).collect();
    Ok(json!({ "locations": locations }))
}

fn exists() -> Refusal {
    Refusal::from("Breakpoint at specified location already exists.".to_owned())
}

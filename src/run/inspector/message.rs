//! Messages of the Chrome DevTools Protocol.

use serde_json::{Value, json};

use crate::js::debug::{Event, Place, Script};

/// The id of the one execution context; each VU has a realm, but a client sees the one that runs.
pub const CONTEXT: u32 = 1;

/// What a client asks for.
pub struct Call {
    pub id: Value,
    pub method: String,
    pub params: Value,
}

/// Why a call is refused: a code of JSON-RPC and a text.
#[derive(Debug)]
pub struct Refusal(pub i32, pub String);

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self(-32000, text)
    }
}

impl Refusal {
    pub fn unknown(method: &str) -> Self {
        Self(-32601, format!("'{method}' wasn't found"))
    }

    pub fn bad(text: &str) -> Self {
        Self(-32602, format!("Invalid parameters: {text}"))
    }
}

impl Call {
    /// Reads a message; none if it is no call.
    pub fn parse(text: &str) -> Option<Self> {
        let mut message: Value = serde_json::from_str(text).ok()?;
        let method = message["method"].as_str()?.to_owned();
        Some(Self { id: message["id"].take(), method, params: message["params"].take() })
    }

    /// A text among the parameters.
    pub fn text(&self, name: &str) -> Option<String> {
        self.params[name].as_str().map(str::to_owned)
    }

    /// A text that must be there.
    pub fn needed(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::bad(&format!("{name} is missing")))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.params[name].as_bool().unwrap_or_default()
    }
}

/// The answer to a call.
pub fn answer(id: &Value, result: Result<Value, Refusal>) -> String {
    match result {
        Ok(result) => json!({ "id": id, "result": result }),
        Err(Refusal(code, message)) => json!({ "id": id, "error": { "code": code, "message": message } }),
    }
    .to_string()
}

/// A message that is no answer.
pub fn event(method: &str, params: &Value) -> String {
    json!({ "method": method, "params": params }).to_string()
}

/// `Debugger.Location`
pub fn location(script: u32, place: Place) -> Value {
    json!({ "scriptId": script.to_string(), "lineNumber": place.line, "columnNumber": place.column })
}

/// A line and a column; the column may be left out.
pub fn place(value: &Value) -> Option<Place> {
    let number = |name: &str| value[name].as_u64().and_then(|number| u32::try_from(number).ok());
    Some(Place { line: number("lineNumber")?, column: number("columnNumber").unwrap_or_default() })
}

/// The id of a script.
pub fn script_id(value: &Value) -> Result<u32, Refusal> {
    let id = value["scriptId"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Refusal::bad("scriptId is missing"))
}

/// The event that tells of a script.
pub fn parsed(script: &Script) -> String {
    let end = script.end();
    let params = json!({
        "scriptId": script.id.to_string(),
        "url": script.url,
        "startLine": 0,
        "startColumn": 0,
        "endLine": end.line,
        "endColumn": end.column,
        "executionContextId": CONTEXT,
        "hash": script.hash(),
        "isLiveEdit": false,
        "sourceMapURL": script.source_map_url.as_deref().unwrap_or_default(),
        "hasSourceURL": false,
        "isModule": script.is_module,
        "length": script.text.encode_utf16().count(),
        "scriptLanguage": "JavaScript",
        "embedderName": script.url,
    });
    event("Debugger.scriptParsed", &params)
}

/// The event that tells of the execution context.
pub fn context_created(id: &str) -> String {
    let context = json!({
        "id": CONTEXT,
        "origin": "",
        "name": format!("ssek[{}]", std::process::id()),
        "uniqueId": id,
        "auxData": { "isDefault": true },
    });
    event("Runtime.executionContextCreated", &json!({ "context": context }))
}

/// Any event but that of a script.
pub fn told(told: &Event) -> Option<String> {
    Some(match told {
        Event::ScriptParsed(_) => return None,
        Event::BreakpointResolved(id, script, place) => event(
            "Debugger.breakpointResolved",
            &json!({ "breakpointId": id, "location": location(*script, *place) }),
        ),
        Event::Paused(params) => event("Debugger.paused", params),
        Event::Resumed => event("Debugger.resumed", &json!({})),
        Event::Console(params) => event("Runtime.consoleAPICalled", params),
        Event::Exception(params) => event("Runtime.exceptionThrown", params),
    })
}
